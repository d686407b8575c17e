/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sharing processors with the target: where its threads and ours want the same one, theirs go
 * first. Nothing of it needs a privilege, and nothing of it can starve us for good, as SCHED_IDLE
 * would beside an intruder's miner: it cannot be left again without CAP_SYS_NICE.
 */
#ifndef CSI_SYS_GENTLE_H
#define CSI_SYS_GENTLE_H

#include "base/base.h"

enum {
	GENTLE_NICE = 10,		     /* weight 110 against 1,024: sched(7), nice(2) */
	GENTLE_SLICE_NS = 100 * 1000 * 1000, /* the longest that the kernel takes */
};

/* What the kernel took of it. */
struct gentle {
	unsigned cpus, allowed; /* processors that we run on, of those that we might; 0 unknown */
	int nice;
	bool batch; /* SCHED_BATCH: waking up interrupts nobody */
	bool slice; /* whoever wants a shorter turn is let in first (Linux 6.12) */
};

/*
 * gentle_cpus - processors to use of ALLOWED for PERCENT of one: enough for the budget, and half of
 * them otherwise, so that one is left to the target whenever there are two. At least 1.
 */
unsigned gentle_cpus(unsigned allowed, unsigned percent);

/*
 * gentle_enter - for the calling thread and those that it starts afterwards: a higher nice value,
 * SCHED_BATCH with a long slice (sched_setattr(2); Documentation/scheduler/sched-eevdf.rst), and
 * with PERCENT not 0 only gentle_cpus() of the processors (sched_setaffinity(2)), the last ones:
 * interrupts and single threads gather on the first. What is refused is left as it was, and RET
 * says so. Before any thread is started.
 */
void gentle_enter(unsigned percent, struct gentle *ret);

#endif
