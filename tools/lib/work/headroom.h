/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headroom guard: stops a collection while the pod still has memory left (DESIGN section 5;
 * measured rule: stop when limit - (usage - inactive_file) < max(64 MiB, 5 % of the limit)).
 */
#ifndef CSI_WORK_HEADROOM_H
#define CSI_WORK_HEADROOM_H

#include "sys/cgroup.h"
#include "work/targets.h"

#include <stdatomic.h>

enum { HEADROOM_GROUPS_MAX = 64, HEADROOM_CLIMB_MAX = 32, HEADROOM_PART = 20 /* 5 % */ };
#define HEADROOM_FLOOR_DEFAULT (UINT64_C(64) << 20)

/* One group whose memory can be seen. */
struct headroom_group {
	struct cgroup_files files; /* owned */
	pid_t pid;		   /* a process of it; 0: csi's own group, or one above it */
	uint64_t dev, ino;
	struct cgroup_memory m; /* as last read */
	uint64_t floor;		/* less than this is too little */
	uint64_t lowest;	/* headroom seen */
};

struct headroom {
	struct headroom_group v[HEADROOM_GROUPS_MAX];
	size_t n;
	uint64_t floor; /* --headroom; 0: off */
	bool known;	/* some limit over csi itself can be seen */
	bool short_from_start;
	size_t low; /* index of the group that is short, if SHORT_FROM_START or TRIPPED */
	struct cgroup_memory at; /* what was seen of it then */
	atomic_bool *stop;	 /* set when it trips */
	atomic_bool tripped;
	int64_t polled; /* CLOCK_MONOTONIC */
};

/*
 * headroom_open - finds the groups: csi's own and those above it, and those of the roots in TS.
 * What is short already is not waited for: short_from_start is set, and half of what was there is
 * the floor from then on. A target's own limit, which csi's memory does not count against, is never
 * short from the start: it guards against what gets worse meanwhile. Never fails: what cannot be
 * seen is not in V.
 */
void headroom_open(struct headroom *h, uint64_t floor, const struct targets *ts, atomic_bool *stop);
void headroom_done(struct headroom *h);
/* Reads all groups again, and opens nothing: also from threads that may not. About ten times a
 * second; one thread at a time. */
void headroom_check(struct headroom *h);
/* The same from a loop that comes by more often: it looks when a tenth of a second is over. */
void headroom_poll(struct headroom *h);
/* The floor for a limit: the larger of FLOOR and 5 % of it. */
uint64_t headroom_floor(uint64_t floor, uint64_t limit);
/* Judges one more reading of a group: true when it is below its floor. */
bool headroom_judge(struct headroom_group *g, const struct cgroup_memory *m);

#endif
