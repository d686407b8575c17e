/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed stream's own bytes: frames, table, what zstd makes of it, what a failing sink does. */
#include "maker.h"

#include "format/frame.h"
#include "format/unseal.h"
#include "program.h"

#include <errno.h>

static void check_bytes(void)
{
	struct seal_totals totals;
	struct frame_seal seal;
	struct digests d;
	struct hash h;
	struct maker m;

	maker_open(&m);
	maker_file(&m, "case.json", bytes_str("{}\n"));
	maker_checkpoint(&m);
	size_t checkpoint = m.checkpoints[0].end;
	maker_end(&m, &totals);
	const unsigned char *p = m.stream.p;
	CHECK_INT(frame_u32(p), FRAME_MAGIC_DATA);
	CHECK_INT(frame_u32(p + m.stream.n - 4), FRAME_MAGIC_FOOT);
	size_t n = frame_u32(p + m.stream.n - FRAME_TABLE_FOOT);
	CHECK_INT(n, 4); /* data, checkpoint, data, seal */
	size_t table = m.stream.n - FRAME_SKIP_HEAD - n * FRAME_PAIR_SIZE - FRAME_TABLE_FOOT;
	CHECK_INT(frame_u32(p + table), FRAME_MAGIC_TABLE);
	CHECK_INT(frame_u32(p + table + 4), n * FRAME_PAIR_SIZE + FRAME_TABLE_FOOT);
	size_t at = 0;
	for (size_t i = 0; i < n; i++)
		at += frame_u32(p + table + FRAME_SKIP_HEAD + i * FRAME_PAIR_SIZE);
	CHECK_INT(at, table);
	size_t seal_at = table - FRAME_SKIP_HEAD - FRAME_SEAL_SIZE;
	CHECK_INT(frame_u32(p + seal_at), FRAME_MAGIC_OURS);
	CHECK_INT(frame_u32(p + seal_at + 4), FRAME_SEAL_SIZE);
	CHECK_INT(frame_seal_parse(bytes_of(p + seal_at + FRAME_SKIP_HEAD, FRAME_SEAL_SIZE), &seal),
		  0);
	CHECK(strcmp(seal.status, "complete") == 0);
	CHECK(p[checkpoint - 1] == '\n' && p[table - 1] == '\n' && p[table - 2] == ' ');
	hash_init(&h, HASH_SHA256);
	hash_add(&h, p, m.stream.n);
	hash_peek(&h, &d);
	CHECK(memcmp(d.sha256, totals.sha256, 32) == 0);
	maker_done(&m);
	OK("data, checkpoint, seal and table lie where the format says");
}

static void check_zstd(void)
{
	char file[] = "/tmp/csi-seal.XXXXXX";
	struct seal_totals totals;
	struct maker m;

	if (SPAWN("zstd", "--version") != 0) {
		OK("no zstd here # SKIP no zstd");
		return;
	}
	maker_open(&m);
	maker_file(&m, "case.json", bytes_str("{}\n"));
	maker_checkpoint(&m);
	maker_end(&m, &totals);
	int fd = mkstemp(file);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, m.stream.p, m.stream.n), (int64_t)m.stream.n);
	CHECK_INT(close(fd), 0);
	CHECK_INT(SPAWN("zstd", "-q", "-t", file), 0);
	CHECK_INT(SPAWN("zstd", "-q", "-l", file), 0);
	CHECK_INT(unlink(file), 0);
	maker_done(&m);
	OK("zstd takes it for what it is");
}

static void check_sixteen(void)
{
	static unsigned char content[3 << 20];
	uint64_t state = 1;
	struct seal_totals totals;
	struct verify_result res;
	struct maker m;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (unsigned char)maker_random(&state);
	maker_open(&m);
	for (int i = 0; i < 12; i++) {
		char name[32];

		snprintf(name, sizeof(name), "files/%d", i);
		maker_file(&m, name, bytes_of(content, sizeof(content)));
		maker_flush(&m);
		CHECK(seal_since(m.seal) <= SEAL_CHECKPOINT_BYTES);
	}
	maker_end(&m, &totals);
	maker_verify(buf_bytes(&m.stream), &(struct verify_options){ 0 }, &res);
	CHECK_INT(res.verdict, VERIFY_SEALED);
	CHECK_INT(res.checkpoints, 2);
	maker_done(&m);
	OK("never more than 16 MiB without a checkpoint");
}

/* ---- a sink that fails --------------------------------------------------------------------- */

struct failing {
	struct sink sink;
	int left; /* writes that succeed */
};

static int fail_write(struct sink *s, const void *p, size_t n)
{
	(void)p, (void)n;
	return ((struct failing *)s)->left-- > 0 ? 0 : -ENOSPC;
}

static int nothing(struct sink *s)
{
	(void)s;
	return 0;
}

static void check_failing(void)
{
	static const struct sink_ops ops = { fail_write, nothing, nothing };
	unsigned char frame[64] = { 0 };

	for (int left = 0; left < 6; left++) {
		struct failing f = { { .ops = &ops }, left };
		struct seal_totals totals;
		struct seal *s;
		int r = 0;

		CHECK_INT(seal_open(&f.sink, &s), 0);
		for (int i = 0; i < 2 && r == 0; i++) {
			r = seal_frame(s, bytes_of(frame, sizeof(frame)), 10, 1);
			if (r == 0)
				r = seal_checkpoint(s);
		}
		if (r == 0)
			r = seal_end(s, "complete", 0, &totals);
		CHECK_INT(r, -ENOSPC);
		CHECK_INT(seal_checkpoint(s), -ENOSPC);
		CHECK_INT(seal_end(s, "complete", 0, &totals), -ENOSPC);
		seal_closep(&s);
	}
	OK("the first failure of the sink stays");
}

static void check_table_limit(void)
{
	struct frame_table t;

	frame_table_init(&t);
	for (int i = 0; i < FRAMES_MAX; i++)
		CHECK_INT(frame_table_add(&t, 100, 200), 0);
	CHECK_INT(frame_table_add(&t, 100, 200), -EFBIG);
	CHECK_INT(frame_table_end(&t), 0);
	CHECK_INT(t.pairs.n, 8 + 8 * (int64_t)FRAMES_MAX + 9);
	frame_table_done(&t);
	OK("the table holds 1,048,576 frames and no more");
}

/* ---- padding ------------------------------------------------------------------------------- */

static void check_padding_size(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	for (uint64_t at = 0; at < 3 * (uint64_t)FRAME_BLOCK; at++) {
		size_t n = frame_padding_size(at + (UINT64_C(1) << 40));

		CHECK((at + n) % FRAME_BLOCK == 0);
		CHECK(at % FRAME_BLOCK ? n >= FRAME_SKIP_HEAD && n < FRAME_BLOCK + FRAME_SKIP_HEAD
				       : n == 0);
	}
	CHECK_INT(frame_put_padding(&b, FRAME_BLOCK), 0);
	CHECK_INT(b.n, 0);
	CHECK_INT(frame_put_padding(&b, FRAME_BLOCK - 8), 0);
	CHECK_BYTES(buf_bytes(&b), "\x5d\x2a\x4d\x18\0\0\0\0");
	buf_clear(&b);
	CHECK_INT(frame_put_padding(&b, FRAME_BLOCK - 7), 0);
	CHECK_INT(b.n, FRAME_BLOCK + 7);
	CHECK_INT(frame_u32(b.p + 4), FRAME_BLOCK - 1);
	for (size_t i = FRAME_SKIP_HEAD; i < b.n; i++)
		CHECK_INT(b.p[i], 0);
	OK("padding ends at a block, and its header has room");
}

/* A sink of blocks that tells what had come when it was flushed. */
struct blocks {
	struct sink sink;
	struct buf b;
	size_t flushes, flushed;
};

static int blocks_write(struct sink *s, const void *p, size_t n)
{
	return buf_add(&((struct blocks *)s)->b, p, n);
}

static int blocks_flush(struct sink *s)
{
	struct blocks *k = (struct blocks *)s;

	CHECK(k->b.n > k->flushed); /* else the last block would be empty */
	k->flushes++;
	k->flushed = k->b.n;
	return 0;
}

static void open_blocks(struct blocks *k, struct seal **ret)
{
	static const struct sink_ops ops = { blocks_write, blocks_flush, nothing };

	*k = (struct blocks){ .sink = { .ops = &ops, .block = FRAME_BLOCK } };
	CHECK_INT(seal_open(&k->sink, ret), 0);
}

/* How long a checkpoint is after one frame of N bytes, and where the stream is then. */
static size_t checkpoint_after(size_t n, size_t *ret_end)
{
	static unsigned char frame[2 * FRAME_BLOCK];
	struct blocks k;
	struct seal *s;

	open_blocks(&k, &s);
	CHECK_INT(seal_frame(s, bytes_of(frame, n), 10, 1), 0);
	CHECK_INT(seal_checkpoint(s), 0);
	CHECK_INT(k.flushes, 1);
	CHECK_INT(k.flushed, k.b.n);
	size_t size = FRAME_SKIP_HEAD + frame_u32(k.b.p + n + FRAME_MAGIC_SIZE);
	*ret_end = k.b.n;
	seal_closep(&s);
	buf_done(&k.b);
	return size;
}

static void check_padded(void)
{
	static const size_t gaps[] = { 0, 1, 7, 8, 9, 1000, FRAME_BLOCK - 1 };
	size_t end, size = checkpoint_after(1000, &end);

	for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
		CHECK_INT(checkpoint_after((size_t)2 * FRAME_BLOCK - size - gaps[i], &end), size);
		CHECK_INT(end, (gaps[i] > 0 && gaps[i] < 8 ? 3 : 2) * FRAME_BLOCK);
	}
	OK("after a checkpoint, a sink of blocks holds nothing back");
}

static void check_block_end(void)
{
	static unsigned char frame[FRAME_BLOCK];
	struct seal_totals totals;
	struct blocks k;
	struct seal *s;

	open_blocks(&k, &s);
	k.sink.block = 4096;
	struct seal *other;
	CHECK_INT(seal_open(&k.sink, &other), -EINVAL);
	k.sink.block = FRAME_BLOCK;
	CHECK_INT(seal_frame(s, bytes_of(frame, 100), 10, 1), 0);
	CHECK_INT(seal_checkpoint(s), 0);
	/* Data, checkpoint, padding, data, seal; and a table of them. */
	size_t tail = FRAME_SKIP_HEAD + FRAME_SEAL_SIZE + FRAME_SKIP_HEAD + 5 * FRAME_PAIR_SIZE +
		      FRAME_TABLE_FOOT;
	CHECK_INT(seal_frame(s, bytes_of(frame, FRAME_BLOCK - tail), 10, 2), 0);
	CHECK_INT(seal_end(s, "complete", 0, &totals), 0);
	CHECK_INT(totals.bytes_out, 2 * FRAME_BLOCK);
	CHECK_INT(k.flushes, 1);
	const unsigned char *pairs = k.b.p + k.b.n - FRAME_TABLE_FOOT - (size_t)5 * FRAME_PAIR_SIZE;
	CHECK_INT(frame_u32(pairs + 16), FRAME_BLOCK - frame_u32(pairs) - frame_u32(pairs + 8));
	CHECK_INT(frame_u32(pairs + 20), 0);
	seal_closep(&s);
	buf_done(&k.b);
	OK("the end is left to the sink's close, also where a block ends");
}

int main(void)
{
	check_bytes();
	check_zstd();
	check_sixteen();
	check_failing();
	check_table_limit();
	check_padding_size();
	check_padded();
	check_block_end();
	TEST_END();
}
