/* SPDX-License-Identifier: Apache-2.0 */
/* csi dump --freeze: stopping, letting go, and saying what it did. */
#include "cmd/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

enum { NICE_HIGHEST = -20 };

/* Half of what the pod has left is ours to take; what cannot be seen limits nothing. */
static uint64_t buffer_size(const struct dump *d)
{
	const struct headroom *h = &d->headroom;
	uint64_t size = d->args->freeze == DUMP_FREEZE ? d->args->freeze_buffer : 0;
	char text[96];

	for (size_t i = 0; i < h->n; i++) {
		uint64_t left = cgroup_headroom(&h->v[i].m);

		if (h->v[i].pid || left == CGROUP_NO_LIMIT || left / 2 >= size)
			continue;
		size = left / 2;
		(void)snprintf(text, sizeof(text),
			       "the freeze buffer is cut to %" PRIu64
			       " KiB: half of what the pod has left",
			       size >> 10);
		cmd_note(d->run, text);
	}
	return size;
}

/* What a hand can do about it. */
static const char *mend_of(const struct stop_refusal *why)
{
	static const struct {
		int err;
		const char *mend;
	} known[] = {
		{ -EBUSY, "end the debugger or tracer there, or dump without --freeze" },
		{ -EPERM, "needs SYS_PTRACE; csi doctor says how, or dump without --freeze" },
		{ -EACCES, "needs SYS_PTRACE; csi doctor says how, or dump without --freeze" },
		{ -ETIMEDOUT,
		  "it waits in the kernel, for I/O or for a child made by vfork, and cannot "
		  "be stopped there; all others were let go: try again, or dump without "
		  "--freeze" },
		{ -EAGAIN, "it makes threads faster than they can be stopped: try again, or dump "
			   "without --freeze" },
		{ -E2BIG, "too many threads: dump without --freeze" },
		{ -EOPNOTSUPP, "processes of this source are not here: dump without --freeze" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].err == why->err)
			return known[i].mend;
	return NULL;
}

static int refuse(const struct dump *d, const struct stop_refusal *why)
{
	char on[64];
	int pid = (int)process_id(d->p).pid, n;

	if (why->err == -EBUSY && why->tracer)
		n = snprintf(on, sizeof(on), "%d, traced by process %d", pid, (int)why->tracer);
	else if (why->err == -EBUSY)
		n = snprintf(on, sizeof(on), "%d, traced from outside of here", pid);
	else if (why->state)
		n = snprintf(on, sizeof(on), "%d: thread %d in state %c", pid, (int)why->tid,
			     why->state);
	else
		n = snprintf(on, sizeof(on), "%d", pid);
	cmd_fail(d->run, "stop process", bytes_of(on, (size_t)n), why->err, mend_of(why));
	return EXIT_FAILED;
}

static int fail(const struct dump *d, const char *what, int err)
{
	cmd_fail(d->run, what, bytes_of(NULL, 0), err,
		 err == -EACCES || err == -EPERM ? "csi doctor says what is missing" : NULL);
	return EXIT_FAILED;
}

/* As short a stop as may be, where that is allowed (SYS_NICE); threads made meanwhile inherit it.
 */
static int hurry(int nice)
{
	int before = getpriority(PRIO_PROCESS, 0);

	(void)setpriority(PRIO_PROCESS, 0, nice);
	return before;
}

static int stop_and_take(struct dump *d)
{
	struct stop_refusal why;
	int r;

	if (stop_begin(d->p, &d->stop, &why) < 0)
		return refuse(d, &why);
	r = frozen_capture(d->frozen, d->stop);
	if (r < 0 || d->args->freeze == DUMP_FREEZE)
		stop_end(d->stop, false);
	return r < 0 ? fail(d, "read the stopped process", r) : -1;
}

int dump_stop(struct dump *d)
{
	int nice, r = frozen_prepare(d->p, buffer_size(d), &d->filter, &d->frozen);

	if (r < 0)
		return fail(d, "prepare to stop the process", r);
	nice = hurry(NICE_HIGHEST);
	r = stop_and_take(d);
	(void)hurry(nice);
	frozen_sort(d->frozen);
	return r;
}

static void tell_effects(const struct dump *d)
{
	struct stop_effects e;
	char text[400];
	int n;

	stop_effects(d->stop, &e);
	n = snprintf(text, sizeof(text),
		     "stopped %" PRIu64 " threads for %.1f ms; system calls: %" PRIu64
		     " restarted, %" PRIu64 " return EINTR; signals passed on: %" PRIu64,
		     e.threads, (double)e.ns / 1e6, e.restarted, e.interrupted, e.signals);
	if (e.was_stopped)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "; %" PRIu64 " were stopped before, and stay so", e.was_stopped);
	if (e.ended)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "; %" PRIu64 " ended meanwhile",
			      e.ended);
	if (e.sets_left_out)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "; %" PRIu64 " register sets left out", e.sets_left_out);
	if (e.stalled)
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "; let go early: the output did not move");
	cmd_note(d->run, text);
}

void dump_let_go(struct dump *d, bool confined)
{
	if (!d->stop)
		return;
	stop_end(d->stop, confined);
	tell_effects(d);
}
