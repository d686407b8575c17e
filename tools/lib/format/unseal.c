/* SPDX-License-Identifier: Apache-2.0 */
/* The frame reader. Zstandard frame headers and blocks: RFC 8878, section 3.1.1. */
#include "format/unseal.h"

#include "format/zst.h"

#include <errno.h>

enum {
	UNSEAL_AHEAD = 256 << 10, /* read past the frame under way, so that reads are large */
	UNSEAL_BUFFER = ZST_FRAME_MAX + UNSEAL_AHEAD,
	ZSTD_HEAD_MAX = 18,
	ZSTD_BLOCK_HEAD = 3,
	ZSTD_BLOCK_MAX = 128 << 10,
	ZSTD_CHECKSUM = 4,
};

struct unseal {
	struct intake *in;
	bool ended;	    /* the intake said 0, or that it is cut or bad */
	int broken;	    /* -ENODATA or -EBADMSG of the intake, once it is met */
	unsigned char *buf; /* what was read of the stream from offset AT on */
	size_t n;	    /* bytes in BUF */
	size_t frame;	    /* of these, the frame handed out last */
	uint64_t at;	    /* stream offset of BUF */
	unsigned char *content;
	struct unzst *unzst;
	struct hash hash; /* of everything before AT */
	struct frame_table table;
	bool begun, sealed, complete; /* COMPLETE: the table is wrapped */
	bool marked;		      /* a checkpoint was the last frame: padding may follow */
	bool foreign;
	const char *why;
};

int unseal_open(struct intake *in, struct unseal **ret)
{
	struct unseal *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->in = in;
	hash_init(&u->hash, HASH_SHA256);
	frame_table_init(&u->table);
	u->buf = malloc(UNSEAL_BUFFER);
	u->content = malloc(ZST_CONTENT_MAX);
	if (!u->buf || !u->content || unzst_open(&u->unzst) < 0) {
		unseal_closep(&u);
		return -ENOMEM;
	}
	*ret = u;
	return 0;
}

void unseal_closep(struct unseal **u)
{
	if (!*u)
		return;
	frame_table_done(&(*u)->table);
	unzst_closep(&(*u)->unzst);
	free((*u)->content);
	free((*u)->buf);
	free(*u);
	*u = NULL;
}

static int bad(struct unseal *u, const char *why)
{
	u->why = why;
	return -EBADMSG;
}

/*
 * What an intake gave before it broke is judged first: it is proven by itself, and a checkpoint in
 * it counts.
 */
static int read_more(struct unseal *u)
{
	ssize_t r = intake_read(u->in, u->buf + u->n, UNSEAL_BUFFER - u->n);

	if (r == -ENODATA || r == -EBADMSG)
		u->broken = (int)r;
	else if (r < 0)
		return (int)r;
	u->ended = r <= 0;
	if (r > 0)
		u->n += (size_t)r;
	return 0;
}

/* How it is called that no more bytes come: -ENODATA, or -EBADMSG when the intake is damaged. */
static int no_more(struct unseal *u)
{
	if (u->broken == 0)
		return -ENODATA;
	u->why = intake_why(u->in);
	return u->broken;
}

/* At least N bytes of the frame, or -ENODATA. N never exceeds ZST_FRAME_MAX but for a table's tail.
 */
static int need(struct unseal *u, size_t n)
{
	while (u->n < n) {
		int r = u->ended ? no_more(u) : read_more(u);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The frame handed out last is done with. */
static void advance(struct unseal *u)
{
	hash_add(&u->hash, u->buf, u->frame);
	u->n -= u->frame;
	memmove(u->buf, u->buf + u->frame, u->n);
	u->at += u->frame;
	u->frame = 0;
}

/* Content size in the header: 0, 1, 2, 4 or 8 bytes wide; the 2-byte form counts from 256. */
static uint64_t content_size(const unsigned char *p, size_t width)
{
	uint64_t v = 0;

	for (size_t i = 0; i < width; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return width == 2 ? v + 256 : v;
}

static uint64_t window_size(unsigned char descriptor)
{
	uint64_t base = UINT64_C(1) << (10 + (descriptor >> 3));

	return base + base / 8 * (descriptor & 7);
}

/* Judges the frame header; its length and the content size come back. */
static int judge_header(struct unseal *u, size_t *ret_head, uint64_t *ret_content)
{
	static const unsigned char widths[] = { 0, 2, 4, 8 };
	int r = need(u, FRAME_MAGIC_SIZE + 1);

	if (r < 0)
		return r;
	unsigned char d = u->buf[FRAME_MAGIC_SIZE];
	bool single = d & 0x20;
	size_t width = d >> 6 ? widths[d >> 6] : single ? 1 : 0;

	if (d & 0x18)
		return bad(u, "reserved bit in a frame header");
	if (d & 0x03)
		return bad(u, "frame with a dictionary");
	if (!(d & 0x04))
		return bad(u, "frame without a checksum");
	if (width == 0)
		return bad(u, "frame without a content size");
	size_t at = FRAME_MAGIC_SIZE + 1 + (single ? 0 : 1);
	r = need(u, at + width);
	if (r < 0)
		return r;
	*ret_content = content_size(u->buf + at, width);
	if (*ret_content == 0 || *ret_content > ZST_CONTENT_MAX)
		return bad(u, "content size out of bounds");
	if (!single && window_size(u->buf[FRAME_MAGIC_SIZE + 1]) > ZST_CONTENT_MAX)
		return bad(u, "window size out of bounds");
	*ret_head = at + width;
	return 0;
}

/* Walks the blocks to find where the frame ends. */
static int judge_blocks(struct unseal *u, size_t at, size_t *ret_end)
{
	for (bool last = false; !last;) {
		int r = need(u, at + ZSTD_BLOCK_HEAD);

		if (r < 0)
			return r;
		uint32_t head = (uint32_t)u->buf[at] | (uint32_t)u->buf[at + 1] << 8 |
				(uint32_t)u->buf[at + 2] << 16;
		uint32_t type = head >> 1 & 3, size = head >> 3;

		last = head & 1;
		if (type == 3)
			return bad(u, "reserved block type");
		if (size > ZSTD_BLOCK_MAX)
			return bad(u, "block size out of bounds");
		at += ZSTD_BLOCK_HEAD + (type == 1 ? 1 : size);
		if (at + ZSTD_CHECKSUM + (last ? 0 : ZSTD_BLOCK_HEAD) > ZST_FRAME_MAX)
			return bad(u, "frame size out of bounds");
		r = need(u, at);
		if (r < 0)
			return r;
	}
	*ret_end = at + ZSTD_CHECKSUM;
	return need(u, *ret_end);
}

static int next_data(struct unseal *u, struct unseal_frame *ret)
{
	uint64_t content = 0;
	size_t head = 0, end = 0;
	int r = judge_header(u, &head, &content);

	if (r == 0)
		r = judge_blocks(u, head, &end);
	if (r < 0)
		return r;
	r = unzst_frame(u->unzst, bytes_of(u->buf, end), u->content, (size_t)content);
	if (r < 0)
		return bad(u, "frame does not decompress, or its checksum is wrong");
	ret->kind = UNSEAL_DATA;
	ret->raw = bytes_of(u->buf, end);
	ret->content = bytes_of(u->content, (size_t)content);
	return 1;
}

static int next_ours(struct unseal *u, struct unseal_frame *ret)
{
	struct digests d;
	int r = need(u, FRAME_SKIP_HEAD);

	if (r < 0)
		return r;
	uint32_t n = frame_u32(u->buf + FRAME_MAGIC_SIZE);
	if (n != FRAME_SEAL_SIZE && (n == 0 || n > FRAME_LINE_MAX))
		return bad(u, "length of a frame is neither a checkpoint's nor a seal's");
	r = need(u, FRAME_SKIP_HEAD + n);
	if (r < 0)
		return r;
	ret->kind = n == FRAME_SEAL_SIZE ? UNSEAL_SEAL : UNSEAL_CHECKPOINT;
	ret->raw = bytes_of(u->buf, FRAME_SKIP_HEAD + n);
	ret->content = bytes_of(u->buf + FRAME_SKIP_HEAD, n);
	hash_peek(&u->hash, &d);
	memcpy(ret->sha256, d.sha256, sizeof(d.sha256));
	return 1;
}

/* Its length follows from where it begins, so that nothing can be hidden or changed in it. */
static int next_padding(struct unseal *u, struct unseal_frame *ret)
{
	size_t n = frame_padding_size(u->at);
	int r = need(u, FRAME_SKIP_HEAD);

	if (r < 0)
		return r;
	if (n == 0 || frame_u32(u->buf + FRAME_MAGIC_SIZE) != n - FRAME_SKIP_HEAD)
		return bad(u, "padding does not end where a block does");
	r = need(u, n);
	if (r < 0)
		return r;
	for (size_t i = FRAME_SKIP_HEAD; i < n; i++)
		if (u->buf[i] != 0)
			return bad(u, "padding that is not zero");
	ret->kind = UNSEAL_PADDING;
	ret->raw = bytes_of(u->buf, n);
	return 1;
}

/* The table may be longer than the buffer: it is compared piece by piece, and handed out empty. */
static int next_table(struct unseal *u, struct unseal_frame *ret)
{
	const struct buf *want = &u->table.pairs;

	for (size_t done = 0; done < want->n;) {
		int r = u->n == 0 && !u->ended ? read_more(u) : 0;
		size_t now = u->n < want->n - done ? u->n : want->n - done;

		if (r < 0)
			return r;
		if (memcmp(u->buf, want->p + done, now) != 0)
			return bad(u, "the seek table is not the one of these frames");
		done += now;
		u->frame = now;
		advance(u);
		if (done < want->n && u->n == 0 && u->ended)
			return no_more(u);
	}
	u->complete = true;
	*ret = (struct unseal_frame){ .kind = UNSEAL_TABLE, .offset = u->at - want->n };
	return 1;
}

/* Whether what there is of the magic begins a frame that may stand here. */
static int judge_magic(struct unseal *u, uint32_t *ret)
{
	static const uint32_t magics[] = { FRAME_MAGIC_DATA, FRAME_MAGIC_OURS, FRAME_MAGIC_PAD };
	size_t n = u->n < FRAME_MAGIC_SIZE ? u->n : FRAME_MAGIC_SIZE;

	/* The first frame is data: tar recognises the file by it. */
	size_t allowed = !u->begun ? 1 : u->marked ? 3 : 2;
	for (size_t i = 0; i < allowed; i++) {
		unsigned char want[FRAME_MAGIC_SIZE];

		frame_put_u32(want, magics[i]);
		if (memcmp(u->buf, want, n) != 0)
			continue;
		*ret = magics[i];
		return n < FRAME_MAGIC_SIZE ? no_more(u) : 0;
	}
	u->foreign = !u->begun;
	return bad(u, u->begun ? "no frame begins here" : "does not begin with a zstd frame");
}

int unseal_next(struct unseal *u, struct unseal_frame *ret)
{
	uint32_t magic = 0;

	advance(u);
	int r = need(u, FRAME_MAGIC_SIZE);
	if (r < 0 && r != -ENODATA && r != -EBADMSG)
		return r;
	if (u->n == 0)
		return u->broken ? r : 0;
	if (u->complete)
		return bad(u, "bytes follow the end");
	if (u->sealed)
		return next_table(u, ret);
	r = judge_magic(u, &magic);
	if (r < 0)
		return r;
	*ret = (struct unseal_frame){ .offset = u->at };
	r = magic == FRAME_MAGIC_DATA  ? next_data(u, ret)
	    : magic == FRAME_MAGIC_PAD ? next_padding(u, ret)
				       : next_ours(u, ret);
	if (r > 0)
		u->frame = ret->raw.n;
	return r;
}

int unseal_accept(struct unseal *u, const struct unseal_frame *f)
{
	if (f->kind == UNSEAL_TABLE)
		return 0;
	u->begun = true;
	u->marked = f->kind == UNSEAL_CHECKPOINT;
	int r = frame_table_add(&u->table, f->raw.n, f->kind == UNSEAL_DATA ? f->content.n : 0);
	if (r == -EFBIG)
		return bad(u, "too many frames");
	return r;
}

int unseal_expect_table(struct unseal *u, struct bytes *ret)
{
	if (!u->sealed) {
		int r = frame_table_end(&u->table);

		if (r < 0)
			return r;
		u->sealed = true;
	}
	*ret = buf_bytes(&u->table.pairs);
	return 0;
}

const char *unseal_why(const struct unseal *u)
{
	return u->why;
}

bool unseal_is_foreign(const struct unseal *u)
{
	return u->foreign;
}

uint64_t unseal_at(const struct unseal *u)
{
	return u->at;
}

int unseal_drain(struct unseal *u, uint64_t *ret_size, unsigned char ret_sha256[32])
{
	struct digests d;
	int r = 0;

	do {
		u->frame = u->n;
		advance(u);
		if (!u->ended)
			r = read_more(u);
	} while (r == 0 && u->n > 0);
	hash_peek(&u->hash, &d);
	memcpy(ret_sha256, d.sha256, sizeof(d.sha256));
	*ret_size = u->at;
	return r;
}
