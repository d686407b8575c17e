/* SPDX-License-Identifier: Apache-2.0 */
/* Sparse maps in GNU tar's four ways (tar(5), "Storing Sparse Files" of GNU tar's manual). */
#include "format/tar_in_priv.h"

#include <errno.h>

enum {
	GNU_MAP = 386, /* in the header: 4 pairs of 12 digits */
	GNU_MAP_PAIRS = 4,
	GNU_MAP_MORE = 482,
	GNU_REALSIZE = 483,
	GNU_EXT_PAIRS = 21, /* in each block that goes on with it */
	GNU_EXT_MORE = 504,
	LINE_MAX_DIGITS = 20,
};

int tar_in_extent_add(struct tar_in *t, uint64_t offset, uint64_t length)
{
	if (!t->extents)
		t->extents = calloc(TAR_IN_EXTENTS_MAX + 1, sizeof(*t->extents));
	if (!t->extents)
		return -ENOMEM;
	if (t->nextents == TAR_IN_EXTENTS_MAX)
		return -EFBIG;
	t->extents[t->nextents++] = (struct tar_in_extent){ offset, length };
	return 0;
}

int tar_in_sparse_map(struct tar_in *t, struct bytes text)
{
	uint64_t pair[2] = { 0 };
	size_t i = 0;

	t->nextents = 0;
	while (text.n > 0) {
		const unsigned char *comma = memchr(text.p, ',', text.n);
		size_t n = comma ? (size_t)(comma - text.p) : text.n;

		if (tar_decimal(bytes_of(text.p, n), &pair[i % 2]) < 0)
			return -EBADMSG;
		if (i % 2) {
			int r = tar_in_extent_add(t, pair[0], pair[1]);

			if (r < 0)
				return r;
		}
		i++;
		n += comma ? 1 : 0;
		text = bytes_of(text.p + n, text.n - n);
	}
	return i % 2 ? -EBADMSG : 0;
}

/* A decimal number and its newline, across the borders of blocks; *at is the place in t->block. */
static int head_number(struct tar_in *t, size_t *at, uint64_t *ret)
{
	unsigned char digits[LINE_MAX_DIGITS];
	size_t n = 0;

	for (;;) {
		if (*at == TAR_BLOCK) {
			int r = tar_in_block(t);

			if (r < 0)
				return r;
			*at = 0;
		}
		unsigned char c = t->block[(*at)++];

		if (c == '\n')
			break;
		if (n == sizeof(digits))
			return tar_in_bad(t, "sparse map is malformed");
		digits[n++] = c;
	}
	if (tar_decimal(bytes_of(digits, n), ret) < 0)
		return tar_in_bad(t, "sparse map is malformed");
	return 0;
}

int tar_in_sparse_head(struct tar_in *t)
{
	size_t at = TAR_BLOCK;
	uint64_t count = 0, offset = 0, length = 0;
	int r = head_number(t, &at, &count);

	t->nextents = 0;
	if (r == 0 && count > TAR_IN_EXTENTS_MAX)
		return tar_in_fail(t, -EFBIG);
	for (uint64_t i = 0; r == 0 && i < count; i++) {
		r = head_number(t, &at, &offset);
		if (r == 0)
			r = head_number(t, &at, &length);
		if (r == 0)
			r = tar_in_extent_add(t, offset, length);
	}
	return r < 0 ? tar_in_fail(t, r) : 0;
}

/* Pairs from P on; an empty one ends them. */
static int gnu_pairs(struct tar_in *t, const unsigned char *p, size_t pairs)
{
	for (size_t i = 0; i < pairs && p[0]; i++, p += (size_t)2 * TAR_NUMBER_LEN) {
		uint64_t offset = 0, length = 0;
		int r;

		if (tar_number(p, TAR_NUMBER_LEN, &offset) < 0 ||
		    tar_number(p + TAR_NUMBER_LEN, TAR_NUMBER_LEN, &length) < 0)
			return tar_in_bad(t, "sparse map is malformed");
		r = tar_in_extent_add(t, offset, length);
		if (r < 0)
			return tar_in_fail(t, r);
	}
	return 0;
}

int tar_in_sparse_gnu(struct tar_in *t, uint64_t *size)
{
	bool more = t->block[GNU_MAP_MORE] != 0;
	int r;

	t->nextents = 0;
	if (tar_number(t->block + GNU_REALSIZE, TAR_NUMBER_LEN, size) < 0)
		return tar_in_bad(t, "size is no number");
	r = gnu_pairs(t, t->block + GNU_MAP, GNU_MAP_PAIRS);
	while (r == 0 && more) {
		/* These blocks come before the content and are not counted in its size. */
		t->left += TAR_BLOCK;
		r = tar_in_block(t);
		more = t->block[GNU_EXT_MORE] != 0;
		if (r == 0)
			r = gnu_pairs(t, t->block, GNU_EXT_PAIRS);
	}
	return r;
}

int tar_in_sparse_check(struct tar_in *t, uint64_t size)
{
	uint64_t end = 0, stored = 0;

	if (size > (uint64_t)INT64_MAX)
		return tar_in_bad(t, "size out of bounds");
	for (size_t i = 0; i < t->nextents; i++) {
		const struct tar_in_extent *x = &t->extents[i];

		if (x->offset < end || x->offset > size || x->length > size - x->offset)
			return tar_in_bad(t, "sparse map is out of order");
		end = x->offset + x->length;
		stored += x->length;
	}
	return stored == t->left ? 0 : tar_in_bad(t, "sparse map is not of this content");
}
