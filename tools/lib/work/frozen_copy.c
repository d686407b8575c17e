/* SPDX-License-Identifier: Apache-2.0 */
/* Copying under a stop: two threads take turns at batches of extents; one while they are chosen. */
#include "work/frozen_priv.h"

#include "base/queue.h"

enum { COPIER_STACK = 64 << 10 };

/* The next batch: how many extents from *RET on; 0 when all are done. */
static size_t take_batch(struct frozen *z, size_t *ret)
{
	uint64_t bytes = 0;
	size_t n = 0;

	(void)pthread_mutex_lock(&z->lock);
	while (z->next == z->n && !z->all)
		(void)pthread_cond_wait(&z->more, &z->lock);
	*ret = z->next;
	while (n < MEM_PIECES_MAX && z->next < z->n && (n == 0 || bytes < FROZEN_BATCH)) {
		bytes += z->v[z->next++].n;
		n++;
	}
	(void)pthread_mutex_unlock(&z->lock);
	return n;
}

static void lose(struct frozen *z, uint64_t addr, uint64_t at)
{
	struct mem_piece *last;

	memset(z->buffer + at, 0, (size_t)z->page);
	(void)pthread_mutex_lock(&z->lock);
	last = z->nlost ? &z->lost[z->nlost - 1] : NULL;
	/* Beyond the list at least the size is told. */
	if (last && (last->addr + last->n == addr || z->nlost == FROZEN_LOST_MAX))
		last->n += z->page;
	else
		z->lost[z->nlost++] = (struct mem_piece){ addr, z->page };
	(void)pthread_mutex_unlock(&z->lock);
}

/* Page by page; what cannot be read is zero, and told. */
static void copy_pages(struct frozen *z, const struct frozen_extent *e, uint64_t from)
{
	for (uint64_t off = from; off < e->n; off += z->page) {
		const struct mem_piece one = { e->addr + off, z->page };

		if (mem_read_held(z->mem, &one, 1, z->buffer + e->at + off) != z->page)
			lose(z, one.addr, e->at + off);
	}
}

static void copy_batch(struct frozen *z, size_t first, size_t n)
{
	struct mem_piece pieces[MEM_PIECES_MAX] = { { 0 } };
	uint64_t got;

	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct mem_piece){ z->v[first + i].addr, z->v[first + i].n };
	got = mem_read_held(z->mem, pieces, n, z->buffer + z->v[first].at);
	for (size_t i = 0; i < n; i++) {
		const struct frozen_extent *e = &z->v[first + i];
		uint64_t done = got < e->n ? got : e->n;

		got -= done;
		if (done < e->n)
			copy_pages(z, e, done - done % z->page);
	}
}

static void *copier(void *arg)
{
	struct frozen *z = arg;
	size_t first, n;

	while ((n = take_batch(z, &first)) > 0)
		copy_batch(z, first, n);
	return NULL;
}

void frozen_copy_start(struct frozen *z)
{
	z->two = z->size > FROZEN_BATCH && thread_start(&z->copier, COPIER_STACK, copier, z) == 0;
}

void frozen_add(struct frozen *z, const struct frozen_extent *e)
{
	(void)pthread_mutex_lock(&z->lock);
	z->v[z->n++] = *e;
	(void)pthread_cond_signal(&z->more);
	(void)pthread_mutex_unlock(&z->lock);
}

void frozen_copy_end(struct frozen *z)
{
	(void)pthread_mutex_lock(&z->lock);
	z->all = true;
	(void)pthread_cond_signal(&z->more);
	(void)pthread_mutex_unlock(&z->lock);
	(void)copier(z);
	if (z->two)
		(void)pthread_join(z->copier, NULL);
	z->two = false;
}
