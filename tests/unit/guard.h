/* SPDX-License-Identifier: Apache-2.0 */
/* Text that ends where memory ends: a parser that reads one byte too far dies of it. */
#ifndef CSI_TESTS_UNIT_GUARD_H
#define CSI_TESTS_UNIT_GUARD_H

#include "test.h"

#include <sys/mman.h>

struct guard {
	unsigned char *map;
	size_t size; /* readable bytes */
};

static inline struct guard guard_make(size_t most)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct guard g = { .size = (most + page - 1) / page * page };

	g.map = mmap(NULL, g.size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	CHECK(g.map != MAP_FAILED);
	CHECK_INT(mprotect(g.map + g.size, page, PROT_NONE), 0);
	return g;
}

/* The same bytes with nothing behind them. */
static inline struct bytes guard_put(struct guard *g, struct bytes b)
{
	unsigned char *at = g->map + g->size - b.n;

	CHECK(b.n <= g->size);
	if (b.n)
		memcpy(at, b.p, b.n);
	return bytes_of(at, b.n);
}

static inline void guard_done(struct guard *g)
{
	CHECK_INT(munmap(g->map, g->size + (size_t)sysconf(_SC_PAGESIZE)), 0);
}

#endif
