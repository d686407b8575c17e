/* SPDX-License-Identifier: Apache-2.0 */
/* Ledger parts and sums parts. */
#include "work/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

enum {
	LEDGER_RESERVE = 4096,	    /* first line of a part, the part's own line in sums */
	LEDGER_RECORD_FIXED = 8192, /* a record and its gap without their strings */
	LEDGER_GROWTH = 5,	    /* a byte becomes \\xhh in JSON */
	LEDGER_OWN_MODE = S_IFREG | 0444,
};

static int append(void *ctx, struct bytes b)
{
	return buf_addb(ctx, b);
}

int ledger_init(struct ledger *l, const struct ledger_place *at, uint64_t seq,
		const unsigned char previous[32])
{
	struct out_options opts = { .mode = OUT_JSON };

	*l = (struct ledger){ .seq = seq, .at = *at };
	l->line = BUF_LIMIT(LEDGER_PART_MAX);
	l->part = BUF_LIMIT(LEDGER_PART_MAX);
	l->sums = BUF_LIMIT(LEDGER_PART_MAX);
	memcpy(l->previous, previous, sizeof(l->previous));
	opts.data = (struct out_target){ .write = append, .ctx = &l->line };
	return out_open(&opts, &l->out);
}

void ledger_done(struct ledger *l)
{
	out_closep(&l->out);
	buf_done(&l->line);
	buf_done(&l->part);
	buf_done(&l->sums);
}

bool ledger_pending(const struct ledger *l)
{
	return l->part.n > 0 || l->sums.n > 0;
}

static void digest_of(struct bytes b, unsigned char ret[32])
{
	struct hash h;
	struct digests d;

	hash_init(&h, HASH_SHA256);
	hash_add(&h, b.p, b.n);
	hash_peek(&h, &d);
	memcpy(ret, d.sha256, sizeof(d.sha256));
}

/* Moves what l->out wrote to the part. */
static int take_line(struct ledger *l)
{
	int r = out_flush(l->out);

	if (r == 0)
		r = buf_addb(&l->part, buf_bytes(&l->line));
	buf_clear(&l->line);
	return r;
}

/* The chain: every part begins with the digest of the one before. */
static int begin_part(struct ledger *l)
{
	char hex[HASH_HEX_MAX];

	if (l->part.n > 0)
		return 0;
	hash_hex(l->previous, sizeof(l->previous), hex);
	out_begin(l->out, "event");
	out_str(l->out, F_CSI_ACTION, "ledger");
	out_str(l->out, F_CSI_LEDGER_PREVIOUS, hex);
	out_u64(l->out, F_CSI_LEDGER_SEQ, l->seq);
	int r = out_end(l->out);
	return r < 0 ? r : take_line(l);
}

/* ---- room ---------------------------------------------------------------------------------- */

static bool fits(const struct ledger *l, size_t record, size_t sum)
{
	return l->part.n + record + LEDGER_RESERVE <= LEDGER_PART_MAX &&
	       l->sums.n + sum + LEDGER_RESERVE <= LEDGER_PART_MAX;
}

static size_t xattr_bytes(const struct item *item)
{
	size_t n = 0;

	for (size_t i = 0; i < item->nxattrs; i++)
		if (!pax_xattr_fits(&item->xattrs[i]))
			n += LEDGER_GROWTH * item->xattrs[i].name.n + 2 * item->xattrs[i].value.n +
			     64;
	return n;
}

/* The gap record says a path once more. */
static size_t record_cost(const struct item *item)
{
	size_t text =
		item->name.n + item->path.head.n + item->path.name.n + item->link.n + PATH_KEPT;

	return LEDGER_RECORD_FIXED + LEDGER_GROWTH * text + xattr_bytes(item);
}

static size_t sum_cost(const struct item *item)
{
	return 2 * item->name.n + LEDGER_RESERVE;
}

size_t ledger_cost(const struct item *item)
{
	return record_cost(item) + sum_cost(item);
}

int ledger_room(struct ledger *l, const struct item *item)
{
	if (fits(l, record_cost(item), sum_cost(item)))
		return 0;
	return ledger_pending(l) ? ledger_write(l) : 0;
}

/* ---- records ------------------------------------------------------------------------------- */

static void put_xattrs(struct out *o, const struct item *item);

static void put_read(struct out *o, const struct item *item)
{
	char hex[HASH_HEX_MAX];

	if (item->hashed) {
		hash_hex(item->sha256, sizeof(item->sha256), hex);
		out_str(o, item->extents_hashed ? F_CSI_HASH_EXTENTS : F_FILE_HASH_SHA256, hex);
	}
	if (item->noatime_refused)
		out_bool(o, F_CSI_READ_NOATIME, false);
	if (item->read_short)
		out_u64(o, F_CSI_READ_SHORT, item->read_short);
	if (item->resized)
		out_u64(o, F_CSI_READ_SIZE, item->read_size);
	if (item->err) {
		out_str(o, F_ERROR_CODE, err_name(item->err));
		out_str(o, F_ERROR_MESSAGE, err_text(item->err));
	}
}

static bool is_entry(const struct item *item)
{
	return item->kind == ITEM_NODE || item->kind == ITEM_CONTENT;
}

static int put_item(struct ledger *l, const struct item *item)
{
	struct out *o = l->out;

	out_begin(o, "event");
	out_str(o, F_CSI_ACTION, item->action ? item->action : "collect");
	out_str(o, F_CSI_OUTCOME, bundle_outcome_name(item->outcome));
	if (item->omit)
		out_str(o, F_CSI_OMIT, item->omit);
	if (bundle_birth_name(item->birth))
		out_str(o, F_CSI_BIRTH, bundle_birth_name(item->birth));
	if (is_entry(item))
		out_bytes(o, F_CSI_ITEM, item->name);
	if (item->has_info)
		out_file_info(o, &item->info);
	else if (item->kind == ITEM_CONTENT)
		out_u64(o, F_FILE_SIZE, item->size);
	if (item->path.head.n)
		out_path(o, &item->path, item->parent_ino);
	else if (!is_entry(item) && item->name.n)
		out_bytes(o, F_FILE_PATH, item->name);
	if (item->link.n)
		out_bytes(o, F_FILE_TARGET_PATH, item->link);
	put_xattrs(o, item);
	put_read(o, item);
	if (item->pid)
		out_i64(o, F_PROCESS_PID, item->pid);
	if (item->entity_id)
		out_str(o, F_PROCESS_ENTITY_ID, item->entity_id);
	return out_end(o);
}

/* Base64 (RFC 4648) of an attribute's value, for the few that a pax record cannot hold. */
static int put_base64(struct buf *b, struct bytes v)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	int r = 0;

	for (size_t i = 0; i < v.n && r == 0; i += 3) {
		uint32_t w = (uint32_t)v.p[i] << 16;
		unsigned char out[4];

		if (i + 1 < v.n)
			w |= (uint32_t)v.p[i + 1] << 8;
		if (i + 2 < v.n)
			w |= v.p[i + 2];
		for (int k = 0; k < 4; k++)
			out[k] = (unsigned char)digits[w >> (18 - 6 * k) & 63];
		if (i + 1 >= v.n)
			out[2] = '=';
		if (i + 2 >= v.n)
			out[3] = '=';
		r = buf_add(b, out, sizeof(out));
	}
	return r;
}

static void put_xattrs(struct out *o, const struct item *item)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (xattr_bytes(item) == 0)
		return;
	out_pairs(o, F_CSI_XATTRS, "name", "value");
	for (size_t i = 0; i < item->nxattrs; i++) {
		const struct file_xattr *x = &item->xattrs[i];

		buf_clear(&b);
		if (!pax_xattr_fits(x) && put_base64(&b, x->value) == 0)
			out_pair_add(o, x->name, buf_bytes(&b));
	}
}

struct gap ledger_gap_of(const struct item *item)
{
	struct bytes on = item->path.head.n ? item->path.head : item->name;

	return (struct gap){ .err = item->err,
			     .what = item->action ? item->action : "collect",
			     .pid = item->pid,
			     .on = on,
			     .len = item->read_short };
}

static int put_gap(struct ledger *l, const struct item *item)
{
	struct gap gap = ledger_gap_of(item);

	l->gaps++;
	return out_gap(l->out, &gap);
}

int ledger_item(struct ledger *l, const struct item *item)
{
	int r = begin_part(l);

	if (r == 0)
		r = put_item(l, item);
	if (r == 0 && item_is_gap(item))
		r = put_gap(l, item);
	if (r == 0)
		r = take_line(l);
	if (r == 0 && item->kind == ITEM_CONTENT && item->hashed && !item->extents_hashed)
		r = ledger_sum(l, item->name, item->sha256);
	return r;
}

int ledger_begin_record(struct ledger *l, size_t strings)
{
	int r = 0;

	if (!fits(l, LEDGER_RECORD_FIXED + LEDGER_GROWTH * strings, 0))
		r = ledger_write(l);
	return r < 0 ? r : begin_part(l);
}

int ledger_end_record(struct ledger *l)
{
	int r = out_end(l->out);

	return r < 0 ? r : take_line(l);
}

int ledger_lines(struct ledger *l, struct bytes lines)
{
	/* Quotes in a string are escaped, so no string of the target's can look like this. */
	static const char gap[] = "\"kind\":\"pipeline_error\"";

	while (lines.n > 0) {
		const unsigned char *end = memchr(lines.p, '\n', lines.n);
		size_t n = end ? (size_t)(end - lines.p) + 1 : lines.n;
		struct bytes line = bytes_of(lines.p, n);
		int r = 0;

		if (!end || n > LEDGER_PART_MAX - LEDGER_RESERVE - LEDGER_RECORD_FIXED)
			return -EFBIG;
		if (!fits(l, n, 0))
			r = ledger_write(l);
		if (r == 0)
			r = begin_part(l);
		if (r == 0)
			r = buf_addb(&l->part, line);
		if (r < 0)
			return r;
		if (memmem(line.p, line.n, gap, sizeof(gap) - 1))
			l->gaps++;
		lines = bytes_of(lines.p + n, lines.n - n);
	}
	return 0;
}

/* ---- sums ---------------------------------------------------------------------------------- */

int ledger_sum_line(struct buf *b, struct bytes name, const unsigned char sha256[32])
{
	char hex[HASH_HEX_MAX];
	size_t before = b->n;
	bool odd = false;
	int r = 0;

	for (size_t i = 0; i < name.n; i++)
		odd |= name.p[i] == '\\' || name.p[i] == '\n' || name.p[i] == '\r';
	hash_hex(sha256, 32, hex);
	r = buf_addf(b, "%s%s  ", odd ? "\\" : "", hex);
	if (r == 0 && !odd)
		r = buf_addb(b, name);
	for (size_t i = 0; r == 0 && odd && i < name.n; i++) {
		unsigned char c = name.p[i];

		if (c == '\\')
			r = buf_adds(b, "\\\\");
		else if (c == '\n')
			r = buf_adds(b, "\\n");
		else if (c == '\r')
			r = buf_adds(b, "\\r");
		else
			r = buf_addc(b, c);
	}
	if (r == 0)
		r = buf_addc(b, '\n');
	if (r < 0)
		b->n = before;
	return r;
}

int ledger_sum(struct ledger *l, struct bytes name, const unsigned char sha256[32])
{
	return ledger_sum_line(&l->sums, name, sha256);
}

/* ---- writing ------------------------------------------------------------------------------- */

static int write_entry(struct ledger *l, const char *name, struct bytes content)
{
	char path[128];
	int n = snprintf(path, sizeof(path), "%s%s", l->at.top, name);
	struct pax_entry e = { .mode = LEDGER_OWN_MODE, .size = content.n, .mtime = l->at.mtime };

	if (n < 0 || (size_t)n >= sizeof(path))
		return -EINVAL;
	e.path = bytes_of(path, (size_t)n);
	int r = pax_begin(l->at.pax, &e);
	if (r == 0)
		r = pax_data(l->at.pax, content);
	if (r == 0)
		r = pax_finish(l->at.pax);
	if (r == 0)
		(*l->at.entries)++;
	return r;
}

int ledger_write_sums(struct ledger *l)
{
	char name[48];

	snprintf(name, sizeof(name), "sums/%06" PRIu64 ".sha256", l->seq);
	int r = write_entry(l, name, buf_bytes(&l->sums));
	if (r < 0)
		return r;
	l->seq++;
	buf_clear(&l->sums);
	return 0;
}

int ledger_write(struct ledger *l)
{
	unsigned char sha256[32];
	char name[48];
	int r = begin_part(l);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "ledger/%06" PRIu64 ".jsonl", l->seq);
	digest_of(buf_bytes(&l->part), sha256);
	r = ledger_sum(l, bytes_str(name), sha256);
	if (r == 0)
		r = write_entry(l, name, buf_bytes(&l->part));
	if (r < 0)
		return r;
	memcpy(l->previous, sha256, sizeof(sha256));
	buf_clear(&l->part);
	return ledger_write_sums(l);
}
