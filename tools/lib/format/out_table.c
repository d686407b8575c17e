/* SPDX-License-Identifier: Apache-2.0 */
/* A gathered record as one row of a table. Cut only on a terminal, and then with a mark. */
#include "format/out_priv.h"

#include "base/escape.h"

#include <inttypes.h>

#define CUT_MARK "\xe2\x80\xa6" /* U+2026 */

enum { TABLE_LAST_LEAST = 16 }; /* columns that the last cell gets even on a narrow terminal */

/* One cell while it is written. ROOM is SIZE_MAX where nothing is cut. */
struct cell {
	const struct out *o;
	struct buf *b;
	size_t room, used;
	bool marked;
	bool cut;
	int err;
};

static const struct {
	const char *level, *on;
} colors[] = {
	{ "critical", "\x1b[1;31m" }, { "high", "\x1b[31m" }, { "medium", "\x1b[33m" },
	{ "low", "\x1b[36m" },	      { "info", "\x1b[2m" },
};

/* NULL: no colour. */
static const char *color_of(const struct out *o, struct bytes level)
{
	if (!o->opts.color)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(colors); i++)
		if (bytes_eq(level, bytes_str(colors[i].level)))
			return colors[i].on;
	return NULL;
}

static void put(struct cell *c, struct bytes v)
{
	if (c->err == 0)
		c->err = buf_addb(c->b, v);
}

static void piece(struct cell *c, struct bytes v, const char *color)
{
	size_t width = escape_width(v);

	if (c->marked || v.n == 0)
		return;
	/* One column stays for the mark unless all of the cell is known to fit. */
	size_t room = c->room - (c->cut ? 1 : 0) - c->used;
	bool fits = width <= room;
	if (!fits) {
		v.n = escape_fit(v, room);
		width = escape_width(v);
	}
	if (color)
		put(c, bytes_str(color));
	put(c, v);
	if (!fits)
		put(c, bytes_str(CUT_MARK));
	if (color)
		put(c, bytes_str("\x1b[0m"));
	c->used += width + (fits ? 0 : 1);
	c->marked = !fits;
}

static size_t find(struct bytes v, unsigned char c)
{
	const unsigned char *p = v.n ? memchr(v.p, c, v.n) : NULL;

	return p ? (size_t)(p - v.p) : v.n;
}

/* The next pair of out_pairs: false at the end. */
static bool next_pair(struct bytes *rest, struct bytes *ret1, struct bytes *ret2)
{
	if (rest->n == 0)
		return false;
	size_t end = find(*rest, OUT_PAIR_END);
	struct bytes pair = bytes_of(rest->p, end);
	size_t middle = find(pair, OUT_PAIR_MIDDLE);
	size_t skip = middle < pair.n;

	*ret1 = bytes_of(pair.p, middle);
	*ret2 = bytes_of(pair.p + middle + skip, pair.n - middle - skip);
	end += end < rest->n;
	*rest = bytes_of(rest->p + end, rest->n - end);
	return true;
}

/* "a=b c=d"; signs with their level as a colour or, without, as "id:level". */
static void pairs(struct cell *c, enum field f, struct bytes v)
{
	bool signs = f == F_CSI_SIGNS;
	struct bytes v1, v2;

	for (bool first = true; next_pair(&v, &v1, &v2); first = false) {
		const char *color = signs ? color_of(c->o, v2) : NULL;

		if (!first)
			piece(c, bytes_str(" "), NULL);
		piece(c, v1, color);
		if (color)
			continue;
		piece(c, bytes_str(signs ? ":" : "="), NULL);
		piece(c, v2, NULL);
	}
}

static void content(struct cell *c, enum field f, struct bytes v)
{
	if (field_info(f)->type == FT_OBJECTS)
		pairs(c, f, v);
	else if (v.n == 0)
		piece(c, bytes_str("-"), NULL);
	else
		piece(c, v, f == F_CSI_LEVEL ? color_of(c->o, v) : NULL);
}

static size_t content_width(const struct out *o, enum field f, struct bytes v)
{
	AUTO_DONE(buf_done) struct buf scratch = BUF_LIMIT(OUT_RECORD_MAX);
	struct cell c = { .o = o, .b = &scratch, .room = SIZE_MAX };

	if (field_info(f)->type != FT_OBJECTS)
		return v.n ? escape_width(v) : 1;
	content(&c, f, v);
	return c.used;
}

static struct bytes value_of(const struct record *r, enum field f)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].field == f)
			return bytes_of(r->text.p + r->v[i].at, r->v[i].n);
	return bytes_of(NULL, 0);
}

/* Bytes in decimal, which TEXT holds, as KiB. */
static struct bytes to_kib(struct bytes v, char text[24])
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	if (v.n == 0)
		return v;
	return bytes_of(text, (size_t)snprintf(text, 24, "%" PRIu64, n / 1024 + (n % 1024 != 0)));
}

static bool is_kib(const struct column *col)
{
	return col->width >= COLUMN_KIB;
}

static size_t width_of(const struct column *col)
{
	return (size_t)(col->width <= 0 ? -col->width : col->width % COLUMN_KIB);
}

static void pad(struct cell *c, size_t n)
{
	while (n-- > 0)
		put(c, bytes_str(" "));
}

/*
 * One cell. On a terminal a left-aligned one is cut to its width and the last to what is left of
 * the line; right-aligned ones are numbers, which are never cut. AT counts the columns of the line.
 */
static int add_cell(const struct out *o, struct buf *b, size_t i, struct bytes v, size_t *at)
{
	const struct column *col = &o->opts.columns[i];
	bool left = col->width <= 0;
	bool last = i + 1 == o->opts.ncolumns;
	char kib[24];
	size_t width = width_of(col), full;
	struct cell c = { .o = o, .b = b, .room = SIZE_MAX };

	if (is_kib(col))
		v = to_kib(v, kib);
	full = content_width(o, col->field, v);
	if (o->opts.terminal > 0 && last) {
		size_t line = (size_t)o->opts.terminal;
		c.room = line > *at + TABLE_LAST_LEAST ? line - *at : TABLE_LAST_LEAST;
	} else if (o->opts.terminal > 0 && left && width > 0) {
		c.room = width;
	}
	c.cut = full > c.room;
	if (!left && full < width)
		pad(&c, width - full);
	content(&c, col->field, v);
	size_t used = !left && full < width ? width : c.used;
	if (left && !last && used < width) {
		pad(&c, width - used);
		used = width;
	}
	if (!last)
		pad(&c, 1);
	*at += used + 1;
	return c.err;
}

int out_table_line(const struct out *o, const struct record *r, struct buf *b)
{
	size_t at = 0;

	for (size_t i = 0; i < o->opts.ncolumns; i++) {
		int err = add_cell(o, b, i, value_of(r, o->opts.columns[i].field), &at);

		if (err < 0)
			return err;
	}
	return buf_addc(b, '\n');
}

int out_table_heading(const struct out *o, struct buf *b)
{
	for (size_t i = 0; i < o->opts.ncolumns; i++) {
		const struct column *col = &o->opts.columns[i];
		bool last = i + 1 == o->opts.ncolumns;
		int r;

		if (last && col->width <= 0)
			r = buf_adds(b, col->heading);
		else
			r = buf_addf(b, "%*s%s", is_kib(col) ? (int)width_of(col) : col->width,
				     col->heading, last ? "" : " ");
		if (r < 0)
			return r;
	}
	return buf_addc(b, '\n');
}
