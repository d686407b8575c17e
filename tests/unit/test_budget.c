/* SPDX-License-Identifier: Apache-2.0 */
/* A budget is a number: never exceeded, by any number of threads. */
#include "base/budget.h"

#include "base/queue.h"
#include "test.h"

enum { WORKERS = 4, ROUNDS = 2000, PIECE = 64 << 10, LIMIT = 3 * PIECE };

static struct budget shared;
static atomic_size_t got, refused, in_use, most;

static void *work(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		unsigned char *p = budget_alloc(&shared, PIECE);

		if (!p) {
			atomic_fetch_add(&refused, 1);
			continue;
		}
		size_t now = atomic_fetch_add(&in_use, 1) + 1;
		size_t seen = atomic_load(&most);
		while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
			;
		p[0] = p[PIECE - 1] = 1;
		atomic_fetch_add(&got, 1);
		atomic_fetch_sub(&in_use, 1);
		budget_free(&shared, p, PIECE);
	}
	return NULL;
}

int main(void)
{
	struct budget b;
	pthread_t threads[WORKERS];

	budget_init(&b, 100000);
	void *small = budget_alloc(&b, 1000);
	void *large = budget_alloc(&b, 90000);
	CHECK(small && large);
	CHECK_INT((uintptr_t)large % 4096, 0);
	CHECK(!budget_alloc(&b, 9001));
	CHECK(!budget_alloc(&b, SIZE_MAX));
	CHECK(!budget_alloc(&b, 0));
	CHECK_INT(atomic_load(&b.used), 91000);
	budget_free(&b, large, 90000);
	budget_free(&b, small, 1000);
	budget_free(&b, NULL, 1000);
	CHECK_INT(atomic_load(&b.used), 0);
	OK("counted, page-aligned when large, given back");

	budget_init(&shared, LIMIT);
	for (int i = 0; i < WORKERS; i++)
		CHECK_INT(thread_start(&threads[i], 1 << 20, work, NULL), 0);
	for (int i = 0; i < WORKERS; i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	CHECK_INT(atomic_load(&shared.used), 0);
	CHECK_INT(atomic_load(&got) + atomic_load(&refused), WORKERS * ROUNDS);
	CHECK(atomic_load(&most) <= LIMIT / PIECE);
	OK("four threads never hold more than the limit");
	TEST_END();
}
