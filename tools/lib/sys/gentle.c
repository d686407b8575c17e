/* SPDX-License-Identifier: Apache-2.0 */
/* Sharing processors with the target. */
#include "sys/gentle.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct sched_attr of linux/sched/types.h, whose names clash with those of glibc's sched.h. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

unsigned gentle_cpus(unsigned allowed, unsigned percent)
{
	unsigned need = percent / 100 + (percent % 100 != 0);
	unsigned half = allowed / 2;
	unsigned n = need > half ? need : half;

	if (n > allowed)
		n = allowed;
	return n ? n : 1;
}

/* Takes the lowest out of *SET until N are left. */
static void keep_last(cpu_set_t *set, unsigned n)
{
	unsigned there = (unsigned)CPU_COUNT(set);

	for (unsigned i = 0; i < CPU_SETSIZE && there > n; i++) {
		if (!CPU_ISSET(i, set))
			continue;
		CPU_CLR(i, set);
		there--;
	}
}

static void set_cpus(unsigned percent, struct gentle *ret)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return; /* more processors than the set holds: there is room for all */
	ret->cpus = ret->allowed = (unsigned)CPU_COUNT(&set);
	if (percent == 0)
		return;
	unsigned n = gentle_cpus(ret->allowed, percent);
	keep_last(&set, n);
	if (n < ret->allowed && sched_setaffinity(0, sizeof(set), &set) == 0)
		ret->cpus = n;
}

/* Kernels before 6.12 take no notice of a runtime here; none says whether it did. */
static bool set_policy(int policy, uint64_t runtime)
{
	struct attr a = { .size = sizeof(a),
			  .policy = (uint32_t)policy,
			  .nice = getpriority(PRIO_PROCESS, 0),
			  .runtime = runtime };

	return syscall(SYS_sched_setattr, 0, &a, 0U) == 0;
}

void gentle_enter(unsigned percent, struct gentle *ret)
{
	*ret = (struct gentle){ 0 };
	if (getpriority(PRIO_PROCESS, 0) < GENTLE_NICE)
		(void)setpriority(PRIO_PROCESS, 0, GENTLE_NICE);
	ret->nice = getpriority(PRIO_PROCESS, 0);
	ret->slice = set_policy(SCHED_BATCH, GENTLE_SLICE_NS);
	ret->batch = ret->slice || set_policy(SCHED_BATCH, 0);
	set_cpus(percent, ret);
}
