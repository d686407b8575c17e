/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU budget: exact on clocks of the test's own, and kept by real threads. */
#include "base/pace.h"

#include "base/queue.h"
#include "base/when.h"
#include "test.h"

#define MS INT64_C(1000000)

/* Works UNIT ns of CPU time a step on WIDE CPUs, sleeps what it is told; CPU time per wall time. */
static double simulate(unsigned percent, int64_t unit, int wide, int64_t wall_end)
{
	struct pace_meter m;
	int64_t wall = 77 * MS, cpu = 5 * MS;

	pace_meter_init(&m, percent, wall, cpu);
	while (wall < wall_end) {
		cpu += unit * wide;
		wall += unit;
		wall += pace_meter_look(&m, wall, cpu);
	}
	return (double)(cpu - 5 * MS) / (double)(wall - 77 * MS);
}

static void check_share(void)
{
	static const unsigned percents[] = { 1, 10, 50, 100, 150 };

	for (size_t i = 0; i < ARRAY_LEN(percents); i++) {
		for (int64_t unit = MS / 10; unit <= 40 * MS; unit *= 20) {
			double got = simulate(percents[i], unit, 2, INT64_C(100000) * MS);
			double want = percents[i] / 100.0;

			if (got < 0.98 * want || got > 1.02 * want)
				fprintf(stderr, "%u %%, unit %" PRId64 ": %f\n", percents[i], unit,
					got);
			CHECK(got > 0.98 * want && got < 1.02 * want);
		}
	}
	OK("busy threads get their share and no more, in small units and in large ones");
}

static void check_credit(void)
{
	struct pace_meter m;

	pace_meter_init(&m, 50, 0, 0);
	CHECK_INT(pace_meter_look(&m, INT64_C(3600000) * MS, 0), 0);
	CHECK_INT(m.level, -PACE_CREDIT_NS);
	CHECK_INT(pace_meter_look(&m, INT64_C(3600000) * MS, PACE_CREDIT_NS + 10 * MS), 20 * MS);
	OK("an hour of waiting pays for a twentieth of a second");

	pace_meter_init(&m, 0, 0, 0);
	CHECK_INT(pace_meter_look(&m, MS, INT64_C(3600000) * MS), 0);
	OK("0 is no limit");

	pace_meter_init(&m, 50, 10 * MS, 10 * MS);
	CHECK_INT(pace_meter_look(&m, 5 * MS, 2 * MS), 0);
	CHECK_INT(m.level, 0);
	CHECK_INT(pace_meter_look(&m, 10 * MS, 20 * MS), 20 * MS);
	OK("clocks that go back are not believed");

	pace_meter_init(&m, UINT32_MAX, 0, 0);
	CHECK_INT(pace_meter_look(&m, INT64_MAX / 2, INT64_MAX / 2), 0);
	pace_meter_init(&m, 1, 0, 0);
	CHECK(pace_meter_look(&m, 0, INT64_MAX / 2) > 0);
	OK("the largest numbers do not overflow");
}

static struct pace pace;
static atomic_uint ticks, rounds;
static atomic_bool stop, in_tick;

static void on_tick(void *ctx)
{
	CHECK(ctx == &pace);
	CHECK(!atomic_exchange(&in_tick, true));
	atomic_fetch_add(&ticks, 1);
	atomic_store(&in_tick, false);
}

static void *work(void *arg)
{
	static volatile unsigned x;

	while (!atomic_load(&stop)) {
		for (int i = 0; i < 20000; i++)
			x = x + (unsigned)i;
		pace_point(&pace, arg ? 10 * MS : 0);
		atomic_fetch_add(&rounds, 1);
	}
	return NULL;
}

/* Ended by what the process used, not by a timer: a busy machine makes it slower, not wrong. */
static void check_threads(void)
{
	pthread_t threads[3];
	int64_t cpu = when_now(CLOCK_PROCESS_CPUTIME_ID), wall = when_now(CLOCK_MONOTONIC);

	pace_init(&pace, 25, &stop);
	pace.tick = on_tick;
	pace.tick_ctx = &pace;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CHECK_INT(thread_start(&threads[i], 0, work, i ? NULL : &pace), 0);
	while (when_now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 250 * MS)
		pace_point(&pace, 0);
	cpu = when_now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = when_now(CLOCK_MONOTONIC) - wall;
	CHECK(cpu <= wall / 4 + PACE_CREDIT_NS);
	CHECK(atomic_load(&ticks) >= 1);
	CHECK(atomic_load(&ticks) <= (uint64_t)(wall / PACE_TICK_NS) + 1);
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	OK("three threads together stay within a quarter of a CPU, and one at a time ticks");

	/* In debt for an hour: only the end of pacing lets these return. */
	pace.meter.level = INT64_C(3600000) * MS;
	pace_point(&pace, 0);
	atomic_store(&stop, false);
	pace_off(&pace);
	pace_point(&pace, 0);
	pace_done(&pace);
	OK("a stop and a failure end the sleep");

	pace_init(&pace, 50, NULL);
	pace.meter.level = INT64_C(3600000) * MS;
	pace_point(&pace, 5 * MS);
	pace_done(&pace);
	pace_point(NULL, 0);
	OK("who others wait for sleeps no longer than it said");
}

int main(void)
{
	check_share();
	check_credit();
	check_threads();
	TEST_END();
}
