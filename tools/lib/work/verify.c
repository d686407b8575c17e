/* SPDX-License-Identifier: Apache-2.0 */
/* What of a bundle is proven: the checks of FORMAT.md section 4, in their order. */
#include "work/verify_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { VERIFY_WAITING_MAX = 16 << 20 };

/* ---- entries that wait for a checkpoint ---------------------------------------------------- */

/* Followed by the path. */
struct waiting {
	uint64_t size;
	uint32_t path; /* length */
	bool hashed;
	unsigned char sha256[32];
};

static int put_waiting(struct verify *v, const struct tarcheck_entry *e, bool hashed)
{
	struct waiting w = { .size = e->size, .path = (uint32_t)e->path.n, .hashed = hashed };

	memcpy(w.sha256, e->sha256, sizeof(w.sha256));
	int r = v->overflow ? -EFBIG : buf_reserve(&v->waiting, sizeof(w) + e->path.n);
	if (r == -EFBIG) {
		v->overflow++;
		return 0;
	}
	if (r == 0)
		r = buf_add(&v->waiting, &w, sizeof(w));
	return r == 0 ? buf_addb(&v->waiting, e->path) : r;
}

static bool on_want(void *ctx, struct bytes name)
{
	struct verify *v = ctx;

	return v->opts->want && v->opts->want(v->opts->ctx, name);
}

static int on_entry(void *ctx, const struct tarcheck_entry *e)
{
	struct verify *v = ctx;
	const struct verify_options *o = v->opts;
	bool hashed = e->type == UNTAR_FILE && !e->extents;
	int r = o->entry ? put_waiting(v, e, hashed) : 0;

	if (r == 0 && o->pass)
		r = o->pass(o->ctx, e->path, e->size, hashed ? e->sha256 : NULL);
	/* Parts are kept by tarcheck in any case. */
	if (r == 0 && e->kept && o->content && on_want(v, e->name))
		r = o->content(o->ctx, e->name, e->content);
	return r;
}

static int tell_waiting(struct verify *v)
{
	const struct verify_options *o = v->opts;
	const struct buf *b = &v->waiting;
	struct waiting w;
	int r = 0;

	for (size_t at = 0; at < b->n && r == 0; at += w.path) {
		memcpy(&w, b->p + at, sizeof(w));
		at += sizeof(w);
		r = o->entry(o->ctx, bytes_of(b->p + at, w.path), w.size,
			     w.hashed ? w.sha256 : NULL);
	}
	v->res->untold += v->overflow;
	v->overflow = 0;
	buf_clear(&v->waiting);
	return r;
}

static int settle(struct verify *v, bool proven)
{
	return v->opts->settle ? v->opts->settle(v->opts->ctx, proven) : 0;
}

/* ---- frames -------------------------------------------------------------------------------- */

static int wrong(struct verify *v, enum verify_verdict verdict, const char *why)
{
	v->res->verdict = verdict;
	v->res->at = unseal_at(v->unseal);
	snprintf(v->res->reason, sizeof(v->res->reason), "%s (frame at byte %" PRIu64 ")", why,
		 v->res->at);
	return -EBADMSG;
}

static int prove(struct verify *v, const struct unseal_frame *f)
{
	struct verify_result *res = v->res;

	res->proven_bytes = f->offset + f->raw.n;
	res->proven_entries = v->tar.entries;
	res->proven_tar_bytes = untar_bytes(v->tar.untar);
	res->hashes_checked = v->tar.sums_checked;
	v->kept = v->tar.entries_end;
	v->last_at = f->offset;
	memcpy(v->last_sha256, f->sha256, sizeof(v->last_sha256));
	int r = tell_waiting(v);
	return r == 0 ? settle(v, true) : r;
}

static int check_data(struct verify *v, const struct unseal_frame *f)
{
	int r = tarcheck_feed(&v->tar, f->content);

	if (r == -EBADMSG)
		return wrong(v, v->tar.top.n ? VERIFY_ALTERED : VERIFY_NOT_ONE,
			     tarcheck_why(&v->tar));
	return r < 0 ? r : unseal_accept(v->unseal, f);
}

static struct frame_counts counts_of(struct verify *v, const struct unseal_frame *f)
{
	struct frame_counts c = { .seq = ++v->seq,
				  .entries = v->tar.entries,
				  .bytes = untar_bytes(v->tar.untar) };

	memcpy(c.sha256, f->sha256, sizeof(c.sha256));
	return c;
}

static int check_checkpoint(struct verify *v, const struct unseal_frame *f)
{
	AUTO_DONE(buf_done) struct buf want = BUF_NONE;
	struct frame_counts c = counts_of(v, f);
	int r = frame_put_checkpoint(&want, &c);

	if (r < 0)
		return r;
	if (!bytes_eq(buf_bytes(&want), f->raw))
		return wrong(v, VERIFY_ALTERED,
			     "a checkpoint does not agree with the bytes before it");
	v->res->checkpoints++;
	r = unseal_accept(v->unseal, f);
	return r < 0 ? r : prove(v, f);
}

static int status_of(const char *name)
{
	for (int s = BUNDLE_COMPLETE; s <= BUNDLE_FAILED; s++)
		if (strcmp(bundle_status_name((enum bundle_status)s), name) == 0)
			return s;
	return -EBADMSG;
}

/* The seal as it must be, but for what only it can say: its status and its gaps. */
static int render_seal(struct verify *v, const struct unseal_frame *f, struct frame_seal *seal,
		       struct buf *ret)
{
	struct frame_counts c = counts_of(v, f);
	struct bytes table;
	struct digests d;
	struct hash h;
	int r = unseal_expect_table(v->unseal, &table);

	if (r < 0)
		return r;
	hash_init(&h, HASH_SHA256);
	hash_add(&h, table.p, table.n);
	hash_peek(&h, &d);
	memcpy(seal->table_sha256, d.sha256, sizeof(d.sha256));
	seal->table_size = table.n;
	seal->stream_size = f->offset + f->raw.n + table.n;
	return frame_put_seal(ret, &c, seal);
}

static int check_seal(struct verify *v, const struct unseal_frame *f)
{
	AUTO_DONE(buf_done) struct buf want = BUF_NONE;
	struct frame_seal seal;
	int r = unseal_accept(v->unseal, f);

	if (r < 0)
		return r;
	if (frame_seal_parse(f->content, &seal) < 0)
		return wrong(v, VERIFY_ALTERED, "the seal is malformed");
	r = render_seal(v, f, &seal, &want);
	if (r < 0)
		return r == -EFBIG ? wrong(v, VERIFY_ALTERED, "the seal is malformed") : r;
	if (!bytes_eq(buf_bytes(&want), f->raw))
		return wrong(v, VERIFY_ALTERED, "the seal does not agree with the bytes before it");
	if (!tarcheck_complete(&v->tar))
		return wrong(v, VERIFY_ALTERED, "the tar is not whole, yet sealed");
	v->res->status = (enum bundle_status)status_of(seal.status);
	v->res->gaps = seal.gaps;
	v->res->has_seal = true;
	v->sealed = true;
	return prove(v, f);
}

static int check_frame(struct verify *v, const struct unseal_frame *f)
{
	switch (f->kind) {
	case UNSEAL_DATA:
		return check_data(v, f);
	case UNSEAL_CHECKPOINT:
		return check_checkpoint(v, f);
	case UNSEAL_PADDING: /* the next checkpoint or seal covers it */
		return unseal_accept(v->unseal, f);
	case UNSEAL_SEAL:
		return check_seal(v, f);
	case UNSEAL_TABLE:
		v->tabled = true;
		return 0;
	}
	return -EINVAL;
}

/* ---- verdict ------------------------------------------------------------------------------- */

static void end_between(struct verify *v)
{
	struct verify_result *res = v->res;

	if (v->tabled) {
		res->verdict = VERIFY_SEALED;
	} else if (unseal_at(v->unseal) == 0) {
		(void)wrong(v, VERIFY_NOT_ONE, "empty");
	} else {
		res->index_cut = v->sealed;
		(void)wrong(v, VERIFY_CUT,
			    v->sealed ? "cut behind the seal: only the index is missing"
				      : "cut between two frames: there is no seal");
	}
}

static void end_inside(struct verify *v)
{
	v->res->index_cut = v->sealed;
	const char *why = unseal_why(v->unseal); /* the intake's own: a cut age file */
	(void)wrong(v, VERIFY_CUT,
		    v->sealed ? "cut in the index: the content is whole"
		    : why     ? why
			      : "cut inside a frame");
}

static void end_bad(struct verify *v)
{
	bool first = unseal_at(v->unseal) == 0 && unseal_is_foreign(v->unseal);

	(void)wrong(v, first ? VERIFY_NOT_ONE : VERIFY_ALTERED, unseal_why(v->unseal));
}

static int read_frames(struct verify *v)
{
	struct unseal_frame f;

	for (;;) {
		if (v->opts->stop && atomic_load(v->opts->stop))
			return -ECANCELED;
		int r = unseal_next(v->unseal, &f);

		if (r == 0)
			end_between(v);
		else if (r == -ENODATA)
			end_inside(v);
		else if (r == -EBADMSG)
			end_bad(v);
		if (r == 0 || r == -ENODATA || r == -EBADMSG)
			return 0;
		if (r > 0)
			r = check_frame(v, &f);
		if (r == -EBADMSG && v->res->reason[0] == '\0') /* unseal_accept() */
			end_bad(v);
		if (r < 0)
			return r == -EBADMSG ? 0 : r;
	}
}

/* A pipe cannot be read twice: told before it is read once. */
static int can_salvage(struct verify *v)
{
	return v->opts->salvage ? intake_rewind(v->in) : 0;
}

static int count_stored(struct verify *v)
{
	struct verify_result *res = v->res;

	if (v->in->ops->stored)
		return v->in->ops->stored(v->in, &res->stored_bytes, res->stored_sha256);
	res->stored_bytes = res->stream_bytes;
	memcpy(res->stored_sha256, res->sha256, sizeof(res->stored_sha256));
	return 0;
}

/* None of the keys given opens it: there is nothing to say of the stream. */
static int end_locked(struct verify *v)
{
	const char *why = intake_why(v->in);

	v->res->verdict = VERIFY_LOCKED;
	snprintf(v->res->reason, sizeof(v->res->reason), "%s", why ? why : "no key opens it");
	return count_stored(v);
}

static int run(struct verify *v)
{
	static const struct tarcheck_ops ops = { .entry = on_entry, .want = on_want };
	struct verify_result *res = v->res;
	int r = can_salvage(v);

	if (r == 0)
		r = unseal_open(v->in, &v->unseal);
	if (r == 0)
		r = tarcheck_init(&v->tar, &ops, v);
	if (r == 0)
		r = read_frames(v);
	if (r == -ENOKEY)
		return end_locked(v);
	if (r == 0)
		r = unseal_drain(v->unseal, &res->stream_bytes, res->sha256);
	if (r == 0)
		r = count_stored(v);
	if (r == 0 && v->opts->salvage &&
	    (res->verdict == VERIFY_CUT || res->verdict == VERIFY_ALTERED))
		r = salvage_write(v);
	return r;
}

int verify_stream(struct intake *in, const struct verify_options *opts, struct verify_result *ret)
{
	struct verify v = { .opts = opts, .res = ret, .in = in };

	*ret = (struct verify_result){ .verdict = VERIFY_ALTERED };
	v.waiting = BUF_LIMIT(VERIFY_WAITING_MAX);
	int r = run(&v);
	int settled = settle(&v, false);
	if (r == 0)
		r = settled;
	if (v.tar.top.n)
		snprintf(ret->top, sizeof(ret->top), "%.*s", (int)v.tar.top.n - 1,
			 (const char *)v.tar.top.p);
	buf_done(&v.waiting);
	tarcheck_done(&v.tar);
	unseal_closep(&v.unseal);
	return r;
}
