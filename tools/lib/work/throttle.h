/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a collection cost the target CPU time: what the kernel says of its groups' quota before
 * and after (DESIGN section 5, own footprint).
 */
#ifndef CSI_WORK_THROTTLE_H
#define CSI_WORK_THROTTLE_H

#include "sys/cgroup.h"
#include "work/targets.h"

enum { THROTTLE_GROUPS_MAX = 64 };

/* One group as a root shows it. */
struct throttle_group {
	int fd;	   /* its cpu.stat, owned */
	pid_t pid; /* a process that sees it; 0: our own */
	uint64_t dev, ino;
	struct cgroup_cpu before;
};

struct throttle {
	struct throttle_group v[THROTTLE_GROUPS_MAX];
	size_t n;
};

/* Our own group and those of the roots in TS that can be seen, and what they say now. Never fails.
 */
void throttle_open(struct throttle *t, const struct targets *ts);
/* What group I says now. 0 or -errno: -ENODEV when it ended with its processes. Of any thread, one
 * at a time; opens nothing. */
int throttle_read(const struct throttle *t, size_t i, struct cgroup_cpu *ret);
void throttle_done(struct throttle *t);

#endif
