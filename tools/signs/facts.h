/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of one process, each gathered once, on demand of the signs. */
#ifndef CSI_SIGNS_FACTS_H
#define CSI_SIGNS_FACTS_H

#include "model/birth.h"
#include "model/source.h"

enum fact {
	FACT_STAT = 1 << 0, /* always known */
	FACT_STATUS = 1 << 1,
	FACT_EXE_LINK = 1 << 2, /* text of the link */
	FACT_EXE_FILE = 1 << 3, /* facts of the file behind it */
	FACT_CMDLINE = 1 << 4,
	FACT_ENVIRON = 1 << 5,
	FACT_VANTAGE = 1 << 6, /* our /proc/N against the process's own roots' /proc */
	FACT_PRELOAD = 1 << 7, /* /etc/ld.so.preload in its root: content or proven absence */
	FACT_BIRTH = 1 << 8,   /* its exe against the container's birth */
	FACT_NS = 1 << 9,
	FACT_CGROUP = 1 << 10,
	FACT_OWNER = 1 << 12,	/* effective ids, cheaper than status */
	FACT_EXE_DIR = 1 << 11, /* the directory that its exe's path names, in its root */

	/* Asked for with whatever signs need: they corroborate, and no sign waits for them. */
	FACTS_WANTED = FACT_EXE_DIR | FACT_BIRTH | FACT_CGROUP | FACT_NS,
};

struct facts {
	unsigned known;		 /* enum fact bits */
	struct process *process; /* borrowed; identification only: predicates read facts */
	const struct proc_stat *stat;
	const struct proc_status *status;
	uid_t uid; /* effective */
	gid_t gid;
	int64_t age;	     /* ns from its start until it was read; INT64_MIN unknown */
	struct buf exe_link; /* target bytes */
	struct file_info exe;
	bool exe_shmem;	       /* on tmpfs or hugetlbfs: where memfds live */
	bool exe_dir_writable; /* by everyone */
	bool exe_replaced;     /* the link count is 0, and its name exists again: another file */
	struct buf cmdline;    /* NUL-separated */
	struct buf environ;    /* NUL-separated */
	struct buf preload; /* content of /etc/ld.so.preload, or "-> TARGET" of a symlink there */
	bool preload_exists;
	enum birth_verdict preload_birth;
	enum birth_verdict birth;
	enum birth_basis birth_basis;
	uint64_t ns_mnt, ns_pid;
	struct buf container_id; /* hex digits or empty */
	struct vantage {
		bool hidden;	    /* something is mounted over this PID in a root's /proc */
		bool proc_replaced; /* more than one mount at /proc there, or not proc */
		bool proc_is_proc;  /* the topmost one is a procfs all the same */
		struct buf detail;  /* the mount point or the file whose mount id differs */
	} vantage;
};

/*
 * What is the same for many processes of one run: roots, births, mount tables by mount namespace.
 * Opening it looks at every process of S once (its mount namespace), since what hides one process
 * may stand in the mount table of another.
 */
struct facts_shared;
int facts_shared_open(struct source *s, struct facts_shared **ret);
void facts_shared_closep(struct facts_shared **s);
/* Mount namespace of a process as it was seen by facts_shared_open; 0: unknown. */
uint64_t facts_shared_ns(const struct facts_shared *sh, struct process_id id);

/*
 * facts_shared_unseen - processes that a mount table says are covered, and that cannot be opened
 * from here for that reason: each is a gap, since it is in no list.
 */
void facts_shared_unseen(struct facts_shared *sh, const struct gap_sink *gaps);

/*
 * facts_gather - fill RET with what NEEDS asks. Unreadable facts are left unknown and told to GAPS
 * (EACCES and the like; ENOENT and ESRCH of a process that ended are not gaps, nor is what a kernel
 * thread or a zombie does not have).
 * 0, or -ESRCH when the process is gone, -ENOMEM.
 */
int facts_gather(struct facts_shared *sh, struct process *p, unsigned needs,
		 const struct gap_sink *gaps, struct facts *ret);
/* Clears for the next process; keeps buffers. */
void facts_reset(struct facts *f);
void facts_done(struct facts *f);

#endif
