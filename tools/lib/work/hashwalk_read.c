/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one pinned entry: digests of the whole file, or of its extents, and xattrs. */
#include "work/hashwalk_priv.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* Below this a hole is read like data: fewer system calls. */
enum { SPARSE_FROM = 1 << 20, BLOCK = 512 };

static void fail(struct hashwalk_item *it, const char *what, int err)
{
	if (it->gap.err)
		return;
	it->gap = (struct gap){ .err = err, .what = what };
}

static bool stopped(const struct reader *rd)
{
	const atomic_bool *callers = rd->opts->limits.stop;

	return atomic_load_explicit(rd->stop, memory_order_relaxed) ||
	       (callers && atomic_load_explicit(callers, memory_order_relaxed));
}

/* [offset, end) into H; end UINT64_MAX: until the file ends. Returns bytes or -errno. */
static int64_t read_range(struct reader *rd, struct file *f, struct hash *h, uint64_t offset,
			  uint64_t end, uint64_t size)
{
	uint64_t at = offset;

	while (at < end) {
		size_t want = end - at < READ_BUFFER ? (size_t)(end - at) : READ_BUFFER;
		ssize_t n = file_read_at(f, rd->buffer, want, at);

		if (n < 0)
			return n;
		hash_add(h, rd->buffer, (size_t)n);
		at += (uint64_t)n;
		/* A short read at the known size is the end: no call only to hear so. */
		if (n == 0 || ((size_t)n < want && at == size))
			break;
		if (at - offset > rd->opts->max_file)
			return -EFBIG;
		if (stopped(rd))
			return -ECANCELED;
	}
	return (int64_t)(at - offset);
}

/* Data extents from START; with ZEROS what lies between them goes into H too. */
static int hash_extents(struct reader *rd, struct file *f, struct hash *h, uint64_t size,
			bool zeros)
{
	uint64_t at = 0, start, end;
	int64_t n;
	int r;

	while ((r = file_next_data(f, at, size, &start, &end)) > 0) {
		if (end > size)
			end = size;
		if (zeros)
			hash_zeros(h, start - at);
		n = read_range(rd, f, h, start, end, size);
		if (n < 0)
			return (int)n;
		if (end <= at)
			return -EIO;
		at = end;
		if (stopped(rd))
			return -ECANCELED;
	}
	if (r == 0 && zeros)
		hash_zeros(h, size - at);
	return r;
}

static bool is_sparse(const struct file_info *info)
{
	return info->size >= SPARSE_FROM && info->blocks * BLOCK < info->size;
}

/* Whether the file is small enough for what is wanted of it; tells what is left out. */
static bool fits(struct reader *rd, struct hashwalk_item *it)
{
	if (it->info.size <= rd->opts->max_file)
		return true;
	fail(it, "hash", -EFBIG);
	it->gap.mend = "--max-file SIZE";
	it->extents = is_sparse(&it->info) && it->info.blocks * BLOCK <= rd->opts->max_file;
	return it->extents;
}

static void hash_file(struct reader *rd, struct hashwalk_item *it, int pin)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	struct file_info now;
	struct hash h;
	int64_t r;

	if (!fits(rd, it))
		return;
	r = rd->opener ? file_opener_open(rd->opener, pin, &it->info, &f)
		       : file_open_pinned(pin, &it->info, &f);
	if (r < 0) {
		fail(it, "open", (int)r);
		return;
	}
	it->noatime = file_noatime(f);
	hash_init(&h, rd->opts->hashes);
	file_cache_note(f, 0, it->info.size);
	if (is_sparse(&it->info))
		r = hash_extents(rd, f, &h, it->info.size, !it->extents);
	else
		r = read_range(rd, f, &h, 0, UINT64_MAX, it->info.size);
	file_cache_drop(f, 0, it->info.size);
	if (r < 0) {
		fail(it, "read", (int)r);
		return;
	}
	hash_peek(&h, &it->sums);
	if (file_info(f, &now) == 0 && !file_unchanged(&it->info, &now)) {
		it->changed = true;
		it->size_now = now.size;
		fail(it, "hash (it changed while it was read)", -ESTALE);
	}
}

/* Most files have none: only then is there something to keep. */
static void read_xattrs(struct hashwalk_item *it, int pin)
{
	AUTO_DONE(file_xattrs_done) struct file_xattrs found = { 0 };
	struct file_xattrs *kept;
	int r = file_xattrs_read(pin, true, &found);

	if (r < 0 && r != -EOPNOTSUPP)
		fail(it, "read xattrs", r);
	if (found.n == 0)
		return;
	kept = malloc(sizeof(*kept));
	if (!kept) {
		fail(it, "read xattrs", -ENOMEM);
		return;
	}
	*kept = found;
	found = (struct file_xattrs){ 0 };
	it->xattrs = kept;
}

void hashwalk_read(struct reader *rd, struct batch *b, size_t i)
{
	struct hashwalk_item *it = &b->items[i];

	if (b->pins[i] < 0)
		return;
	if (stopped(rd)) {
		fail(it, "read", -ECANCELED);
	} else {
		if (rd->opts->xattrs)
			read_xattrs(it, b->pins[i]);
		if (it->to_hash)
			hash_file(rd, it, b->pins[i]);
		if (it->dir == HASHWALK_DIR_UNTOLD) /* who walked wants to know */
			it->dir = hashwalk_look_dir(b->pins[i], &it->info, rd->opts->birth.ref);
	}
	base_closep(&b->pins[i]);
	b->pins[i] = -1;
}

int hashwalk_one(const struct hashwalk_options *opts, int pin, struct hashwalk_item *it)
{
	AUTO_FREE unsigned char *buffer = malloc(READ_BUFFER);
	struct hashwalk_options o = *opts;
	atomic_bool no = false;
	struct reader rd = { .opts = &o, .stop = &no, .buffer = buffer };

	if (!buffer)
		return -ENOMEM;
	if (!o.max_file)
		o.max_file = HASHWALK_MAX_FILE;
	it->noatime = true;
	if (o.hashes && S_ISREG(it->info.mode))
		hash_file(&rd, it, pin);
	return 0;
}
