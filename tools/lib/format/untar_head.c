/* SPDX-License-Identifier: Apache-2.0 */
/* Header blocks (tar(5), "POSIX ustar Archives") and pax records (POSIX.1-2001, "pax Extended
 * Header"). */
#include "format/untar_priv.h"

#include <errno.h>

/* Fields of a ustar header: offset and length. */
enum {
	F_NAME = 0,
	F_NAME_LEN = 100,
	F_SIZE = 124,
	F_SIZE_LEN = 12,
	F_SUM = 148,
	F_SUM_LEN = 8,
	F_TYPE = 156,
	F_LINK = 157,
	F_LINK_LEN = 100,
	F_MAGIC = 257,
	F_PREFIX = 345,
	F_PREFIX_LEN = 155,
};

static int bad(struct untar *u, const char *why)
{
	u->why = why;
	return -EBADMSG;
}

/* Octal with spaces or NUL at its end, or base 256 with the top bit set. */
static int field_number(const unsigned char *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if (p[0] & 0x80) {
		v = p[0] & 0x7f;
		for (i = 1; i < n; i++) {
			if (v >> 54)
				return -EBADMSG;
			v = v << 8 | p[i];
		}
		*ret = v;
		return 0;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != 0)
			return -EBADMSG;
	*ret = v;
	return 0;
}

static bool sum_ok(const unsigned char *block)
{
	uint64_t want = 0, sum = 0;

	if (field_number(block + F_SUM, F_SUM_LEN, &want) < 0)
		return false;
	for (size_t i = 0; i < UNTAR_BLOCK; i++)
		sum += i >= F_SUM && i < F_SUM + F_SUM_LEN ? ' ' : block[i];
	return sum == want;
}

static struct bytes field_text(const unsigned char *p, size_t n)
{
	return bytes_of(p, strnlen((const char *)p, n));
}

static int set_path(struct untar *u)
{
	struct bytes name = field_text(u->block + F_NAME, F_NAME_LEN);
	struct bytes prefix = field_text(u->block + F_PREFIX, F_PREFIX_LEN);
	int r = 0;

	if (!u->pax.has_path) {
		buf_clear(&u->path);
		if (prefix.n) {
			r = buf_addb(&u->path, prefix);
			if (r == 0)
				r = buf_addc(&u->path, '/');
		}
		if (r == 0)
			r = buf_addb(&u->path, name);
	}
	u->entry.path = buf_bytes(&u->path);
	return r;
}

static int set_link(struct untar *u)
{
	int r = 0;

	if (!u->pax.has_link) {
		buf_clear(&u->link);
		r = buf_addb(&u->link, field_text(u->block + F_LINK, F_LINK_LEN));
	}
	u->entry.link = buf_bytes(&u->link);
	return r;
}

static int set_sparse(struct untar *u)
{
	const struct untar_pax *x = &u->pax;

	if (!x->sparse_1 && !x->sparse_0 && !x->has_name && !x->has_realsize)
		return 0;
	if (!x->sparse_1 || !x->sparse_0 || !x->has_name || !x->has_realsize ||
	    u->entry.type != UNTAR_FILE)
		return bad(u, "sparse entry of an unknown kind");
	u->entry.sparse = true;
	u->entry.size = x->realsize;
	return 0;
}

static int set_type(struct untar *u, unsigned char type)
{
	switch (type) {
	case '0':
		u->entry.type = UNTAR_FILE;
		return 0;
	case '2':
		u->entry.type = UNTAR_LINK;
		return u->left ? bad(u, "symbolic link with content") : set_link(u);
	case '5':
		u->entry.type = UNTAR_DIR;
		return u->left ? bad(u, "directory with content") : 0;
	default:
		return bad(u, "entry of a type that a bundle does not hold");
	}
}

int untar_header(struct untar *u)
{
	unsigned char type = u->block[F_TYPE];

	if (!sum_ok(u->block))
		return bad(u, "header checksum is wrong");
	if (memcmp(u->block + F_MAGIC,
		   "ustar\0"
		   "00",
		   8) != 0)
		return bad(u, "no ustar header");
	if (field_number(u->block + F_SIZE, F_SIZE_LEN, &u->left) < 0)
		return bad(u, "size is no number");
	if (type == 'x' && u->pax.seen)
		return bad(u, "two extended headers");
	if (type != 'x' && u->pax.has_size)
		u->left = u->pax.size;
	if (u->left > (uint64_t)INT64_MAX - UNTAR_BLOCK)
		return bad(u, "size out of bounds");
	u->pad = (size_t)(-u->left & (UNTAR_BLOCK - 1));
	if (type == 'x') {
		u->pax.seen = true;
		u->state = UNTAR_PAX;
		return 0;
	}
	u->entry.size = u->left;
	int r = set_type(u, type);
	if (r == 0)
		r = set_path(u);
	return r < 0 ? r : set_sparse(u);
}

/* ---- records ------------------------------------------------------------------------------- */

static int text_number(struct bytes v, uint64_t *ret)
{
	uint64_t n = 0;

	if (v.n == 0)
		return -EBADMSG;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9' || n > (uint64_t)INT64_MAX / 10 - 1)
			return -EBADMSG;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	*ret = n;
	return 0;
}

static int keep(struct buf *b, struct bytes v, bool *has)
{
	*has = true;
	buf_clear(b);
	return buf_addb(b, v);
}

static bool is(struct bytes key, const char *name)
{
	return bytes_eq(key, bytes_str(name));
}

static int take_record(struct untar *u, struct bytes key, struct bytes value)
{
	struct untar_pax *x = &u->pax;

	if (is(key, "path"))
		return x->has_name ? 0 : keep(&u->path, value, &x->has_path);
	if (is(key, "GNU.sparse.name")) {
		x->has_name = true;
		return keep(&u->path, value, &x->has_path);
	}
	if (is(key, "linkpath"))
		return keep(&u->link, value, &x->has_link);
	if (is(key, "size")) {
		x->has_size = true;
		return text_number(value, &x->size);
	}
	if (is(key, "GNU.sparse.realsize")) {
		x->has_realsize = true;
		return text_number(value, &x->realsize);
	}
	if (is(key, "GNU.sparse.major")) {
		x->sparse_1 = is(value, "1");
		return x->sparse_1 ? 0 : -EBADMSG;
	}
	if (is(key, "GNU.sparse.minor")) {
		x->sparse_0 = is(value, "0");
		return x->sparse_0 ? 0 : -EBADMSG;
	}
	/* Other ways of GNU's would change what the content is. */
	return bytes_starts(key, "GNU.sparse.") ? -EBADMSG : 0;
}

/* "LENGTH KEY=VALUE\n", LENGTH over all of it. */
static int next_record(struct bytes *rest, struct bytes *key, struct bytes *value)
{
	const unsigned char *space = memchr(rest->p, ' ', rest->n < 20 ? rest->n : 20);
	uint64_t n = 0;

	if (!space || text_number(bytes_of(rest->p, (size_t)(space - rest->p)), &n) < 0 ||
	    n > rest->n)
		return -EBADMSG;
	size_t head = (size_t)(space - rest->p) + 1;
	if (n < head + 2 || rest->p[n - 1] != '\n')
		return -EBADMSG;
	struct bytes body = bytes_of(rest->p + head, (size_t)n - head - 1);
	const unsigned char *eq = memchr(body.p, '=', body.n);
	if (!eq)
		return -EBADMSG;
	*key = bytes_of(body.p, (size_t)(eq - body.p));
	*value = bytes_of(eq + 1, body.n - key->n - 1);
	*rest = bytes_of(rest->p + n, rest->n - (size_t)n);
	return 0;
}

int untar_records(struct untar *u)
{
	struct bytes rest = buf_bytes(&u->records);

	while (rest.n > 0) {
		struct bytes key, value;
		int r = next_record(&rest, &key, &value);

		if (r == 0)
			r = take_record(u, key, value);
		if (r < 0)
			return r == -EBADMSG ? bad(u, "extended header is malformed") : r;
	}
	return 0;
}
