/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline: what is added comes out, whatever the files do meanwhile. */
#include "bundle_kit.h"

static void check_all_kinds(void)
{
	static unsigned char large[1500000], small[3000];
	struct bundle_entry e = { .path = bytes_str("case.json"), .action = "test" };
	struct test_sink t;
	uint64_t state = 5;

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (unsigned char)maker_random(&state);
	memcpy(small, large, sizeof(small));
	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	CHECK_INT(bundle_add_bytes(b, &e, bytes_str("{}\n")), 0);
	e.path = bytes_str("big.jsonl");
	CHECK_INT(bundle_add_bytes(b, &e, bytes_of(large, sizeof(large))), 0);
	for (int i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "files/%d", i);
		CHECK_INT(add_fd(b, name, make_file("small", small, (size_t)i * 3), -1), 0);
	}
	CHECK_INT(add_fd(b, "files/large", make_file("large", large, sizeof(large)), -1), 0);
	e = (struct bundle_entry){ .path = bytes_str("files/fifo"),
				   .has_info = true,
				   .action = "test" };
	e.info.mode = S_IFIFO | 0644;
	CHECK_INT(bundle_add_node(b, &e), 0);
	e.path = bytes_str("files/gone");
	CHECK_INT(bundle_add_missing(b, &e, OUTCOME_MISSING, -ENOENT), 0);
	CHECK_INT(bundle_add_record(b, bytes_str("{\"ours\":1}\n")), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_COMPLETE);
	CHECK_INT(totals.gaps, 0);
	CHECK_INT(atomic_load(&gaps_told), 0);
	struct looked l = look(&t, "files/large");
	CHECK_INT(l.found, 1);
	CHECK(bytes_eq(buf_bytes(&l.text), bytes_of(large, sizeof(large))));
	buf_done(&l.text);
	l = look(&t, "files/999");
	CHECK(bytes_eq(buf_bytes(&l.text), bytes_of(small, 2997)));
	buf_done(&l.text);
	l = look(&t, "files/fifo");
	CHECK_INT(l.found, 0);
	CHECK(ledger_has(&t, "{\"ours\":1}\n"));
	CHECK(ledger_has(&t, "\"type\":\"fifo\""));
	CHECK(ledger_has(&t, "\"outcome\":\"missing\""));
	test_sink_done(&t);
	OK("tables, small and large files, nodes and records come out as they went "
	   "in");
}

static void check_changed(void)
{
	static unsigned char content[700000];
	struct test_sink t;

	memset(content, 'x', sizeof(content));
	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	CHECK_INT(add_fd(b, "files/shrunk", make_file("a", content, 1000), 5000), 0);
	CHECK_INT(add_fd(b, "files/grown", make_file("a", content, 5000), 1000), 0);
	CHECK_INT(add_fd(b, "files/large-shrunk", make_file("a", content, 600000), 700000), 0);
	CHECK_INT(add_fd(b, "files/large-grown", make_file("a", content, 700000), 600000), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK_INT(totals.gaps, 4);
	CHECK_INT(atomic_load(&gaps_told), 4);
	CHECK_INT(atomic_load(&gap_err), -ESTALE);
	struct looked l = look(&t, "files/shrunk");
	CHECK_INT(l.size, 5000);
	CHECK(l.text.p[999] == 'x' && l.text.p[1000] == 0 && l.text.p[4999] == 0);
	buf_done(&l.text);
	l = look(&t, "files/large-grown");
	CHECK_INT(l.size, 600000);
	buf_done(&l.text);
	CHECK(ledger_has(&t, "\"read\":{\"short\":4000,\"size\":1000}"));
	CHECK(ledger_has(&t, "\"read\":{\"short\":100000,\"size\":600000}"));
	CHECK(ledger_has(&t, "\"read\":{\"size\":5000}"));
	CHECK(ledger_has(&t, "\"code\":\"ESTALE\""));
	test_sink_done(&t);
	OK("what shrinks is padded, what grows is cut, both are said");
}

/* A file that opens and cannot be read: a directory's descriptor. */
static void check_unreadable(void)
{
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	CHECK_INT(add_fd(b, "files/small", open(dir, O_RDONLY | O_CLOEXEC), 100), 0);
	CHECK_INT(add_fd(b, "files/large", open(dir, O_RDONLY | O_CLOEXEC), 1 << 20), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK_INT(totals.gaps, 2);
	struct looked l = look(&t, "files/small");
	CHECK_INT(l.found, 0);
	CHECK(ledger_has(&t, "\"outcome\":\"failed\""));
	CHECK(ledger_has(&t, "\"code\":\"EISDIR\""));
	test_sink_done(&t);
	OK("what cannot be read has a record and a gap, and no entry");
}

/* ---- holes and limits ---------------------------------------------------------------------- */

static void check_holes(void)
{
	struct test_sink t;
	int fds[4];

	for (int i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%d", i);
		fds[i] = make_file(name, "head", 4);
	}
	CHECK_INT(ftruncate(fds[0], 50 << 20), 0);
	CHECK_INT(pwrite(fds[0], "tail", 4, (50 << 20) - 4), 4);
	CHECK_INT(ftruncate(fds[1], 0), 0);
	CHECK_INT(ftruncate(fds[1], 5 << 20), 0);
	for (int i = 0; i < 5000; i++) /* more extents than are kept apart */
		CHECK_INT(pwrite(fds[2], "e", 1, (off_t)i * 16384), 1);
	bool huge = ftruncate(fds[3], (off_t)1 << 40) == 0;
	if (huge)
		CHECK_INT(pwrite(fds[3], "end", 3, ((off_t)1 << 40) - 3), 3);
	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	CHECK_INT(add_fd(b, "files/two", fds[0], -1), 0);
	CHECK_INT(add_fd(b, "files/hole", fds[1], -1), 0);
	CHECK_INT(add_fd(b, "files/many", fds[2], -1), 0);
	CHECK_INT(add_fd(b, "files/huge", fds[3], -1), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_COMPLETE);
	CHECK(totals.bytes_in < 48 << 20);
	struct looked l = look(&t, "files/hole");
	CHECK_INT(l.size, 5 << 20);
	CHECK_INT(l.text.n, 0);
	if (huge) {
		l = look(&t, "files/huge");
		CHECK_INT(l.size, INT64_C(1) << 40);
		buf_done(&l.text);
		CHECK(ledger_has(&t, "\"hash\":{\"extents\":\""));
		l = look(&t, "sums/");
		CHECK(memmem(l.text.p, l.text.n, "huge", 4) == NULL);
		buf_done(&l.text);
	}
	test_sink_done(&t);
	OK(huge ? "holes are kept; 1 TiB of one takes nothing"
		: "holes are kept # no 1 TiB file here");
}

static void check_max_file(void)
{
	static unsigned char content[100];
	struct test_sink t;
	int fd = make_file("m", content, sizeof(content));

	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	struct bundle_entry e = { .path = bytes_str("files/m"),
				  .has_info = true,
				  .action = "test" };
	struct file *f;
	CHECK_INT(file_info_fd(fd, &e.info), 0);
	e.info.size = 65 << 20;
	e.info.blocks = e.info.size / 512;
	CHECK_INT(file_from_fd(fd, &f), 0);
	CHECK_INT(bundle_add_file(b, &e, f), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK_INT(totals.gaps, 1);
	CHECK(ledger_has(&t, "\"outcome\":\"skipped\""));
	CHECK(ledger_has(&t, "\"code\":\"EFBIG\""));
	test_sink_done(&t);
	OK("a file above the limit is a record and a gap");
}

/* ---- names --------------------------------------------------------------------------------- */

static void check_names(void)
{
	static unsigned char deep[200000];
	static const char *const odd[] = {
		"/abs", "a//b", "a/./b", "../x", "ledger/000001.jsonl", "sums/x", "long/000001", ""
	};
	struct bundle_entry e = { .action = "test" };
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	memset(deep, 'd', sizeof(deep));
	for (size_t i = 5; i < sizeof(deep); i += 100)
		deep[i] = '/';
	e.path = bytes_of(deep, sizeof(deep));
	e.true_path = e.path;
	CHECK_INT(bundle_add_bytes(b, &e, bytes_str("deep")), 0);
	e.true_path = bytes_str("/true/one");
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		e.path = bytes_str(odd[i]);
		CHECK_INT(bundle_add_bytes(b, &e, bytes_str(odd[i])), 0);
	}
	e.path = bytes_of("nul\0x", 5);
	CHECK_INT(bundle_add_bytes(b, &e, bytes_str("nul")), 0);
	(void)end_bundle(b, &t, BUNDLE_COMPLETE);
	struct looked l = look(&t, "long/");
	CHECK_INT(l.found, ARRAY_LEN(odd) + 2);
	buf_done(&l.text);
	CHECK(ledger_has(&t, "\"length\":195905"));
	CHECK(ledger_has(&t, "\"path\":\"/true/one\""));
	test_sink_done(&t);
	OK("what has no room or no place by its name goes to long/");
}

static void check_many_records(void)
{
	AUTO_DONE(buf_done) struct buf line = BUF_LIMIT(8 << 20);
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	for (int i = 0; i < 3000; i++) {
		buf_clear(&line);
		CHECK_INT(buf_addf(&line, "{\"n\":%d,\"pad\":\"%0*d\"}\n", i, i == 7 ? 600000 : 900,
				   0),
			  0);
		CHECK_INT(bundle_add_record(b, buf_bytes(&line)), 0);
	}
	buf_clear(&line);
	CHECK_INT(buf_addf(&line, "{\"pad\":\"%0*d\"}\n", 2000000, 0), 0);
	CHECK_INT(bundle_add_record(b, buf_bytes(&line)), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK_INT(totals.gaps, 1);
	CHECK(ledger_has(&t, "{\"n\":2999,"));
	CHECK(ledger_has(&t, "{\"n\":7,"));
	struct looked l = look(&t, "ledger/");
	CHECK(l.found >= 4);
	buf_done(&l.text);
	test_sink_done(&t);
	OK("3,000 records make several parts; one too long is a gap");
}

int main(void)
{
	make_dir();
	check_all_kinds();
	check_changed();
	check_unreadable();
	check_holes();
	check_max_file();
	check_names();
	check_many_records();
	remove_dir();
	TEST_END();
}
