/* SPDX-License-Identifier: Apache-2.0 */
/* Header blocks (tar(5), "POSIX ustar Archives") and pax records (POSIX.1-2001, "pax Extended
 * Header"). */
#include "format/untar_priv.h"

#include "format/tar_block.h"

#include <errno.h>

static int bad(struct untar *u, const char *why)
{
	u->why = why;
	return -EBADMSG;
}

static int set_path(struct untar *u)
{
	struct bytes name = tar_text(u->block + TAR_NAME, TAR_NAME_LEN);
	struct bytes prefix = tar_text(u->block + TAR_PREFIX, TAR_PREFIX_LEN);
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
		r = buf_addb(&u->link, tar_text(u->block + TAR_LINK, TAR_LINK_LEN));
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
	unsigned char type = u->block[TAR_TYPE];

	if (!tar_sum_ok(u->block))
		return bad(u, "header checksum is wrong");
	if (memcmp(u->block + TAR_MAGIC,
		   "ustar\0"
		   "00",
		   8) != 0)
		return bad(u, "no ustar header");
	if (tar_number(u->block + TAR_SIZE, TAR_NUMBER_LEN, &u->left) < 0)
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
		return tar_decimal(value, &x->size);
	}
	if (is(key, "GNU.sparse.realsize")) {
		x->has_realsize = true;
		return tar_decimal(value, &x->realsize);
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

int untar_records(struct untar *u)
{
	struct bytes rest = buf_bytes(&u->records);

	while (rest.n > 0) {
		struct bytes key, value;
		int r = tar_record(&rest, &key, &value);

		if (r == 0)
			r = take_record(u, key, value);
		if (r < 0)
			return r == -EBADMSG ? bad(u, "extended header is malformed") : r;
	}
	return 0;
}
