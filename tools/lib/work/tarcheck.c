/* SPDX-License-Identifier: Apache-2.0 */
/* The tar of a bundle, checked while it passes by. */
#include "work/tarcheck.h"

#include "format/json_get.h"
#include "work/ledger.h"

#include <errno.h>
#include <inttypes.h>

enum {
	TARCHECK_OPEN_MAX = 8 << 20, /* names since the last ledger part: their sums may be 1 MiB */
	TARCHECK_RUN_ID_MAX = 64,
	TARCHECK_HEAD = 1 + 1 + 8 + 32 + 8, /* type, extents, size, digest, length of the name */
};

static int bad(struct tarcheck *t, const char *why)
{
	t->why = why;
	return -EBADMSG;
}

/* ---- names --------------------------------------------------------------------------------- */

static bool top_ok(struct bytes path)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (!bytes_starts(path, "csi-") || !bytes_ends(path, "/"))
		return false;
	struct bytes id = bytes_of(path.p + 4, path.n - 5);
	if (id.n == 0 || id.n > TARCHECK_RUN_ID_MAX || id.p[0] == '.' || id.p[0] == '-')
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!memchr(allowed, id.p[i], sizeof(allowed) - 1))
			return false;
	return true;
}

static bool name_ok(struct bytes name)
{
	size_t start = 0;

	if (name.n == 0 || name.n > ITEM_NAME_MAX || memchr(name.p, 0, name.n))
		return false;
	for (size_t i = 0; i <= name.n; i++) {
		if (i < name.n && name.p[i] != '/')
			continue;
		size_t n = i - start;
		const unsigned char *p = name.p + start;

		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		start = i + 1;
	}
	return true;
}

static int begin_name(struct tarcheck *t, const struct untar_entry *e)
{
	struct bytes top = buf_bytes(&t->top);

	if (e->path.n <= top.n || memcmp(e->path.p, top.p, top.n) != 0)
		return bad(t, "an entry is not below the one top directory");
	t->name = bytes_of(e->path.p + top.n, e->path.n - top.n);
	if (e->type == UNTAR_DIR) {
		if (t->name.p[t->name.n - 1] != '/')
			return bad(t, "a directory's name does not end in a slash");
		t->name.n--;
	}
	return name_ok(t->name) ? 0 : bad(t, "a name is not allowed");
}

/* ---- entries ------------------------------------------------------------------------------- */

static int begin_part(struct tarcheck *t, const struct untar_entry *e)
{
	bool ledger = bytes_starts(t->name, "ledger/"), sums = bytes_starts(t->name, "sums/");
	char want[48];

	t->part = ledger ? TARCHECK_LEDGER : sums ? TARCHECK_SUMS : TARCHECK_OTHER;
	if (t->sums_next && !sums)
		return bad(t, "a ledger part is not followed by its sums part");
	t->kept = t->part != TARCHECK_OTHER;
	buf_clear(&t->text);
	if (t->part == TARCHECK_OTHER) {
		t->kept = e->type == UNTAR_FILE && !e->sparse && e->size <= TARCHECK_KEEP_MAX &&
			  t->ops && t->ops->want && t->ops->want(t->ctx, t->name);
		return 0;
	}
	snprintf(want, sizeof(want),
		 ledger ? "ledger/%06" PRIu64 ".jsonl" : "sums/%06" PRIu64 ".sha256", t->seq);
	if (!bytes_eq(t->name, bytes_str(want)) || e->type != UNTAR_FILE || e->sparse ||
	    (sums && !t->sums_next))
		return bad(t, "a ledger or sums part is out of order");
	if (e->size > LEDGER_PART_MAX)
		return bad(t, "a ledger or sums part is too long");
	return 0;
}

static int on_begin(void *ctx, const struct untar_entry *e)
{
	struct tarcheck *t = ctx;

	t->part = TARCHECK_OTHER;
	t->kept = false;
	t->hashed = 0;
	t->extents = e->sparse && e->size > ITEM_SPARSE_SUM_MAX;
	hash_init(&t->hash, HASH_SHA256);
	t->last_is_sums = false;
	if (t->top.n == 0) {
		if (e->type != UNTAR_DIR || !top_ok(e->path))
			return bad(t, "the first entry is not the directory of a bundle");
		return buf_addb(&t->top, e->path);
	}
	int r = begin_name(t, e);
	return r < 0 ? r : begin_part(t, e);
}

static void put_u64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t get_u64(const unsigned char *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static int on_data(void *ctx, uint64_t offset, struct bytes p, uint64_t length)
{
	struct tarcheck *t = ctx;

	if (t->extents && length) {
		unsigned char head[16];

		put_u64(head, offset);
		put_u64(head + 8, length);
		hash_add(&t->hash, head, sizeof(head));
	}
	if (!t->extents)
		hash_zeros(&t->hash, offset - t->hashed);
	hash_add(&t->hash, p.p, p.n);
	t->hashed = offset + p.n;
	return t->kept ? buf_addb(&t->text, p) : 0;
}

/* ---- ledger and sums parts ----------------------------------------------------------------- */

/* A record's csi.NAME; 0 or -errno. */
static int csi_member(struct bytes line, const char *name, struct bytes *ret)
{
	struct bytes csi;
	int r = json_get(line, "csi", &csi);

	return r < 0 ? r : json_get(csi, name, ret);
}

static int check_chain(struct tarcheck *t, struct bytes line)
{
	char previous[HASH_HEX_MAX + 2], seq[24];
	struct bytes ledger, v;

	if (csi_member(line, "ledger", &ledger) < 0)
		return bad(t, "a ledger part does not begin with its chain");
	previous[0] = '"';
	hash_hex(t->previous, sizeof(t->previous), previous + 1);
	memcpy(previous + HASH_HEX_MAX, "\"", 2);
	snprintf(seq, sizeof(seq), "%" PRIu64, t->seq);
	if (json_get(ledger, "previous", &v) < 0 || !bytes_eq(v, bytes_str(previous)) ||
	    json_get(ledger, "seq", &v) < 0 || !bytes_eq(v, bytes_str(seq)))
		return bad(t, "the ledger's chain is broken");
	return 0;
}

int tarcheck_open_next(const struct tarcheck *t, size_t *at, struct tarcheck_entry *ret)
{
	if (*at >= t->open.n)
		return 0;
	const unsigned char *p = t->open.p + *at;
	*ret = (struct tarcheck_entry){ .type = (enum untar_type)p[0],
					.extents = p[1],
					.size = get_u64(p + 2),
					.name = bytes_of(p + TARCHECK_HEAD,
							 (size_t)get_u64(p + 42)) };
	memcpy(ret->sha256, p + 10, sizeof(ret->sha256));
	*at += TARCHECK_HEAD + ret->name.n;
	return 1;
}

/* Whether LINE is the record of E and has the digest of its extents. */
static bool has_extents(struct bytes line, const struct tarcheck_entry *e)
{
	AUTO_DONE(buf_done) struct buf name = BUF_NONE;
	char hex[HASH_HEX_MAX];
	struct bytes item, hash, extents;

	hash_hex(e->sha256, sizeof(e->sha256), hex);
	return csi_member(line, "item", &item) == 0 && json_undo(&name, item) == 0 &&
	       bytes_eq(buf_bytes(&name), e->name) && csi_member(line, "hash", &hash) == 0 &&
	       json_get(hash, "extents", &extents) == 0 && extents.n == strlen(hex) + 2 &&
	       memcmp(extents.p + 1, hex, strlen(hex)) == 0;
}

static bool next_line(struct bytes *rest, struct bytes *line)
{
	const unsigned char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	if (!end)
		return false;
	*line = bytes_of(rest->p, (size_t)(end - rest->p));
	*rest = bytes_of(end + 1, rest->n - line->n - 1);
	return true;
}

/* Records come in the order of the entries, so one pass over the part finds them all. */
static int check_extents(struct tarcheck *t)
{
	struct bytes rest = buf_bytes(&t->text), line;
	struct tarcheck_entry e;

	for (size_t at = 0; tarcheck_open_next(t, &at, &e);) {
		bool found = !e.extents;

		while (!found && next_line(&rest, &line))
			found = has_extents(line, &e);
		if (!found)
			return bad(t, "a large sparse file's extents do not agree with its record");
	}
	return 0;
}

static void count_gaps(struct tarcheck *t)
{
	static const char gap[] = "\"kind\":\"pipeline_error\"";
	struct bytes rest = buf_bytes(&t->text), line;

	while (next_line(&rest, &line))
		t->gaps += memmem(line.p, line.n, gap, sizeof(gap) - 1) != NULL;
}

static int end_ledger(struct tarcheck *t, const unsigned char sha256[32])
{
	struct bytes rest = buf_bytes(&t->text), line;

	if (!next_line(&rest, &line))
		return bad(t, "a ledger part has no lines");
	int r = check_chain(t, line);
	if (r == 0)
		r = check_extents(t);
	if (r < 0)
		return r;
	count_gaps(t);
	memcpy(t->previous, sha256, sizeof(t->previous));
	t->sums_next = true;
	buf_clear(&t->open);
	return 0;
}

static int end_sums(struct tarcheck *t)
{
	if (!bytes_eq(buf_bytes(&t->text), buf_bytes(&t->sums)))
		return bad(t, "a sum does not agree with what it is of");
	t->sums_checked += t->nsums;
	t->nsums = 0;
	buf_clear(&t->sums);
	t->sums_next = false;
	t->last_is_sums = true;
	t->seq++;
	return 0;
}

/* Keeps what a record to come has to agree with, or what salvage has to write in its stead. */
static int keep_open(struct tarcheck *t, const struct tarcheck_entry *e)
{
	unsigned char head[TARCHECK_HEAD];

	head[0] = (unsigned char)e->type;
	head[1] = e->extents;
	put_u64(head + 2, e->size);
	memcpy(head + 10, e->sha256, sizeof(e->sha256));
	put_u64(head + 42, e->name.n);
	int r = buf_add(&t->open, head, sizeof(head));
	if (r == 0)
		r = buf_addb(&t->open, e->name);
	return r == -EFBIG ? bad(t, "too many entries without a ledger part") : r;
}

static int end_part(struct tarcheck *t, const struct tarcheck_entry *e)
{
	int r = 0;

	if (t->part == TARCHECK_SUMS)
		return end_sums(t);
	if (t->part == TARCHECK_OTHER)
		r = keep_open(t, e);
	if (r == 0 && e->type == UNTAR_FILE && !e->extents) {
		r = ledger_sum_line(&t->sums, e->name, e->sha256);
		t->nsums++;
	}
	if (r == -EFBIG)
		return bad(t, "too many entries without sums");
	if (r == 0 && t->part == TARCHECK_LEDGER)
		r = end_ledger(t, e->sha256);
	return r;
}

static int on_end(void *ctx, const struct untar_entry *e)
{
	struct tarcheck *t = ctx;
	struct tarcheck_entry done = { .path = e->path,
				       .name = t->name,
				       .type = e->type,
				       .size = e->size,
				       .extents = t->extents,
				       .own = t->part != TARCHECK_OTHER,
				       .kept = t->kept,
				       .content = buf_bytes(&t->text) };
	struct digests d;
	int r = 0;

	if (e->type == UNTAR_FILE) {
		if (!t->extents)
			hash_zeros(&t->hash, e->size - t->hashed);
		hash_peek(&t->hash, &d);
		memcpy(done.sha256, d.sha256, sizeof(d.sha256));
	}
	if (t->entries > 0) /* the top directory has neither sum nor record */
		r = end_part(t, &done);
	if (r < 0)
		return r;
	t->entries++;
	t->entries_end = untar_bytes(t->untar);
	return t->ops && t->ops->entry ? t->ops->entry(t->ctx, &done) : 0;
}

/* ---- the interface ------------------------------------------------------------------------- */

int tarcheck_init(struct tarcheck *t, const struct tarcheck_ops *ops, void *ctx)
{
	static const struct untar_ops untar = { .begin = on_begin, .data = on_data, .end = on_end };

	*t = (struct tarcheck){ .seq = 1, .ops = ops, .ctx = ctx };
	t->text = BUF_LIMIT(LEDGER_PART_MAX);
	t->sums = BUF_LIMIT(LEDGER_PART_MAX);
	t->open = BUF_LIMIT(TARCHECK_OPEN_MAX);
	return untar_open(&untar, t, &t->untar);
}

void tarcheck_done(struct tarcheck *t)
{
	untar_closep(&t->untar);
	buf_done(&t->top);
	buf_done(&t->text);
	buf_done(&t->sums);
	buf_done(&t->open);
}

int tarcheck_feed(struct tarcheck *t, struct bytes b)
{
	return untar_feed(t->untar, b);
}

const char *tarcheck_why(const struct tarcheck *t)
{
	return t->why ? t->why : untar_why(t->untar);
}

bool tarcheck_complete(const struct tarcheck *t)
{
	return untar_ended(t->untar) && t->last_is_sums;
}
