/* SPDX-License-Identifier: Apache-2.0 */
/* The ordered writer of a sealed stream. tools/FORMAT.md, section 1. */
#include "format/seal.h"

#include "format/frame.h"

#include <errno.h>

/* The last data, its checkpoint, padding and the seal must still fit when the stream is called
 * full. */
enum { SEAL_ROOM = 64, SEAL_PIECE = 64 << 10 };

struct seal {
	struct sink *sink; /* borrowed */
	struct hash hash;  /* of every byte written */
	struct frame_table table;
	struct frame_counts counts; /* of the last checkpoint; seq counts on */
	uint64_t entries, bytes_in, bytes_out, since;
	int err;
};

int seal_open(struct sink *sink, struct seal **ret)
{
	struct seal *s;

	if (sink->block != 0 && sink->block != FRAME_BLOCK)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->sink = sink;
	hash_init(&s->hash, HASH_SHA256);
	frame_table_init(&s->table);
	*ret = s;
	return 0;
}

void seal_closep(struct seal **s)
{
	if (!*s)
		return;
	frame_table_done(&(*s)->table);
	free(*s);
	*s = NULL;
}

/*
 * Piece by piece, as much as a pipe holds: whoever reads takes the one before while this one is
 * hashed, where a whole frame at once would leave the reader idle for as long as its digest takes.
 */
static int put(struct seal *s, struct bytes b)
{
	while (s->err == 0 && b.n) {
		size_t n = b.n < SEAL_PIECE ? b.n : SEAL_PIECE;

		s->err = sink_write(s->sink, b.p, n);
		if (s->err)
			break;
		hash_add(&s->hash, b.p, n);
		s->bytes_out += n;
		s->since += n;
		b = bytes_of(b.p + n, b.n - n);
	}
	return s->err;
}

/* What the stream says of itself at this point. */
static void count_now(struct seal *s)
{
	struct digests d;

	hash_peek(&s->hash, &d);
	s->counts.seq++;
	s->counts.entries = s->entries;
	s->counts.bytes = s->bytes_in;
	memcpy(s->counts.sha256, d.sha256, sizeof(d.sha256));
}

/* A block that is not full would wait for the bytes to come, and the checkpoint in it with them. */
static int put_padding(struct seal *s)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (s->err || s->sink->block == 0 || frame_padding_size(s->bytes_out) == 0)
		return s->err;
	s->err = frame_put_padding(&b, s->bytes_out);
	if (s->err == 0)
		s->err = frame_table_add(&s->table, b.n, 0);
	return put(s, buf_bytes(&b));
}

int seal_checkpoint(struct seal *s)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (s->err)
		return s->err;
	count_now(s);
	s->err = frame_put_checkpoint(&b, &s->counts);
	if (s->err == 0)
		s->err = frame_table_add(&s->table, b.n, 0);
	(void)put(s, buf_bytes(&b));
	s->since = 0;
	if (put_padding(s) == 0)
		s->err = sink_flush(s->sink);
	return s->err;
}

int seal_frame(struct seal *s, struct bytes frame, size_t content, uint64_t entries)
{
	if (s->since > 0 && s->since + frame.n > SEAL_CHECKPOINT_BYTES)
		(void)seal_checkpoint(s);
	if (s->err == 0)
		s->err = frame_table_add(&s->table, frame.n, content);
	if (put(s, frame) == 0) {
		s->bytes_in += content;
		s->entries = entries;
	}
	return s->err;
}

uint64_t seal_since(const struct seal *s)
{
	return s->since;
}

bool seal_full(const struct seal *s)
{
	return frame_table_count(&s->table) + SEAL_ROOM >= FRAMES_MAX;
}

/* The table has the seal's own pair, and the seal has the table's digest: the fixed length allows
 * it. */
static int end_table(struct seal *s, struct frame_seal *ret)
{
	struct hash h;
	struct digests d;
	int r = frame_table_add(&s->table, FRAME_SKIP_HEAD + FRAME_SEAL_SIZE, 0);

	if (r == 0)
		r = frame_table_end(&s->table);
	if (r < 0)
		return r;
	hash_init(&h, HASH_SHA256);
	hash_add(&h, s->table.pairs.p, s->table.pairs.n);
	hash_peek(&h, &d);
	memcpy(ret->table_sha256, d.sha256, sizeof(d.sha256));
	ret->table_size = s->table.pairs.n;
	ret->stream_size = s->bytes_out + FRAME_SKIP_HEAD + FRAME_SEAL_SIZE + ret->table_size;
	return 0;
}

int seal_end(struct seal *s, const char *status, uint64_t gaps, struct seal_totals *ret)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct frame_seal seal = { .status = status, .gaps = gaps };
	struct digests d;

	if (s->err == 0)
		s->err = end_table(s, &seal);
	if (s->err)
		return s->err;
	count_now(s);
	s->err = frame_put_seal(&b, &s->counts, &seal);
	(void)put(s, buf_bytes(&b));
	(void)put(s, buf_bytes(&s->table.pairs));
	if (s->err == 0 && s->sink->block == 0)
		s->err = sink_flush(s->sink);
	if (s->err)
		return s->err;
	seal_progress(s, ret);
	hash_peek(&s->hash, &d);
	memcpy(ret->sha256, d.sha256, sizeof(d.sha256));
	return 0;
}

uint64_t seal_ends_at(const struct seal *s)
{
	return s->bytes_out + FRAME_SKIP_HEAD + FRAME_SEAL_SIZE + frame_table_size(&s->table) +
	       FRAME_PAIR_SIZE;
}

uint64_t seal_checkpoint_bound(size_t block)
{
	uint64_t n = FRAME_SKIP_HEAD + FRAME_LINE_MAX + FRAME_PAIR_SIZE;

	return block ? n + block + FRAME_SKIP_HEAD + FRAME_PAIR_SIZE : n;
}

void seal_progress(const struct seal *s, struct seal_totals *ret)
{
	ret->entries = s->entries;
	ret->bytes_in = s->bytes_in;
	ret->bytes_out = s->bytes_out;
}
