/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one control group, read below a pinned directory. Linux:
 * Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.
 */
#ifndef CSI_SYS_CGROUP_H
#define CSI_SYS_CGROUP_H

#include "base/base.h"

#define CGROUP_NO_LIMIT UINT64_MAX

struct cgroup_memory {
	uint64_t limit;	   /* bytes, of this group and those above it that it tells; or NO_LIMIT */
	uint64_t usage;	   /* bytes */
	uint64_t inactive; /* of it: file pages that the kernel takes back at once */
	bool from_above; /* the limit is of a group above this one, whose usage is not told here */
};

/* What is used and would not come back by itself. */
static inline uint64_t cgroup_working_set(const struct cgroup_memory *m)
{
	return m->usage > m->inactive ? m->usage - m->inactive : 0;
}
/* Bytes until the limit; CGROUP_NO_LIMIT without one, 0 at or above it. */
static inline uint64_t cgroup_headroom(const struct cgroup_memory *m)
{
	uint64_t used = cgroup_working_set(m);

	if (m->limit == CGROUP_NO_LIMIT)
		return CGROUP_NO_LIMIT;
	return used < m->limit ? m->limit - used : 0;
}

/*
 * cgroup_parse_number - a file of one number ("4096\n", "max\n"). Nothing else is believed.
 * v1 writes a page less than 2^63 for no limit: all from 2^62 is NO_LIMIT. 0 or -EBADMSG.
 */
int cgroup_parse_number(struct bytes text, uint64_t *ret);
/* The number after KEY and a blank, of the first line that begins so. 0, -ENOENT, -EBADMSG. */
int cgroup_parse_stat(struct bytes text, const char *key, uint64_t *ret);

/* The files that tell the memory of one group, open: who reads them again need open nothing. */
enum { CGROUP_FILES = 3 };
struct cgroup_files {
	int fd[CGROUP_FILES];
	bool unified; /* version 2 */
};
#define CGROUP_FILES_NONE            \
	{                            \
		.fd = { -1, -1, -1 } \
	}
/*
 * cgroup_files_open - of the directory DIR (O_PATH will do, borrowed), which must lie on a cgroup
 * file system by statfs(2): files of the same names elsewhere are somebody's invention.
 * 0; -EOPNOTSUPP: no cgroup, or one without a memory controller; -errno. *RET is valid in any case.
 */
int cgroup_files_open(int dir, struct cgroup_files *ret);
/* What they say now; moves their offsets: one thread at a time. 0, -EOPNOTSUPP, -EBADMSG, -errno;
 * -ENODEV when the group is gone. */
int cgroup_files_read(const struct cgroup_files *f, struct cgroup_memory *ret);
void cgroup_files_done(const struct cgroup_files *f);
/* The three at once. */
int cgroup_memory_read(int dir, struct cgroup_memory *ret);

/*
 * cgroup_open_own - our own group in the hierarchy of CONTROLLER ("memory", "cpu"), version 1 or
 * the unified one: by /proc/self/cgroup (cgroups(7)), else (in a container its path is the host's)
 * what is mounted, which is our own there. WANTED is asked of each candidate: 0 takes it.
 * An O_PATH descriptor, the caller's, or -ENOENT.
 */
int cgroup_open_own(const char *controller, int (*wanted)(int dir));

/* How often the kernel has held back a group that had used up its quota of CPU time. */
struct cgroup_cpu {
	uint64_t periods;      /* of its quota, that it ran in; 0: it has none */
	uint64_t throttled;    /* of them, that it was held back in */
	uint64_t throttled_us; /* for how long in all */
};
/* The text of cpu.stat, version 1 (throttled_time, ns) or 2 (throttled_usec). 0, -EBADMSG. */
int cgroup_parse_cpu(struct bytes text, struct cgroup_cpu *ret);
/* cpu.stat of the directory DIR, which must lie on a cgroup file system as above. 0 and *RET_FD,
 * which is the caller's; -EOPNOTSUPP, -errno. */
int cgroup_cpu_open(int dir, int *ret_fd);
/* What it says now; moves the offset of FD. 0, -EBADMSG, -errno. */
int cgroup_cpu_read(int fd, struct cgroup_cpu *ret);

#endif
