/* SPDX-License-Identifier: Apache-2.0 */
/* A memory budget shared by the threads of one pipeline. */
#include "base/budget.h"

#include <sys/mman.h>

/* From here on buffers are mapped, so that freeing one really lowers RSS. */
enum { BUDGET_MAP_FROM = 64 << 10 };

void budget_init(struct budget *b, size_t limit)
{
	atomic_init(&b->used, 0);
	b->limit = limit;
}

static bool take(struct budget *b, size_t n)
{
	size_t used = atomic_load(&b->used);

	do {
		if (used > b->limit || n > b->limit - used)
			return false;
	} while (!atomic_compare_exchange_weak(&b->used, &used, used + n));
	return true;
}

void *budget_alloc(struct budget *b, size_t n)
{
	void *p;

	if (n == 0 || !take(b, n))
		return NULL;
	if (n < BUDGET_MAP_FROM) {
		p = malloc(n);
	} else {
		p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			p = NULL;
	}
	if (!p)
		atomic_fetch_sub(&b->used, n);
	return p;
}

void budget_free(struct budget *b, void *p, size_t n)
{
	if (!p)
		return;
	if (n < BUDGET_MAP_FROM)
		free(p);
	else
		(void)munmap(p, n);
	atomic_fetch_sub(&b->used, n);
}
