/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of pointers between threads, and threads with an explicit stack. */
#include "base/queue.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

enum { QUEUE_MAX = 1 << 20, THREAD_STACK_ROUND = 4096, THREAD_STACK_LEAST = 64 << 10 };

int queue_init(struct queue *q, size_t cap)
{
	pthread_condattr_t attr;
	int r;

	if (cap == 0 || cap > QUEUE_MAX)
		return -EINVAL;
	*q = (struct queue){ .cap = cap };
	q->items = calloc(cap, sizeof(*q->items));
	if (!q->items)
		return -ENOMEM;
	r = pthread_condattr_init(&attr);
	if (r == 0) {
		r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
		if (r == 0)
			r = pthread_cond_init(&q->not_empty, &attr);
		(void)pthread_condattr_destroy(&attr);
	}
	if (r == 0)
		r = pthread_cond_init(&q->not_full, NULL);
	if (r == 0)
		r = pthread_mutex_init(&q->lock, NULL);
	if (r != 0) {
		free(q->items);
		*q = (struct queue){ 0 };
	}
	return -r;
}

void queue_done(struct queue *q)
{
	if (!q->items)
		return;
	(void)pthread_cond_destroy(&q->not_empty);
	(void)pthread_cond_destroy(&q->not_full);
	(void)pthread_mutex_destroy(&q->lock);
	free(q->items);
	*q = (struct queue){ 0 };
}

int queue_push(struct queue *q, void *item)
{
	(void)pthread_mutex_lock(&q->lock);
	while (q->n == q->cap && !q->closed)
		(void)pthread_cond_wait(&q->not_full, &q->lock);
	bool open = !q->closed;
	if (open) {
		q->items[(q->head + q->n) % q->cap] = item;
		q->n++;
		(void)pthread_cond_signal(&q->not_empty);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return open ? 0 : -EPIPE;
}

/* DEADLINE may be NULL: for ever. */
static int pop(struct queue *q, void **ret, const struct timespec *deadline)
{
	int r = 0;

	(void)pthread_mutex_lock(&q->lock);
	while (q->n == 0 && !q->closed && r == 0)
		r = deadline ? pthread_cond_timedwait(&q->not_empty, &q->lock, deadline)
			     : pthread_cond_wait(&q->not_empty, &q->lock);
	if (q->n > 0) {
		*ret = q->items[q->head];
		q->head = (q->head + 1) % q->cap;
		q->n--;
		(void)pthread_cond_signal(&q->not_full);
		r = 1;
	} else {
		r = q->closed ? 0 : -r;
	}
	(void)pthread_mutex_unlock(&q->lock);
	return r;
}

int queue_pop(struct queue *q, void **ret)
{
	return pop(q, ret, NULL);
}

int queue_pop_until(struct queue *q, void **ret, const struct timespec *deadline)
{
	return pop(q, ret, deadline);
}

void queue_close(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->closed = true;
	/* The one broadcast: everybody must see the end, once. */
	(void)pthread_cond_broadcast(&q->not_empty);
	(void)pthread_cond_broadcast(&q->not_full);
	(void)pthread_mutex_unlock(&q->lock);
}

int thread_start(pthread_t *ret, size_t stack, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	if (stack < THREAD_STACK_LEAST)
		stack = THREAD_STACK_LEAST;
	stack = (stack + THREAD_STACK_ROUND - 1) / THREAD_STACK_ROUND * THREAD_STACK_ROUND;
	r = pthread_attr_setstacksize(&attr, stack);
	if (r == 0)
		r = pthread_create(ret, &attr, fn, arg);
	(void)pthread_attr_destroy(&attr);
	return -r;
}
