/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors on sockets, by inode. Private to work/sockets*.c. */
#ifndef CSI_WORK_SOCKETS_PRIV_H
#define CSI_WORK_SOCKETS_PRIV_H

#include "work/sockets.h"

/* A descriptor that leads to a socket. */
struct held {
	uint64_t inode;
	uint32_t process; /* index */
	uint32_t fd;	  /* HELD_SEEN is set once a table had this inode */
};
enum { HELD_FD = 0x7fffffff };
#define HELD_SEEN (UINT32_C(1) << 31)

/* A network namespace. */
struct space {
	uint64_t ns_net; /* 0 unknown */
	uint64_t table;	 /* inode of net/netlink: one a namespace (proc_register), 0 unknown */
};

struct sockets {
	struct source *source;
	const struct sockets_options *opts;
	struct socket_process *v; /* ascending PIDs */
	size_t n;
	struct held *held; /* by inode, then by process */
	size_t nheld;
	struct space *spaces;
	size_t nspaces;
	uint64_t *unheld; /* ascending once looked at again */
	size_t nunheld;
	bool unreadable;     /* the descriptors of some process are not known */
	bool tables_partial; /* a table could not be read, or not all of it */
	bool unheld_cut;
	bool again; /* the second look: its gaps have been told */
	socket_fn fn;
	void *ctx;
};

/* Reads the descriptors of all processes, anew. 0, -ENOMEM, -ECANCELED. */
int sockets_look(struct sockets *s);
void sockets_done(struct sockets *s);
void sockets_tell(const struct sockets *s, int err, const char *what, pid_t pid, struct bytes on);
bool sockets_stopped(const struct sockets *s);
/* The first descriptor on INODE, and behind it the others up to *RET_N; NULL: none. */
struct held *sockets_find(const struct sockets *s, uint64_t inode, size_t *ret_n);
/* Room for one more of SIZE bytes in *V, which has N: doubled as it grows. 0 or -ENOMEM. */
int sockets_room(void *v, size_t n, size_t size);
/* FN is told of ROW with its holders, if any of them is one to tell of. What FN returns. */
int sockets_give_held(struct sockets *s, struct socket_row *row, const struct held *h, size_t n);

#endif
