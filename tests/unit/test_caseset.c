/* SPDX-License-Identifier: Apache-2.0 */
/* Several bundles: the merge of what they have into one list, and what they are as a set. */
#include "test.h"

#include "work/caseset.h"
#include "work/have_list.h"

static const unsigned char sha[32] = { 0x01, 0x23 };
#define HEX   "0123000000000000000000000000000000000000000000000000000000000000"
#define OTHER "ff23000000000000000000000000000000000000000000000000000000000000"

/* ---- a bundle as verify_stream() tells of it ----------------------------------------------- */

/* Both listen; either may be NULL. */
struct to {
	struct have_list *list;
	struct caseset *set;
};

static void begin(const struct to *t, const char *file)
{
	if (t->list)
		CHECK_INT(have_list_bundle(t->list), 0);
	if (t->set)
		CHECK_INT(caseset_begin(t->set, file), 0);
}

static void entry(const struct to *t, const char *run, const char *name)
{
	char path[200];
	int n = snprintf(path, sizeof(path), "csi-%s/%s", run, name);

	if (t->list)
		CHECK_INT(have_list_entry(t->list, bytes_of(path, (size_t)n), 7, sha), 0);
	if (t->set)
		CHECK_INT(caseset_entry(t->set, bytes_of(path, (size_t)n), 7, sha), 0);
}

static void part(const struct to *t, struct buf *lines)
{
	struct bytes name = bytes_str("ledger/000001.jsonl");

	if (t->list)
		CHECK_INT(have_list_content(t->list, name, buf_bytes(lines)), 0);
	if (t->set)
		CHECK_INT(caseset_content(t->set, name, buf_bytes(lines)), 0);
	buf_clear(lines);
}

static void settle(const struct to *t, bool proven)
{
	if (t->list)
		CHECK_INT(have_list_settle(t->list, proven), 0);
	if (t->set)
		CHECK_INT(caseset_settle(t->set, proven), 0);
}

static void end(const struct to *t, enum verify_verdict verdict)
{
	struct verify_result res = { .verdict = verdict };

	settle(t, false);
	if (t->set)
		caseset_end(t->set, &res);
}

/* The record of files/ROOT PATH, which went by. */
static void add_file(struct buf *b, const char *root, const char *path)
{
	CHECK_INT(buf_addf(b,
			   "{\"csi\":{\"action\":\"collect file\",\"item\":\"files/%s%s\","
			   "\"outcome\":\"ok\"},\"file\":{\"ctime\":\"2026-01-02T03:04:05Z\","
			   "\"device\":\"8:1\",\"inode\":\"42\",\"hash\":{\"sha256\":\"" HEX "\"},"
			   "\"mtime\":\"2026-01-02T03:04:05Z\",\"path\":\"%s\",\"size\":7,"
			   "\"type\":\"file\"}}\n",
			   root, path, path),
		  0);
}

static void add_unsorted(struct buf *b, const char *root, const char *dir)
{
	CHECK_INT(buf_addf(b,
			   "{\"csi\":{\"action\":\"walk in kernel order\",\"root\":\"%s\"},"
			   "\"file\":{\"path\":\"%s\"}}\n",
			   root, dir),
		  0);
}

static void add_cite(struct buf *b, const char *run, const char *item, const char *hex)
{
	CHECK_INT(buf_addf(b,
			   "{\"csi\":{\"action\":\"cite file\",\"cite\":{\"item\":\"%s\",\"run\":"
			   "\"%s\"}},\"file\":{\"hash\":{\"sha256\":\"%s\"}}}\n",
			   item, run, hex),
		  0);
}

static void add_resume(struct buf *b, const char *run)
{
	CHECK_INT(buf_addf(b, "{\"csi\":{\"action\":\"resume\",\"cite\":{\"run\":\"%s\"}}}\n", run),
		  0);
}

/* ---- the list ------------------------------------------------------------------------------ */

/* "ROOT PATH RUN;" of each file line, "run;" and "end N;" of the others. */
static int on_line(void *ctx, struct bytes line)
{
	struct have_line l = { 0 };

	CHECK(line.n > 0 && line.p[line.n - 1] == '\n');
	CHECK_INT(have_parse(bytes_of(line.p, line.n - 1), &l), 0);
	if (l.kind == HAVE_RUN)
		CHECK_INT(buf_addf(ctx, "%s;", l.run), 0);
	else if (l.kind == HAVE_END)
		CHECK_INT(buf_addf(ctx, "end %u;", (unsigned)l.lines), 0);
	else
		CHECK_INT(buf_addf(ctx, "%s %.*s %s;", l.root, (int)l.path.n, (char *)l.path.p,
				   l.run),
			  0);
	have_line_done(&l);
	return 0;
}

struct row {
	const char *root, *path;
	bool unsorted; /* what comes in the directory PATH is in the kernel's order */
};

static void add_bundle(const struct to *t, const char *run, const struct row *v, size_t n)
{
	AUTO_DONE(buf_done) struct buf lines = BUF_NONE;
	char name[128];

	begin(t, run);
	for (size_t i = 0; i < n; i++) {
		if (v[i].unsorted) {
			add_unsorted(&lines, v[i].root, v[i].path);
			continue;
		}
		snprintf(name, sizeof(name), "files/%s%s", v[i].root, v[i].path);
		entry(t, run, name);
		add_file(&lines, v[i].root, v[i].path);
	}
	part(t, &lines);
	settle(t, true);
}

static void check_list(struct have_list *l, const char *want)
{
	AUTO_DONE(buf_done) struct buf got = BUF_NONE;
	uint64_t lines = 0;

	CHECK_INT(have_list_end(l, on_line, &got, &lines), 0);
	if (!bytes_eq(buf_bytes(&got), bytes_str(want)))
		fprintf(stderr, "list: %.*s\n", (int)got.n, (char *)got.p);
	CHECK(bytes_eq(buf_bytes(&got), bytes_str(want)));
}

static void test_merge(void)
{
	static const struct row one[] = { { "r", "/a", false },	    { "r", "/d", true },
					  { "r", "/d/z", false },   { "r", "/d/a", false },
					  { "r", "/d/m/x", false }, { "r", "/e", false },
					  { "s", "/a", false } };
	static const struct row two[] = { { "r", "/a", false },	  { "r", "/d/b", false },
					  { "r", "/d/z", false }, { "r", "/d-", false },
					  { "r", "/f", false },	  { "s", "/", true },
					  { "s", "/z", false },	  { "s", "/b", false } };
	static const struct row three[] = { { "q", "/x", false }, { "s", "/c", false } };
	AUTO_DONE(have_list_closep) struct have_list *l = NULL;
	struct to t = { NULL, NULL };

	CHECK_INT(have_list_open("/tmp", &l), 0);
	t.list = l;
	add_bundle(&t, "1", one, ARRAY_LEN(one));
	end(&t, VERIFY_SEALED);
	add_bundle(&t, "2", two, ARRAY_LEN(two));
	end(&t, VERIFY_SEALED);
	add_bundle(&t, "3", three, ARRAY_LEN(three));
	end(&t, VERIFY_SEALED);
	check_list(l, "1;2;3;q /x 3;r /a 1;r /a 2;r /d/z 1;r /d/a 1;r /d/m/x 1;r /d/b 2;r /d/z 2;"
		      "r /d- 2;r /e 1;r /f 2;s /a 1;s /z 2;s /b 2;s /c 3;end 15;");
	OK("lists merge by root and path, the kernel's order of the earlier bundle kept");
}

static void test_list_unproven(void)
{
	static const struct row rows[] = { { "r", "/a", false }, { "r", "/b", false } };
	AUTO_DONE(have_list_closep) struct have_list *l = NULL;
	AUTO_DONE(buf_done) struct buf lines = BUF_NONE;
	struct to t = { NULL, NULL };

	CHECK_INT(have_list_open("/tmp", &l), 0);
	t.list = l;
	add_bundle(&t, "1", rows, 2);
	for (int i = 0; i < 1000; i++) { /* more than a buffer's worth */
		entry(&t, "1", "files/r/c");
		add_file(&lines, "r", "/c");
	}
	part(&t, &lines);
	end(&t, VERIFY_CUT);
	begin(&t, "2");
	entry(&t, "2", "files/r/d");
	add_file(&lines, "r", "/d");
	part(&t, &lines);
	end(&t, VERIFY_ALTERED);
	add_bundle(&t, "3", rows, 1);
	end(&t, VERIFY_SEALED);
	check_list(l, "1;3;r /a 1;r /a 3;r /b 1;end 3;");
	OK("what no checkpoint proves is not on the list, nor is its run");
}

/* ---- the set ------------------------------------------------------------------------------- */

static void check_set(struct caseset *s, enum caseset_verdict verdict, uint64_t cited,
		      uint64_t missing, uint64_t wrong)
{
	AUTO_DONE(caseset_result_done) struct caseset_result res = { 0 };

	CHECK_INT(caseset_judge(s, &res), 0);
	CHECK_INT(res.verdict, verdict);
	CHECK_INT(res.cited, cited);
	CHECK_INT(res.missing, missing);
	CHECK_INT(res.wrong, wrong);
	CHECK((res.reason == NULL) == (verdict == CASESET_WHOLE));
}

static const struct row ab[] = { { "r", "/a", false }, { "r", "/b", false } };

/* A second bundle that is sealed, resumes run 1 and says LINES. */
static void set_with(struct buf *lines, enum caseset_verdict verdict, uint64_t cited,
		     uint64_t missing, uint64_t wrong)
{
	AUTO_DONE(caseset_closep) struct caseset *s = NULL;
	struct to t = { NULL, NULL };

	CHECK_INT(caseset_open("/tmp", &s), 0);
	t.set = s;
	add_bundle(&t, "1", ab, 2);
	end(&t, VERIFY_CUT);
	add_bundle(&t, "2", NULL, 0);
	entry(&t, "2", "case.json");
	add_resume(lines, "1");
	part(&t, lines);
	settle(&t, true);
	add_cite(lines, "1", "files/r/never", HEX);
	part(&t, lines);
	end(&t, VERIFY_SEALED);
	CHECK_INT(caseset_cites(s), cited + missing + wrong);
	check_set(s, verdict, cited, missing, wrong);
}

static void test_cites(void)
{
	AUTO_DONE(buf_done) struct buf lines = BUF_NONE;

	add_cite(&lines, "1", "files/r/a", HEX);
	add_cite(&lines, "1", "files/r/b", HEX);
	set_with(&lines, CASESET_WHOLE, 2, 0, 0);
	add_cite(&lines, "1", "files/r/a", HEX);
	add_cite(&lines, "1", "files/r/c", HEX);
	add_cite(&lines, "3", "files/r/a", HEX);
	set_with(&lines, CASESET_MISSING, 1, 2, 0);
	add_cite(&lines, "1", "files/r/a", OTHER);
	add_cite(&lines, "1", "files/r/c", HEX);
	set_with(&lines, CASESET_ALTERED, 0, 1, 1);
	add_cite(&lines, "1", "files/r/a", "no digest");
	set_with(&lines, CASESET_ALTERED, 0, 0, 1);
	OK("citations resolve, miss, or have other content; what is not proven does not count");
}

/* VERDICT of run 1, which nobody resumes, beside a sealed one. */
static void set_beside(enum verify_verdict verdict, bool proven, enum caseset_verdict want)
{
	AUTO_DONE(caseset_closep) struct caseset *s = NULL;
	struct to t = { NULL, NULL };

	CHECK_INT(caseset_open("/tmp", &s), 0);
	t.set = s;
	begin(&t, "1");
	entry(&t, "1", "case.json");
	if (proven)
		settle(&t, true);
	end(&t, verdict);
	add_bundle(&t, "2", ab, 2);
	end(&t, VERIFY_SEALED);
	check_set(s, want, 0, 0, 0);
}

static void test_bundles(void)
{
	AUTO_DONE(caseset_closep) struct caseset *s = NULL;
	struct to t = { NULL, NULL };

	set_beside(VERIFY_SEALED, true, CASESET_WHOLE);
	set_beside(VERIFY_CUT, true, CASESET_MISSING);
	set_beside(VERIFY_CUT, false, CASESET_WHOLE);
	set_beside(VERIFY_LOCKED, false, CASESET_MISSING);
	set_beside(VERIFY_ALTERED, true, CASESET_ALTERED);
	set_beside(VERIFY_NOT_ONE, false, CASESET_ALTERED);
	CHECK_INT(caseset_open("/tmp", &s), 0);
	t.set = s;
	for (int i = 0; i < 2; i++) {
		add_bundle(&t, "1", ab, 2);
		end(&t, VERIFY_SEALED);
	}
	check_set(s, CASESET_MISSING, 0, 0, 0);
	OK("cut, locked, altered bundles and two of a run");
}

/* Each resumes the one before it, the last is sealed; then none is. */
static void test_chain(void)
{
	for (int sealed = 0; sealed < 2; sealed++) {
		AUTO_DONE(caseset_closep) struct caseset *s = NULL;
		AUTO_DONE(buf_done) struct buf lines = BUF_NONE;
		struct to t = { NULL, NULL };
		char run[16], before[16] = "none";

		CHECK_INT(caseset_open("/tmp", &s), 0);
		t.set = s;
		for (int i = 0; i < 50; i++) {
			snprintf(run, sizeof(run), "run%d", i);
			begin(&t, "x");
			entry(&t, run, "case.json");
			add_resume(&lines, before);
			part(&t, &lines);
			settle(&t, true);
			end(&t, sealed && i == 49 ? VERIFY_SEALED : VERIFY_CUT);
			memcpy(before, run, sizeof(before));
		}
		check_set(s, sealed ? CASESET_WHOLE : CASESET_MISSING, 0, 0, 0);
	}
	OK("a chain of cut runs hangs on the sealed one");
}

int main(void)
{
	test_merge();
	test_list_unproven();
	test_cites();
	test_bundles();
	test_chain();
	TEST_END();
}
