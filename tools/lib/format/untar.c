/* SPDX-License-Identifier: Apache-2.0 */
/* A strict reader of ustar headers, pax records and GNU sparse 1.0 maps (POSIX.1-2001 pax, tar(5)).
 */
#include "format/untar_priv.h"

#include <errno.h>

int untar_open(const struct untar_ops *ops, void *ctx, struct untar **ret)
{
	struct untar *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->ops = ops;
	u->ctx = ctx;
	u->records = BUF_LIMIT(UNTAR_RECORDS_MAX);
	u->path = BUF_LIMIT(UNTAR_RECORDS_MAX);
	u->link = BUF_LIMIT(UNTAR_RECORDS_MAX);
	u->map = BUF_LIMIT(UNTAR_MAP_MAX);
	*ret = u;
	return 0;
}

void untar_closep(struct untar **up)
{
	struct untar *u = *up;

	if (!u)
		return;
	buf_done(&u->records);
	buf_done(&u->path);
	buf_done(&u->link);
	buf_done(&u->map);
	free(u->extents);
	free(u);
	*up = NULL;
}

static int bad(struct untar *u, const char *why)
{
	u->why = why;
	return -EBADMSG;
}

/* ---- end of an entry ----------------------------------------------------------------------- */

static int end_entry(struct untar *u)
{
	int r = u->ops->end(u->ctx, &u->entry);

	buf_clear(&u->path);
	buf_clear(&u->link);
	buf_clear(&u->map);
	u->entry = (struct untar_entry){ 0 };
	u->pax = (struct untar_pax){ 0 };
	u->nextents = 0;
	u->state = UNTAR_HEAD;
	return r;
}

/* All of the stored data is there: padding is next. */
static int end_data(struct untar *u)
{
	if (u->state == UNTAR_PAX) {
		u->state = UNTAR_PAX_PAD;
		return 0;
	}
	u->state = UNTAR_PAD;
	return u->pad == 0 ? end_entry(u) : 0;
}

/* ---- sparse maps --------------------------------------------------------------------------- */

/* One decimal line of the map, from *AT on. 1, 0 if it is not whole yet, -EBADMSG. */
static int map_number(struct untar *u, size_t *at, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = *at;

	for (; i < u->map.n && u->map.p[i] != '\n'; i++) {
		unsigned char c = u->map.p[i];

		if (c < '0' || c > '9' || v > (uint64_t)INT64_MAX / 10 - 1)
			return bad(u, "sparse map is no list of numbers");
		v = v * 10 + (uint64_t)(c - '0');
	}
	if (i == u->map.n)
		return 0;
	if (i == *at)
		return bad(u, "sparse map is no list of numbers");
	*at = i + 1;
	*ret = v;
	return 1;
}

static int add_extent(struct untar *u, uint64_t offset, uint64_t length)
{
	uint64_t before = u->nextents ? u->extents[u->nextents - 1].offset +
						u->extents[u->nextents - 1].length
				      : 0;

	if (offset < before || offset > u->entry.size || length > u->entry.size - offset)
		return bad(u, "sparse map is not in order");
	if (!u->extents)
		u->extents = malloc(UNTAR_EXTENTS_MAX * sizeof(*u->extents));
	if (!u->extents)
		return -ENOMEM;
	u->extents[u->nextents++] = (struct untar_extent){ offset, length };
	return 0;
}

/* The map is whole: 1. It needs another block: 0. */
static int parse_map(struct untar *u)
{
	uint64_t count = 0, offset = 0, length = 0, total = 0;
	size_t at = 0;
	int r = map_number(u, &at, &count);

	if (r <= 0)
		return r;
	if (count > UNTAR_EXTENTS_MAX)
		return bad(u, "too many extents");
	if (u->map_lines < 1 + 2 * count)
		return 0;
	u->nextents = 0;
	for (uint64_t i = 0; i < count; i++) {
		r = map_number(u, &at, &offset);
		if (r > 0)
			r = map_number(u, &at, &length);
		if (r <= 0)
			return r;
		r = add_extent(u, offset, length);
		if (r < 0)
			return r;
		total += length;
	}
	if (total != u->left)
		return bad(u, "sparse map and size do not agree");
	while (at < u->map.n && u->map.p[at] == 0)
		at++;
	return at < u->map.n ? bad(u, "sparse map is followed by something") : 1;
}

static int begin_data(struct untar *u)
{
	u->entry.extents = u->extents;
	u->entry.nextents = u->nextents;
	u->extent = 0;
	u->in_extent = 0;
	u->offset = 0;
	int r = u->ops->begin(u->ctx, &u->entry);
	if (r < 0)
		return r;
	u->state = UNTAR_DATA;
	return u->left == 0 ? end_data(u) : 0;
}

/* ---- a block of 512 bytes ------------------------------------------------------------------ */

static int begin_entry(struct untar *u)
{
	if (!u->entry.sparse)
		return begin_data(u);
	u->state = UNTAR_MAP;
	return u->left == 0 ? bad(u, "sparse entry without a map") : 0;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static int take_header(struct untar *u)
{
	int r;

	if (all_zero(u->block, UNTAR_BLOCK)) {
		if (u->pax.seen)
			return bad(u, "extended header without an entry");
		u->state = ++u->zeros == 2 ? UNTAR_ENDED : UNTAR_HEAD;
		return 0;
	}
	if (u->zeros)
		return bad(u, "data after a zero block");
	r = untar_header(u);
	if (r < 0)
		return r;
	if (u->state == UNTAR_PAX)
		return u->left == 0 ? bad(u, "empty extended header") : 0;
	return begin_entry(u);
}

static int take_map_block(struct untar *u)
{
	int r = buf_add(&u->map, u->block, UNTAR_BLOCK);

	if (r < 0 || u->left < UNTAR_BLOCK)
		return r == -ENOMEM ? r : bad(u, "sparse map is too long");
	u->left -= UNTAR_BLOCK;
	for (size_t i = 0; i < UNTAR_BLOCK; i++)
		u->map_lines += u->block[i] == '\n';
	r = parse_map(u);
	if (r <= 0)
		return r;
	u->map_lines = 0;
	return begin_data(u);
}

static int take_block(struct untar *u, struct bytes *b)
{
	size_t need = UNTAR_BLOCK - u->nblock;
	size_t now = b->n < need ? b->n : need;

	memcpy(u->block + u->nblock, b->p, now);
	u->nblock += now;
	*b = bytes_of(b->p + now, b->n - now);
	if (u->nblock < UNTAR_BLOCK)
		return 0;
	u->nblock = 0;
	return u->state == UNTAR_HEAD ? take_header(u) : take_map_block(u);
}

/* ---- data and padding ---------------------------------------------------------------------- */

static int take_records(struct untar *u, struct bytes *b)
{
	size_t now = b->n < u->left ? b->n : (size_t)u->left;
	int r = buf_add(&u->records, b->p, now);

	if (r < 0)
		return r == -ENOMEM ? r : bad(u, "extended header is too long");
	u->left -= now;
	*b = bytes_of(b->p + now, b->n - now);
	if (u->left)
		return 0;
	r = untar_records(u);
	buf_clear(&u->records);
	if (r < 0)
		return r;
	r = end_data(u);
	if (r == 0 && u->pad == 0)
		u->state = UNTAR_HEAD;
	return r;
}

static int give(struct untar *u, uint64_t offset, struct bytes p, uint64_t length)
{
	return u->ops->data(u->ctx, offset, p, length);
}

static int take_data(struct untar *u, struct bytes *b)
{
	size_t now = b->n < u->left ? b->n : (size_t)u->left;
	int r;

	if (u->entry.sparse) {
		while (u->in_extent ==
		       u->extents[u->extent].length) { /* total == left: there is one */
			u->extent++;
			u->in_extent = 0;
		}
		const struct untar_extent *e = &u->extents[u->extent];
		uint64_t room = e->length - u->in_extent;

		now = now < room ? now : (size_t)room;
		r = give(u, e->offset + u->in_extent, bytes_of(b->p, now),
			 u->in_extent ? 0 : e->length);
		u->in_extent += now;
	} else {
		r = give(u, u->offset, bytes_of(b->p, now), u->offset ? 0 : u->entry.size);
		u->offset += now;
	}
	u->left -= now;
	*b = bytes_of(b->p + now, b->n - now);
	if (r < 0)
		return r;
	return u->left == 0 ? end_data(u) : 0;
}

static int take_pad(struct untar *u, struct bytes *b)
{
	size_t now = b->n < u->pad ? b->n : u->pad;

	for (size_t i = 0; i < now; i++)
		if (b->p[i])
			return bad(u, "padding is not zero");
	u->pad -= now;
	*b = bytes_of(b->p + now, b->n - now);
	if (u->pad)
		return 0;
	if (u->state == UNTAR_PAD)
		return end_entry(u);
	u->state = UNTAR_HEAD;
	return 0;
}

int untar_feed(struct untar *u, struct bytes b)
{
	int r = 0;

	u->feeding = &b;
	u->bytes += b.n;
	while (b.n > 0 && r == 0) {
		switch (u->state) {
		case UNTAR_HEAD:
		case UNTAR_MAP:
			r = take_block(u, &b);
			break;
		case UNTAR_PAX:
			r = take_records(u, &b);
			break;
		case UNTAR_DATA:
			r = take_data(u, &b);
			break;
		case UNTAR_PAX_PAD:
		case UNTAR_PAD:
			r = take_pad(u, &b);
			break;
		case UNTAR_ENDED:
			r = bad(u, "bytes after the end of the tar");
			break;
		}
	}
	u->bytes -= b.n;
	u->feeding = NULL;
	return r;
}

const char *untar_why(const struct untar *u)
{
	return u->why ? u->why : "no tar";
}

bool untar_between(const struct untar *u)
{
	return (u->state == UNTAR_HEAD && u->nblock == 0 && !u->pax.seen) ||
	       u->state == UNTAR_ENDED;
}

bool untar_ended(const struct untar *u)
{
	return u->state == UNTAR_ENDED;
}

uint64_t untar_bytes(const struct untar *u)
{
	return u->feeding ? u->bytes - u->feeding->n : u->bytes;
}
