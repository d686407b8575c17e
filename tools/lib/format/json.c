/* SPDX-License-Identifier: Apache-2.0 */
/* A small streaming JSON writer (RFC 8259). */
#include "format/json.h"

#include "base/escape.h"

static void put(struct json *j, const char *p, size_t n)
{
	if (j->err == 0)
		j->err = buf_add(j->b, p, n);
}

/* Before each value or key. */
static void separate(struct json *j)
{
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
}

void json_init(struct json *j, struct buf *b)
{
	*j = (struct json){ .b = b };
}

static void open_with(struct json *j, const char *bracket)
{
	separate(j);
	put(j, bracket, 1);
	j->comma = false;
}

static void close_with(struct json *j, const char *bracket)
{
	put(j, bracket, 1);
	j->comma = true;
}

void json_object(struct json *j)
{
	open_with(j, "{");
}

void json_object_end(struct json *j)
{
	close_with(j, "}");
}

void json_array(struct json *j)
{
	open_with(j, "[");
}

void json_array_end(struct json *j)
{
	close_with(j, "]");
}

void json_key(struct json *j, const char *key)
{
	separate(j);
	put(j, "\"", 1);
	put(j, key, strlen(key));
	put(j, "\":", 2);
	j->comma = false;
}

static size_t encoded_len(unsigned char c)
{
	if (c < 0x20)
		return 6;
	return c == '"' || c == '\\' ? 2 : 1;
}

/* Writes C, encoded, so that it ends before END; returns where it begins. */
static unsigned char *put_back(unsigned char *end, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	switch (encoded_len(c)) {
	case 1:
		*--end = c;
		break;
	case 2:
		*--end = c;
		*--end = '\\';
		break;
	default:
		*--end = (unsigned char)digits[c & 15];
		*--end = (unsigned char)digits[c >> 4];
		*--end = '0';
		*--end = '0';
		*--end = 'u';
		*--end = '\\';
	}
	return end;
}

int json_encode_tail(struct buf *b, size_t from)
{
	size_t extra = 0;

	for (size_t i = from; i < b->n; i++)
		extra += encoded_len(b->p[i]) - 1;
	if (extra == 0)
		return 0;
	int r = buf_reserve(b, extra);
	if (r < 0)
		return r;

	/* From the back, so that nothing is overwritten before it is read. */
	unsigned char *end = b->p + b->n + extra;
	for (size_t i = b->n; i > from; i--)
		end = put_back(end, b->p[i - 1]);
	b->n += extra;
	return 0;
}

static void put_text(struct json *j, struct bytes v, bool escape)
{
	separate(j);
	put(j, "\"", 1);
	if (j->err)
		return;
	size_t from = j->b->n;
	j->err = escape ? escape_add(j->b, v) : buf_addb(j->b, v);
	if (j->err == 0)
		j->err = json_encode_tail(j->b, from);
	put(j, "\"", 1);
}

void json_bytes(struct json *j, struct bytes v)
{
	put_text(j, v, true);
}

void json_str(struct json *j, const char *ours)
{
	put_text(j, bytes_str(ours), false);
}

static void put_number(struct json *j, uint64_t v, bool negative)
{
	char text[24];
	char *p = text + sizeof(text);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	if (negative)
		*--p = '-';
	separate(j);
	put(j, p, (size_t)(text + sizeof(text) - p));
}

void json_u64(struct json *j, uint64_t v)
{
	put_number(j, v, false);
}

void json_i64(struct json *j, int64_t v)
{
	put_number(j, v < 0 ? UINT64_C(0) - (uint64_t)v : (uint64_t)v, v < 0);
}

void json_bool(struct json *j, bool v)
{
	separate(j);
	if (v)
		put(j, "true", 4);
	else
		put(j, "false", 5);
}

void json_raw(struct json *j, struct bytes v)
{
	separate(j);
	put(j, (const char *)v.p, v.n);
}
