/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: filled by the archive thread, compressed by any, sealed in order. */
#include "work/bundle_priv.h"

#include <errno.h>

/* ---- archive thread ------------------------------------------------------------------------ */

static int take_frame(struct bundle *b)
{
	void *p;

	if (queue_pop(&b->free_frames, &p) <= 0 || bundle_err(b))
		return bundle_err(b) ? bundle_err(b) : -ECANCELED;
	b->frame = p;
	b->frame->content = 0;
	b->frame->done = false;
	return 0;
}

int bundle_frame_submit(struct bundle *b, bool checkpoint)
{
	int r = !b->frame && checkpoint ? take_frame(b) : 0;
	struct frame *f = b->frame;

	if (r < 0 || !f)
		return r;
	f->entries = b->entries;
	f->checkpoint = checkpoint;
	b->frame = NULL;
	if (checkpoint) {
		b->checkpoint_at = when_now(CLOCK_MONOTONIC);
		b->unflushed = false;
		atomic_fetch_add(&b->checkpoints_asked, 1);
	}
	bundle_limit_submitted(b, f);
	/* Both queues hold all frames there are, so neither push waits. */
	if (f->content)
		r = queue_push(&b->to_compress, f);
	else
		f->done = true;
	if (r == 0)
		r = queue_push(&b->to_seal, f);
	return r < 0 && bundle_err(b) ? bundle_err(b) : r;
}

int bundle_frame_write(void *ctx, const void *p, size_t n)
{
	struct bundle *b = ctx;
	const unsigned char *at = p;

	while (n > 0) {
		/* A full frame goes only now, when it is known which entries ended in it. */
		int r = b->frame && b->frame->content == b->frame_content
				? bundle_frame_submit(b, false)
				: 0;

		if (r == 0 && !b->frame)
			r = take_frame(b);
		if (r < 0)
			return r;
		size_t room = b->frame_content - b->frame->content;
		size_t now = n < room ? n : room;
		memcpy(b->frame->mem + b->frame->content, at, now);
		b->frame->content += now;
		b->unflushed = true;
		b->limit.written += now;
		at += now;
		n -= now;
	}
	return 0;
}

/* ---- compressors --------------------------------------------------------------------------- */

static int compress(struct bundle *b, struct zst *z, unsigned char **spare, struct frame *f)
{
	unsigned char *out = *spare;
	int r = zst_frame(z, bytes_of(f->mem, f->content), out, &f->n);

	if (r < 0)
		return r;
	*spare = f->mem;
	f->mem = out;
	(void)pthread_mutex_lock(&b->gate);
	f->done = true;
	(void)pthread_cond_signal(&b->frame_done); /* one waits: the sealer */
	(void)pthread_mutex_unlock(&b->gate);
	return 0;
}

void *bundle_compressor(void *arg)
{
	struct bundle *b = arg;
	AUTO_DONE(zst_closep) struct zst *z = NULL;
	unsigned char **spare = &b->spare[atomic_fetch_add(&b->compressors, 1)];
	int r = zst_open(b->level, &z);
	void *frame;

	bundle_confine(b);
	while (r == 0 && bundle_err(b) == 0 && queue_pop(&b->to_compress, &frame) > 0) {
		r = compress(b, z, spare, frame);
		pace_point(b->pace, BUNDLE_NAP_COMPRESSOR);
	}
	if (r < 0)
		(void)bundle_fail(b, r);
	return NULL;
}

/* ---- sealer -------------------------------------------------------------------------------- */

static void tell_progress(struct bundle *b)
{
	struct seal_totals t;

	seal_progress(b->seal, &t);
	atomic_store(&b->done_entries, t.entries);
	atomic_store(&b->done_in, t.bytes_in);
	atomic_store(&b->done_out, t.bytes_out);
	atomic_store(&b->since, seal_since(b->seal));
	if (seal_full(b->seal))
		atomic_store(&b->full, true);
}

static int await_frame(struct bundle *b, const struct frame *f)
{
	(void)pthread_mutex_lock(&b->gate);
	while (!f->done && bundle_err(b) == 0)
		(void)pthread_cond_wait(&b->frame_done, &b->gate);
	(void)pthread_mutex_unlock(&b->gate);
	return bundle_err(b);
}

static int seal_one(struct bundle *b, struct frame *f, int64_t *last)
{
	int r = await_frame(b, f);

	if (r == 0 && f->content)
		r = seal_frame(b->seal, bytes_of(f->mem, f->n), f->content, f->entries);
	if (r == 0 && (f->checkpoint || when_now(CLOCK_MONOTONIC) - *last >= b->due_idle)) {
		r = f->checkpoint ? seal_checkpoint(b->seal) : bundle_limit_idle(b);
		*last = when_now(CLOCK_MONOTONIC);
	}
	bundle_limit_sealed(b, f);
	if (r == 0 && f->checkpoint)
		atomic_fetch_add(&b->checkpoints_made, 1);
	tell_progress(b);
	if (r == 0)
		(void)queue_push(&b->free_frames, f);
	return r;
}

/* A checkpoint also when nothing comes: it proves that nothing did. Not before the first frame. */
static int seal_idle(struct bundle *b, int64_t *last)
{
	int r = 0;

	if (atomic_load(&b->done_out) > 0 && !seal_full(b->seal))
		r = bundle_limit_idle(b);
	*last = when_now(CLOCK_MONOTONIC);
	tell_progress(b);
	return r;
}

static int seal_last(struct bundle *b)
{
	struct seal_totals t;
	enum bundle_status s = b->status;

	/* Readers may have met gaps since the caller judged. */
	if (s == BUNDLE_COMPLETE && (atomic_load(&b->full) || b->ledger.gaps > 0))
		s = BUNDLE_PARTIAL;
	int r = seal_end(b->seal, bundle_status_name(s), b->ledger.gaps, &t);
	if (r < 0)
		return r;
	b->totals = (struct bundle_totals){ .entries = t.entries,
					    .bytes_in = t.bytes_in,
					    .bytes_out = t.bytes_out,
					    .gaps = b->ledger.gaps };
	memcpy(b->totals.sha256, t.sha256, sizeof(t.sha256));
	tell_progress(b);
	return 0;
}

void *bundle_sealer(void *arg)
{
	struct bundle *b = arg;
	int64_t last = when_now(CLOCK_MONOTONIC);
	int r = 0;

	bundle_confine(b);
	while (r == 0 && bundle_err(b) == 0) {
		int64_t due = last + BUNDLE_DUE_IDLE;
		struct timespec deadline = { .tv_sec = (time_t)(due / (int64_t)NS_PER_SEC),
					     .tv_nsec = (long)(due % (int64_t)NS_PER_SEC) };
		void *frame;
		int got = queue_pop_until(&b->to_seal, &frame, &deadline);

		if (got == -ETIMEDOUT) {
			r = seal_idle(b, &last);
		} else if (got <= 0) {
			r = got < 0 ? got : bundle_err(b) ? 0 : seal_last(b);
			break;
		} else {
			r = seal_one(b, frame, &last);
		}
	}
	if (r < 0)
		(void)bundle_fail(b, r);
	return NULL;
}
