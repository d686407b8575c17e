/* SPDX-License-Identifier: Apache-2.0 */
/* Every cut and every flipped bit: never sealed, and what is called proven is exactly what the last
 * checkpoint before it covers, byte for byte. */
#include "maker.h"

#include <errno.h>

enum { CUTS = 500, FLIPS = 500, FILES = 60, SALVAGES = 40 };

/* What verifying the whole stream says of its entries; every other answer is a prefix of it. */
struct listing {
	size_t n;
	struct {
		unsigned char sha256[32];
		uint64_t size;
		size_t path_len;
		char path[64];
	} v[MAKER_ENTRIES_MAX];
};

static struct listing whole, part;

static int list(void *ctx, struct bytes path, uint64_t size, const unsigned char *sha256)
{
	struct listing *l = ctx;

	CHECK(l->n < MAKER_ENTRIES_MAX && path.n < sizeof(l->v[0].path));
	memset(&l->v[l->n], 0, sizeof(l->v[0]));
	memcpy(l->v[l->n].path, path.p, path.n);
	l->v[l->n].path_len = path.n;
	l->v[l->n].size = size;
	if (sha256)
		memcpy(l->v[l->n].sha256, sha256, 32);
	l->n++;
	return 0;
}

static void make(struct maker *m, size_t block)
{
	static unsigned char content[200000];
	struct seal_totals totals;
	uint64_t state = 7;

	whole.n = 0;
	maker_open_block(m, block);
	for (int i = 0; i < FILES; i++) {
		size_t n = i % 7 == 0 ? 150000 + maker_random(&state) % 50000
				      : maker_random(&state) % 9000;
		char name[40];

		for (size_t k = 0; k < n; k++)
			content[k] = (unsigned char)maker_random(&state);
		if (i % 5 == 4)
			snprintf(name, sizeof(name), "files/a\\%d\n\xff", i);
		else
			snprintf(name, sizeof(name), "files/d/%d", i);
		maker_file(m, name, bytes_of(content, n));
		if (i % 9 == 8)
			CHECK_INT(ledger_write(&m->ledger), 0);
		if (i % 4 == 3)
			maker_checkpoint(m);
		else if (i % 4 == 1)
			maker_flush(m);
	}
	maker_end(m, &totals);
	CHECK_INT(totals.bytes_out, m->stream.n);
	CHECK_INT(totals.entries, m->entries);
}

static uint64_t expected_entries(const struct maker *m, size_t good)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->ncheckpoints; i++)
		if (m->checkpoints[i].end <= good)
			n = m->checkpoints[i].entries;
	return n;
}

/* Of a stream whose first GOOD bytes are as they were. */
static void check_proven(const struct maker *m, const struct verify_result *res, size_t good)
{
	uint64_t want = good >= m->seal_end ? whole.n : expected_entries(m, good);

	CHECK(res->verdict != VERIFY_SEALED);
	CHECK_INT(res->proven_entries, want);
	CHECK_INT(part.n, want);
	for (size_t i = 0; i < part.n; i++)
		CHECK(memcmp(&part.v[i], &whole.v[i], sizeof(part.v[i])) == 0);
}

static void check_whole(struct maker *m)
{
	struct verify_options opts = { .entry = list, .ctx = &whole };
	struct verify_result res;

	maker_verify(buf_bytes(&m->stream), &opts, &res);
	CHECK_INT(res.verdict, VERIFY_SEALED);
	CHECK_INT(res.status, BUNDLE_COMPLETE);
	CHECK_INT(res.proven_entries, m->entries);
	CHECK_INT(whole.n, m->entries);
	CHECK_INT(res.checkpoints, m->ncheckpoints);
	CHECK(res.hashes_checked >= FILES);
	CHECK(strcmp(res.top, "csi-T") == 0);
	m->seal_end = (size_t)res.proven_bytes;
	OK("a whole stream is sealed and complete");
}

static void verify_part(struct bytes b, struct verify_result *res)
{
	struct verify_options opts = { .entry = list, .ctx = &part };

	part.n = 0;
	maker_verify(b, &opts, res);
}

static void check_cuts(struct maker *m)
{
	uint64_t state = 1;
	struct verify_result res;

	for (int i = 0; i < CUTS; i++) {
		size_t at = maker_random(&state) % m->stream.n;

		if (i < 60) /* all around the end, where seal and table are */
			at = m->stream.n - 1 - (size_t)i * 13;
		verify_part(bytes_of(m->stream.p, at), &res);
		CHECK_INT(res.verdict, at == 0 ? VERIFY_NOT_ONE : VERIFY_CUT);
		CHECK_INT(res.index_cut, at >= m->seal_end);
		check_proven(m, &res, at);
	}
	OK("500 cuts: never sealed, proven is what the last checkpoint says");
}

static void check_flips(struct maker *m)
{
	uint64_t state = 2;
	struct verify_result res;
	int altered = 0;

	for (int i = 0; i < FLIPS; i++) {
		size_t at = maker_random(&state) % m->stream.n;
		unsigned bit = maker_random(&state) % 8;

		if (i < 100)
			at = m->stream.n - 1 - (size_t)i * 9;
		m->stream.p[at] ^= (unsigned char)(1u << bit);
		verify_part(buf_bytes(&m->stream), &res);
		altered += res.verdict == VERIFY_ALTERED;
		check_proven(m, &res, at);
		m->stream.p[at] ^= (unsigned char)(1u << bit);
	}
	CHECK(altered > FLIPS * 9 / 10);
	OK("500 flipped bits: never sealed, proven is what lies before");
}

static void check_more(struct maker *m)
{
	struct verify_result res;

	CHECK_INT(buf_addc(&m->stream, 0), 0);
	verify_part(buf_bytes(&m->stream), &res);
	CHECK_INT(res.verdict, VERIFY_ALTERED);
	m->stream.n--;
	verify_part(bytes_str("no bundle at all, just text"), &res);
	CHECK_INT(res.verdict, VERIFY_NOT_ONE);
	verify_part(bytes_of(m->stream.p + m->checkpoints[0].end, 40000), &res);
	CHECK(res.verdict != VERIFY_SEALED);
	CHECK_INT(res.proven_bytes, 0);
	OK("bytes after the end, other files, a middle without its beginning");
}

/* ---- salvage ------------------------------------------------------------------------------- */

static void salvage_one(struct bytes b, uint64_t entries)
{
	AUTO_DONE(buf_done) struct buf out = BUF_LIMIT(64 << 20);
	struct verify_options opts = { 0 };
	struct verify_result res;
	struct sink *sink;

	CHECK_INT(sink_buf(&out, &sink), 0);
	opts.salvage = sink;
	maker_verify(b, &opts, &res);
	CHECK_INT(sink_close(sink), 0);
	CHECK_INT(res.proven_entries, entries);
	if (entries == 0) {
		CHECK_INT(out.n, 0);
		return;
	}
	verify_part(buf_bytes(&out), &res);
	CHECK_INT(res.verdict, VERIFY_SEALED);
	CHECK_INT(res.status, BUNDLE_PARTIAL);
	CHECK(part.n > entries);
	for (size_t i = 0; i < entries; i++)
		CHECK(memcmp(&part.v[i], &whole.v[i], sizeof(part.v[i])) == 0);
}

static void check_salvage(struct maker *m)
{
	uint64_t state = 3;

	for (int i = 0; i < SALVAGES; i++) {
		size_t at = maker_random(&state) % m->stream.n;

		salvage_one(bytes_of(m->stream.p, at), expected_entries(m, at));
	}
	salvage_one(bytes_of(m->stream.p, m->seal_end), whole.n);
	for (int i = 0; i < SALVAGES / 4; i++) {
		size_t at = maker_random(&state) % m->seal_end;

		m->stream.p[at] ^= 16;
		salvage_one(buf_bytes(&m->stream), expected_entries(m, at));
		m->stream.p[at] ^= 16;
	}
	OK("what is salvaged is sealed, partial, and has every proven entry");
}

static void check_salvage_pipe(struct maker *m)
{
	AUTO_DONE(buf_done) struct buf out = BUF_NONE;
	struct verify_options opts = { 0 };
	struct verify_result res;
	struct sink *sink;
	int fds[2];
	struct intake *in = NULL;

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(write(fds[1], m->stream.p, 1000), 1000);
	CHECK_INT(close(fds[1]), 0);
	CHECK_INT(sink_buf(&out, &sink), 0);
	opts.salvage = sink;
	CHECK_INT(intake_fd(fds[0], &in), 0);
	CHECK_INT(verify_stream(in, &opts, &res), -ESPIPE);
	intake_closep(&in);
	CHECK_INT(sink_close(sink), 0);
	CHECK_INT(close(fds[0]), 0);
	OK("salvage from a pipe is refused");
}

/* ---- padding where it must not be, or other than it must be ------------------------------- */

/* Of a stream of one frame of padding behind one checkpoint: SPOIL changes it. */
static void padding_with(void (*spoil)(struct buf *b, size_t at), const char *why)
{
	struct verify_result res;
	struct maker m;

	maker_open_block(&m, FRAME_BLOCK);
	maker_file(&m, "files/one", bytes_str("1"));
	maker_checkpoint(&m);
	size_t at = m.checkpoints[0].end;
	CHECK_INT(m.stream.n, FRAME_BLOCK);
	CHECK_INT(frame_u32(m.stream.p + at), FRAME_MAGIC_PAD);
	spoil(&m.stream, at);
	verify_part(buf_bytes(&m.stream), &res);
	if (!strstr(res.reason, why))
		fprintf(stderr, "reason: %s\n", res.reason);
	CHECK(strstr(res.reason, why) != NULL);
	CHECK_INT(res.verdict, strstr(why, "cut") ? VERIFY_CUT : VERIFY_ALTERED);
	CHECK_INT(res.proven_bytes, at);
	maker_done(&m);
}

static void as_it_is(struct buf *b, size_t at)
{
	(void)b, (void)at;
}

static void no_zero(struct buf *b, size_t at)
{
	(void)at;
	b->p[b->n - 1] = 1;
}

static void longer(struct buf *b, size_t at)
{
	frame_put_u32(b->p + at + FRAME_MAGIC_SIZE, (uint32_t)(b->n - at - FRAME_SKIP_HEAD + 1));
}

static void cut_short(struct buf *b, size_t at)
{
	(void)at;
	b->n--;
}

static void twice(struct buf *b, size_t at)
{
	unsigned char head[FRAME_SKIP_HEAD];

	(void)at;
	frame_put_u32(head, FRAME_MAGIC_PAD);
	frame_put_u32(head + FRAME_MAGIC_SIZE, FRAME_BLOCK - FRAME_SKIP_HEAD);
	CHECK_INT(buf_add(b, head, sizeof(head)), 0);
}

static void check_padding(void)
{
	padding_with(as_it_is, "cut between two frames");
	padding_with(no_zero, "not zero");
	padding_with(longer, "where a block does");
	padding_with(cut_short, "cut inside a frame");
	padding_with(twice, "no frame begins here");
	OK("padding has one length, is zero, and stands behind a checkpoint alone");
}

/* ---- what a seal over wrong content says --------------------------------------------------- */

static void seal_with(void (*spoil)(struct maker *m), const char *why)
{
	struct seal_totals totals;
	struct verify_result res;
	struct maker m;

	maker_open(&m);
	maker_file(&m, "files/one", bytes_str("1"));
	spoil(&m);
	maker_end(&m, &totals);
	verify_part(buf_bytes(&m.stream), &res);
	CHECK_INT(res.verdict, VERIFY_ALTERED);
	if (!strstr(res.reason, why))
		fprintf(stderr, "reason: %s\n", res.reason);
	CHECK(strstr(res.reason, why) != NULL);
	maker_done(&m);
}

static void wrong_sum(struct maker *m)
{
	m->ledger.sums.p[0] ^= 1;
}

static void wrong_chain(struct maker *m)
{
	CHECK_INT(ledger_write(&m->ledger), 0);
	m->ledger.previous[0] ^= 1;
	maker_file(m, "files/two", bytes_str("2"));
}

static void wrong_number(struct maker *m)
{
	m->ledger.seq = 2;
}

static void outside(struct maker *m)
{
	struct pax_entry e = { .path = bytes_str("elsewhere/x"), .mode = S_IFREG | 0644 };

	CHECK_INT(pax_begin(m->pax, &e), 0);
	CHECK_INT(pax_finish(m->pax), 0);
	m->entries++;
}

static void dotdot(struct maker *m)
{
	maker_file(m, "files/../../x", bytes_str("x"));
}

static void no_sum(struct maker *m)
{
	buf_clear(&m->ledger.sums);
}

static void no_parts(struct maker *m)
{
	CHECK_INT(ledger_write(&m->ledger), 0);
	maker_file(m, "files/two", bytes_str("2"));
	buf_clear(&m->ledger.sums);
	buf_clear(&m->ledger.part);
}

static void wrong_count(struct maker *m)
{
	m->entries++;
}

static void check_spoiled(void)
{
	seal_with(wrong_sum, "sum does not agree");
	seal_with(no_sum, "sum does not agree");
	seal_with(wrong_chain, "chain is broken");
	seal_with(wrong_number, "out of order");
	seal_with(outside, "top directory");
	seal_with(dotdot, "not allowed");
	seal_with(no_parts, "not whole");
	seal_with(wrong_count, "does not agree");
	OK("a seal over content that contradicts itself is altered");
}

static void check_many_without_sums(void)
{
	char name[4096];
	struct seal_totals totals;
	struct verify_result res;
	struct maker m;

	maker_open(&m);
	memset(name, 'n', sizeof(name));
	name[4090] = '\0';
	for (int i = 0; i < 300; i++) {
		memcpy(name + 4080, "0000000000", 10);
		snprintf(name + 4080, 11, "%010u", (unsigned)i % 1000);
		maker_file(&m, name, bytes_str("x"));
		buf_clear(&m.ledger.sums); /* a writer that forgets them */
		buf_clear(&m.ledger.part);
	}
	maker_end(&m, &totals);
	maker_verify(buf_bytes(&m.stream), &(struct verify_options){ 0 }, &res);
	CHECK_INT(res.verdict, VERIFY_ALTERED);
	CHECK(strstr(res.reason, "too many entries without sums") != NULL);
	maker_done(&m);
	OK("sums that do not come end in altered, not in memory");
}

/* ---- more names than can wait for a checkpoint -------------------------------------------- */

enum { LONG_NAMES = 4500, LONG_NAME = 4000 }; /* 18 MB */

struct seen {
	uint64_t told, passed, proven;
	unsigned settled[2];
};

static int see_told(void *ctx, struct bytes path, uint64_t size, const unsigned char *sha256)
{
	(void)path, (void)size, (void)sha256;
	((struct seen *)ctx)->told++;
	return 0;
}

static int see_passed(void *ctx, struct bytes path, uint64_t size, const unsigned char *sha256)
{
	(void)path, (void)size, (void)sha256;
	((struct seen *)ctx)->passed++;
	return 0;
}

static int see_settled(void *ctx, bool proven)
{
	struct seen *s = ctx;

	CHECK_INT(s->settled[false], 0); /* comes last */
	s->settled[proven]++;
	if (proven)
		s->proven = s->passed;
	return 0;
}

static void check_long_names(void)
{
	struct seen seen = { 0 }, cut = { 0 };
	struct verify_options opts = {
		.entry = see_told, .pass = see_passed, .settle = see_settled, .ctx = &seen
	};
	struct seal_totals totals;
	struct verify_result res;
	char name[LONG_NAME];
	struct maker m;

	maker_open(&m);
	for (int i = 0; i < LONG_NAMES; i++) {
		snprintf(name, sizeof(name), "files/%0*d", LONG_NAME - 10, i);
		maker_file(&m, name, bytes_str("x"));
	}
	maker_end(&m, &totals);
	maker_verify(buf_bytes(&m.stream), &opts, &res);
	CHECK_INT(res.verdict, VERIFY_SEALED);
	CHECK(res.untold > 0 && seen.told > LONG_NAMES / 2);
	CHECK_INT(seen.told + res.untold, res.proven_entries);
	CHECK_INT(seen.proven, res.proven_entries);
	CHECK(seen.settled[true] == 1 && seen.settled[false] == 1);
	opts.ctx = &cut;
	maker_verify(bytes_of(m.stream.p, m.stream.n / 2), &opts, &res);
	CHECK_INT(res.verdict, VERIFY_CUT);
	CHECK(cut.passed > 0 && cut.told == 0 && cut.proven == 0 && res.untold == 0);
	CHECK(cut.settled[true] == 0 && cut.settled[false] == 1);
	maker_done(&m);
	OK("names past what can wait are counted; what passes is all, and settled");
}

int main(void)
{
	static const size_t blocks[] = { 0, FRAME_BLOCK };
	struct maker m;

	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		make(&m, blocks[i]);
		check_whole(&m);
		check_cuts(&m);
		check_flips(&m);
		check_more(&m);
		check_salvage(&m);
		check_salvage_pipe(&m);
		maker_done(&m);
	}
	check_padding();
	check_spoiled();
	check_many_without_sums();
	check_long_names();
	TEST_END();
}
