/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up a member in one line of JSON (RFC 8259). */
#include "format/json_get.h"

#include "base/escape.h"

#include <errno.h>

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(struct bytes b, size_t at)
{
	while (at < b.n && is_space(b.p[at]))
		at++;
	return at;
}

/* From the opening quote to behind the closing one; 0 if there is none. */
static size_t skip_string(struct bytes b, size_t at)
{
	for (at++; at < b.n; at++) {
		if (b.p[at] == '\\')
			at++;
		else if (b.p[at] == '"')
			return at + 1;
	}
	return 0;
}

/* Behind the value at AT; 0 if it does not end. Brackets are counted, not matched: lines are our
 * own. */
static size_t skip_value(struct bytes b, size_t at)
{
	size_t depth = 0;

	while (at < b.n) {
		unsigned char c = b.p[at];

		if (c == '"') {
			at = skip_string(b, at);
			if (at == 0 || depth == 0)
				return at;
			continue;
		}
		if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth <= 1)
				return depth ? at + 1 : at;
			depth--;
		} else if (depth == 0 && c == ',') {
			return at;
		}
		at++;
	}
	return 0;
}

int json_get(struct bytes o, const char *key, struct bytes *ret)
{
	size_t n = strlen(key), at = skip_space(o, 0);

	if (at >= o.n || o.p[at] != '{')
		return -EBADMSG;
	for (at++;; at++) {
		at = skip_space(o, at);
		if (at < o.n && o.p[at] == '}')
			return -ENOENT;
		if (at >= o.n || o.p[at] != '"')
			return -EBADMSG;
		size_t end = skip_string(o, at);
		size_t colon = end ? skip_space(o, end) : o.n;
		if (colon >= o.n || o.p[colon] != ':')
			return -EBADMSG;
		size_t value = skip_space(o, colon + 1);
		size_t stop = skip_value(o, value);
		if (stop <= value)
			return -EBADMSG;
		if (end - at == n + 2 && memcmp(o.p + at + 1, key, n) == 0) {
			*ret = bytes_of(o.p + value, stop - value);
			return 0;
		}
		at = skip_space(o, stop);
		if (at < o.n && o.p[at] == '}')
			return -ENOENT;
		if (at >= o.n || o.p[at] != ',')
			return -EBADMSG;
	}
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int json_undo(struct buf *ret, struct bytes s)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	int r = 0;

	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return -EBADMSG;
	for (size_t i = 1; i + 1 < s.n && r == 0; i++) {
		unsigned char c = s.p[i];

		if (c != '\\') {
			r = buf_addc(&text, c);
			continue;
		}
		c = s.p[++i];
		if (c == '"' || c == '\\') {
			r = buf_addc(&text, c);
		} else if (c == 'u' && i + 5 < s.n && s.p[i + 1] == '0' && s.p[i + 2] == '0' &&
			   hex_digit(s.p[i + 3]) >= 0 && hex_digit(s.p[i + 4]) >= 0) {
			r = buf_addc(&text, (unsigned char)(hex_digit(s.p[i + 3]) << 4 |
							    hex_digit(s.p[i + 4])));
			i += 4;
		} else {
			return -EBADMSG;
		}
	}
	return r < 0 ? r : escape_undo(ret, buf_bytes(&text));
}
