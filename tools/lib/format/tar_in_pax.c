/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a pax extended header, for the general tar reader. */
#include "format/tar_in_priv.h"

#include <errno.h>

enum { NANO_DIGITS = 9 };

static int take_id(struct bytes v, bool *has, uint64_t *ret)
{
	*has = true;
	return tar_decimal(v, ret);
}

/* "1700000000.123456789", with a sign before it and any number of digits after the point. */
static int take_time(struct bytes v, bool *has, struct file_stamp *ret)
{
	bool negative = v.n > 0 && v.p[0] == '-';
	const unsigned char *point = v.n ? memchr(v.p, '.', v.n) : NULL;
	size_t whole = point ? (size_t)(point - v.p) : v.n;
	uint64_t sec = 0;
	uint32_t nsec = 0;
	size_t at = negative ? 1 : 0;

	if (tar_decimal(bytes_of(v.p + at, whole - at), &sec) < 0)
		return -EBADMSG;
	at = whole + 1;
	for (unsigned i = 0; i < NANO_DIGITS; i++) {
		nsec *= 10;
		if (point && at + i < v.n) {
			if (v.p[at + i] < '0' || v.p[at + i] > '9')
				return -EBADMSG;
			nsec += (uint32_t)(v.p[at + i] - '0');
		}
	}
	*has = true;
	/* A runtime sets 1970 for what lies before it. */
	if (!negative)
		*ret = (struct file_stamp){ .sec = (int64_t)sec, .nsec = nsec };
	return 0;
}

static int take_xattr(struct tar_in *t, struct bytes name, struct bytes value)
{
	if (t->nxattrs == FILE_XATTRS_MAX)
		return -EFBIG;
	t->xattrs[t->nxattrs++] = (struct file_xattr){ .name = name, .value = value };
	return 0;
}

static bool is(struct bytes key, const char *name)
{
	return bytes_eq(key, bytes_str(name));
}

static int take_sparse(struct tar_in *t, struct bytes key, struct bytes v)
{
	struct tar_in_ahead *a = &t->ahead;
	uint64_t n = 0;

	a->sparse = true;
	if (is(key, "name")) {
		a->sparse_name = v;
		return 0;
	}
	if (is(key, "map"))
		return tar_in_sparse_map(t, v);
	if (tar_decimal(v, &n) < 0)
		return -EBADMSG;
	if (is(key, "realsize") || is(key, "size")) {
		a->has_realsize = true;
		a->realsize = n;
	} else if (is(key, "major")) {
		a->sparse_head = n == 1;
		return n <= 1 ? 0 : -EBADMSG;
	} else if (is(key, "offset")) { /* 0.0: pairs of records */
		return tar_in_extent_add(t, n, UINT64_MAX);
	} else if (is(key, "numbytes")) {
		if (t->nextents == 0 || t->extents[t->nextents - 1].length != UINT64_MAX)
			return -EBADMSG;
		t->extents[t->nextents - 1].length = n;
	}
	return 0;
}

static int take_record(struct tar_in *t, struct bytes key, struct bytes v)
{
	static const char xattr[] = "SCHILY.xattr.", sparse[] = "GNU.sparse.";
	struct tar_in_ahead *a = &t->ahead;

	if (bytes_starts(key, xattr))
		return take_xattr(t, bytes_of(key.p + strlen(xattr), key.n - strlen(xattr)), v);
	if (bytes_starts(key, sparse))
		return take_sparse(t, bytes_of(key.p + strlen(sparse), key.n - strlen(sparse)), v);
	if (v.n == 0) /* what the header says counts */
		return 0;
	if (is(key, "path"))
		a->path = v;
	else if (is(key, "linkpath"))
		a->link = v;
	else if (is(key, "size"))
		return take_id(v, &a->has_size, &a->size);
	else if (is(key, "uid"))
		return take_id(v, &a->has_uid, &a->uid);
	else if (is(key, "gid"))
		return take_id(v, &a->has_gid, &a->gid);
	else if (is(key, "mtime"))
		return take_time(v, &a->has_mtime, &a->mtime);
	return 0;
}

int tar_in_records(struct tar_in *t)
{
	struct bytes rest = buf_bytes(&t->records);

	t->nxattrs = 0;
	while (rest.n > 0) {
		struct bytes key, value;
		int r = tar_record(&rest, &key, &value);

		if (r == 0)
			r = take_record(t, key, value);
		if (r == -EBADMSG)
			return tar_in_bad(t, "extended header is malformed");
		if (r < 0)
			return tar_in_fail(t, r);
	}
	return 0;
}
