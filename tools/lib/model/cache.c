/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving the page cache as it was: what was there stays, what our reading brought in goes.
 *
 * Tried on Linux 6.18: on overlayfs cachestat(2) looks at the overlay's own, always empty mapping
 * and says 0, while POSIX_FADV_DONTNEED is passed on and evicts the real file's pages. So cachestat
 * is believed on file systems that are known to keep their own pages; elsewhere an untouched
 * mapping and mincore(2) tell, since mmap(2) reaches the real file. Who may not ask mincore (not
 * owner, not writable) is told that all is cached, and then nothing is dropped.
 */
#include "model/cache_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* the same on all architectures; Linux 6.5 */
#endif

enum {
	CHUNK = 256 << 10,
	CHUNK_RING = 64,  /* bits of cache_notes.ours */
	CHUNK_AHEAD = 16, /* read-ahead may fetch this far beyond what was asked for */
	CHUNK_BATCH = 32, /* looked at in one go; BATCH + AHEAD < RING */
	PAGES_MAX = CHUNK_BATCH * (CHUNK / 4096),
};

static const struct {
	uint32_t magic; /* linux/magic.h */
	enum cache_way way;
} ways[] = {
	{ 0xef53, CACHE_STAT },	    /* ext4 */
	{ 0x58465342, CACHE_STAT }, /* xfs */
	{ 0x9123683e, CACHE_STAT }, /* btrfs */
	{ 0xf2f52010, CACHE_STAT }, /* f2fs */
	{ 0x01021994, CACHE_NONE }, /* tmpfs: the pages are the file */
	{ 0x858458f6, CACHE_NONE }, /* ramfs */
	{ 0x958458f6, CACHE_NONE }, /* hugetlbfs */
	{ 0x9fa0, CACHE_NONE },	    /* proc */
};

static enum cache_way way_of(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return CACHE_NONE;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (ways[i].magic == (uint32_t)fs.f_type)
			return ways[i].way;
	}
	return CACHE_MINCORE;
}

/* 1 something of the range is cached, 0 nothing is, -errno. LEN 0: to the end of the file. */
static int ask_cachestat(int fd, uint64_t off, uint64_t len)
{
	struct {
		uint64_t off, len;
	} range = { off, len };
	struct {
		uint64_t cached, dirty, writeback, evicted, recently_evicted;
	} got = { 0 };

	if (syscall(SYS_cachestat, fd, &range, &got, 0) < 0)
		return -errno;
	return got.cached != 0;
}

static uint64_t chunk_bit(uint64_t chunk)
{
	return UINT64_C(1) << (chunk % CHUNK_RING);
}

/* Looks at N chunks from c->next on. */
static int look_cachestat(struct cache_notes *c, int fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int r = ask_cachestat(fd, (c->next + i) * CHUNK, CHUNK);

		if (r < 0)
			return r;
		if (r == 0)
			c->ours |= chunk_bit(c->next + i);
	}
	return 0;
}

static int look_mincore(struct cache_notes *c, int fd, unsigned n)
{
	uint64_t start = c->next * CHUNK;
	uint64_t left = c->size > start ? c->size - start : 0;
	size_t len = left < (uint64_t)n * CHUNK ? (size_t)left : (size_t)n * CHUNK;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char vec[PAGES_MAX];

	if (len == 0 || page < 4096 || start > INT64_MAX)
		return 0;
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, (off_t)start);
	if (map == MAP_FAILED)
		return -errno;
	int r = mincore(map, len, vec) < 0 ? -errno : 0;
	(void)munmap(map, len);
	if (r < 0)
		return r;

	uint64_t cached = 0;
	for (size_t i = 0; i < (len + page - 1) / page; i++) {
		if (vec[i] & 1)
			cached |= chunk_bit(c->next + i * page / CHUNK);
	}
	for (unsigned i = 0; (uint64_t)i * CHUNK < len; i++)
		c->ours |= chunk_bit(c->next + i) & ~cached;
	return 0;
}

static void first_look(struct cache_notes *c, int fd)
{
	c->way = c->size ? way_of(fd) : CACHE_NONE;
	if (c->way != CACHE_STAT)
		return;
	int r = ask_cachestat(fd, 0, 0);
	c->all_ours = r == 0;
	if (r < 0) /* ENOSYS, or EPERM by seccomp or by mm/filemap.c can_do_cachestat() */
		c->way = CACHE_MINCORE;
}

/* Chunks from c->next up to TARGET, at most CHUNK_BATCH of them in one go. */
static int look_on(struct cache_notes *c, int fd, uint64_t target)
{
	while (c->next < target) {
		uint64_t more = target - c->next;
		unsigned n = more < CHUNK_BATCH ? (unsigned)more : CHUNK_BATCH;
		int r;

		for (unsigned i = 0; i < n; i++)
			c->ours &= ~chunk_bit(c->next + i);
		r = c->way == CACHE_STAT ? look_cachestat(c, fd, n) : look_mincore(c, fd, n);
		if (r < 0)
			return r;
		c->next += n;
	}
	return 0;
}

static uint64_t nearer(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void cache_note(struct cache_notes *c, int fd, uint64_t start, uint64_t end)
{
	if (c->way == CACHE_UNDECIDED)
		first_look(c, fd);
	if (c->way == CACHE_NONE || start >= end || start >= c->size)
		return;
	if (c->noted_to && start > c->noted_to) /* a hole is skipped, read-ahead went into it */
		cache_drop(c, fd, c->noted_to, nearer(start, c->noted_to + CHUNK_AHEAD * CHUNK));
	c->noted_to = end;
	if (c->all_ours)
		return;

	uint64_t last = (c->size - 1) / CHUNK;
	uint64_t from = start / CHUNK;
	uint64_t to = (end - 1) / CHUNK;
	if (from > c->next) { /* a hole was skipped: what is in between is not known, so not ours */
		c->next = from;
		c->ours = 0;
	}
	if (to > last)
		to = last;
	if (to + CHUNK_AHEAD < c->next || c->next > last)
		return;
	/* Longer than the ring: only its end will be remembered, the rest counts as not ours. */
	to = to + CHUNK_BATCH > last ? last : to + CHUNK_BATCH;
	if (look_on(c, fd, to + 1) < 0)
		c->way = CACHE_NONE;
}

static bool is_ours(const struct cache_notes *c, uint64_t chunk)
{
	if (c->all_ours)
		return true;
	return chunk < c->next && c->next - chunk <= CHUNK_RING && (c->ours & chunk_bit(chunk));
}

/*
 * Best effort. The kernel rounds the range inwards to pages; the start is rounded outwards here,
 * since that page is ours too, and the end where nothing of the target's follows (the end of the
 * file).
 */
static void forget(const struct cache_notes *c, int fd, uint64_t start, uint64_t end)
{
	start -= start % 4096;
	if (end >= c->size)
		end = (end / CHUNK + 1) * CHUNK;
	(void)posix_fadvise(fd, (off_t)start, (off_t)(end - start), POSIX_FADV_DONTNEED);
}

void cache_drop(struct cache_notes *c, int fd, uint64_t start, uint64_t end)
{
	if (c->way == CACHE_UNDECIDED || c->way == CACHE_NONE)
		return;
	if (end > c->size)
		end = c->size;
	if (start >= end || end > INT64_MAX - CHUNK)
		return;
	if (end > c->dropped_to)
		c->dropped_to = end;

	uint64_t run = start; /* start of what is ours and not dropped yet */
	for (uint64_t at = start; !c->all_ours && at < end;) {
		uint64_t chunk = at / CHUNK;
		uint64_t next = (chunk + 1) * CHUNK < end ? (chunk + 1) * CHUNK : end;

		if (!is_ours(c, chunk)) {
			if (run < at)
				forget(c, fd, run, at);
			run = next;
		}
		at = next;
	}
	if (run < end)
		forget(c, fd, run, end);
}

void cache_done(struct cache_notes *c, int fd)
{
	uint64_t end = c->all_ours || c->next > c->size / CHUNK ? c->size : c->next * CHUNK;

	cache_drop(c, fd, c->dropped_to, end);
}
