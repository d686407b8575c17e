/* SPDX-License-Identifier: Apache-2.0 */
/* Sharing processors: how many, and what the kernel says of this thread and of those it starts. */
#include "sys/gentle.h"

#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void check_counts(void)
{
	static const struct {
		unsigned allowed, percent, want;
	} rows[] = {
		{ 1, 50, 1 }, { 2, 50, 1 },   { 2, 100, 1 },  { 2, 101, 2 },	{ 3, 50, 1 },
		{ 4, 50, 2 }, { 4, 250, 3 },  { 4, 9999, 4 }, { 64, 1, 32 },	{ 64, 3300, 33 },
		{ 0, 50, 1 }, { 1, 1000, 1 }, { 2, 1, 1 },    { 8, 100000, 8 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_INT(gentle_cpus(rows[i].allowed, rows[i].percent), rows[i].want);
	OK("enough processors for the budget, and one left for the target");
}

struct seen {
	int nice, policy, cpus;
};

static void *look(void *arg)
{
	struct seen *s = arg;
	cpu_set_t set;

	s->nice = getpriority(PRIO_PROCESS, 0);
	/* musl's own says ENOSYS. */
	s->policy = (int)syscall(SYS_sched_getscheduler, 0);
	s->cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : -1;
	return NULL;
}

static void check_enter(void)
{
	struct seen before, own, started;
	struct gentle g;
	pthread_t t;

	look(&before);
	gentle_enter(0, &g);
	look(&own);
	CHECK_INT(g.nice, own.nice);
	CHECK(own.nice >= GENTLE_NICE);
	CHECK(g.batch);
	CHECK_INT(own.policy, SCHED_BATCH);
	CHECK_INT(own.cpus, before.cpus);
	CHECK_INT((int)g.cpus, before.cpus);

	OK("without a budget all processors are used, gently");

	gentle_enter(50, &g);
	CHECK_INT((int)g.allowed, before.cpus);
	CHECK_INT(g.cpus, gentle_cpus(g.allowed, 50));
	CHECK_INT(g.nice, own.nice);
	CHECK_INT(pthread_create(&t, NULL, look, &started), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
	CHECK_INT(started.nice, own.nice);
	CHECK_INT(started.policy, SCHED_BATCH);
	CHECK_INT(started.cpus, (int)g.cpus);
	OK("threads that are started afterwards are as gentle");
}

int main(void)
{
	check_counts();
	check_enter();
	TEST_END();
}
