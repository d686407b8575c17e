/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle of limited size: never larger, always sealed, and what is left out is recorded. */
#include "bundle_kit.h"

#include "format/frame.h"

enum { LARGEST = 3 << 20, ITEMS = 100 };

static unsigned char content[LARGEST];

enum kind { RANDOM, TEXT, MIXED };

static void fill_content(enum kind kind, uint64_t *state, size_t n)
{
	bool random = kind == RANDOM || (kind == MIXED && maker_random(state) % 2);

	for (size_t i = 0; i < n; i++)
		content[i] = random ? (unsigned char)maker_random(state)
				    : (unsigned char)('a' + i % 19 * (i / 4096) % 26);
}

static struct bundle *open_limited(struct test_sink *t, uint64_t max)
{
	struct bundle_options opts = {
		.sink = &t->sink, .run_id = "T", .level = 1, .gaps = &gaps, .max = max
	};
	struct bundle *b;

	atomic_store(&gaps_told, 0);
	CHECK_INT(bundle_open(&opts, &b), 0);
	return b;
}

static size_t count(const struct test_sink *t, const char *text)
{
	struct looked l = look(t, "ledger/");
	const unsigned char *at = l.text.p, *end = at + l.text.n;
	size_t n = 0;

	while (at && (at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
		n++;
		at++;
	}
	buf_done(&l.text);
	return n;
}

static size_t entries_below(const struct test_sink *t, const char *name)
{
	struct looked l = look(t, name);

	buf_done(&l.text);
	return l.found;
}

static ssize_t fill_stream(void *ctx, void *p, size_t n)
{
	size_t *left = ctx;
	size_t now = n < *left ? n : *left;

	memcpy(p, content, now);
	*left -= now;
	return (ssize_t)now;
}

/* Small and large files, bytes, streams, a directory here and there. */
static void add_one(struct bundle *b, int i, enum kind kind, uint64_t *state)
{
	static const size_t sizes[] = { 0, 700, 30000, 200000, 300000, 1500000, LARGEST };
	size_t n = sizes[maker_random(state) % ARRAY_LEN(sizes)];
	struct bundle_entry e = { .action = "test" };
	char name[32];

	snprintf(name, sizeof(name), "files/%d", i);
	e.path = bytes_str(name);
	fill_content(kind, state, n);
	switch (i % 4) {
	case 0:
		CHECK_INT(bundle_add_bytes(b, &e, bytes_of(content, n)), 0);
		break;
	case 1:
		e.has_info = true;
		e.info.mode = S_IFDIR | 0755;
		CHECK_INT(bundle_add_node(b, &e), 0);
		break;
	case 2:
		CHECK_INT(bundle_add_stream(b, &e, n, fill_stream, &(size_t){ n }), 0);
		break;
	default:
		CHECK_INT(add_fd(b, name, make_file("x", content, n), -1), 0);
	}
}

static void check_size(uint64_t max, size_t block, enum kind kind, uint64_t seed)
{
	uint64_t state = seed;
	struct test_sink t;

	test_sink_init(&t, 0);
	t.sink.block = block;
	struct bundle *b = open_limited(&t, max);
	for (int i = 0; i < ITEMS; i++)
		add_one(b, i, kind, &state);
	/* What compresses well fits, but for files that might not. */
	bool all = kind == TEXT && max > BUNDLE_MAX_LEAST;
	struct bundle_totals totals = end_bundle(b, &t, all ? BUNDLE_COMPLETE : BUNDLE_PARTIAL);
	size_t skipped = count(&t, "\"outcome\":\"skipped\"");
	size_t in = entries_below(&t, "files/");

	CHECK(t.b.n <= max);
	CHECK_INT(t.b.n, totals.bytes_out);
	CHECK_INT(in + skipped, ITEMS);
	CHECK_INT(totals.gaps, skipped);
	CHECK_INT(atomic_load(&gaps_told), skipped);
	CHECK_INT(count(&t, "\"code\":\"EDQUOT\""), 2 * skipped);
	CHECK_INT(count(&t, "stop at --max-bytes"), 0);
	CHECK(all == (skipped == 0));
	if (kind == RANDOM)
		CHECK(t.b.n > max / 4 * 3);
	test_sink_done(&t);
}

static void check_sizes(void)
{
	static const uint64_t sizes[] = { BUNDLE_MAX_LEAST, 5000011, 12 << 20 };
	uint64_t seed = 1;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int kind = i == 1 ? MIXED : RANDOM; kind <= MIXED; kind++)
			for (size_t block = 0; block <= FRAME_BLOCK; block += FRAME_BLOCK)
				check_size(sizes[i], block, (enum kind)kind, seed++);
	OK("never larger, with and without blocks; each item is there or recorded");
}

/* ---- no room for records ------------------------------------------------------------------- */

static void check_records(size_t block)
{
	static const char digits[] = "0123456789abcdef";
	struct bundle_entry e = { .action = "test" };
	uint64_t state = 5, added = 0;
	struct test_sink t;
	char name[400];
	int r = 0;

	test_sink_init(&t, 0);
	t.sink.block = block;
	struct bundle *b = open_limited(&t, BUNDLE_MAX_LEAST);
	while (r == 0 && added < 100000) {
		for (size_t i = 0; i < sizeof(name) - 1; i++)
			name[i] = digits[maker_random(&state) % 16];
		name[sizeof(name) - 1] = '\0';
		e.true_path = bytes_str(name);
		r = bundle_add_missing(b, &e, OUTCOME_MISSING, -ENOENT);
		added += r == 0;
	}
	CHECK_INT(r, -ECANCELED);
	CHECK_INT(bundle_add_record(b, bytes_str("{\"last\":\"words\"}\n")), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK(totals.bytes_out <= BUNDLE_MAX_LEAST);
	CHECK(totals.bytes_out > BUNDLE_MAX_LEAST / 2);
	CHECK_INT(totals.gaps, 1);
	CHECK_INT(count(&t, "\"outcome\":\"skipped\""), 1);
	CHECK_INT(count(&t, "\"action\":\"stop at --max-bytes\""), 2); /* record and gap */
	CHECK_INT(count(&t, "{\"last\":\"words\"}\n"), 1);
	CHECK(count(&t, "\"outcome\":\"missing\"") < added);
	test_sink_done(&t);
}

/* Ready lines of our own too: what comes after the last record is left out, at any size. */
static void check_lines(void)
{
	static char line[60000];
	const struct bytes head = bytes_str("{\"own\":");
	uint64_t state = 6;
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_limited(&t, BUNDLE_MAX_LEAST);
	for (int i = 0; i < 200; i++) {
		for (size_t k = 0; k < sizeof(line) - 1; k++)
			line[k] = (char)('!' + maker_random(&state) % 90);
		memcpy(line, head.p, head.n);
		line[sizeof(line) - 1] = '\n';
		CHECK_INT(bundle_add_record(b, bytes_of(line, sizeof(line))), 0);
	}
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK(totals.bytes_out <= BUNDLE_MAX_LEAST);
	CHECK_INT(count(&t, "\"action\":\"stop at --max-bytes\""), 2);
	CHECK(count(&t, "{\"own\":") > 20);
	test_sink_done(&t);
}

static void check_no_records(void)
{
	check_records(0);
	check_records(FRAME_BLOCK);
	OK("no room for records: one last says where that was, and it ends");
	check_lines();
	OK("nor for lines");
}

/* ---- others -------------------------------------------------------------------------------- */

/* A file with holes counts by its data; one that is refused is not read to its end. */
static void check_holes(void)
{
	static const off_t size = 60 << 20;
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_limited(&t, 8 << 20);
	fill_content(RANDOM, &(uint64_t){ 7 }, LARGEST);
	int fd = make_file("holes", content, 100000);
	CHECK_INT(pwrite(fd, content, 100000, size - 100000), 100000);
	CHECK_INT(add_fd(b, "files/holes", fd, -1), 0);
	fd = make_file("data", content, LARGEST);
	for (off_t at = 0; at < size; at += LARGEST)
		CHECK_INT(pwrite(fd, content, LARGEST, at), LARGEST);
	CHECK_INT(add_fd(b, "files/data", fd, -1), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK(totals.bytes_out <= 8 << 20);
	CHECK_INT(entries_below(&t, "files/holes"), 1);
	CHECK_INT(entries_below(&t, "files/data"), 0);
	CHECK_INT(totals.gaps, 1);
	test_sink_done(&t);
	OK("a file with holes counts by its data");
}

static void check_too_small(void)
{
	struct bundle_options opts = { .run_id = "T", .max = BUNDLE_MAX_LEAST - 1 };
	struct test_sink t;
	struct bundle *b;

	test_sink_init(&t, 0);
	opts.sink = &t.sink;
	CHECK_INT(bundle_open(&opts, &b), -EINVAL);
	CHECK_INT(t.b.n, 0);
	test_sink_done(&t);
	OK("too small a limit is refused");
}

/* Nobody adds anything: checkpoints go on as long as their share lasts. */
static void check_idle(void)
{
	struct verify_result res;
	struct test_sink t;

	test_sink_init(&t, 0);
	t.sink.block = FRAME_BLOCK;
	struct bundle *b = open_limited(&t, BUNDLE_MAX_LEAST);
	add_and_idle(b, &t, &res);
	CHECK(res.checkpoints >= 1);
	(void)end_bundle(b, &t, BUNDLE_COMPLETE);
	test_sink_done(&t);
	OK("idle: what was added is proven within seconds");
}

int main(void)
{
	make_dir();
	check_sizes();
	check_no_records();
	check_holes();
	check_too_small();
	check_idle();
	remove_dir();
	TEST_END();
}
