/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything pinned first: each selected process, its executable, its root, its deleted
 * descriptors. What exits on seeing us is still read (DESIGN section 5).
 */
#ifndef CSI_WORK_TARGETS_H
#define CSI_WORK_TARGETS_H

#include "model/birth.h"
#include "model/select.h"
#include "model/source.h"

enum {
	TARGET_DELETED_MAX = 1024,  /* deleted descriptors pinned in all */
	TARGET_FDS_MAX = 65536,	    /* descriptors looked at in one process */
	TARGET_ROOTS_MAX = 512,	    /* distinct roots */
	TARGET_FDS_KEPT_FREE = 128, /* descriptors that pinning leaves for the work itself */
};

#define TARGET_NO_ROOT SIZE_MAX

struct target {
	struct process *p; /* owned */
	int exe_pin;	   /* O_PATH, owned; -1: not pinned */
	int exe_err;	   /* why not: negative errno, -ENOENT for kernel threads and zombies */
	struct file_info exe;
	bool exe_memfd;	 /* the link says /memfd: */
	size_t root;	 /* index into roots, or TARGET_NO_ROOT */
	uint64_t ns_mnt; /* 0 unknown */
	int suspicion;	 /* worst sign level, -1 none: order of --memory */
};

/* One file system tree as some of the processes see it. */
struct target_root {
	struct root *root; /* owned; NULL if it could not be opened (a gap was told) */
	char label[48]; /* files/LABEL: container id's first 12 hex digits, or mnt-INODE, or "root"
			 */
	char container_id[65]; /* or "" */
	uint64_t ns_mnt;
	struct buf link; /* what the processes' root link says: "/" unless chrooted */
	struct birth birth;
	size_t first; /* target with the lowest PID in it */
	size_t processes;
};

/* A file that has no name any more but is held open, or a memfd: once a (device, inode). */
struct target_deleted {
	size_t target;
	int fd;		    /* number in the target; -1: it is mapped */
	uint64_t map_start; /* address, where fd is -1 */
	int pin;	    /* O_PATH, owned */
	struct file_info info;
	struct buf link;
};

/* An executable that csi init has held since before its process ended (work/held.h). */
struct target_held {
	struct process_id id;
	int pin; /* O_PATH, owned */
	struct file_info info;
};

struct targets {
	struct source *source; /* borrowed */
	struct target *v;
	size_t n;
	struct target_root *roots;
	size_t nroots;
	struct target_deleted *deleted;
	size_t ndeleted;
	struct target_held *held;
	size_t nheld;
};

/*
 * targets_pin - pin what SEL lists. Processes that vanish meanwhile are not gaps; what cannot be
 * pinned is, and the rest goes on. With a SOURCE_ROOT there is one root and no process.
 * 0, -ENOMEM.
 */
int targets_pin(struct source *s, const struct selection *sel, const struct gap_sink *gaps,
		struct targets *ret);
void targets_done(struct targets *t);
/*
 * FN with each of the N directories PATHS ("sys/fs/cgroup") that a root of T has, pinned, which FN
 * takes, and a process that sees it. True: the others of this root are not looked at.
 */
typedef bool (*targets_dir_fn)(void *ctx, int dir, pid_t pid);
void targets_each_dir(const struct targets *t, const char *const *paths, size_t n,
		      targets_dir_fn fn, void *ctx);

#endif
