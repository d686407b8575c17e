/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering one record: fields in any order, their text ready for the way it will be written. */
#include "format/out_priv.h"

#include "base/escape.h"
#include "format/json.h"

#include <errno.h>
#include <stdio.h>

static void fail(struct record *r, int err)
{
	if (err < 0 && r->err == 0)
		r->err = err;
}

static void put(struct record *r, const void *p, size_t n)
{
	fail(r, buf_add(&r->text, p, n));
}

static void list_close(struct record *r, enum out_mode mode)
{
	if (!r->list_open)
		return;
	r->list_open = false;
	if (mode == OUT_JSON)
		put(r, "]", 1);
	r->v[r->n - 1].n = r->text.n - r->v[r->n - 1].at;
}

/* Room for a field; its text follows. False when the record is lost anyway. */
static bool start(struct record *r, enum field f)
{
	if (r->n == OUT_REFS_MAX)
		fail(r, -E2BIG);
	if (r->err)
		return false;
	r->v[r->n++] = (struct field_ref){ .field = f, .at = r->text.n };
	return true;
}

static void stop(struct record *r)
{
	r->v[r->n - 1].n = r->text.n - r->v[r->n - 1].at;
}

/* One string: target bytes or ours, quoted for JSON. */
static void text(struct record *r, enum out_mode mode, struct bytes v)
{
	if (mode == OUT_TABLE) {
		fail(r, escape_add(&r->text, v));
		return;
	}
	put(r, "\"", 1);
	size_t from = r->text.n;
	int err = escape_add(&r->text, v);
	fail(r, err ? err : json_encode_tail(&r->text, from));
	put(r, "\"", 1);
}

void record_begin(struct record *r)
{
	buf_clear(&r->text);
	buf_clear(&r->odd_times);
	r->n = 0;
	r->err = 0;
	r->list_open = false;
}

void record_done(struct record *r)
{
	buf_done(&r->text);
	buf_done(&r->odd_times);
}

void record_bytes(struct record *r, enum out_mode mode, enum field f, struct bytes v)
{
	list_close(r, mode);
	if (!start(r, f))
		return;
	text(r, mode, v);
	stop(r);
}

void record_str(struct record *r, enum out_mode mode, enum field f, const char *ours)
{
	record_bytes(r, mode, f, bytes_str(ours));
}

static void number(struct record *r, enum field f, uint64_t v, bool negative)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	if (negative)
		*--p = '-';
	if (!start(r, f))
		return;
	put(r, p, (size_t)(digits + sizeof(digits) - p));
	stop(r);
}

void record_u64(struct record *r, enum field f, uint64_t v)
{
	number(r, f, v, false);
}

void record_hex(struct record *r, enum out_mode mode, enum field f, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "0x%llx", (unsigned long long)v);

	record_bytes(r, mode, f, bytes_of(digits, (size_t)n));
}

/* A time as it stands in JSON or in a table. */
static void date(struct record *r, enum out_mode mode, enum field f, int64_t ns)
{
	char when[WHEN_TEXT_MAX + 2] = "\"";
	size_t quote = mode == OUT_JSON;

	list_close(r, mode);
	if (!start(r, f))
		return;
	when_text(ns, when + 1);
	size_t n = strlen(when);
	if (quote)
		when[n++] = '"';
	put(r, when + 1 - quote, n - 1 + quote);
	stop(r);
}

void record_now(struct record *r, enum out_mode mode)
{
	date(r, mode, F_TIMESTAMP, when_now(CLOCK_REALTIME));
}

/* Outside 1970 to 2262: "file.mtime=-1.000000005", an item of csi.time.raw. */
static void odd_time(struct record *r, enum out_mode mode, enum field f, const struct file_stamp *t)
{
	const char *quote = mode == OUT_JSON ? "\"" : "";
	const char *comma = r->odd_times.n == 0 ? "" : mode == OUT_JSON ? "," : " ";

	fail(r, buf_addf(&r->odd_times, "%s%s%s=%lld.%09u%s", comma, quote, field_info(f)->name,
			 (long long)t->sec, (unsigned)t->nsec, quote));
}

void record_stamp(struct record *r, enum out_mode mode, enum field f, const struct file_stamp *t)
{
	int64_t ns;

	if (when_from_parts(t->sec, t->nsec, &ns) == 0)
		date(r, mode, f, ns);
	else
		odd_time(r, mode, f, t);
}

void record_seal(struct record *r, enum out_mode mode)
{
	list_close(r, mode);
	if (r->odd_times.n == 0 || !start(r, F_CSI_TIME_RAW))
		return;
	if (mode == OUT_JSON)
		put(r, "[", 1);
	put(r, r->odd_times.p, r->odd_times.n);
	if (mode == OUT_JSON)
		put(r, "]", 1);
	stop(r);
}

void record_sort(struct record *r)
{
	size_t kept = 0;

	/* Insertion: callers mostly go in the table's order. Stable, so of equals the last is last.
	 */
	for (size_t i = 1; i < r->n; i++) {
		struct field_ref x = r->v[i];
		size_t k = i;

		for (; k > 0 && r->v[k - 1].field > x.field; k--)
			r->v[k] = r->v[k - 1];
		r->v[k] = x;
	}
	for (size_t i = 0; i < r->n; i++)
		if (i + 1 == r->n || r->v[i + 1].field != r->v[i].field)
			r->v[kept++] = r->v[i];
	r->n = kept;
}

/* The public names: the owner's record. */

void out_bytes(struct out *o, enum field f, struct bytes v)
{
	record_bytes(&o->rec, o->opts.mode, f, v);
}

void out_str(struct out *o, enum field f, const char *ours)
{
	record_bytes(&o->rec, o->opts.mode, f, bytes_str(ours));
}

void out_u64(struct out *o, enum field f, uint64_t v)
{
	list_close(&o->rec, o->opts.mode);
	number(&o->rec, f, v, false);
}

void out_id(struct out *o, enum field f, uint64_t id)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)id);

	out_bytes(o, f, bytes_of(text, (size_t)n));
}

void out_i64(struct out *o, enum field f, int64_t v)
{
	list_close(&o->rec, o->opts.mode);
	number(&o->rec, f, v < 0 ? UINT64_C(0) - (uint64_t)v : (uint64_t)v, v < 0);
}

void out_hex(struct out *o, enum field f, uint64_t v)
{
	record_hex(&o->rec, o->opts.mode, f, v);
}

void out_bool(struct out *o, enum field f, bool v)
{
	list_close(&o->rec, o->opts.mode);
	if (!start(&o->rec, f))
		return;
	put(&o->rec, v ? "true" : "false", v ? 4 : 5);
	stop(&o->rec);
}

void out_time(struct out *o, enum field f, int64_t ns)
{
	const int64_t billion = (int64_t)NS_PER_SEC;

	if (ns == INT64_MIN)
		return;
	int64_t sec = ns / billion - (ns % billion < 0);
	struct file_stamp t = { .sec = sec, .nsec = (uint32_t)(ns - sec * billion) };
	out_stamp(o, f, &t);
}

void out_stamp(struct out *o, enum field f, const struct file_stamp *t)
{
	record_stamp(&o->rec, o->opts.mode, f, t);
}

void out_list(struct out *o, enum field f)
{
	struct record *r = &o->rec;

	list_close(r, o->opts.mode);
	if (!start(r, f))
		return;
	if (o->opts.mode == OUT_JSON)
		put(r, "[", 1);
	r->list_open = true;
	r->list_some = false;
}

static bool list_item(struct record *r, const char *separator)
{
	if (!r->list_open)
		fail(r, -EINVAL);
	if (r->err)
		return false;
	if (r->list_some && *separator)
		put(r, separator, 1);
	r->list_some = true;
	return true;
}

void out_list_add(struct out *o, struct bytes v)
{
	if (list_item(&o->rec, o->opts.mode == OUT_JSON ? "," : " "))
		text(&o->rec, o->opts.mode, v);
}

void out_pairs(struct out *o, enum field f, const char *k1, const char *k2)
{
	out_list(o, f);
	o->rec.k1 = k1;
	o->rec.k2 = k2;
}

static void pair_key(struct record *r, const char *before, const char *key)
{
	put(r, before, 1);
	put(r, "\"", 1);
	put(r, key, strlen(key));
	put(r, "\":", 2);
}

void out_pair_add(struct out *o, struct bytes v1, struct bytes v2)
{
	const char middle = OUT_PAIR_MIDDLE;
	const char end = OUT_PAIR_END;
	struct record *r = &o->rec;
	enum out_mode mode = o->opts.mode;

	if (!list_item(r, mode == OUT_JSON ? "," : ""))
		return;
	if (mode == OUT_JSON)
		pair_key(r, "{", r->k1);
	text(r, mode, v1);
	if (mode == OUT_JSON)
		pair_key(r, ",", r->k2);
	else
		put(r, &middle, 1);
	text(r, mode, v2);
	put(r, mode == OUT_JSON ? "}" : &end, 1);
}
