/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of CPU time for all threads of this process, kept by short sleeps at pace points. */
#ifndef CSI_BASE_PACE_H
#define CSI_BASE_PACE_H

#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>

/* The arithmetic, with the caller's clocks: a leaky bucket. All times are nanoseconds. */
struct pace_meter {
	unsigned percent; /* of one CPU */
	int64_t level;	  /* CPU time used beyond the budget; negative: credit, which is small */
	int64_t wall, cpu;
};

enum {
	PACE_PERCENT_MAX = 100000,
	PACE_CREDIT_NS = 50 * 1000 * 1000, /* CPU time that a pause may save up */
	PACE_SLACK_NS = 2 * 1000 * 1000,   /* not worth a sleep */
	PACE_NAP_NS = 20 * 1000 * 1000,	   /* how soon a stop is seen */
	PACE_LOOK_NS = 1000 * 1000,	   /* how often the clock of the process is asked */
	PACE_TICK_NS = 100 * 1000 * 1000,
};

void pace_meter_init(struct pace_meter *m, unsigned percent, int64_t wall, int64_t cpu);
/* Counts up to now. Returns how long everybody should sleep, 0 to go on. */
int64_t pace_meter_look(struct pace_meter *m, int64_t wall, int64_t cpu);

/*
 * Zero PERCENT: no limit. TICK, if there is one, is called about ten times a second from whichever
 * pace point comes by, one thread at a time. STOP and pace_off() end all sleeps within PACE_NAP_NS,
 * and pacing with them: what is left to do is the end.
 */
struct pace {
	struct pace_meter meter; /* under lock */
	pthread_mutex_t lock, ticking;
	unsigned percent;
	const atomic_bool *stop; /* may be NULL */
	atomic_bool off;
	atomic_int_least64_t looked, until; /* CLOCK_MONOTONIC */
	void (*tick)(void *ctx);
	void *tick_ctx;
	atomic_int_least64_t ticked;
};

/* Counting begins here. Where it is kept must not move. */
void pace_init(struct pace *p, unsigned percent, const atomic_bool *stop);
void pace_done(struct pace *p);
/*
 * One unit of work is done. Sleeps while the process is over its budget, but at most MOST ns (0: as
 * long as it takes), for threads that others wait for. P may be NULL. Thread-safe; no locks of the
 * caller's should be held.
 */
void pace_point(struct pace *p, int64_t most);
void pace_off(struct pace *p);

#endif
