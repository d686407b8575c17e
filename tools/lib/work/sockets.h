/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every socket of each network namespace among some processes, joined to who holds it open: the
 * tables below /proc/PID/net name inodes, and descriptors lead to them (proc(5)).
 *
 * The tables are streamed; what is kept is 16 bytes a descriptor and 8 a socket without one. A
 * socket without a holder is looked at twice, since it may have been opened between the look at the
 * descriptors and the look at the tables: only what two looks agree on is called unowned.
 */
#ifndef CSI_WORK_SOCKETS_H
#define CSI_WORK_SOCKETS_H

#include "format/out.h"
#include "model/source.h"
#include "sys/sock.h"

#include <stdatomic.h>

enum {
	SOCKETS_FDS_MAX = 262144,      /* descriptors that lead to sockets */
	SOCKETS_PROCESSES_MAX = 65536, /* whose descriptors are looked at */
	SOCKETS_UNHELD_MAX = 131072,   /* sockets without a holder that are looked at again */
	SOCKETS_SPACES_MAX = 4096,     /* network namespaces */
	SOCKETS_LINES_MAX = 4 << 20,   /* of one table */
	SOCKETS_HOLDERS_TOLD = 64,     /* in one record */
};

enum socket_owner {
	SOCKET_HELD,	/* by at least one process */
	SOCKET_KERNEL,	/* inode 0: nobody's any more, or not yet: TIME_WAIT, SYN_RECV */
	SOCKET_UNOWNED, /* no process that can be seen from here has it */
	SOCKET_UNKNOWN, /* descriptors of some process could not be read */
};
/* "process", "kernel", "none", "unknown" */
const char *socket_owner_name(enum socket_owner o);

struct socket_holder {
	const struct socket_process *process;
	int fd;
};

/* A process as it was when its descriptors were read. */
struct socket_process {
	struct process_id id;
	uid_t uid; /* effective; (uid_t)-1 unknown */
	size_t comm_len;
	unsigned char comm[16]; /* target bytes, cut */
	size_t space;		/* index, SIZE_MAX none */
	bool selected;
};

/* Valid during the callback only. */
struct socket_row {
	uint64_t inode;
	uint64_t ns_net;	 /* 0 unknown; also of a socket that is in no table */
	const struct sock *sock; /* NULL: a descriptor leads to it, but it is in no table */
	struct bytes kind; /* then: what the kernel calls its protocol ("UDP", "ALG"), or "" */
	bool untold;	   /* then: a table could not be read, so it may well be in one */
	enum socket_owner owner;
	const struct socket_holder *holders; /* at most SOCKETS_HOLDERS_TOLD, ascending PIDs */
	size_t nholders, holders_in_all;
};

struct sockets_options {
	const struct process_id *ids; /* the processes to tell of, ascending PIDs */
	size_t nids;
	/*
	 * Sockets that these processes hold and nothing else. Else all of their namespaces, but not
	 * what only others than they hold: that is csi's own.
	 */
	bool held_only;
	const atomic_bool *stop;
	const struct gap_sink *gaps;
};

/* 0 to go on, or -errno to end with it. */
typedef int (*socket_fn)(void *ctx, const struct socket_row *row);

/*
 * sockets_each - FN is told of the sockets of each namespace, held ones and the kernel's first;
 * then of descriptors on sockets that are in no table (not bound yet, or of a family without one);
 * last of those without a holder.
 * 0, -ENOMEM, -ECANCELED (stop), or what FN returned.
 */
int sockets_each(struct source *s, const struct sockets_options *opts, socket_fn fn, void *ctx);

/* The members of a whole record, between out_begin and out_end. */
void socket_put(struct out *o, struct source *s, const struct socket_row *row);
/* A whole record, out_begin to out_end; SHORT: for a person's table. Returns what out_end does. */
int socket_record(struct out *o, struct source *s, const struct socket_row *row, bool shortly);

#endif
