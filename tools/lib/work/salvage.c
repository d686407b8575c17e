/* SPDX-License-Identifier: Apache-2.0 */
/* A clean bundle of what is proven of a cut or altered one. FORMAT.md, section 5. */
#include "work/verify_priv.h"

#include "format/seal.h"
#include "format/zst.h"
#include "work/ledger.h"

#include <errno.h>

enum { SALVAGE_CHECKPOINT = 8 << 20, SALVAGE_STRINGS = 4096 };

/* Everything that is written passes the same check as in verifying. */
struct salvage {
	const struct verify *v;
	struct tarcheck tar;
	struct seal *seal;
	struct zst *zst;
	unsigned char *frame, *packed;
	size_t n;
	struct pax *pax;
	struct ledger ledger;
	uint64_t pax_entries;
};

static int flush(struct salvage *s)
{
	size_t packed;
	int r = s->n ? zst_frame(s->zst, bytes_of(s->frame, s->n), s->packed, &packed) : 0;

	if (r < 0 || s->n == 0)
		return r;
	r = seal_frame(s->seal, bytes_of(s->packed, packed), s->n, s->tar.entries);
	s->n = 0;
	if (r == 0 && seal_since(s->seal) >= SALVAGE_CHECKPOINT)
		r = seal_checkpoint(s->seal);
	return r;
}

static int put(void *ctx, const void *p, size_t n)
{
	struct salvage *s = ctx;
	const unsigned char *at = p;
	int r = 0;

	while (n > 0 && r == 0) {
		size_t room = ZST_CONTENT_MAX - s->n;
		size_t now = n < room ? n : room;

		memcpy(s->frame + s->n, at, now);
		r = tarcheck_feed(&s->tar, bytes_of(at, now));
		s->n += now;
		at += now;
		n -= now;
		if (r == 0 && s->n == ZST_CONTENT_MAX)
			r = flush(s);
	}
	return r;
}

/* ---- the proven entries, once more --------------------------------------------------------- */

/* Up to the last good checkpoint: its digest must be what it was, else the file has changed
 * meanwhile. */
static int copy_proven(struct salvage *s, struct unseal *u)
{
	uint64_t left = s->v->kept;
	struct unseal_frame f;
	int r;

	while ((r = unseal_next(u, &f)) > 0) {
		if (f.kind == UNSEAL_DATA) {
			size_t now = f.content.n < left ? f.content.n : (size_t)left;

			r = put(s, f.content.p, now);
			left -= now;
		} else if (f.offset == s->v->last_at) {
			bool same = memcmp(f.sha256, s->v->last_sha256, sizeof(f.sha256)) == 0;

			return same && left == 0 ? 0 : -ESTALE;
		}
		if (r >= 0)
			r = unseal_accept(u, &f);
		if (r < 0)
			return r;
	}
	return r == 0 || r == -ENODATA || r == -EBADMSG ? -ESTALE : r;
}

/* ---- what is added ------------------------------------------------------------------------- */

static int open_ledger(struct salvage *s)
{
	int64_t now = when_now(CLOCK_REALTIME);
	struct ledger_place at = { .entries = &s->pax_entries };

	at.mtime.sec = now / (int64_t)NS_PER_SEC;
	at.mtime.nsec = (uint32_t)(now % (int64_t)NS_PER_SEC);
	int r = buf_addc(&s->tar.top, 0); /* our own words by tarcheck's rule: a C string */
	if (r < 0)
		return r;
	s->tar.top.n--;
	at.top = (const char *)s->tar.top.p;
	r = pax_open(put, s, &s->pax);
	if (r < 0)
		return r;
	at.pax = s->pax;
	r = ledger_init(&s->ledger, &at, s->tar.seq, s->tar.previous);
	return r < 0 ? r : buf_addb(&s->ledger.sums, buf_bytes(&s->tar.sums));
}

static int put_origin(struct salvage *s)
{
	const struct verify_result *res = s->v->res;
	struct out *o = s->ledger.out;
	char hex[HASH_HEX_MAX];
	int r = ledger_begin_record(&s->ledger, SALVAGE_STRINGS);

	if (r < 0)
		return r;
	hash_hex(res->stored_sha256, sizeof(res->stored_sha256), hex);
	out_begin(o, "event");
	out_str(o, F_CSI_ACTION, "salvage");
	out_str(o, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_PARTIAL));
	out_u64(o, F_CSI_OFFSET, res->proven_bytes);
	out_str(o, F_CSI_TEXT, res->reason);
	out_str(o, F_FILE_HASH_SHA256, hex);
	out_u64(o, F_FILE_SIZE, res->stored_bytes);
	return ledger_end_record(&s->ledger);
}

static int put_entry(struct salvage *s, const struct tarcheck_entry *e)
{
	struct out *o = s->ledger.out;
	char hex[HASH_HEX_MAX];
	int r = ledger_begin_record(&s->ledger, e->name.n);

	if (r < 0)
		return r;
	hash_hex(e->sha256, sizeof(e->sha256), hex);
	out_begin(o, "event");
	out_str(o, F_CSI_ACTION, "salvage entry");
	if (e->type == UNTAR_FILE && e->extents)
		out_str(o, F_CSI_HASH_EXTENTS, hex);
	out_bytes(o, F_CSI_ITEM, e->name);
	out_str(o, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_PARTIAL));
	if (e->type == UNTAR_FILE && !e->extents)
		out_str(o, F_FILE_HASH_SHA256, hex);
	out_u64(o, F_FILE_SIZE, e->size);
	return ledger_end_record(&s->ledger);
}

static int put_parts(struct salvage *s)
{
	AUTO_DONE(buf_done) struct buf open = BUF_LIMIT(s->tar.open.max);
	struct tarcheck view = { 0 };
	struct tarcheck_entry e;
	int r = buf_addb(&open, buf_bytes(&s->tar.open));

	/* A copy: writing a part empties the original. */
	view.open = open;
	if (r == 0 && s->tar.sums_next)
		r = ledger_write_sums(&s->ledger);
	if (r == 0)
		r = put_origin(s);
	for (size_t at = 0; r == 0 && tarcheck_open_next(&view, &at, &e) > 0;)
		r = put_entry(s, &e);
	if (r == 0)
		r = ledger_write(&s->ledger);
	if (r == 0)
		r = pax_end(s->pax);
	return r == 0 ? flush(s) : r;
}

static int write_all(struct salvage *s)
{
	AUTO_DONE(unseal_closep) struct unseal *u = NULL;
	struct seal_totals totals;
	int r = unseal_open(s->v->in, &u);

	if (r == 0)
		r = tarcheck_init(&s->tar, NULL, NULL);
	if (r == 0)
		r = zst_open(0, &s->zst);
	if (r == 0)
		r = seal_open(s->v->opts->salvage, &s->seal);
	if (r == 0)
		r = copy_proven(s, u);
	if (r == 0)
		r = open_ledger(s);
	if (r == 0)
		r = put_parts(s);
	if (r == 0)
		r = seal_end(s->seal, bundle_status_name(BUNDLE_PARTIAL), s->tar.gaps, &totals);
	return r;
}

int salvage_write(const struct verify *v)
{
	struct salvage s = { .v = v };
	int r = 0;

	if (v->kept == 0)
		return 0;
	r = intake_rewind(v->in);
	if (r < 0)
		return r;
	s.frame = malloc(ZST_CONTENT_MAX);
	s.packed = malloc(ZST_FRAME_MAX);
	r = s.frame && s.packed ? write_all(&s) : -ENOMEM;
	pax_closep(&s.pax);
	ledger_done(&s.ledger);
	seal_closep(&s.seal);
	zst_closep(&s.zst);
	tarcheck_done(&s.tar);
	free(s.frame);
	free(s.packed);
	return r;
}
