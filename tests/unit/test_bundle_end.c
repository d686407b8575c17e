/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline's ends: streams that fail, readers that go away, signals, idleness, memory. */
#include "bundle_kit.h"

#include <sys/resource.h>

/* ---- streams ------------------------------------------------------------------------------- */

struct fill {
	size_t left;
	int err;
};

static ssize_t fill(void *ctx, void *p, size_t n)
{
	struct fill *f = ctx;
	size_t now = n < f->left ? n : f->left;

	if (now == 0)
		return f->err;
	if (now > 70000)
		now = 70000;
	memset(p, 'f', now);
	f->left -= now;
	return (ssize_t)now;
}

static void check_streams(void)
{
	struct fill whole = { 1000000, 0 }, early = { 600000, 0 }, bad = { 300000, -EIO },
		    none = { 0, -EIO };
	struct bundle_entry e = { .action = "test" };
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	e.path = bytes_str("mem/whole");
	CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &whole), 0);
	e.path = bytes_str("mem/early");
	CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &early), 0);
	e.path = bytes_str("mem/bad");
	CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &bad), 0);
	e.path = bytes_str("mem/none");
	CHECK_INT(bundle_add_stream(b, &e, 1000000, fill, &none), 0);
	e.path = bytes_str("mem/empty");
	CHECK_INT(bundle_add_stream(b, &e, 0, fill, &none), 0);
	struct bundle_totals totals = end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK_INT(totals.gaps, 3);
	struct looked l = look(&t, "mem/early");
	CHECK_INT(l.size, 1000000);
	CHECK(l.text.p[599999] == 'f' && l.text.p[600000] == 0);
	buf_done(&l.text);
	l = look(&t, "mem/none");
	CHECK_INT(l.found, 0);
	l = look(&t, "mem/empty");
	CHECK_INT(l.found, 1);
	CHECK(ledger_has(&t, "\"short\":400000"));
	CHECK(ledger_has(&t, "\"short\":700000"));
	test_sink_done(&t);
	OK("streams whole, early at their end, failing, empty");
}

/* ---- failure, stop, idleness --------------------------------------------------------------- */

static void check_broken_sink(void)
{
	static unsigned char content[400000];
	uint64_t state = 11;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (unsigned char)maker_random(&state);
	for (int round = 0; round < 40; round++) {
		struct bundle_totals totals;
		struct test_sink t;
		int r = 0;

		test_sink_init(&t, 1 + maker_random(&state) % (8 << 20));
		struct bundle *b = open_bundle(&t, NULL);
		for (int i = 0; i < 60 && r == 0; i++)
			r = add_fd(
				b, "files/x",
				make_file("x", content, i % 3 ? (size_t)i * 100 : sizeof(content)),
				-1);
		CHECK(r == 0 || r == -EPIPE);
		r = bundle_end(b, BUNDLE_COMPLETE, &totals);
		CHECK(r == 0 || r == -EPIPE);
		bundle_closep(&b);
		test_sink_done(&t);
	}
	OK("a reader that goes away ends everything, at any byte");
}

static void check_abandoned(void)
{
	struct test_sink t;
	struct verify_result res;

	for (int i = 0; i < 10; i++) {
		test_sink_init(&t, 0);
		struct bundle *b = open_bundle(&t, NULL);
		for (int k = 0; k < i * 20; k++)
			CHECK_INT(add_fd(b, "files/x", make_file("x", "abc", 3), -1), 0);
		bundle_closep(&b);
		maker_verify(buf_bytes(&t.b), &(struct verify_options){ 0 }, &res);
		CHECK(res.verdict == VERIFY_CUT || res.verdict == VERIFY_NOT_ONE);
		test_sink_done(&t);
	}
	OK("closed without an end: no seal, nothing left behind");
}

static void check_stop(void)
{
	static unsigned char content[3 << 20];
	atomic_bool stop = false;
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, &stop);
	CHECK_INT(add_fd(b, "files/a", make_file("a", content, sizeof(content)), -1), 0);
	atomic_store(&stop, true);
	CHECK_INT(add_fd(b, "files/b", make_file("b", content, 10), -1), -ECANCELED);
	CHECK_INT(bundle_add_record(b, bytes_str("{\"last\":\"words\"}\n")), 0);
	(void)end_bundle(b, &t, BUNDLE_PARTIAL);
	CHECK(ledger_has(&t, "{\"last\":\"words\"}\n"));
	test_sink_done(&t);
	OK("stopped: nothing more is added, it still seals, as partial");
}

static void check_idle(void)
{
	struct verify_result res;
	struct test_sink t;

	test_sink_init(&t, 0);
	struct bundle *b = open_bundle(&t, NULL);
	add_and_idle(b, &t, &res);
	CHECK(res.checkpoints >= 2);
	CHECK_INT(res.proven_entries, 4); /* top, file, ledger, sums */
	CHECK_INT(res.hashes_checked, 2);
	CHECK_INT(add_fd(b, "files/b", make_file("b", "abc", 3), -1), 0);
	(void)end_bundle(b, &t, BUNDLE_COMPLETE);
	test_sink_done(&t);
	OK("idle: what was added is proven within seconds, and checkpoints go on");
}

static void check_memory(void)
{
	static unsigned char content[1 << 20];
	struct bundle_options opts = { .run_id = "T", .level = 3 };
	struct bundle_totals totals;
	struct rusage before, after;
	struct bundle *b;
	uint64_t state = 3;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	CHECK_INT(getrusage(RUSAGE_SELF, &before), 0);
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (unsigned char)maker_random(&state);
	CHECK_INT(sink_fd(null, true, &opts.sink), 0);
	CHECK_INT(bundle_open(&opts, &b), 0);
	for (int i = 0; i < 100; i++)
		CHECK_INT(add_fd(b, "files/x", make_file("x", content, sizeof(content) - (size_t)i),
				 -1),
			  0);
	CHECK_INT(bundle_end(b, BUNDLE_COMPLETE, &totals), 0);
	bundle_closep(&b);
	CHECK_INT(sink_close(opts.sink), 0);
	CHECK_INT(getrusage(RUSAGE_SELF, &after), 0);
	printf("# 100 MiB at level 3: peak RSS %ld KiB, %ld before\n", after.ru_maxrss,
	       before.ru_maxrss);
	OK("100 MiB that do not compress");
}

int main(void)
{
	make_dir();
	if (getenv("BUNDLE_MEMORY")) { /* alone, its peak is its own */
		check_memory();
	} else {
		check_streams();
		check_broken_sink();
		check_abandoned();
		check_stop();
		check_idle();
		check_memory();
	}
	remove_dir();
	TEST_END();
}
