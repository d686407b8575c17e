/* SPDX-License-Identifier: Apache-2.0 */
/* The archive thread: items, in order, become tar entries, sums and ledger records. */
#include "work/bundle_priv.h"

#include <errno.h>
#include <sys/stat.h>

/* Two decimal numbers of a sparse map, each with its newline. */
enum { LARGE_MAP_LINES = 2 * 21 };

enum { ARCHIVE_OWN_FILE = S_IFREG | 0444, ARCHIVE_OWN_DIR = S_IFDIR | 0755 };

/* How often to look for work that waits in a slot which is not full. */
#define ARCHIVE_LOOK (INT64_C(500) * 1000 * 1000)

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / (int64_t)NS_PER_SEC),
				  .tv_nsec = (long)(ns % (int64_t)NS_PER_SEC) };
}

/* ---- checkpoints --------------------------------------------------------------------------- */

/* Between two entries: the sums of all entries so far go before it. */
static int checkpoint_here(struct bundle *b)
{
	int r = ledger_pending(&b->ledger) ? ledger_write(&b->ledger) : 0;

	if (r == 0 && b->unflushed)
		r = bundle_frame_submit(b, true);
	return r;
}

static int checkpoint_if_due(struct bundle *b)
{
	if (!bundle_limit_checkpoint(b))
		return 0;

	bool asked = atomic_load(&b->checkpoints_asked) != atomic_load(&b->checkpoints_made);
	bool large = !asked && atomic_load(&b->since) >= BUNDLE_DUE_BYTES;

	if (!large && when_now(CLOCK_MONOTONIC) - b->checkpoint_at < BUNDLE_DUE_ENTRY)
		return 0;
	return checkpoint_here(b);
}

/* Inside an entry only what there is of the frame can go. */
static int checkpoint_in_middle(struct bundle *b)
{
	if (!b->unflushed || when_now(CLOCK_MONOTONIC) - b->checkpoint_at < BUNDLE_DUE_MIDDLE)
		return 0;
	return bundle_limit_checkpoint(b) ? bundle_frame_submit(b, true) : 0;
}

/* Nothing came for a while: take what waits in the open slot, unless the adding thread is at it. */
static int look_around(struct bundle *b, bool in_entry)
{
	int r = 0;

	if (!in_entry && pthread_mutex_trylock(&b->adding) == 0) {
		r = bundle_dispatch_open(b);
		(void)pthread_mutex_unlock(&b->adding);
	}
	if (r < 0)
		return r;
	return in_entry ? checkpoint_in_middle(b) : checkpoint_if_due(b);
}

/* ---- entries ------------------------------------------------------------------------------- */

static struct pax_entry entry_of(const struct bundle *b, const struct item *item)
{
	struct pax_entry e = { .path = item->top,
			       .link = item->link,
			       .mode = ARCHIVE_OWN_FILE,
			       .size = item->size,
			       .mtime = b->began,
			       .xattrs = item->xattrs,
			       .nxattrs = item->nxattrs };

	if (item->has_info) {
		e.mode = item->info.mode;
		e.uid = item->info.uid;
		e.gid = item->info.gid;
		e.mtime = item->info.mtime;
	}
	return e;
}

/* What pax.c refuses by its own rules costs one entry; anything else ends the bundle. */
static bool is_refusal(int r)
{
	return r == -EINVAL || r == -EFBIG;
}

static void refuse(struct item *item, int r)
{
	item->kind = ITEM_ABSENT;
	item->outcome = r == -EDQUOT ? OUTCOME_SKIPPED : OUTCOME_FAILED;
	item->skip_is_gap = true;
	item->err = r;
	item->hashed = item->resized = false;
	item->read_short = 0;
}

static int record(struct bundle *b, const struct item *item)
{
	int r = ledger_item(&b->ledger, item);

	if (item_is_gap(item)) {
		struct gap gap = ledger_gap_of(item);

		gap_tell(b->gaps, &gap);
	}
	atomic_store(&b->done_gaps, b->ledger.gaps);
	return r;
}

/* No record of an item fits any more: the last one says where that was. */
static int close_ledger(struct bundle *b, const struct item *item)
{
	struct item last = { .kind = ITEM_ABSENT,
			     .action = "stop at --max-bytes",
			     .outcome = OUTCOME_SKIPPED,
			     .err = -EDQUOT,
			     .skip_is_gap = true };

	if (b->limit.closed)
		return 0;
	b->limit.closed = true;
	atomic_store(&b->full, true);
	if (item) {
		last.name = item->name;
		last.path = item->path;
		last.parent_ino = item->parent_ino;
		last.pid = item->pid;
	}
	int r = ledger_room(&b->ledger, &last);
	return r < 0 ? r : record(b, &last);
}

static int record_absent(struct bundle *b, const struct item *item)
{
	int r = b->limit.closed ? 0 : bundle_limit_record(b, ledger_cost(item));

	if (r == 0)
		return close_ledger(b, item);
	if (r > 0)
		r = ledger_room(&b->ledger, item);
	return r < 0 ? r : record(b, item);
}

static int write_entry(struct bundle *b, struct item *item)
{
	struct pax_entry e = entry_of(b, item);
	int r = pax_begin(b->pax, &e);

	if (is_refusal(r)) {
		refuse(item, r);
		return 0;
	}
	if (r == 0 && item->kind == ITEM_CONTENT)
		r = pax_data(b->pax, bytes_of(item->data, (size_t)item->size));
	if (r == 0)
		r = pax_finish(b->pax);
	if (r == 0)
		b->entries++;
	return r;
}

static int archive_lines(struct bundle *b, const struct item *item)
{
	struct bytes lines = item->owned ? bytes_of(item->owned, (size_t)item->size) : item->text;
	int r = bundle_limit_record(b, lines.n);

	if (r == 0) {
		r = close_ledger(b, NULL);
		if (r == 0)
			r = bundle_limit_record(b, lines.n);
		if (r <= 0)
			return r;
	}
	if (r > 0)
		r = ledger_lines(&b->ledger, lines);
	if (r != -EFBIG)
		return r;
	/* A record that no part can hold: that it is missing is a record. */
	struct item lost = {
		.kind = ITEM_ABSENT, .action = "record", .outcome = OUTCOME_FAILED, .err = -E2BIG
	};
	return record(b, &lost);
}

static int archive_item(struct bundle *b, struct item *item)
{
	int r;

	if (item->kind == ITEM_RECORD)
		return archive_lines(b, item);
	if (item->kind != ITEM_ABSENT) {
		r = bundle_limit_entry(b, item, item->kind == ITEM_CONTENT ? item->size : 0);
		if (r < 0)
			return r;
		if (r == 0)
			refuse(item, -EDQUOT);
	}
	if (item->kind == ITEM_ABSENT) {
		r = record_absent(b, item);
		return r < 0 ? r : checkpoint_if_due(b);
	}
	r = ledger_room(&b->ledger, item);
	if (r == 0)
		r = write_entry(b, item);
	if (r == 0)
		r = record(b, item);
	return r < 0 ? r : checkpoint_if_due(b);
}

/* ---- large files --------------------------------------------------------------------------- */

static int refuse_large(struct large *l, int r)
{
	l->refused = r;
	atomic_store(&l->unwanted, true);
	return 0;
}

/* What of it goes into the tar beside its header: data, and the map of a file with holes. */
static uint64_t large_content(const struct large *l)
{
	uint64_t n = bundle_data_bytes(l);

	return l->sparse ? n + (uint64_t)LARGE_MAP_LINES * (l->nextents + 2) + PAX_BLOCK : n;
}

static int begin_large(struct bundle *b, struct large *l)
{
	struct item *item = &l->item;
	struct pax_entry e = entry_of(b, item);
	uint64_t content = large_content(l);
	int r = bundle_limit_entry(b, item, content);

	if (r <= 0)
		return r < 0 ? r : refuse_large(l, -EDQUOT);
	r = 0;
	/* A checkpoint in its middle must find the entries before it with their sums. */
	if (item->size > BUNDLE_LARGE_ENTRY && ledger_pending(&b->ledger))
		r = ledger_write(&b->ledger);
	if (r == 0)
		r = ledger_room(&b->ledger, item);
	if (r < 0)
		return r;
	if (l->sparse) {
		e.extents = l->extents;
		e.nextents = l->nextents;
	}
	bundle_limit_begin(b, item, content);
	r = pax_begin(b->pax, &e);
	if (is_refusal(r)) {
		bundle_limit_end(b);
		return refuse_large(l, r);
	}
	l->begun = r == 0;
	return r;
}

static int end_large(struct bundle *b, struct large *l)
{
	int r = 0;

	/* The readers are done with it: its last piece is ready. */
	if (l->refused)
		refuse(&l->item, l->refused);
	if (l->begun) {
		r = pax_finish(b->pax);
		b->entries += r == 0;
		if (r == 0)
			r = record(b, &l->item);
		bundle_limit_end(b);
	} else {
		r = record_absent(b, &l->item);
	}
	bundle_large_free(b, l);
	return r < 0 ? r : checkpoint_if_due(b);
}

static int archive_piece(struct bundle *b, struct slot *s)
{
	const struct piece *p = &s->piece;
	struct large *l = p->large;
	int r = 0;

	if (p->first && !l->dropped)
		r = begin_large(b, l);
	if (r == 0 && l->begun) {
		if (l->sparse && p->hole)
			r = pax_hole(b->pax, p->hole);
		if (r == 0)
			r = pax_data(b->pax, bytes_of(s->mem, p->n));
		if (r == 0 && l->sparse && p->hole_after)
			r = pax_hole(b->pax, p->hole_after);
	}
	if (r < 0)
		return r;
	return p->last ? end_large(b, l) : checkpoint_in_middle(b);
}

/* ---- the thread ---------------------------------------------------------------------------- */

static bool slot_ready(struct bundle *b, struct slot *s, int64_t until)
{
	struct timespec deadline = timespec_of(until);
	int r = 0;

	(void)pthread_mutex_lock(&b->gate);
	while (!s->ready && bundle_err(b) == 0 && r == 0)
		r = pthread_cond_timedwait(&b->slot_ready, &b->gate, &deadline);
	bool ready = s->ready;
	(void)pthread_mutex_unlock(&b->gate);
	return ready;
}

static int archive_slot(struct bundle *b, struct slot *s, bool *in_entry)
{
	int r = 0;

	while (!slot_ready(b, s, when_now(CLOCK_MONOTONIC) + ARCHIVE_LOOK)) {
		r = bundle_err(b);
		/* A reader hangs in a slow file: what is here already must not wait for it. */
		if (r == 0)
			r = look_around(b, *in_entry);
		if (r < 0)
			return r;
	}
	if (s->piece.large) {
		*in_entry = !s->piece.last;
		r = archive_piece(b, s);
	} else {
		for (size_t i = 0; i < s->nitems && r == 0; i++)
			r = archive_item(b, s->items[i]);
	}
	if (r < 0)
		return r;
	bundle_slot_reset(s);
	(void)queue_push(&b->free_slots, s);
	return 0;
}

static int archive_all(struct bundle *b)
{
	bool in_entry = false;
	int r = 0;

	while (r == 0 && bundle_err(b) == 0) {
		struct timespec until = timespec_of(when_now(CLOCK_MONOTONIC) + ARCHIVE_LOOK);
		void *slot;
		int got = queue_pop_until(&b->in_order, &slot, &until);

		if (got == 0)
			return bundle_err(b);
		if (got == -ETIMEDOUT)
			r = look_around(b, in_entry);
		else
			r = got < 0 ? got : archive_slot(b, slot, &in_entry);
	}
	return r < 0 ? r : bundle_err(b);
}

static int archive_begin(struct bundle *b)
{
	struct item dir = { .kind = ITEM_NODE, .top = bytes_of(b->top, strlen(b->top) - 1) };
	struct pax_entry e = entry_of(b, &dir);

	b->checkpoint_at = when_now(CLOCK_MONOTONIC);
	e.mode = ARCHIVE_OWN_DIR;
	int r = pax_begin(b->pax, &e);
	if (r == 0)
		r = pax_finish(b->pax);
	b->entries += r == 0;
	return r;
}

static int archive_end(struct bundle *b)
{
	int r = 0;

	/* The last entry of a whole tar is a sums part. */
	if (ledger_pending(&b->ledger) || b->ledger.seq == 1)
		r = ledger_write(&b->ledger);
	if (r == 0)
		r = pax_end(b->pax);
	if (r == 0)
		r = bundle_frame_submit(b, false);
	return r;
}

void *bundle_archiver(void *arg)
{
	struct bundle *b = arg;
	bundle_confine(b);
	int r = archive_begin(b);
	if (r == 0)
		r = archive_all(b);
	if (r == 0)
		r = archive_end(b);
	if (r < 0)
		(void)bundle_fail(b, r);
	queue_close(&b->to_compress);
	queue_close(&b->to_seal);
	return NULL;
}
