/* SPDX-License-Identifier: Apache-2.0 */
/* CPU pacing: the CPU time of the process against the wall clock. */
#include "base/pace.h"

#include "base/when.h"

void pace_meter_init(struct pace_meter *m, unsigned percent, int64_t wall, int64_t cpu)
{
	if (percent > PACE_PERCENT_MAX)
		percent = PACE_PERCENT_MAX;
	*m = (struct pace_meter){ .percent = percent, .wall = wall, .cpu = cpu };
}

/* A day and a half: no two looks are further apart, and the products below stay in range. */
#define STEP_MAX INT64_C(130000000000000)

static int64_t step(int64_t from, int64_t to)
{
	return to - from < STEP_MAX ? to - from : STEP_MAX;
}

/* NS x A / B. */
static int64_t scale(int64_t ns, int64_t a, int64_t b)
{
	return ns / b * a + ns % b * a / b;
}

int64_t pace_meter_look(struct pace_meter *m, int64_t wall, int64_t cpu)
{
	if (m->percent == 0)
		return 0;
	if (cpu > m->cpu) {
		m->level += step(m->cpu, cpu);
		m->cpu = cpu;
	}
	if (wall > m->wall) {
		m->level -= scale(step(m->wall, wall), m->percent, 100);
		m->wall = wall;
	}
	/* A long wait for the disk or the reader does not pay for a long burst. */
	if (m->level < -PACE_CREDIT_NS)
		m->level = -PACE_CREDIT_NS;
	return m->level < PACE_SLACK_NS ? 0 : scale(m->level, 100, m->percent);
}

void pace_init(struct pace *p, unsigned percent, const atomic_bool *stop)
{
	*p = (struct pace){ .percent = percent, .stop = stop };
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_mutex_init(&p->ticking, NULL);
	pace_meter_init(&p->meter, percent, when_now(CLOCK_MONOTONIC),
			when_now(CLOCK_PROCESS_CPUTIME_ID));
}

void pace_done(struct pace *p)
{
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_mutex_destroy(&p->ticking);
}

void pace_off(struct pace *p)
{
	if (p)
		atomic_store(&p->off, true);
}

static bool ended(const struct pace *p)
{
	return atomic_load_explicit(&p->off, memory_order_relaxed) ||
	       (p->stop && atomic_load_explicit(p->stop, memory_order_relaxed));
}

static void tick(struct pace *p, int64_t now)
{
	if (!p->tick || now - atomic_load(&p->ticked) < PACE_TICK_NS)
		return;
	if (pthread_mutex_trylock(&p->ticking) != 0)
		return;
	if (now - atomic_load(&p->ticked) >= PACE_TICK_NS) {
		atomic_store(&p->ticked, now);
		p->tick(p->tick_ctx);
	}
	(void)pthread_mutex_unlock(&p->ticking);
}

/* Until when to sleep. The clock of the process is a system call, so it is not asked every time. */
static int64_t sleep_until(struct pace *p, int64_t now)
{
	int64_t until = atomic_load(&p->until);

	if (now < until || now - atomic_load(&p->looked) < PACE_LOOK_NS)
		return until;
	(void)pthread_mutex_lock(&p->lock);
	now = when_now(CLOCK_MONOTONIC);
	until = now + pace_meter_look(&p->meter, now, when_now(CLOCK_PROCESS_CPUTIME_ID));
	atomic_store(&p->looked, now);
	atomic_store(&p->until, until);
	(void)pthread_mutex_unlock(&p->lock);
	return until;
}

static void nap(int64_t ns)
{
	struct timespec t = { .tv_nsec = (long)(ns < PACE_NAP_NS ? ns : PACE_NAP_NS) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

void pace_point(struct pace *p, int64_t most)
{
	if (!p || (p->percent == 0 && !p->tick))
		return;
	int64_t now = when_now(CLOCK_MONOTONIC);
	int64_t last = most ? now + most : INT64_MAX;

	tick(p, now);
	while (p->percent && !ended(p) && now < last) {
		int64_t until = sleep_until(p, now);

		if (until <= now)
			return;
		nap((until < last ? until : last) - now);
		now = when_now(CLOCK_MONOTONIC);
		tick(p, now);
	}
}
