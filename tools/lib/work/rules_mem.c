/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded count over malloc, and a few large blocks kept from one scan to the next. */
#include "work/rules_mem.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	KEEP_FROM = 64 << 10, /* bytes: smaller blocks musl keeps by itself */
	KEEP_BELOW = 2 << 20,
	KEEP_BLOCKS = 16,
};

static atomic_uint_least64_t used, peak;
static atomic_uint_least64_t limit = RULES_MEM_DEFAULT;

static struct {
	pthread_mutex_t lock;
	void *v[KEEP_BLOCKS];
	size_t n;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

void rules_mem_limit(uint64_t most)
{
	atomic_store(&limit, most);
}

uint64_t rules_mem_used(void)
{
	return atomic_load(&used);
}

uint64_t rules_mem_peak(void)
{
	return atomic_load(&peak);
}

void rules_mem_trim(void)
{
	pthread_mutex_lock(&kept.lock);
	while (kept.n > 0)
		free(kept.v[--kept.n]);
	pthread_mutex_unlock(&kept.lock);
}

static bool fits(size_t n)
{
	return n < SIZE_MAX / 2 && atomic_load_explicit(&used, memory_order_relaxed) + n <=
					   atomic_load_explicit(&limit, memory_order_relaxed);
}

static void *count(void *p)
{
	uint64_t now, most;

	if (!p)
		return NULL;
	now = atomic_fetch_add_explicit(&used, malloc_usable_size(p), memory_order_relaxed) +
	      malloc_usable_size(p);
	most = atomic_load_explicit(&peak, memory_order_relaxed);
	while (now > most && !atomic_compare_exchange_weak(&peak, &most, now))
		;
	return p;
}

static void uncount(void *p)
{
	(void)atomic_fetch_sub_explicit(&used, malloc_usable_size(p), memory_order_relaxed);
}

static void *take_kept(size_t n)
{
	void *p = NULL;

	pthread_mutex_lock(&kept.lock);
	for (size_t i = 0; !p && i < kept.n; i++) {
		size_t size = malloc_usable_size(kept.v[i]);

		if (size < n || size / 2 > n)
			continue;
		p = kept.v[i];
		kept.v[i] = kept.v[--kept.n];
	}
	pthread_mutex_unlock(&kept.lock);
	return p;
}

static bool keep(void *p)
{
	bool done = false;

	pthread_mutex_lock(&kept.lock);
	if (kept.n < KEEP_BLOCKS) {
		kept.v[kept.n++] = p;
		done = true;
	}
	pthread_mutex_unlock(&kept.lock);
	return done;
}

void *rules_mem_alloc(size_t n)
{
	void *p = NULL;

	if (!fits(n))
		return NULL;
	if (n >= KEEP_FROM && n < KEEP_BELOW)
		p = take_kept(n);
	return count(p ? p : malloc(n));
}

void *rules_mem_zero(size_t n, size_t size)
{
	if (size && n > SIZE_MAX / 2 / size)
		return NULL;
	return fits(n * size) ? count(calloc(n ? n : 1, size ? size : 1)) : NULL;
}

void *rules_mem_again(void *p, size_t n)
{
	void *grown;
	size_t old;

	if (!p)
		return rules_mem_alloc(n);
	old = malloc_usable_size(p);
	if (n > old && !fits(n - old))
		return NULL;
	grown = realloc(p, n);
	if (!grown)
		return NULL;
	(void)atomic_fetch_sub_explicit(&used, old, memory_order_relaxed);
	return count(grown);
}

void rules_mem_free(void *p)
{
	size_t size;

	if (!p)
		return;
	uncount(p);
	size = malloc_usable_size(p);
	if (size < KEEP_FROM || size >= KEEP_BELOW || !keep(p))
		free(p);
}

char *rules_mem_copy(const char *s)
{
	return rules_mem_copy_n(s, strlen(s));
}

char *rules_mem_copy_n(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = rules_mem_alloc(len + 1);

	if (!p)
		return NULL;
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}
