/* SPDX-License-Identifier: Apache-2.0 */
/* The tracer's part of a stop: threads are seized until no new one appears, and let go. */
#include "model/stop_priv.h"

#include "base/when.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

enum { NAP_FIRST_US = 10, NAP_MOST_US = 1000, EXITING = 0x4 /* PF_EXITING */ };

bool stop_may_ask(const struct process *p)
{
	return p->source->procfs && p->source->own_pids;
}

static int by_tid(const void *a, const void *b)
{
	const struct stop_thread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static bool is_known(const struct stop *s, size_t known, pid_t tid)
{
	const struct stop_thread key = { .tid = tid };

	return known && bsearch(&key, s->v, known, sizeof(key), by_tid);
}

/* The thread's own stat; a thread that is gone is in state X. */
static void look_at(const struct stop *s, pid_t tid, struct proc_stat *ret)
{
	enum { TEXT_MOST = 1024 };
	char name[48];
	unsigned char text[TEXT_MOST];
	ssize_t n;

	(void)snprintf(name, sizeof(name), "task/%d/stat", (int)tid);
	AUTO_CLOSE int fd = process_openat(s->p, name, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n <= 0 || proc_parse_stat(bytes_of(text, (size_t)n), ret) < 0)
		*ret = (struct proc_stat){ .state = 'X' };
}

/* On a busy machine a thread may take long to be scheduled, and then stops. */
static bool waits_in_kernel(const struct stop *s, pid_t tid)
{
	struct proc_stat st;

	look_at(s, tid, &st);
	return st.state == 'D';
}

static bool is_ending(const struct stop *s, pid_t tid)
{
	struct proc_stat st;

	look_at(s, tid, &st);
	return st.state == 'Z' || st.state == 'X' || (st.flags & EXITING);
}

static int add(struct stop *s, pid_t tid)
{
	if (s->n == STOP_THREADS_MAX)
		return -E2BIG;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct stop_thread *grown = realloc(s->v, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->v = grown;
		s->cap = cap;
	}
	s->v[s->n++] = (struct stop_thread){ .tid = tid };
	return 0;
}

/* 0 also when the thread is on its way out. */
static int seize(struct stop *s, pid_t tid)
{
	int r = add(s, tid);

	if (r < 0)
		return r;
	r = stop_ptrace(PTRACE_SEIZE, tid, 0, 0);
	if (r < 0)
		return r == -ESRCH || is_ending(s, tid) ? 0 : r;
	s->v[s->n - 1].seized = true;
	if (!s->since)
		s->since = when_now(CLOCK_MONOTONIC);
	r = stop_ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	return r == -ESRCH ? 0 : r;
}

/* Seizes what was not there before: how many, or -errno. */
static int seize_new(struct stop *s)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	size_t known = s->n;
	struct process_id id;
	int r = thread_iter_init(s->p, &it);

	while (r >= 0 && (r = process_iter_next(&it, &id)) > 0) {
		if (is_known(s, known, id.pid))
			continue;
		r = seize(s, id.pid);
		if (r < 0)
			s->why.tid = id.pid;
	}
	qsort(s->v, s->n, sizeof(s->v[0]), by_tid);
	return r < 0 ? r : (int)(s->n - known);
}

/* Looks, and leaves the stop where it is. 1 stopped, 0 not yet, -ECHILD gone. */
static int peek(struct stop_thread *t)
{
	siginfo_t si = { 0 };
	const int flags = WSTOPPED | WEXITED | WNOHANG | __WALL;

	if (waitid(P_PID, (id_t)t->tid, &si, flags | WNOWAIT) < 0)
		return errno == EINTR ? 0 : -ECHILD;
	if (si.si_pid == 0)
		return 0;
	if (si.si_code == CLD_TRAPPED || si.si_code == CLD_STOPPED) {
		t->status = si.si_status;
		t->stopped = true;
		return 1;
	}
	/* Ended: taking it hands it on to its own parent. */
	(void)waitid(P_PID, (id_t)t->tid, &si, flags);
	return -ECHILD;
}

static int await(struct stop *s, struct stop_thread *t, int64_t limit)
{
	struct timespec nap = { .tv_nsec = NAP_FIRST_US * 1000L };
	int r;

	while ((r = peek(t)) == 0) {
		int64_t late = when_now(CLOCK_MONOTONIC) - limit;

		if (late > (STOP_MOST_MS - STOP_WAIT_MS) * INT64_C(1000000) ||
		    (late > 0 && waits_in_kernel(s, t->tid)))
			return -ETIMEDOUT;
		(void)nanosleep(&nap, NULL);
		if (nap.tv_nsec < NAP_MOST_US * 1000L)
			nap.tv_nsec *= 2;
	}
	if (r < 0) {
		t->seized = false;
		s->effects.ended++;
	}
	return 0;
}

static int await_all(struct stop *s, int64_t limit)
{
	for (size_t i = 0; i < s->n; i++) {
		struct stop_thread *t = &s->v[i];
		int r = t->seized && !t->stopped ? await(s, t, limit) : 0;

		if (r < 0) {
			struct proc_stat st;

			look_at(s, t->tid, &st);
			s->why.tid = t->tid;
			s->why.state = st.state;
			return r;
		}
	}
	return 0;
}

static bool is_event(const struct stop_thread *t)
{
	return t->status >> 8 == PTRACE_EVENT_STOP;
}

/* Job control had stopped it, and PTRACE_EVENT_STOP tells by which signal. */
static bool was_stopped(const struct stop_thread *t)
{
	return is_event(t) && (t->status & 0x7f) != SIGTRAP;
}

static void keep_stopped(struct stop *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].stopped)
			continue;
		s->effects.was_stopped += was_stopped(&s->v[i]);
		s->effects.signals += !is_event(&s->v[i]);
		s->v[n++] = s->v[i];
	}
	s->n = n;
	s->effects.threads = n;
}

void stop_seize_all(struct stop *s)
{
	int64_t limit = when_now(CLOCK_MONOTONIC) + STOP_WAIT_MS * INT64_C(1000000);
	int r = 1;

	for (int pass = 0; r > 0 && pass < STOP_PASSES_MAX; pass++) {
		r = seize_new(s);
		if (r > 0) {
			int w = await_all(s, limit);

			r = w < 0 ? w : r;
		}
	}
	/* It makes threads faster than they can be stopped. */
	if (r > 0)
		r = -EAGAIN;
	s->why.err = r;
	if (r < 0)
		return;
	keep_stopped(s);
	if (s->n == 0)
		s->why.err = -ESRCH;
}

/*
 * One that is not stopped cannot be detached: it stops at once, or is let go when the tracer
 * ends, which is next.
 */
void stop_detach_all(struct stop *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct stop_thread *t = &s->v[i];
		int signal;

		if (!t->seized || (!t->stopped && peek(t) <= 0))
			continue;
		signal = is_event(t) ? 0 : t->status & 0x7f;
		if (stop_ptrace(PTRACE_DETACH, t->tid, 0, (uintptr_t)signal) == -ESRCH)
			(void)peek(t);
	}
	s->until = when_now(CLOCK_MONOTONIC);
}
