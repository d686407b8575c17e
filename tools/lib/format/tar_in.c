/* SPDX-License-Identifier: Apache-2.0 */
/* The general tar reader: blocks, headers, content. What differs between dialects is read as Go's
 * archive/tar does, since that is what unpacks images. */
#include "format/tar_in_priv.h"

#include <errno.h>
#include <sys/stat.h>

int tar_in_fail(struct tar_in *t, int err)
{
	if (t->err == 0)
		t->err = err;
	return t->err;
}

int tar_in_bad(struct tar_in *t, const char *why)
{
	if (t->err == 0)
		t->why = why;
	return tar_in_fail(t, -EBADMSG);
}

int tar_in_open(struct intake *in, struct tar_in **ret)
{
	struct tar_in *t = calloc(1, sizeof(*t));

	if (t)
		t->buffer = malloc(TAR_IN_BUFFER);
	if (!t || !t->buffer) {
		free(t);
		return -ENOMEM;
	}
	t->in = in;
	*ret = t;
	return 0;
}

void tar_in_closep(struct tar_in **tp)
{
	struct tar_in *t = *tp;

	if (!t)
		return;
	buf_done(&t->records);
	buf_done(&t->long_path);
	buf_done(&t->long_link);
	buf_done(&t->path);
	free(t->extents);
	free(t->buffer);
	free(t);
	*tp = NULL;
}

bool tar_in_ended(const struct tar_in *t)
{
	return t->ended;
}

const char *tar_in_why(const struct tar_in *t)
{
	return t->why;
}

/* ---- bytes --------------------------------------------------------------------------------- */

int tar_in_fill(struct tar_in *t)
{
	if (t->err)
		return t->err;
	if (t->at < t->n)
		return 1;
	if (t->eof)
		return 0;
	ssize_t n = intake_read(t->in, t->buffer, TAR_IN_BUFFER);
	if (n < 0)
		return tar_in_fail(t, (int)n);
	t->at = 0;
	t->n = (size_t)n;
	t->eof = n == 0;
	return n > 0;
}

/* N bytes to P (NULL: passed over). 1, 0 if IN ended before the first, -ENODATA in the middle. */
static int take(struct tar_in *t, unsigned char *p, uint64_t n)
{
	uint64_t done = 0;

	while (done < n) {
		int r = tar_in_fill(t);

		if (r < 0)
			return r;
		if (r == 0)
			return done ? tar_in_fail(t, -ENODATA) : 0;
		size_t now = t->n - t->at;

		if (now > n - done)
			now = (size_t)(n - done);
		if (p)
			memcpy(p + done, t->buffer + t->at, now);
		t->at += now;
		done += now;
	}
	return 1;
}

int tar_in_block(struct tar_in *t)
{
	if (t->left < TAR_BLOCK)
		return tar_in_bad(t, "sparse map is cut");
	int r = take(t, t->block, TAR_BLOCK);
	if (r == 0)
		return tar_in_fail(t, -ENODATA);
	t->left -= TAR_BLOCK;
	return r < 0 ? r : 0;
}

/* All content of a header that is about the next one, and its padding. */
static int take_text(struct tar_in *t, struct buf *b, uint64_t size)
{
	if (size > TAR_IN_HEADER_MAX)
		return tar_in_fail(t, -EFBIG);
	buf_clear(b);
	if (buf_reserve(b, (size_t)size + 1) < 0)
		return tar_in_fail(t, -ENOMEM);
	int r = take(t, b->p, size);
	if (r > 0)
		r = take(t, NULL, -size & (TAR_BLOCK - 1));
	if (r == 0)
		return tar_in_fail(t, -ENODATA);
	b->n = (size_t)size;
	return r < 0 ? r : 0;
}

/* ---- headers ------------------------------------------------------------------------------- */

static bool is_zero(const unsigned char *block)
{
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

/* 1 a header, 0 the end, -errno */
static int next_block(struct tar_in *t)
{
	int r = take(t, t->block, TAR_BLOCK);

	if (r <= 0 || !is_zero(t->block))
		return r;
	r = take(t, t->block, TAR_BLOCK);
	if (r < 0)
		return r;
	if (r > 0 && !is_zero(t->block))
		return tar_in_bad(t, "a header follows a zero block");
	t->ended = true;
	return 0;
}

/* The old header's name, and ustar's prefix before it. */
static int header_path(struct tar_in *t, struct bytes *ret)
{
	static const char star[4] = "tar";
	const unsigned char *b = t->block;
	size_t most = TAR_PREFIX_LEN;
	int r = 0;

	buf_clear(&t->path);
	if (memcmp(b + TAR_MAGIC, "ustar", 6) == 0) {
		/* Schilling's star keeps times at the end of the prefix. */
		if (memcmp(b + TAR_BLOCK - sizeof(star), star, sizeof(star)) == 0)
			most = 131;
		struct bytes prefix = tar_text(b + TAR_PREFIX, most);

		if (prefix.n)
			r = buf_addb(&t->path, prefix);
		if (prefix.n && r == 0)
			r = buf_addc(&t->path, '/');
	}
	if (r == 0)
		r = buf_addb(&t->path, tar_text(b + TAR_NAME, TAR_NAME_LEN));
	if (r < 0)
		return tar_in_fail(t, r);
	*ret = buf_bytes(&t->path);
	return 0;
}

/* Type bits by the type flag; 0 for what no file system has. */
static uint32_t type_of(unsigned char flag, bool slash)
{
	static const struct {
		unsigned char flag;
		uint32_t type;
	} types[] = {
		{ '0', S_IFREG }, { '7', S_IFREG }, { 'S', S_IFREG },
		{ '1', S_IFREG }, { '2', S_IFLNK }, { '3', S_IFCHR },
		{ '4', S_IFBLK }, { '5', S_IFDIR }, { '6', S_IFIFO },
	};

	if (flag == 0) /* of old: a directory is what ends in a slash */
		return slash ? S_IFDIR : S_IFREG;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].flag == flag)
			return types[i].type;
	return 0;
}

/* Ids beyond 32 bits and numbers that are none are not made up: the header is refused. */
static int header_id(struct tar_in *t, size_t at, size_t len, bool has, uint64_t said,
		     uint32_t *ret)
{
	uint64_t v = said;

	if (!has && tar_number(t->block + at, len, &v) < 0)
		return tar_in_bad(t, "a number in a header is none");
	if (v > UINT32_MAX)
		return tar_in_bad(t, "a number in a header is too large");
	*ret = (uint32_t)v;
	return 0;
}

static int header_numbers(struct tar_in *t, struct tar_in_entry *e)
{
	const struct tar_in_ahead *a = &t->ahead;
	uint64_t mtime = 0;
	uint32_t mode = 0;
	int r = header_id(t, TAR_MODE, TAR_ID_LEN, false, 0, &mode);

	e->mode |= mode & 07777;
	if (r == 0)
		r = header_id(t, TAR_UID, TAR_ID_LEN, a->has_uid, a->uid, &e->uid);
	if (r == 0)
		r = header_id(t, TAR_GID, TAR_ID_LEN, a->has_gid, a->gid, &e->gid);
	if (r == 0 && (S_ISCHR(e->mode) || S_ISBLK(e->mode))) {
		r = header_id(t, TAR_DEV_MAJOR, TAR_ID_LEN, false, 0, &e->rdev_major);
		if (r == 0)
			r = header_id(t, TAR_DEV_MINOR, TAR_ID_LEN, false, 0, &e->rdev_minor);
	}
	/* A time before 1970 is stored in base 256; a runtime sets 1970 for it. */
	if (a->has_mtime)
		e->mtime = a->mtime;
	else if (tar_number(t->block + TAR_MTIME, TAR_NUMBER_LEN, &mtime) == 0 &&
		 mtime <= INT64_MAX)
		e->mtime.sec = (int64_t)mtime;
	return r;
}

static int header_size(struct tar_in *t, bool has, uint64_t said, uint64_t *ret)
{
	*ret = said;
	if (!has && tar_number(t->block + TAR_SIZE, TAR_NUMBER_LEN, ret) < 0)
		return tar_in_bad(t, "size is no number");
	if (*ret > (uint64_t)INT64_MAX - TAR_BLOCK)
		return tar_in_bad(t, "size out of bounds");
	return 0;
}

/* What is stored behind the header, and how large the file is. */
static int begin_content(struct tar_in *t, struct tar_in_entry *e, unsigned char flag)
{
	const struct tar_in_ahead *a = &t->ahead;
	int r = header_size(t, a->has_size, a->size, &t->left);

	if (r < 0)
		return r;
	/* Links and the like have none, whatever their size says. */
	if (!S_ISREG(e->mode) || flag == '1')
		t->left = e->mode & S_IFMT ? 0 : t->left;
	t->pad = (size_t)(-t->left & (TAR_BLOCK - 1));
	e->size = t->left;
	t->offset = 0;
	t->extent = 0;
	t->sparse = (flag == 'S' || a->sparse) && S_ISREG(e->mode) && flag != '1';
	if (!t->sparse)
		return 0;
	if (flag == 'S')
		r = tar_in_sparse_gnu(t, &e->size);
	else if (a->sparse_head)
		r = tar_in_sparse_head(t);
	if (r == 0 && flag != 'S')
		e->size = a->has_realsize ? a->realsize : t->left;
	return r < 0 ? r : tar_in_sparse_check(t, e->size);
}

static int take_entry(struct tar_in *t, struct tar_in_entry *e)
{
	const struct tar_in_ahead *a = &t->ahead;
	unsigned char flag = t->block[TAR_TYPE];
	int r = 0;

	*e = (struct tar_in_entry){ .path = a->sparse_name.n ? a->sparse_name : a->path,
				    .link = a->link,
				    .hard = flag == '1' };
	if (e->path.n == 0)
		r = header_path(t, &e->path);
	if (r < 0)
		return r;
	/* The header's block is used again for a sparse map: what is kept of it is copied. */
	if (e->link.n == 0 && (flag == '1' || flag == '2')) {
		buf_clear(&t->long_link);
		if (buf_addb(&t->long_link, tar_text(t->block + TAR_LINK, TAR_LINK_LEN)) < 0)
			return tar_in_fail(t, -ENOMEM);
		e->link = buf_bytes(&t->long_link);
	}
	e->mode = type_of(flag, bytes_ends(e->path, "/"));
	e->xattrs = t->xattrs;
	e->nxattrs = t->nxattrs;
	r = header_numbers(t, e);
	return r < 0 ? r : begin_content(t, e, flag);
}

/* A long name of GNU's: up to its NUL. */
static int take_long(struct tar_in *t, uint64_t size, struct buf *b, struct bytes *ret)
{
	int r = take_text(t, b, size);

	if (r == 0)
		*ret = tar_text(b->p, b->n);
	return r;
}

static int skip_rest(struct tar_in *t)
{
	uint64_t n = t->left + t->pad;
	int r = n ? take(t, NULL, n) : 1;

	t->left = 0;
	t->pad = 0;
	if (r == 0)
		return tar_in_fail(t, -ENODATA);
	return r < 0 ? r : 0;
}

/* Content of a header that is not looked at. */
static int skip_text(struct tar_in *t, uint64_t size)
{
	t->left = size;
	t->pad = (size_t)(-size & (TAR_BLOCK - 1));
	return skip_rest(t);
}

/* A header that is about the next one: 1 taken, 0 it is an entry, -errno. */
static int take_ahead(struct tar_in *t)
{
	unsigned char flag = t->block[TAR_TYPE];
	uint64_t size = 0;
	int r;

	if (!strchr("xXgLK", flag) || flag == 0)
		return 0;
	r = header_size(t, false, 0, &size);
	if (r < 0)
		return r;
	/* Which of two would count differs from reader to reader. */
	if (t->records_seen && flag != 'g')
		return tar_in_bad(t, "two extended headers for one entry");
	if (flag == 'g') /* what unpacks images does not apply them */
		r = skip_text(t, size);
	else if (flag == 'L')
		r = take_long(t, size, &t->long_path, &t->ahead.path);
	else if (flag == 'K')
		r = take_long(t, size, &t->long_link, &t->ahead.link);
	else if (t->ahead.path.n || t->ahead.link.n)
		r = tar_in_bad(t, "two extended headers for one entry");
	else
		r = take_text(t, &t->records, size);
	if (r == 0 && (flag == 'x' || flag == 'X')) {
		t->records_seen = true;
		r = tar_in_records(t);
	}
	return r < 0 ? r : 1;
}

int tar_in_next(struct tar_in *t, struct tar_in_entry *ret)
{
	int r = t->err ? t->err : skip_rest(t);
	bool ahead = false;

	t->ahead = (struct tar_in_ahead){ 0 };
	t->records_seen = false;
	t->nxattrs = 0;
	t->nextents = 0;
	while (r >= 0 && !t->ended) {
		r = next_block(t);
		if (r == 0 && ahead)
			return tar_in_bad(t, "a header is about nothing");
		if (r <= 0)
			return r;
		if (!tar_sum_ok(t->block))
			return tar_in_bad(t, "header checksum is wrong");
		r = take_ahead(t);
		if (r == 0) {
			r = take_entry(t, ret);
			return r < 0 ? r : 1;
		}
		ahead = ahead || t->block[TAR_TYPE] != 'g';
	}
	return r < 0 ? r : 0;
}

/* ---- content ------------------------------------------------------------------------------- */

int tar_in_data(struct tar_in *t, struct bytes *ret, uint64_t *ret_offset)
{
	uint64_t most = t->left;

	if (t->err || most == 0)
		return t->err;
	if (t->sparse) {
		struct tar_in_extent *x = &t->extents[t->extent];

		/* What is checked: there is stored content, so there is an extent with some left.
		 */
		while (x->length == 0)
			x = &t->extents[++t->extent];
		t->offset = x->offset;
		most = x->length;
	}
	int r = tar_in_fill(t);
	if (r <= 0)
		return r < 0 ? r : tar_in_fail(t, -ENODATA);
	size_t now = t->n - t->at;
	if (now > most)
		now = (size_t)most;
	*ret = bytes_of(t->buffer + t->at, now);
	*ret_offset = t->offset;
	t->at += now;
	t->left -= now;
	t->offset += now;
	if (t->sparse) {
		t->extents[t->extent].offset += now;
		t->extents[t->extent].length -= now;
	}
	return 1;
}

int tar_in_drain(struct tar_in *t)
{
	int r;

	while ((r = tar_in_fill(t)) > 0)
		t->at = t->n;
	return r;
}
