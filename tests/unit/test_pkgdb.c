/* SPDX-License-Identifier: Apache-2.0 */
/* Package databases of a root: what their lists come to, and what of them is a gap. */
#include "work/pkgdb.h"

#include "tree.h"

enum { MANY = 6000 };

struct found {
	struct buf text; /* "PACKAGE PATH\n" each */
	struct buf gaps; /* "ERR WHAT\n" each */
};

static int on_entry(void *ctx, const struct pkg_entry *e)
{
	struct found *f = ctx;

	if (bytes_starts(e->path, "/var/lib/dpkg/")) /* the lists themselves */
		return 0;
	CHECK_INT(buf_addb(&f->text, e->package), 0);
	CHECK_INT(buf_addc(&f->text, ' '), 0);
	CHECK_INT(buf_addb(&f->text, e->path), 0);
	return buf_addc(&f->text, '\n');
}

static void on_gap(void *ctx, const struct gap *gap)
{
	struct found *f = ctx;

	CHECK_INT(buf_addf(&f->gaps, "%s %s\n", err_name(gap->err), gap->what), 0);
}

/* A root with these diversions, and packages "a" and "b" that list /x/one and /x/two. */
static void read_with(const void *diversions, size_t n, struct found *ret)
{
	static const char list[] = "/.\n/x/one\n/x/two\n";
	static const char *const dirs[] = { "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/info" };
	AUTO_DONE(root_closep) struct root *root = NULL;
	const struct gap_sink gaps = { on_gap, ret };
	const struct pkgdb_reader rd = { .entry = on_entry, .ctx = ret, .gaps = &gaps };
	struct pkgdb_kinds kinds;
	char path[TREE_PATH];
	int dir = tree_make(NULL, path);

	buf_clear(&ret->text);
	buf_clear(&ret->gaps);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		CHECK_INT(mkdirat(dir, dirs[i], 0755), 0);
	tree_file(dir, "var/lib/dpkg/info/a.list", list, strlen(list));
	tree_file(dir, "var/lib/dpkg/info/b.list", list, strlen(list));
	tree_file(dir, "var/lib/dpkg/diversions", diversions, n);
	CHECK_INT(root_from_fd(dir, bytes_of(NULL, 0), &root), 0);
	CHECK_INT(pkgdb_read(root, &rd, &kinds), 0);
	CHECK_INT(kinds.databases, 1);
	tree_remove(path);
}

static bool has(const struct buf *b, const char *line)
{
	return memmem(b->p, b->n, line, strlen(line)) != NULL;
}

static void done(struct found *f)
{
	buf_done(&f->text);
	buf_done(&f->gaps);
}

static void test_whose(void)
{
	AUTO_DONE(done) struct found f = { 0 };
	static const char text[] = "/x/two\n/x/two.orig\nb\n/x/one\n/x/one.orig\n:\n"
				   "/x/two\n/x/two.late\na\n/x/two\n/x/two.last\nc\n";

	read_with(text, strlen(text), &f);
	CHECK_INT(f.gaps.n, 0);
	CHECK(has(&f.text, "a /x/one.orig\n") && has(&f.text, "b /x/one.orig\n"));
	CHECK(has(&f.text, "a /x/two.orig\n")); /* the first that is not its own */
	CHECK(has(&f.text, "b /x/two.late\n"));
	OK("a diversion is of every package but the one that made it");
}

/* An empty line, a NUL or an endless line in one of them does no harm to those behind it. */
static void test_bad_lines(void)
{
	static const char good[] = "/x/one\n/x/one.orig\n:\n";
	AUTO_DONE(done) struct found f = { 0 };
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	CHECK_INT(buf_add(&b, "/a\n\n:\n/n\0n\n/o\n:\n", 16), 0);
	CHECK_INT(buf_adds(&b, good), 0);
	read_with(b.p, b.n, &f);
	CHECK(has(&f.text, "a /x/one.orig\n"));
	CHECK_BYTES(buf_bytes(&f.gaps), "EBADMSG read diversions\n");
	buf_clear(&b);
	for (unsigned i = 0; i < 100000; i++)
		CHECK_INT(buf_addc(&b, 'x'), 0);
	CHECK_INT(buf_adds(&b, "\n/to\n:\n"), 0);
	CHECK_INT(buf_adds(&b, good), 0);
	read_with(b.p, b.n, &f);
	CHECK(has(&f.text, "a /x/one.orig\n"));
	CHECK_BYTES(buf_bytes(&f.gaps),
		    "ENAMETOOLONG read package list\nEBADMSG read diversions\n");
	read_with(good, strlen(good) - 2, &f);
	CHECK_BYTES(buf_bytes(&f.gaps), "EBADMSG read diversions\n");
	OK("a bad line costs its own diversion, and is told");
}

/* Every list passes over a line that is too long, and goes on. */
static void test_long_lines(void)
{
	static const char name[] = "var/lib/dpkg/info/c.md5sums", status[] = "var/lib/dpkg/status";
	static const char *const dirs[] = { "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/info",
					    "lib", "lib/apk", "lib/apk/db" };
	AUTO_DONE(done) struct found f = { 0 };
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	AUTO_DONE(buf_done) struct buf wide = BUF_NONE;
	AUTO_DONE(root_closep) struct root *root = NULL;
	const struct gap_sink gaps = { on_gap, &f };
	const struct pkgdb_reader rd = { .entry = on_entry, .ctx = &f, .gaps = &gaps };
	struct pkgdb_kinds kinds;
	char path[TREE_PATH];
	int dir = tree_make(NULL, path);

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		CHECK_INT(mkdirat(dir, dirs[i], 0755), 0);
	for (unsigned i = 0; i < 100000; i++)
		CHECK_INT(buf_addc(&wide, 'x'), 0);
	CHECK_INT(buf_addc(&wide, '\n'), 0);
	CHECK_INT(buf_addb(&b, buf_bytes(&wide)), 0);
	CHECK_INT(buf_adds(&b, "d41d8cd98f00b204e9800998ecf8427e  x/sum\n"), 0);
	tree_file(dir, name, b.p, b.n);
	b.n = wide.n;
	CHECK_INT(buf_adds(&b, "Package: p\nConffiles:\n"), 0);
	CHECK_INT(buf_addb(&b, buf_bytes(&wide)), 0);
	CHECK_INT(buf_adds(&b, " /x/conf d41d8cd98f00b204e9800998ecf8427e\n"), 0);
	tree_file(dir, status, b.p, b.n);
	b.n = wide.n;
	CHECK_INT(buf_adds(&b, "P:q\nF:x\nR:file\n"), 0);
	CHECK_INT(buf_addb(&b, buf_bytes(&wide)), 0);
	CHECK_INT(buf_adds(&b, "Z:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0);
	tree_file(dir, "lib/apk/db/installed", b.p, b.n);
	CHECK_INT(root_from_fd(dir, bytes_of(NULL, 0), &root), 0);
	CHECK_INT(pkgdb_read(root, &rd, &kinds), 0);
	CHECK(has(&f.text, "c /x/sum\n") && has(&f.text, "p /x/conf\n") &&
	      has(&f.text, "q /x/file\n"));
	CHECK_BYTES(buf_bytes(&f.gaps), "ENAMETOOLONG read package list\n"
					"ENAMETOOLONG read package list\n"
					"ENAMETOOLONG read package list\n");
	tree_remove(path);
	OK("a line that is too long is passed over in every list");
}

static void test_many(void)
{
	AUTO_DONE(done) struct found f = { 0 };
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(16 << 20);
	char wide[3001];

	CHECK_INT(buf_adds(&b, "/x/two\n/x/two.orig\n:\n"), 0);
	for (unsigned i = 0; i < MANY; i++)
		CHECK_INT(buf_addf(&b, "/m/%u\n/m/%u.orig\n:\n", i, i), 0);
	CHECK_INT(buf_adds(&b, "/x/one\n/x/one.orig\n:\n"), 0);
	read_with(b.p, b.n, &f);
	CHECK(has(&f.text, "a /x/two.orig\n") && has(&f.text, "a /x/one\n"));
	CHECK_BYTES(buf_bytes(&f.gaps), "E2BIG read diversions\n");
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = 0;
	b.n = strlen("/x/two\n/x/two.orig\n:\n");
	for (unsigned i = 0; i < MANY / 4; i++)
		CHECK_INT(buf_addf(&b, "/m/%u%s\n/m/%u.orig\n:\n", i, wide, i), 0);
	read_with(b.p, b.n, &f);
	CHECK(has(&f.text, "a /x/two.orig\n") && has(&f.text, "a /x/one\n"));
	CHECK_BYTES(buf_bytes(&f.gaps), "E2BIG read diversions\n");
	OK("more diversions than are kept: what was read counts, the rest is told");
}

int main(void)
{
	test_whose();
	test_bad_lines();
	test_long_lines();
	test_many();
	TEST_END();
}
