/* SPDX-License-Identifier: Apache-2.0 */
/* Demand paging of a reader's bytes into our own address space. */
#include "sys/window.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define NO_CHUNK UINT64_MAX
/* Larger than any file or run: what is shown stays below it. */
#define SPAN_MAX (UINT64_C(1) << 46)

struct window {
	unsigned char *base;
	uint64_t span; /* bytes reserved */
	uint64_t size; /* bytes shown */
	window_read_fn fn;
	void *ctx;
	uint64_t kept[WINDOW_KEPT]; /* numbers of the chunks that are there */
	bool fresh[WINDOW_KEPT];    /* of what is shown now; else out of reach */
	size_t next;		    /* the oldest of them */
	uint64_t missed;
	int err;
};

/* The handler has no other way to know whose fault it is. */
static _Thread_local struct window *mine;
static struct sigaction before;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned char *place(const struct window *w, uint64_t chunk)
{
	return w->base + chunk * WINDOW_CHUNK;
}

static uint64_t chunk_bytes(const struct window *w, uint64_t chunk)
{
	uint64_t left = w->size - chunk * WINDOW_CHUNK;

	return left < WINDOW_CHUNK ? left : WINDOW_CHUNK;
}

/*
 * Memory at CHUNK, which has none; that of the chunk in SLOT if there is one: moved, since new
 * pages would have to be zeroed first. MREMAP_DONTUNMAP (Linux 5.7) leaves the old addresses ours
 * all the while, so that no other thread can be given them.
 */
static int move_memory(struct window *w, size_t slot, uint64_t chunk)
{
	uint64_t old = w->kept[slot];
	void *from = old == NO_CHUNK ? NULL : place(w, old), *to = place(w, chunk);

	w->kept[slot] = NO_CHUNK;
	/* Within reach first: the memory keeps its permissions when it moves. */
	if (from && mprotect(from, WINDOW_CHUNK, PROT_READ | PROT_WRITE) == 0 &&
	    mremap(from, WINDOW_CHUNK, WINDOW_CHUNK,
		   MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to)
		return mprotect(from, WINDOW_CHUNK, PROT_NONE) < 0 ? -errno : 0;
	if (from &&
	    mmap(from, WINDOW_CHUNK, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	return mprotect(to, WINDOW_CHUNK, PROT_READ | PROT_WRITE) < 0 ? -errno : 0;
}

static void miss(struct window *w, unsigned char *p, uint64_t n, int err)
{
	memset(p, 0, n);
	w->missed += n;
	if (!w->err)
		w->err = err;
}

/* The bytes of a chunk whose memory is there and may hold others. */
static void fill(struct window *w, uint64_t chunk)
{
	unsigned char *to = place(w, chunk);
	uint64_t n = chunk_bytes(w, chunk), done = 0;

	while (done < n) {
		ssize_t got = w->fn(w->ctx, chunk * WINDOW_CHUNK + done, to + done, n - done);
		/* What cannot be read is a page at least; an end has nothing behind it. */
		uint64_t step = got == 0 || got == -ESRCH ? n : WINDOW_PAGE - done % WINDOW_PAGE;

		if (got <= 0) {
			step = step < n - done ? step : n - done;
			miss(w, to + done, step, (int)got);
		}
		done += got > 0 ? (uint64_t)got : step;
	}
}

static int bring(struct window *w, uint64_t chunk)
{
	size_t slot = w->next;
	int r = 0;

	/* Its own memory, from what was shown before, is as good as any. */
	for (size_t i = 0; i < WINDOW_KEPT; i++)
		if (w->kept[i] == chunk)
			slot = i;
	if (w->kept[slot] != chunk)
		r = move_memory(w, slot, chunk);
	else if (mprotect(place(w, chunk), WINDOW_CHUNK, PROT_READ | PROT_WRITE) < 0)
		r = -errno;
	if (r < 0)
		return r;
	w->kept[slot] = chunk;
	w->fresh[slot] = true;
	w->next = (slot + 1) % WINDOW_KEPT;
	fill(w, chunk);
	return 0;
}

static bool is_fresh(const struct window *w, uint64_t chunk)
{
	for (size_t i = 0; i < WINDOW_KEPT; i++)
		if (w->kept[i] == chunk)
			return w->fresh[i];
	return false;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	struct window *w = mine;
	uintptr_t at = (uintptr_t)info->si_addr;
	int saved = errno;

	(void)context;
	if (w && info->si_code == SEGV_ACCERR && at >= (uintptr_t)w->base &&
	    at - (uintptr_t)w->base < w->size) {
		uint64_t chunk = (at - (uintptr_t)w->base) / WINDOW_CHUNK;

		if (!is_fresh(w, chunk) && bring(w, chunk) == 0) {
			errno = saved;
			return;
		}
	}
	/* Not ours: the same instruction again, under whoever was there before. */
	(void)sigaction(sig, &before, NULL);
	errno = saved;
}

static void install(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	(void)sigaction(SIGSEGV, &sa, &before);
}

int window_open(struct window **ret)
{
	struct window *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	for (size_t i = 0; i < WINDOW_KEPT; i++)
		w->kept[i] = NO_CHUNK;
	(void)pthread_once(&once, install);
	mine = w;
	*ret = w;
	return 0;
}

void window_closep(struct window **w)
{
	if (!*w)
		return;
	mine = NULL;
	if ((*w)->base)
		(void)munmap((*w)->base, (*w)->span);
	free(*w);
	*w = NULL;
}

static int reserve(struct window *w, uint64_t size)
{
	uint64_t span;
	void *p;

	if (size > SPAN_MAX)
		return -EFBIG;
	span = (size + WINDOW_CHUNK - 1) / WINDOW_CHUNK * WINDOW_CHUNK;
	if (span <= w->span)
		return 0;
	p = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	if (w->base)
		(void)munmap(w->base, w->span);
	w->base = p;
	w->span = span;
	for (size_t i = 0; i < WINDOW_KEPT; i++) {
		w->kept[i] = NO_CHUNK;
		w->fresh[i] = false;
	}
	return 0;
}

int window_show(struct window *w, uint64_t size, window_read_fn fn, void *ctx,
		const unsigned char **ret)
{
	int r = reserve(w, size);

	w->fn = fn;
	w->ctx = ctx;
	w->size = size;
	for (size_t i = 0; r == 0 && i < WINDOW_KEPT; i++) {
		if (w->fresh[i] && w->kept[i] != 0 &&
		    mprotect(place(w, w->kept[i]), WINDOW_CHUNK, PROT_NONE) < 0)
			r = -errno;
		w->fresh[i] = w->fresh[i] && w->kept[i] == 0;
	}
	/* The first chunk is wanted by everybody, and stays within reach. */
	if (r == 0 && is_fresh(w, 0))
		fill(w, 0);
	else if (r == 0)
		r = bring(w, 0);
	if (r == 0)
		*ret = w->base;
	return r;
}

const unsigned char *window_again(const struct window *w)
{
	return w->base;
}

uint64_t window_missed(const struct window *w, int *ret_err)
{
	*ret_err = w->err;
	return w->missed;
}

void window_reset(struct window *w)
{
	w->missed = 0;
	w->err = 0;
}
