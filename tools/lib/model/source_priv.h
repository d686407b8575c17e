/* SPDX-License-Identifier: Apache-2.0 */
/* What the source implementations share. Not for other modules: those see source.h. */
#ifndef CSI_MODEL_SOURCE_PRIV_H
#define CSI_MODEL_SOURCE_PRIV_H

#include "model/source.h"

#include <errno.h>

enum {
	SOURCE_PIDS_MAX = 1 << 22,    /* PID_MAX_LIMIT, include/linux/threads.h */
	SOURCE_THREADS_MAX = 1 << 20, /* of one process */
	SOURCE_FDS_MAX = 1 << 20,     /* of one process; fs.nr_open by default */
	SOURCE_LINK_MAX = 4096,
	SOURCE_STATUS_MAX = 1 << 20, /* 65,536 supplementary groups make 700 KiB */
	SOURCE_BOOT_ID_LEN = 36,
};

struct source {
	enum source_kind kind;
	int fd; /* O_PATH of /proc, of the fixture, or of the root; open for the life of the source
		 */
	bool procfs;   /* really procfs: its links are magic, and borrowing ids helps */
	bool own_pids; /* its PIDs are those of this process's system calls */
	pid_t self;    /* this process there, 0 if it cannot be seen */
	char *name;
	int boot_error; /* 0 when boot_ns is known */
	int64_t boot_ns;
	uint64_t ticks;
	char boot_id[SOURCE_BOOT_ID_LEN + 1];
	uint64_t pid_ns;
};

struct process {
	struct source *source; /* borrowed; outlives the process */
	int fd;		       /* O_PATH of /proc/PID */
	struct process_id id;
	struct proc_stat stat;
	bool status_done;
	int status_error;
	struct proc_status status;
};

/*
 * Opening below a fixture: NAME is ours, without ".." and leading '/'. Nothing is followed; what is
 * not asked for as a directory or as O_PATH must be a regular file, else -EINVAL (-ELOOP: a
 * symlink).
 */
int fixture_openat(int dirfd, const char *name, int flags);
/* readlinkat(2) in the same way. Length or -errno. */
ssize_t fixture_readlinkat(int dirfd, const char *name, char *ret, size_t size);

/* The stat of PID in a procfs, without pinning it: for a look at all of them. 0, -ESRCH, -errno. */
int process_peek(struct source *s, pid_t pid, struct proc_stat *ret);

/* Fills boot time, boot id, PID namespace and self of a source whose fd is open. */
void source_read_facts(struct source *s);

/*
 * process_openat - open NAME (ours) below /proc/PID, with the target's file-system ids where our
 * own are refused. Descriptor, -ESRCH when the process is gone, or the first -errno.
 */
int process_openat(const struct process *p, const char *name, int flags);
/* The same for a link below DIRFD, a directory of this process. Length or -errno. */
ssize_t process_readlinkat(const struct process *p, int dirfd, const char *name, char *ret,
			   size_t size);
/* ERR, or -ESRCH if it is -ENOENT and the process is gone: procfs says either. */
int process_gone(const struct process *p, int err);
/* file_open_pinned(), and once more with the target's ids where our own are refused. */
int process_open_pinned(struct process *p, int pin, const struct file_info *info,
			struct file **ret);
/*
 * process_borrow - enter the ids that own the process now; creds_leave() ends it. -EPERM when that
 * is impossible or changes nothing.
 */
int process_borrow(const struct process *p);
static inline bool process_refused(int err)
{
	return err == -EACCES || err == -EPERM;
}

#endif
