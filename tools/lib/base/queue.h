/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of pointers between threads: one condition variable a direction, signal only. */
#ifndef CSI_BASE_QUEUE_H
#define CSI_BASE_QUEUE_H

#include "base/base.h"

#include <pthread.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_empty;
	pthread_cond_t not_full;
	void **items;
	size_t cap, head, n;
	bool closed;
};

int queue_init(struct queue *q, size_t cap);
void queue_done(struct queue *q);

/* Blocks while full. 0, or -EPIPE once the queue is closed (the item is still the caller's). */
int queue_push(struct queue *q, void *item);
/* Blocks while empty. 1 and the item, or 0 when closed and drained. */
int queue_pop(struct queue *q, void **ret);
/* As queue_pop, at most until the CLOCK_MONOTONIC time given; -ETIMEDOUT then. */
int queue_pop_until(struct queue *q, void **ret, const struct timespec *deadline);
/* No more pushes succeed; poppers drain what is left. Idempotent. */
void queue_close(struct queue *q);

/* A joinable thread with an explicit stack size in bytes. 0 or -errno. */
int thread_start(pthread_t *ret, size_t stack, void *(*fn)(void *), void *arg);

#endif
