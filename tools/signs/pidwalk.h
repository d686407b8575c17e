/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that no list shows: every number up to pid_max is asked for with getsid(2), which looks
 * a PID up as the kernel does, and compared with what readdir of /proc gives. Threads answer too
 * and are told apart. Against rootkits that filter getdents(2).
 */
#ifndef CSI_SIGNS_PIDWALK_H
#define CSI_SIGNS_PIDWALK_H

#include "model/source.h"

enum {
	PIDWALK_PIDS_MAX = 1 << 22,  /* PID_MAX_LIMIT, include/linux/threads.h */
	PIDWALK_HIDDEN_MAX = 256,    /* that are kept */
	PIDWALK_MILLISECONDS = 2000, /* of CPU; 4 million PIDs take some 0.6 s */
};

struct pidwalk {
	pid_t hidden[PIDWALK_HIDDEN_MAX];
	size_t n;
	pid_t upto; /* numbers below were asked for */
};

/*
 * 0, or -errno: -EOPNOTSUPP for a source that is not live; -ETIME, -E2BIG: cut, RET has what was
 * found.
 */
int pidwalk(struct source *s, struct pidwalk *ret);

#endif
