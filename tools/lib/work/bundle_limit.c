/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --max-bytes: the stream never gets larger.
 *
 * worst() is what the stream may at most become if nothing more were taken: what is sealed, by its
 * true size; all that is under way, by the bound of its compressed size; what ends the stream, and
 * a last record. Whatever the archive thread does next is first added to that, and not done when
 * the sum is above what it may be:
 *
 *   an entry      max - reserve      so that what is left out later can still be recorded
 *   a checkpoint  max - reserve / 2
 *   a record      max - LIMIT_NOTES  after it nothing is looked at any more
 *   last notes    max                what csi says of that, and of itself
 *
 * When something does not fit by its bound, what is under way is sealed first: then its true size
 * is known.
 */
#include "format/frame.h"
#include "work/bundle_priv.h"

#include <errno.h>

enum {
	LIMIT_RESERVE_SHARE = 8, /* of max, kept for records */
	LIMIT_RESERVE_MOST = 64 << 20,
	LIMIT_IDLE_SHARE = 32, /* of max, for checkpoints that nobody asked for */
	LIMIT_IDLE_MOST = 16 << 20,
	LIMIT_NOTES = 64 << 10,
	LIMIT_PART = 8 << 10,  /* headers of a ledger and a sums part, their own lines */
	LIMIT_PARTS = 4,       /* that one item may cause, or be pending */
	LIMIT_TAIL = 72 << 10, /* end of the tar, a last record with a long path */
	LIMIT_FIXED = LIMIT_PARTS * LIMIT_PART + LIMIT_TAIL,
	LIMIT_FRAME = 128 + FRAME_PAIR_SIZE, /* of each frame, whatever its content */
	LIMIT_HEAD = 4096,		     /* headers of an entry without the strings in them */
	LIMIT_HEAD_STRING = 4,		     /* times that a name may occur in them */
	LIMIT_XATTR = 64,
	LIMIT_SETTLE = 64 << 10, /* less than this under way is not worth waiting for */
};

int bundle_limit_init(struct bundle *b, uint64_t max)
{
	struct limit *l = &b->limit;

	if (max == 0)
		return 0;
	if (max < BUNDLE_MAX_LEAST)
		return -EINVAL;
	l->idle_left = max / LIMIT_IDLE_SHARE;
	if (l->idle_left > LIMIT_IDLE_MOST)
		l->idle_left = LIMIT_IDLE_MOST;
	l->reserve = max / LIMIT_RESERVE_SHARE;
	if (l->reserve > LIMIT_RESERVE_MOST)
		l->reserve = LIMIT_RESERVE_MOST;
	l->max = max - l->idle_left;
	l->checkpoint = seal_checkpoint_bound(b->sink->block);
	l->ends_at = 2 * FRAME_SKIP_HEAD + FRAME_SEAL_SIZE + FRAME_TABLE_FOOT + FRAME_PAIR_SIZE;
	return 0;
}

/* ---- bounds -------------------------------------------------------------------------------- */

/* FRAMES: bound of frames under way; TAR: bytes that are in no frame yet. */
static uint64_t bound(const struct bundle *b, uint64_t ends_at, uint64_t frames, uint64_t tar)
{
	uint64_t n = frames + tar + tar / 256 + (tar / b->frame_content + 2) * LIMIT_FRAME;

	/* seal.c insists on a checkpoint every SEAL_CHECKPOINT_BYTES. */
	return ends_at + n + b->limit.checkpoint * (2 + n / (SEAL_CHECKPOINT_BYTES / 2));
}

static uint64_t pending(const struct bundle *b)
{
	return (b->frame ? b->frame->content : 0) + b->ledger.part.n + b->ledger.sums.n;
}

static uint64_t worst(struct bundle *b, uint64_t more)
{
	const struct limit *l = &b->limit;
	uint64_t tar = pending(b) + l->owed_record + LIMIT_FIXED + more;

	if (l->owed_end > l->written)
		tar += l->owed_end - l->written;
	(void)pthread_mutex_lock(&b->gate);
	uint64_t ends_at = l->ends_at, frames = l->in_flight;
	(void)pthread_mutex_unlock(&b->gate);
	return bound(b, ends_at, frames, tar);
}

/* The same if all that is under way took no room at all. */
static uint64_t best(struct bundle *b, uint64_t more)
{
	(void)pthread_mutex_lock(&b->gate);
	uint64_t ends_at = b->limit.ends_at;
	(void)pthread_mutex_unlock(&b->gate);
	return bound(b, ends_at, 0, LIMIT_FIXED + more);
}

static uint64_t under_way(struct bundle *b)
{
	(void)pthread_mutex_lock(&b->gate);
	uint64_t n = b->limit.in_flight;
	(void)pthread_mutex_unlock(&b->gate);
	return n + pending(b);
}

/* ---- archive thread ------------------------------------------------------------------------ */

/* Everything so far into frames, and those sealed: then worst() knows their true size. */
static int settle(struct bundle *b)
{
	int r = ledger_pending(&b->ledger) ? ledger_write(&b->ledger) : 0;

	if (r == 0)
		r = bundle_frame_submit(b, false);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&b->gate);
	while (b->limit.in_flight > 0 && bundle_err(b) == 0)
		(void)pthread_cond_wait(&b->limit.sealed, &b->gate);
	(void)pthread_mutex_unlock(&b->gate);
	return bundle_err(b);
}

static int fits(struct bundle *b, uint64_t more, uint64_t most)
{
	if (worst(b, more) <= most)
		return 1;
	if (best(b, more) > most || under_way(b) < LIMIT_SETTLE)
		return 0;
	int r = settle(b);
	return r < 0 ? r : worst(b, more) <= most;
}

/* Its extended header has names and attributes as they are (pax.h). */
static uint64_t entry_bytes(const struct item *item, uint64_t content)
{
	uint64_t n = LIMIT_HEAD + LIMIT_HEAD_STRING * (item->top.n + item->link.n);

	for (size_t i = 0; i < item->nxattrs; i++)
		n += item->xattrs[i].name.n + item->xattrs[i].value.n + LIMIT_XATTR;
	return n + content + PAX_BLOCK;
}

int bundle_limit_entry(struct bundle *b, const struct item *item, uint64_t content)
{
	const struct limit *l = &b->limit;

	if (l->max == 0)
		return 1;
	return l->closed ? 0
			 : fits(b, entry_bytes(item, content) + ledger_cost(item),
				l->max - l->reserve);
}

int bundle_limit_record(struct bundle *b, uint64_t n)
{
	const struct limit *l = &b->limit;

	if (l->max == 0)
		return 1;
	return l->closed ? worst(b, n) <= l->max : fits(b, n, l->max - LIMIT_NOTES);
}

void bundle_limit_begin(struct bundle *b, const struct item *item, uint64_t content)
{
	b->limit.owed_end = b->limit.written + entry_bytes(item, content);
	b->limit.owed_record = ledger_cost(item);
}

void bundle_limit_end(struct bundle *b)
{
	b->limit.owed_end = b->limit.owed_record = 0;
}

bool bundle_limit_checkpoint(struct bundle *b)
{
	const struct limit *l = &b->limit;

	return l->max == 0 ||
	       worst(b, LIMIT_PART + LIMIT_FRAME) + l->checkpoint <= l->max - l->reserve / 2;
}

void bundle_limit_submitted(struct bundle *b, struct frame *f)
{
	if (b->limit.max == 0)
		return;
	f->cost = (f->content ? zst_bound(f->content) + FRAME_PAIR_SIZE : 0) +
		  (f->checkpoint ? b->limit.checkpoint : 0);
	(void)pthread_mutex_lock(&b->gate);
	b->limit.in_flight += f->cost;
	(void)pthread_mutex_unlock(&b->gate);
}

/* ---- adding thread ------------------------------------------------------------------------- */

bool bundle_limit_hopeless(struct bundle *b, uint64_t content)
{
	const struct limit *l = &b->limit;

	return l->max && best(b, content) > l->max - l->reserve;
}

/* ---- sealer -------------------------------------------------------------------------------- */

void bundle_limit_sealed(struct bundle *b, const struct frame *f)
{
	struct limit *l = &b->limit;

	if (l->max == 0)
		return;
	(void)pthread_mutex_lock(&b->gate);
	l->ends_at = seal_ends_at(b->seal) - l->idle_spent;
	l->in_flight -= f->cost;
	(void)pthread_cond_signal(&l->sealed); /* one waits: the archive thread */
	(void)pthread_mutex_unlock(&b->gate);
}

int bundle_limit_idle(struct bundle *b)
{
	struct limit *l = &b->limit;
	uint64_t before = seal_ends_at(b->seal);

	if (l->max && l->idle_left < l->checkpoint)
		return 0;
	int r = seal_checkpoint(b->seal);
	if (r < 0 || l->max == 0)
		return r;
	uint64_t spent = seal_ends_at(b->seal) - before;
	l->idle_spent += spent;
	l->idle_left -= spent;
	return 0;
}
