/* SPDX-License-Identifier: Apache-2.0 */
/* Reading foreign JSON in place. */
#include "format/json_read.h"

#include <errno.h>

enum { REPLACEMENT = 0xfffd };

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct bytes *b)
{
	while (b->n > 0 && is_space(b->p[0]))
		*b = bytes_of(b->p + 1, b->n - 1);
}

static void skip(struct bytes *b, size_t n)
{
	*b = bytes_of(b->p + n, b->n - n);
}

/* The first byte after space, or 0. */
static unsigned char peek(struct bytes *b)
{
	skip_space(b);
	return b->n ? b->p[0] : 0;
}

static bool take_char(struct bytes *b, unsigned char c)
{
	if (b->n == 0 || peek(b) != c)
		return false;
	skip(b, 1);
	return true;
}

/* ---- strings ------------------------------------------------------------------------------- */

static int hex4(struct bytes b)
{
	int v = 0;

	if (b.n < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		unsigned char c = b.p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* From the opening quote on; *b moves behind the closing one. */
static bool take_string(struct bytes *b)
{
	if (b->n == 0 || b->p[0] != '"')
		return false;
	for (size_t i = 1; i < b->n; i++) {
		unsigned char c = b->p[i];

		if (c == '"') {
			skip(b, i + 1);
			return true;
		}
		if (c < ' ')
			return false;
		if (c != '\\')
			continue;
		i++;
		if (i == b->n || b->p[i] == 0 || !strchr("\"\\/bfnrtu", b->p[i]))
			return false;
		if (b->p[i] == 'u') {
			if (hex4(bytes_of(b->p + i + 1, b->n - i - 1)) < 0)
				return false;
			i += 4;
		}
	}
	return false;
}

static int add_utf8(struct buf *b, uint32_t c)
{
	unsigned char t[4];
	size_t n = 0;

	if (c < 0x80) {
		t[n++] = (unsigned char)c;
	} else if (c < 0x800) {
		t[n++] = (unsigned char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		t[n++] = (unsigned char)(0xe0 | c >> 12);
		t[n++] = (unsigned char)(0x80 | (c >> 6 & 63));
	} else {
		t[n++] = (unsigned char)(0xf0 | c >> 18);
		t[n++] = (unsigned char)(0x80 | (c >> 12 & 63));
		t[n++] = (unsigned char)(0x80 | (c >> 6 & 63));
	}
	if (c >= 0x80)
		t[n++] = (unsigned char)(0x80 | (c & 63));
	return buf_add(b, t, n);
}

/* The digits behind "\u", and a second half if one follows. */
static int add_escaped(struct buf *ret, struct bytes *s)
{
	int c = hex4(*s);

	if (c < 0)
		return -EBADMSG;
	skip(s, 4);
	if (c >= 0xd800 && c < 0xdc00 && s->n >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
		int low = hex4(bytes_of(s->p + 2, s->n - 2));

		if (low >= 0xdc00 && low < 0xe000) {
			skip(s, 6);
			return add_utf8(ret, 0x10000u + ((uint32_t)(c - 0xd800) << 10) +
						     (uint32_t)(low - 0xdc00));
		}
	}
	return add_utf8(ret, c >= 0xd800 && c < 0xe000 ? REPLACEMENT : (uint32_t)c);
}

int json_string(struct bytes s, struct buf *ret)
{
	static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	int r = 0;

	skip_space(&s);
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return -EBADMSG;
	s = bytes_of(s.p + 1, s.n - 2);
	while (r == 0 && s.n > 0) {
		const unsigned char *escape = memchr(s.p, '\\', s.n);
		size_t plain = escape ? (size_t)(escape - s.p) : s.n;

		r = buf_add(ret, s.p, plain);
		skip(&s, plain);
		if (r < 0 || s.n == 0)
			continue;
		if (s.n < 2)
			return -EBADMSG;
		unsigned char c = s.p[1];

		skip(&s, 2);
		if (c == 'u') {
			r = add_escaped(ret, &s);
		} else {
			const char *at = c ? strchr(letters, c) : NULL;

			r = at ? buf_addc(ret, (unsigned char)means[at - letters]) : -EBADMSG;
		}
	}
	return r;
}

/* ---- values -------------------------------------------------------------------------------- */

static size_t digits(struct bytes b, size_t at)
{
	size_t from = at;

	while (at < b.n && b.p[at] >= '0' && b.p[at] <= '9')
		at++;
	return at - from;
}

static bool take_number(struct bytes *b)
{
	size_t at = b->n && b->p[0] == '-' ? 1 : 0;
	size_t n = digits(*b, at);

	if (n == 0 || (n > 1 && b->p[at] == '0'))
		return false;
	at += n;
	if (at < b->n && b->p[at] == '.') {
		n = digits(*b, at + 1);
		if (n == 0)
			return false;
		at += 1 + n;
	}
	if (at < b->n && (b->p[at] | 0x20) == 'e') {
		at++;
		if (at < b->n && (b->p[at] == '+' || b->p[at] == '-'))
			at++;
		n = digits(*b, at);
		if (n == 0)
			return false;
		at += n;
	}
	skip(b, at);
	return true;
}

static bool take_word(struct bytes *b)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (bytes_starts(*b, words[i])) {
			skip(b, strlen(words[i]));
			return true;
		}
	return false;
}

static bool take_scalar(struct bytes *b)
{
	unsigned char c = peek(b);

	if (c == '"')
		return take_string(b);
	return c == '-' || (c >= '0' && c <= '9') ? take_number(b) : take_word(b);
}

static bool take_key(struct bytes *b)
{
	skip_space(b);
	return take_string(b) && take_char(b, ':');
}

/* The containers that are open, one bit each. */
struct nest {
	uint64_t objects; /* the innermost in bit 0 */
	unsigned depth;
};

/* A container begins: 1 and its first value is next, 0 it was empty, -errno. */
static int open_container(struct bytes *b, struct nest *s)
{
	bool object = peek(b) == '{';

	skip(b, 1);
	if (take_char(b, object ? '}' : ']'))
		return 0;
	if (s->depth == JSON_READ_DEPTH_MAX)
		return -E2BIG;
	s->depth++;
	s->objects = s->objects << 1 | object;
	return !object || take_key(b) ? 1 : -EBADMSG;
}

/* After a value: closes what ends here. 1 another value is next, 0 the outermost ended, -errno. */
static int after_value(struct bytes *b, struct nest *s)
{
	while (s->depth > 0) {
		bool object = s->objects & 1;

		if (take_char(b, ','))
			return !object || take_key(b) ? 1 : -EBADMSG;
		if (!take_char(b, object ? '}' : ']'))
			return -EBADMSG;
		s->depth--;
		s->objects >>= 1;
	}
	return 0;
}

/* One whole value; *b moves behind it. */
static int take_value(struct bytes *b)
{
	struct nest s = { 0 };
	int r;

	_Static_assert(JSON_READ_DEPTH_MAX <= 64, "one bit a container");
	do {
		unsigned char c = peek(b);

		if (c == '{' || c == '[') {
			r = open_container(b, &s);
			if (r != 0)
				continue;
		} else if (!take_scalar(b)) {
			return -EBADMSG;
		}
		r = after_value(b, &s);
	} while (r > 0);
	return r;
}

int json_check(struct bytes text)
{
	int r = take_value(&text);

	if (r < 0)
		return r;
	skip_space(&text);
	return text.n ? -EBADMSG : 0;
}

static bool is_key(struct bytes string, const char *key)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (!memchr(string.p, '\\', string.n))
		return bytes_eq(bytes_of(string.p + 1, string.n - 2), bytes_str(key));
	return json_string(string, &b) == 0 && bytes_eq(buf_bytes(&b), bytes_str(key));
}

/* A value at the beginning of *b, which moves behind it. */
static bool take_range(struct bytes *b, struct bytes *ret)
{
	skip_space(b);
	const unsigned char *from = b->p;

	if (take_value(b) < 0)
		return false;
	*ret = bytes_of(from, (size_t)(b->p - from));
	return true;
}

int json_member(struct bytes o, const char *key, struct bytes *ret)
{
	struct bytes value;
	bool found = false;

	if (!take_char(&o, '{'))
		return -ENOENT;
	do {
		skip_space(&o);
		struct bytes name = o;

		if (!take_string(&o))
			break;
		name.n -= o.n;
		if (!take_char(&o, ':') || !take_range(&o, &value))
			break;
		if (!is_key(name, key))
			continue;
		if (found)
			return -EEXIST;
		found = true;
		*ret = value;
	} while (take_char(&o, ','));
	return found ? 0 : -ENOENT;
}

struct json_array_iter json_array_begin(struct bytes array)
{
	struct json_array_iter it = { .rest = array };

	if (!take_char(&it.rest, '['))
		it.rest.n = 0;
	return it;
}

int json_array_next(struct json_array_iter *it, struct bytes *ret)
{
	if (it->rest.n == 0 || !take_range(&it->rest, ret)) {
		it->rest.n = 0;
		return 0;
	}
	if (!take_char(&it->rest, ','))
		it->rest.n = 0;
	return 1;
}
