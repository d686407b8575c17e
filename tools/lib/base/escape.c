/* SPDX-License-Identifier: Apache-2.0 */
/* Reversible escaping of target bytes; see escape.h for which code points pass. */
#include "base/escape.h"

#include <errno.h>

struct range {
	uint32_t first, last;
};

/* Controls, invisible, bidirectional and variation characters: what could hide or reorder text. */
static const struct range hidden[] = {
	{ 0x80, 0x9f },	    { 0xad, 0xad },	{ 0x61c, 0x61c },     { 0x180e, 0x180e },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },   { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
};

/* East Asian Wide and Fullwidth, and emoji, by blocks (Unicode EastAsianWidth.txt, rounded). */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0x4dbf },	  { 0x4e00, 0xa4cf },
	{ 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },	  { 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

static bool in_ranges(uint32_t c, const struct range *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c <= v[i].last)
			return c >= v[i].first;
	return false;
}

/*
 * decode - one code point of well-formed UTF-8 (RFC 3629; Unicode table 3-7) at P.
 * Its length, or 0: overlong, surrogate, above U+10FFFF, cut, or no lead byte.
 */
static size_t decode(const unsigned char *p, size_t n, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = p[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	uint32_t c;

	if (len == 1) {
		*ret = lead;
		return 1;
	}
	if (len == 0 || lead > 0xf4 || len > n)
		return 0;
	c = lead & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at once: none above 0x7e, below 0x20, or a backslash. */
static bool plain8(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	if (v & EVERY(0x80))
		return false;
	uint64_t low = v - EVERY(0x20);
	uint64_t back = (v ^ EVERY('\\')) - EVERY(1);
	uint64_t del = v + EVERY(1);
	/* With all top bits clear a borrow only starts at a byte that is itself a hit. */
	return !((low | back | del) & EVERY(0x80));
}

static size_t plain_run(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (n - i >= 8 && plain8(p + i))
		i += 8;
	while (i < n && plain(p[i]))
		i++;
	return i;
}

static int add_hex(struct buf *b, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	const char text[4] = { '\\', 'x', digits[c >> 4], digits[c & 15] };

	return buf_add(b, text, sizeof(text));
}

/* What is not a plain run: one code point or one byte. Its length in SRC, or -errno. */
static ssize_t add_special(struct buf *b, const unsigned char *p, size_t n)
{
	uint32_t c;
	size_t len;
	int r;

	if (p[0] == '\\') {
		r = buf_add(b, "\\\\", 2);
		return r < 0 ? r : 1;
	}
	len = decode(p, n, &c);
	if (len > 1 && !in_ranges(c, hidden, ARRAY_LEN(hidden))) {
		r = buf_add(b, p, len);
		return r < 0 ? r : (ssize_t)len;
	}
	r = add_hex(b, p[0]);
	return r < 0 ? r : 1;
}

int escape_add(struct buf *b, struct bytes src)
{
	size_t before = b->n;
	size_t i = 0;

	while (i < src.n) {
		size_t run = plain_run(src.p + i, src.n - i);
		int r = buf_add(b, src.p + i, run);
		ssize_t step = 0;

		i += run;
		if (r == 0 && i < src.n)
			step = add_special(b, src.p + i, src.n - i);
		if (r < 0 || step < 0) {
			b->n = before;
			return r < 0 ? r : (int)step;
		}
		i += (size_t)step;
	}
	return 0;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of the escape sequence at P, 0 if it is none. */
static size_t sequence(const unsigned char *p, size_t n, unsigned char *ret)
{
	if (n >= 2 && p[0] == '\\' && p[1] == '\\') {
		*ret = '\\';
		return 2;
	}
	if (n < 4 || p[0] != '\\' || p[1] != 'x')
		return 0;
	int high = hex_value(p[2]);
	int low = hex_value(p[3]);
	if (high < 0 || low < 0)
		return 0;
	*ret = (unsigned char)(high << 4 | low);
	return 4;
}

static int undo(struct buf *b, struct bytes text)
{
	size_t i = 0;

	while (i < text.n) {
		size_t run = plain_run(text.p + i, text.n - i);
		unsigned char c;
		int r = buf_add(b, text.p + i, run);

		i += run;
		if (r < 0 || i == text.n)
			return r;
		size_t len = 1;
		c = text.p[i];
		if (c == '\\')
			len = sequence(text.p + i, text.n - i, &c);
		if (len == 0)
			return -EINVAL;
		r = buf_addc(b, c);
		if (r < 0)
			return r;
		i += len;
	}
	return 0;
}

int escape_undo(struct buf *b, struct bytes text)
{
	AUTO_DONE(buf_done) struct buf again = BUF_LIMIT(text.n + 1);
	size_t before = b->n;
	int r = undo(b, text);

	/* Only the one spelling that escape_add() makes is accepted. */
	if (r == 0 && b->n > before) {
		r = escape_add(&again, bytes_of(b->p + before, b->n - before));
		if (r == -EFBIG || (r == 0 && !bytes_eq(buf_bytes(&again), text)))
			r = -EINVAL;
	}
	if (r < 0)
		b->n = before;
	return r;
}

static size_t columns_of(uint32_t c)
{
	return in_ranges(c, wide, ARRAY_LEN(wide)) ? 2 : 1;
}

size_t escape_width(struct bytes escaped)
{
	size_t columns = 0;
	size_t i = 0;

	while (i < escaped.n) {
		size_t run = plain_run(escaped.p + i, escaped.n - i);
		uint32_t c = 0;

		columns += run;
		i += run;
		if (i == escaped.n)
			break;
		size_t len = decode(escaped.p + i, escaped.n - i, &c);
		columns += columns_of(c);
		i += len ? len : 1;
	}
	return columns;
}

size_t escape_fit(struct bytes escaped, size_t columns)
{
	size_t i = 0;

	while (i < escaped.n) {
		unsigned char byte;
		uint32_t c = 0;
		size_t len = sequence(escaped.p + i, escaped.n - i, &byte);
		size_t take = len;

		if (len == 0) {
			len = decode(escaped.p + i, escaped.n - i, &c);
			len = len ? len : 1;
			take = columns_of(c);
		}
		if (take > columns)
			break;
		columns -= take;
		i += len;
	}
	return i;
}
