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
	CHUNK_AHEAD =
		128,	 /* 32 MiB: read-ahead (seen: 8 MiB) runs up to twice its size before us */
	CHUNK_BACK = 16, /* dropped once more, see reach_back() */
	CHUNK_BATCH = 128, /* looked at in one go; twice both is CACHE_RING */
	PAGES_MAX = CHUNK_BATCH * (CHUNK / 4096),
	SCAN_MAX =
		16384, /* chunks (4 GiB) of a file looked at with mincore before it is first read */
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

enum cache_way cache_way_of(int fd)
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

/* Pages of the range that are cached, or -errno. */
static int64_t ask_cachestat(int fd, uint64_t off, uint64_t len)
{
	struct {
		uint64_t off, len;
	} range = { off, len };
	struct {
		uint64_t cached, dirty, writeback, evicted, recently_evicted;
	} got = { 0 };

	if (syscall(SYS_cachestat, fd, &range, &got, 0) < 0)
		return -errno;
	return got.cached < INT64_MAX ? (int64_t)got.cached : INT64_MAX;
}

static void set_ours(struct cache_notes *c, uint64_t chunk, bool ours)
{
	uint64_t *word = &c->ours[chunk % CACHE_RING / 64];
	uint64_t bit = UINT64_C(1) << (chunk % 64);

	*word = ours ? *word | bit : *word & ~bit;
}

/* Looks at N chunks from c->next on. */
static int look_cachestat(struct cache_notes *c, int fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int64_t pages = ask_cachestat(fd, (c->next + i) * CHUNK, CHUNK);

		if (pages < 0)
			return (int)pages;
		set_ours(c, c->next + i, pages == 0);
	}
	return 0;
}

/* mincore(2) of the N chunks from FIRST on, as far as the file goes: bytes looked at, or -errno. */
static int64_t ask_mincore(const struct cache_notes *c, int fd, uint64_t first, unsigned n,
			   unsigned char vec[PAGES_MAX])
{
	uint64_t start = first * CHUNK;
	uint64_t left = c->size > start ? c->size - start : 0;
	size_t len = left < (uint64_t)n * CHUNK ? (size_t)left : (size_t)n * CHUNK;

	if (len == 0 || start > INT64_MAX)
		return 0;
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, (off_t)start);
	if (map == MAP_FAILED)
		return -errno;
	int r = mincore(map, len, vec) < 0 ? -errno : 0;
	(void)munmap(map, len);
	return r < 0 ? r : (int64_t)len;
}

static int look_mincore(struct cache_notes *c, int fd, unsigned n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char vec[PAGES_MAX] = { 0 };
	int64_t len = ask_mincore(c, fd, c->next, n, vec);

	if (len < 0)
		return (int)len;
	for (unsigned i = 0; i < n; i++)
		set_ours(c, c->next + i, (int64_t)i * CHUNK < len);
	for (size_t at = 0; at < (size_t)len; at += page) {
		if (vec[at / page] & 1)
			set_ours(c, c->next + at / CHUNK, false);
	}
	return 0;
}

/* Whether mincore(2) finds nothing at all of a file that is larger than one batch. */
static bool scan_mincore(const struct cache_notes *c, int fd)
{
	uint64_t chunks = (c->size - 1) / CHUNK + 1;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char vec[PAGES_MAX] = { 0 };

	if (chunks <= CHUNK_BATCH || chunks > SCAN_MAX)
		return false;
	for (uint64_t at = 0; at < chunks; at += CHUNK_BATCH) {
		int64_t len = ask_mincore(c, fd, at, CHUNK_BATCH, vec);

		if (len < 0)
			return false;
		for (size_t i = 0; i < ((size_t)len + page - 1) / page; i++) {
			if (vec[i] & 1)
				return false;
		}
	}
	return true;
}

/*
 * One look at the whole file settles most: nothing of it is cached, or all, or some of a file of
 * one chunk.
 */
static void look_cachestat_all(struct cache_notes *c, int fd)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int64_t pages = ask_cachestat(fd, 0, c->size);

	if (pages < 0) /* ENOSYS, or EPERM by seccomp or by mm/filemap.c can_do_cachestat() */
		c->way = CACHE_MINCORE;
	else if (pages == 0)
		c->all_ours = true;
	else if (c->size <= CHUNK || (uint64_t)pages >= (c->size - 1) / page + 1)
		c->way = CACHE_NONE;
}

static void first_look(struct cache_notes *c, int fd)
{
	c->way = CACHE_NONE;
	if (c->size)
		c->way = c->fs == CACHE_UNDECIDED ? cache_way_of(fd) : c->fs;
	if (c->way == CACHE_STAT)
		look_cachestat_all(c, fd);
	if (c->way == CACHE_MINCORE)
		c->all_ours = scan_mincore(c, fd);
}

/* Chunks from c->next up to TARGET, at most CHUNK_BATCH of them in one go. */
static int look_on(struct cache_notes *c, int fd, uint64_t target)
{
	while (c->next < target) {
		uint64_t more = target - c->next;
		unsigned n = more < CHUNK_BATCH ? (unsigned)more : CHUNK_BATCH;
		int r = c->way == CACHE_STAT ? look_cachestat(c, fd, n) : look_mincore(c, fd, n);

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
		cache_drop(c, fd, c->noted_to,
			   nearer(start, c->noted_to + (uint64_t)CHUNK_AHEAD * CHUNK));
	c->noted_to = end;
	if (c->all_ours)
		return;

	uint64_t last = (c->size - 1) / CHUNK;
	uint64_t from = start / CHUNK;
	uint64_t to = (end - 1) / CHUNK;
	if (from > c->next) { /* a hole was skipped: what is in between is not known, so not ours */
		c->next = from;
		memset(c->ours, 0, sizeof(c->ours));
	}
	if (to > last)
		to = last;
	if (to + CHUNK_AHEAD < c->next || c->next > last)
		return;
	uint64_t target = nearer(last, to + CHUNK_AHEAD + CHUNK_BATCH) + 1;
	/* Longer than the ring: only its end would be remembered, the rest counts as not ours. */
	if (target - c->next > CACHE_RING)
		c->next = target - CACHE_RING;
	if (look_on(c, fd, target) < 0)
		c->way = CACHE_NONE;
}

static bool is_ours(const struct cache_notes *c, uint64_t chunk)
{
	if (c->all_ours)
		return true;
	return chunk < c->next && c->next - chunk <= CACHE_RING &&
	       (c->ours[chunk % CACHE_RING / 64] >> (chunk % 64) & 1);
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

/*
 * The kernel drops a large folio only when all of it lies in the range; what crossed the end of the
 * range before lies in one that begins earlier. As far back as all is ours.
 */
static uint64_t reach_back(const struct cache_notes *c, uint64_t start)
{
	uint64_t chunk = start / CHUNK;

	if (!is_ours(c, chunk))
		return start;
	for (int i = 0; i < CHUNK_BACK && chunk > 0 && is_ours(c, chunk - 1); i++)
		chunk--;
	return chunk * CHUNK;
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

	uint64_t run = reach_back(c, start); /* start of what is ours and not dropped yet */
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
