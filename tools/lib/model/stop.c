/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping a process: the tracer's thread, and what others ask of it. */
#include "model/mem_priv.h"
#include "model/stop_priv.h"

#include "base/queue.h"
#include "base/when.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { ENDING_POLL_US = 50, ENDING_POLLS = 40000, TRACER_STACK = 64 << 10 };

static void post(struct stop *s, enum stop_state state)
{
	(void)pthread_mutex_lock(&s->lock);
	s->state = state;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
}

/* Until an order comes, or nothing went on for too long. */
static void await_order(struct stop *s)
{
	(void)pthread_mutex_lock(&s->lock);
	while (s->order == STOP_ORDER_NONE) {
		int64_t limit = atomic_load(&s->alive) + STOP_STALL_MS * INT64_C(1000000);
		struct timespec at = { .tv_sec = limit / (int64_t)NS_PER_SEC,
				       .tv_nsec = limit % (int64_t)NS_PER_SEC };

		if (when_now(CLOCK_MONOTONIC) >= limit) {
			s->effects.stalled = true;
			break;
		}
		(void)pthread_cond_timedwait(&s->changed, &s->lock, &at);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static void *tracer(void *arg)
{
	struct stop *s = arg;

	s->tracer = (pid_t)syscall(SYS_gettid);
	stop_seize_all(s);
	if (s->why.err < 0) {
		stop_detach_all(s);
		post(s, STOP_FAILED);
		return NULL;
	}
	stop_read_registers(s);
	post(s, STOP_HELD);
	await_order(s);
	if (s->order == STOP_ORDER_DETACH)
		stop_detach_all(s);
	/* Else the kernel does it when this thread ends. */
	post(s, STOP_LET_GO);
	return NULL;
}

/* The tracer is a thread without signals: those are the main thread's. */
static int start(struct stop *s)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = thread_start(&s->thread, TRACER_STACK, tracer, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->started = r == 0;
	return r;
}

static int make(struct process *p, struct stop **ret)
{
	pthread_condattr_t clock;
	struct stop *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->p = p;
	s->registers = BUF_LIMIT(STOP_REGISTERS_MAX);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->changed, &clock);
	(void)pthread_condattr_destroy(&clock);
	atomic_store(&s->alive, when_now(CLOCK_MONOTONIC));
	*ret = s;
	return 0;
}

/* Who traces P: its status now, not what was kept of it. */
static pid_t tracer_of(struct process *p)
{
	enum { STATUS_MOST = 64 << 10 };
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct proc_status st;
	int r = process_text(p, TEXT_STATUS, &text, STATUS_MOST);

	if ((r < 0 && r != -EFBIG) || proc_parse_status(buf_bytes(&text), &st) < 0)
		return 0;
	return st.tracer;
}

int stop_begin(struct process *p, struct stop **ret, struct stop_refusal *why)
{
	AUTO_DONE(stop_closep) struct stop *s = NULL;
	int r;

	*why = (struct stop_refusal){ 0 };
	if (!stop_may_ask(p)) {
		why->err = -EOPNOTSUPP;
		return why->err;
	}
	why->tracer = tracer_of(p);
	if (why->tracer) {
		why->err = -EBUSY;
		return why->err;
	}
	r = make(p, &s);
	if (r == 0)
		r = start(s);
	if (r < 0) {
		why->err = r;
		return r;
	}
	(void)pthread_mutex_lock(&s->lock);
	while (s->state == STOP_STARTING)
		(void)pthread_cond_wait(&s->changed, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
	*why = s->why;
	if (why->err == -EPERM) {
		/* Somebody was quicker, or is out of sight: the rights are those of
		 * process_vm_readv(2). */
		why->tracer = tracer_of(p);
		if (why->tracer || mem_probe_vm_readv(p))
			why->err = -EBUSY;
	}
	if (why->err < 0)
		return why->err;
	*ret = take_ptr(&s);
	return 0;
}

size_t stop_threads(const struct stop *s)
{
	return s->n;
}

pid_t stop_tid(const struct stop *s, size_t i)
{
	return s->v[i].tid;
}

void stop_go_on(struct stop *s)
{
	atomic_store(&s->alive, when_now(CLOCK_MONOTONIC));
}

bool stop_holds(struct stop *s)
{
	bool holds;

	(void)pthread_mutex_lock(&s->lock);
	holds = s->state == STOP_HELD;
	(void)pthread_mutex_unlock(&s->lock);
	return holds;
}

/*
 * The tracees are freed while the kernel takes the thread down, after pthread_join() may have
 * returned; then it goes from the list of our threads.
 */
static void await_end_of_tracer(const struct stop *s)
{
	const struct timespec nap = { .tv_nsec = ENDING_POLL_US * 1000L };
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d", (int)s->tracer);
	for (int i = 0; i < ENDING_POLLS && access(path, F_OK) == 0; i++)
		(void)nanosleep(&nap, NULL);
}

void stop_end(struct stop *s, bool confined)
{
	if (!s->started)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->order = confined ? STOP_ORDER_EXIT : STOP_ORDER_DETACH;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
	s->started = false;
	if (confined || s->effects.stalled)
		await_end_of_tracer(s);
	if (!s->until)
		s->until = when_now(CLOCK_MONOTONIC);
	s->effects.ns = s->until - s->since;
}

void stop_effects(const struct stop *s, struct stop_effects *ret)
{
	*ret = s->effects;
}

void stop_close(struct stop *s)
{
	if (!s)
		return;
	stop_end(s, false);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->lock);
	buf_done(&s->registers);
	free(s->v);
	free(s);
}

void stop_closep(struct stop **s)
{
	stop_close(*s);
	*s = NULL;
}
