/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded queue: order, blocking at both ends, closing, and deadlines. */
#include "base/queue.h"

#include "base/when.h"
#include "test.h"

#include <errno.h>
#include <stdatomic.h>

enum { ITEMS = 20000, THREADS = 3, STACK = 1 << 20 };

static struct queue q;
static int tokens[ITEMS];
static atomic_int next_token, taken;

static void *producer(void *arg)
{
	(void)arg;
	for (;;) {
		int i = atomic_fetch_add(&next_token, 1);

		if (i >= ITEMS)
			return NULL;
		if (queue_push(&q, &tokens[i]) < 0)
			return &q;
	}
}

static void *consumer(void *arg)
{
	void *item;

	(void)arg;
	while (queue_pop(&q, &item) == 1) {
		++*(int *)item;
		atomic_fetch_add(&taken, 1);
	}
	return NULL;
}

static void single(void)
{
	int a, b;
	void *item = NULL;

	CHECK_INT(queue_init(&q, 0), -EINVAL);
	CHECK_INT(queue_init(&q, 2), 0);
	CHECK_INT(queue_push(&q, &a), 0);
	CHECK_INT(queue_push(&q, &b), 0);
	CHECK_INT(queue_pop(&q, &item), 1);
	CHECK(item == &a);
	queue_close(&q);
	queue_close(&q);
	CHECK_INT(queue_push(&q, &a), -EPIPE);
	CHECK_INT(queue_pop(&q, &item), 1);
	CHECK(item == &b);
	CHECK_INT(queue_pop(&q, &item), 0);
	queue_done(&q);
	queue_done(&q);
	OK("first in first out; closed it takes nothing and drains");
}

static void deadline(void)
{
	struct timespec until;
	void *item;

	CHECK_INT(queue_init(&q, 1), 0);
	CHECK_INT(clock_gettime(CLOCK_MONOTONIC, &until), 0);
	until.tv_nsec += 50000000;
	if (until.tv_nsec >= (long)NS_PER_SEC) {
		until.tv_sec++;
		until.tv_nsec -= (long)NS_PER_SEC;
	}
	CHECK_INT(queue_pop_until(&q, &item, &until), -ETIMEDOUT);
	CHECK_INT(queue_push(&q, &q), 0);
	CHECK_INT(queue_pop_until(&q, &item, &until), 1);
	queue_close(&q);
	CHECK_INT(queue_pop_until(&q, &item, &until), 0);
	queue_done(&q);
	OK("a deadline of the monotonic clock");
}

static void many(void)
{
	pthread_t in[THREADS], out[THREADS];
	void *failed;

	CHECK_INT(queue_init(&q, 4), 0);
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(thread_start(&in[i], STACK, producer, NULL), 0);
		CHECK_INT(thread_start(&out[i], STACK, consumer, NULL), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_join(in[i], &failed), 0);
		CHECK(!failed);
	}
	queue_close(&q);
	for (int i = 0; i < THREADS; i++)
		CHECK_INT(pthread_join(out[i], NULL), 0);
	CHECK_INT(atomic_load(&taken), ITEMS);
	for (int i = 0; i < ITEMS; i++)
		CHECK_INT(tokens[i], 1);
	queue_done(&q);
	OK("three of each side lose nothing and double nothing");
}

static void *blocked(void *arg)
{
	(void)arg;
	return queue_push(&q, &q) == -EPIPE ? &q : NULL;
}

static void closing_wakes(void)
{
	struct timespec nap = { 0, 20000000 };
	pthread_t t;
	void *r;

	CHECK_INT(queue_init(&q, 1), 0);
	CHECK_INT(queue_push(&q, &q), 0);
	CHECK_INT(thread_start(&t, 1, blocked, NULL), 0);
	CHECK_INT(nanosleep(&nap, NULL), 0);
	queue_close(&q);
	CHECK_INT(pthread_join(t, &r), 0);
	CHECK(r == &q);
	queue_done(&q);
	OK("closing wakes who is blocked in a push, even with the smallest stack");
}

int main(void)
{
	single();
	deadline();
	many();
	closing_wakes();
	TEST_END();
}
