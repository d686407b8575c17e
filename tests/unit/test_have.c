/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what others have: order, lines, and the join with a walk. */
#include "test.h"

#include "work/have_join.h"

#include <errno.h>
#include <sys/mman.h>

static struct have_place place(const char *root, const char *path)
{
	return (struct have_place){ .root = bytes_str(root), .path = bytes_str(path) };
}

/* ---- order --------------------------------------------------------------------------------- */

static void test_order(void)
{
	static const struct {
		const char *root, *path;
	} v[] = {
		{ "a", "/zz" },	      { "a-2", "/" },	 { "a-2", "/A" },     { "a-2", "/a" },
		{ "a-2", "/a/\x01" }, { "a-2", "/a/b" }, { "a-2", "/a/b/c" }, { "a-2", "/a/z" },
		{ "a-2", "/a\x01" },  { "a-2", "/a-b" }, { "a-2", "/a.b/c" }, { "a-2", "/ab" },
		{ "a-2", "/b\xff" },  { "mnt-9", "/a" },
	};

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (size_t k = 0; k < ARRAY_LEN(v); k++) {
			int r = have_compare(place(v[i].root, v[i].path),
					     place(v[k].root, v[k].path));

			CHECK_INT((r > 0) - (r < 0), (i > k) - (i < k));
		}
	OK("places are in the order of a walk");
	CHECK(have_below(place("r", "/a/b"), place("r", "/a")));
	CHECK(have_below(place("r", "/a"), place("r", "/")));
	CHECK(!have_below(place("r", "/a"), place("r", "/a")));
	CHECK(!have_below(place("r", "/ab"), place("r", "/a")));
	CHECK(!have_below(place("s", "/a/b"), place("r", "/a")));
	OK("what lies below a directory");
}

/* ---- lines --------------------------------------------------------------------------------- */

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RUN "{\"csi\":{\"action\":\"have run\",\"cite\":{\"run\":\"R1\"}}}\n"
#define TIMES                                           \
	"\"ctime\":\"2026-01-02T03:04:05.000000006Z\"," \
	"\"mtime\":\"2026-01-02T03:04:05.000000007Z\","

static void put_line(struct buf *b, const char *run, const char *path, unsigned size)
{
	CHECK_INT(buf_addf(b,
			   "{\"csi\":{\"action\":\"have file\",\"cite\":{\"item\":\"files/r%s\","
			   "\"run\":\"%s\"},\"root\":\"r\"},\"file\":{" TIMES
			   "\"device\":\"8:1\",\"inode\":\"42\",\"hash\":{\"sha256\":\"" HEX "\"},"
			   "\"path\":\"%s\",\"size\":%u}}\n",
			   path, run, path, size),
		  0);
}

static void put_end(struct buf *b, unsigned lines)
{
	CHECK_INT(
		buf_addf(b, "{\"csi\":{\"action\":\"have end\",\"cite\":{\"lines\":%u}}}\n", lines),
		0);
}

static struct have_ident ident(unsigned size)
{
	struct file_info info = { .dev_major = 8, .dev_minor = 1, .ino = 42, .size = size };

	info.ctime = (struct file_stamp){ .sec = 1767323045, .nsec = 6 };
	info.mtime = (struct file_stamp){ .sec = 1767323045, .nsec = 7 };
	return have_ident_of(&info);
}

static void test_lines(void)
{
	AUTO_DONE(have_line_done) struct have_line l = { 0 };
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct have_ident id = ident(7);
	struct file_info old = { .mtime = { .sec = -1 } };

	put_line(&b, "R1", "/a\\\\x0ab", 7);
	CHECK_INT(have_parse(bytes_of(b.p, b.n - 1), &l), 0);
	CHECK_INT(l.kind, HAVE_FILE);
	CHECK_BYTES(buf_bytes(&l.path), "/a\nb");
	CHECK(have_ident_eq(&l.ident, &id) && strcmp(l.run, "R1") == 0 && l.size == 7);
	CHECK(strcmp(l.digest.hex, HEX) == 0 && !l.digest.extents);
	id = have_ident_of(&old);
	CHECK(!have_ident_eq(&id, &id));
	OK("a line is taken apart; a time without text equals nothing");
	for (size_t n = 0; n + 2 < b.n; n++) /* the last brace closes nothing that is looked at */
		CHECK_INT(have_parse(bytes_of(b.p, n), &l), -EBADMSG);
	OK("no beginning of a line is one");
}

static void test_bad_lines(void)
{
	static const struct {
		const char *from, *to; /* in a good line */
	} v[] = {
		{ "have file", "have fish" },
		{ "files/r/a", "files/r/b" },
		{ "files/r/a", "file5/r/a" },
		{ "\"run\":\"R1\"", "\"run\":\".1\"" },
		{ "\"run\":\"R1\"", "\"run\":3333" },
		{ "\"root\":\"r\"", "\"root\":\"s\"" },
		{ "\"root\":\"r\"", "\"root\":\"\"," },
		{ "\"0123", "\"0X23" },
		{ "\"size\":7", "\"size\":x" },
		{ "\"size\":7", "\"size\":-" },
		{ "\"path\":\"/a\"", "\"path\":\"aa\"" },
		{ "\"mtime\":\"2", "\"mtime\":22" },
	};
	AUTO_DONE(have_line_done) struct have_line l = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		AUTO_DONE(buf_done) struct buf b = BUF_NONE;

		put_line(&b, "R1", "/a", 7);
		b.n--;
		unsigned char *at = memmem(b.p, b.n, v[i].from, strlen(v[i].from));
		CHECK(at && strlen(v[i].from) == strlen(v[i].to));
		CHECK_INT(have_parse(buf_bytes(&b), &l), 0);
		memcpy(at, v[i].to, strlen(v[i].to));
		CHECK_INT(have_parse(buf_bytes(&b), &l), -EBADMSG);
	}
	OK("a line that is wrong in one place is refused");
}

/* ---- the join ------------------------------------------------------------------------------ */

/* The list is borrowed by the join: its descriptor is left to the end of the program. */
static int open_list(struct bytes text, struct have_join **ret)
{
	int fd = memfd_create("list", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	return have_join_open(fd, NULL, ret);
}

static bool has(struct have_join *j, const char *path, unsigned size)
{
	const struct have_ident id = ident(size);
	const struct have_line *line = NULL;
	int r = have_join_find(j, place("r", path), &id, &line);

	CHECK(r >= 0);
	return r == 1;
}

static void check_totals(struct have_join *j, uint64_t cited, uint64_t unused, int err)
{
	struct have_totals sum;
	uint64_t line;

	CHECK_INT(have_join_end(j, &sum), 0);
	CHECK_INT(sum.cited, cited);
	CHECK_INT(sum.unused, unused);
	CHECK_INT(have_join_error(j, &line), err);
}

static void test_join(void)
{
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	CHECK_INT(buf_adds(&b, RUN), 0);
	put_line(&b, "R1", "/a/gone", 1);
	put_line(&b, "R1", "/a/same", 2);
	put_line(&b, "R1", "/a/twice", 3);
	put_line(&b, "R1", "/a/twice", 4);
	put_line(&b, "R1", "/a/twice", 4);
	put_line(&b, "R1", "/z", 5);
	put_end(&b, 6);
	CHECK_INT(open_list(buf_bytes(&b), &j), 0);
	CHECK(strcmp(have_join_run(j, 0), "R1") == 0 && !have_join_run(j, 1));
	CHECK(!has(j, "/a/aa", 1));
	CHECK(has(j, "/a/same", 2));
	CHECK(has(j, "/a/twice", 4));
	CHECK(!has(j, "/a-b", 4));
	CHECK(!has(j, "/z", 6));
	check_totals(j, 2, 4, 0);
	OK("the same is found; gone, changed and new are not");
}

static void test_wrong_order(void)
{
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	CHECK_INT(buf_adds(&b, RUN), 0);
	put_line(&b, "R1", "/m", 1);
	put_line(&b, "R1", "/a", 1);
	put_line(&b, "R1", "/n", 1);
	put_end(&b, 3);
	CHECK_INT(open_list(buf_bytes(&b), &j), 0);
	CHECK(!has(j, "/a", 1));
	CHECK(has(j, "/m", 1));
	CHECK(has(j, "/n", 1));
	check_totals(j, 2, 1, 0);
	OK("a line out of order is not used, and nothing else is lost");
}

/* In a directory of the kernel's order: names in another order, some gone, some new. */
static void test_ring(void)
{
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	char name[32];
	unsigned found = 0;

	CHECK_INT(buf_adds(&b, RUN), 0);
	put_line(&b, "R1", "/a", 1);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "/d/%u", i);
		put_line(&b, "R1", name, i);
	}
	put_line(&b, "R1", "/e", 1);
	put_end(&b, 3002);
	CHECK_INT(open_list(buf_bytes(&b), &j), 0);
	CHECK(has(j, "/a", 1));
	CHECK_INT(have_join_unsorted(j, place("r", "/d")), 0);
	CHECK_INT(have_join_unsorted(j, place("r", "/d/sub")), 0);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned k = i ^ 0x3f; /* every 64 names backwards */

		if (k % 10 == 3) /* gone */
			continue;
		if (k % 10 == 4) { /* new */
			snprintf(name, sizeof(name), "/d/new%u", k);
			CHECK(!has(j, name, k));
		}
		snprintf(name, sizeof(name), "/d/%u", k);
		bool listed = k < 3000;
		CHECK(has(j, name, k) == listed);
		found += listed;
	}
	CHECK(found > 2600);
	CHECK(has(j, "/e", 1));
	check_totals(j, found + 2, 3002 - found - 2, 0);
	OK("in the kernel's order small differences lose nothing, 300 that are gone neither");
}

/* A run of lines longer than the ring that is gone holds back the rest of that directory only. */
static void test_ring_full(void)
{
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	char name[32];

	CHECK_INT(buf_adds(&b, RUN), 0);
	for (unsigned i = 0; i < 2 * HAVE_RING; i++) {
		snprintf(name, sizeof(name), "/d/%u", i);
		put_line(&b, "R1", name, i);
	}
	put_line(&b, "R1", "/e", 1);
	put_end(&b, 2 * HAVE_RING + 1);
	CHECK_INT(open_list(buf_bytes(&b), &j), 0);
	CHECK_INT(have_join_unsorted(j, place("r", "/d")), 0);
	CHECK(!has(j, "/d/300", 300));
	CHECK(has(j, "/d/255", 255));
	CHECK(has(j, "/d/300", 300));
	CHECK(has(j, "/e", 1));
	check_totals(j, 3, 2 * HAVE_RING - 2, 0);
	OK("the ring is bounded; behind it the list goes on");
}

/* ---- lists that are none ------------------------------------------------------------------- */

static int open_text(const char *text)
{
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;

	return open_list(bytes_str(text), &j);
}

static void test_not_lists(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(1 << 20);

	CHECK_INT(open_text(""), -ENODATA);
	CHECK_INT(open_text("\n"), -EBADMSG);
	CHECK_INT(open_text("x"), -EBADMSG);
	CHECK_INT(open_text("{}\n"), -EBADMSG);
	CHECK_INT(open_text("\xff\xfe{\"csi\":{}}\n"), -EBADMSG);
	CHECK_INT(open_text("{\"csi\":{\"action\":\"have end\",\"cite\":{\"lines\":1}}}\n"),
		  -EBADMSG);
	put_line(&b, "R1", "/a", 1);
	CHECK_INT(buf_addc(&b, 0), 0);
	CHECK_INT(open_text((const char *)b.p), -EBADMSG);
	buf_clear(&b);
	while (b.n < (size_t)3 * HAVE_LINE_MAX)
		CHECK_INT(buf_adds(&b, "{\"csi\":"), 0);
	CHECK_INT(buf_addc(&b, 0), 0);
	CHECK_INT(open_text((const char *)b.p), -EBADMSG);
	OK("what is no list is refused by its first line, a line without end too");
}

static void check_ended_by(const char *tail, int err)
{
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	CHECK_INT(buf_adds(&b, RUN), 0);
	put_line(&b, "R1", "/a", 1);
	CHECK_INT(buf_adds(&b, tail), 0);
	put_line(&b, "R1", "/c", 1);
	put_end(&b, 3);
	CHECK_INT(open_list(buf_bytes(&b), &j), 0);
	CHECK(has(j, "/a", 1));
	CHECK(!has(j, "/c", 1));
	check_totals(j, 1, 0, err);
}

static void test_broken_lists(void)
{
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	check_ended_by("garbage\n", -EBADMSG);
	check_ended_by("\xff\n", -EBADMSG);
	check_ended_by(RUN, -EBADMSG);
	check_ended_by("{\"csi\":{\"action\":\"have end\",\"cite\":{\"lines\":9}}}\n", -EBADMSG);
	check_ended_by("{\"csi\":{\"action\":\"have end\",\"cite\":{\"lines\":1}}}\n", 0);
	put_line(&b, "R2", "/b", 1);
	CHECK_INT(buf_addc(&b, 0), 0);
	check_ended_by((const char *)b.p, -EBADMSG);
	OK("behind the first wrong line nothing is believed: garbage, a run too late or unknown");
	buf_clear(&b);
	CHECK_INT(buf_adds(&b, RUN), 0);
	put_line(&b, "R1", "/a", 1);
	CHECK_INT(open_list(buf_bytes(&b), &j), 0);
	CHECK(has(j, "/a", 1));
	check_totals(j, 1, 0, -ENODATA);
	OK("a list without its last line is known as cut");
}

int main(void)
{
	test_order();
	test_lines();
	test_bad_lines();
	test_join();
	test_wrong_order();
	test_ring();
	test_ring_full();
	test_not_lists();
	test_broken_lists();
	TEST_END();
}
