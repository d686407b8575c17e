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

int main(void)
{
	check_bytes();
	check_zstd();
	check_sixteen();
	check_failing();
	check_table_limit();
	TEST_END();
}
