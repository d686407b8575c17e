/* SPDX-License-Identifier: Apache-2.0 */
/* What many processes share: mount namespaces and the roots in them. Private to signs/. */
#ifndef CSI_SIGNS_SHARED_H
#define CSI_SIGNS_SHARED_H

#include "signs/facts.h"

#include "sys/sock.h"

enum {
	SHARED_SPACES_MAX = 64,		/* roots kept open; the least recently used one goes */
	SHARED_NAMESPACES_MAX = 4096,	/* mount namespaces whose mount table is read */
	SHARED_PROCESSES_MAX = 4 << 20, /* pid_max of Linux */
	SHARED_HIDDEN_MAX = 4096,	/* mounts over /proc/N that are kept */
	SHARED_MOUNTS_MAX = 200000,	/* lines of one mountinfo; fs.mount-max is 100,000 */
	SHARED_PRELOAD_MAX = 64 << 10,	/* bytes of /etc/ld.so.preload */
	SHARED_NETS_MAX = 16,		/* network namespaces whose sockets are kept */
	SHARED_SOCKETS_MAX = 1 << 16,	/* sockets of one */
	SHARED_BYTES_MAX = 64,		/* executables whose samples are remembered */
};

/* A process as the first look saw it. */
struct seen {
	pid_t pid;
	uint64_t start_ticks;
	uint64_t ns_mnt; /* 0 unknown */
};

/* One mount namespace, by its mount table. */
struct mount_ns {
	uint64_t ns_mnt; /* 0: could not be read; then FIRST alone is meant */
	uint64_t ns_pid; /* of its first process, 0 unknown */
	struct process_id first;
	int64_t first_start;  /* ns since 1970 */
	int err;	      /* of reading mountinfo */
	bool cut;	      /* more lines than are read */
	bool told;	      /* the gap above was told */
	unsigned proc_mounts; /* at /proc */
	bool proc_is_proc;    /* the last one of them */
	bool hidepid;	      /* a process missing there proves nothing */
	bool first_asked;
	int first_seccomp; /* of FIRST, once asked; -1 unknown */
};

/* A mount over /proc/N somewhere. */
struct hidden {
	pid_t pid;
	struct buf detail; /* the mount point, target bytes */
};

/* One root in one mount namespace. */
struct space {
	uint64_t ns_mnt;
	uint64_t root_hash; /* of the root link's text: tells a chroot from the rest */
	uint64_t used;	    /* for LRU; 0: free slot */
	struct root *root;
	int root_err;
	struct birth birth;
	struct buf preload;
	bool preload_exists;
	int preload_err;
	enum birth_verdict preload_birth;
	struct buf passwd; /* /etc/passwd, once asked for */
	int passwd_err;	   /* of reading it; a missing one is empty */
	bool passwd_asked, passwd_told;
	int procdir;	   /* O_PATH of its /proc where that can be compared with ours, or -1 */
	uint64_t proc_mnt; /* mount id of that */
};

/* What is kept of a socket: inet, raw and packet ones. */
struct net_sock {
	uint64_t inode;
	enum sock_table table;
	int family;
	bool listens;
	uint16_t local_port, remote_port, protocol;
	unsigned char remote[16];
};

/* The sockets of one network namespace. */
struct net_ns {
	uint64_t ns_net;    /* 0: free */
	struct net_sock *v; /* by inode */
	size_t n;
};

struct facts_shared {
	struct source *source; /* borrowed */
	uint64_t ns_pid;
	struct seen *seen; /* ascending PIDs */
	size_t nseen;
	struct mount_ns *ns;
	size_t nns;
	struct hidden *hidden; /* ascending PIDs once opened */
	size_t nhidden;
	bool hidden_cut;
	struct space spaces[SHARED_SPACES_MAX];
	uint64_t clock;
	struct net_ns nets[SHARED_NETS_MAX];
	size_t next_net; /* the slot that goes next */
	struct bytes_seen {
		bool used;
		struct file_info file;
		bool sampled, hashed;
		struct exe_bytes bytes;
		unsigned char sha256[EXE_HASH_BYTES];
	} bytes[SHARED_BYTES_MAX];
	size_t next_bytes;
};

/* Reads the mount table of P, which is the first process of NS, into NS and SH's hidden list. */
int shared_read_mounts(struct facts_shared *sh, struct process *p, struct mount_ns *ns);
/* Sorts what shared_read_mounts found. */
void shared_sort_hidden(struct facts_shared *sh);

/* The row of a namespace, or of a process alone whose namespace is unknown; NULL if there is none.
 */
struct mount_ns *shared_ns(struct facts_shared *sh, uint64_t ns_mnt, struct process_id id);
/* The root of P, opened or remembered. 0 or -errno; never NULL on success. */
int shared_space(struct facts_shared *sh, struct process *p, uint64_t ns_mnt, struct space **ret);
void space_done(struct space *sp);

/* Judges what PIN holds against the birth of its root. */
enum birth_verdict space_birth(const struct space *sp, int pin, const struct file_info *info,
			       struct bytes path);
/* Fills SP->procdir if its /proc shows our PID namespace. */
void space_open_proc(struct facts_shared *sh, struct space *sp, struct process *p,
		     const struct mount_ns *ns);
/* Whether the first look saw PID. */
bool shared_has(const struct facts_shared *sh, pid_t pid);
/* Whether the /proc that we read may hide processes from us; true if that cannot be told. */
bool shared_own_hides(struct facts_shared *sh);

/*
 * The sockets of P's network namespace, read once and then remembered: valid until the next call.
 * What of it cannot be read is told to GAPS. 0 or -errno.
 */
int shared_net(struct facts_shared *sh, struct process *p, const struct gap_sink *gaps,
	       const struct net_ns **ret);
const struct net_sock *net_find(const struct net_ns *ns, uint64_t inode);
void net_done(struct net_ns *ns);

/*
 * What was found in the same file before, or an empty row for it: never NULL, and valid until the
 * next call. A deleted file is held by its process; its inode, size and ctime tell it from others.
 */
struct bytes_seen *shared_bytes(struct facts_shared *sh, const struct file_info *file);

/* The two vantages of one process. Fills V. 0 or -ENOMEM. */
int shared_vantage(struct facts_shared *sh, struct process *p, uint64_t ns_mnt, struct vantage *v);

#endif
