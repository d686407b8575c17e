/* SPDX-License-Identifier: Apache-2.0 */
/* Layers one over the other: whiteouts, opaque directories, links, and what is left in the end. */
#include "work/image_index.h"

#include "feed.h"
#include "layer.h"

#include <errno.h>
#include <sys/stat.h>

static char gaps[4096];

static void note_gap(void *ctx, const struct gap *gap)
{
	size_t n = strlen(gaps);

	(void)ctx;
	(void)snprintf(gaps + n, sizeof(gaps) - n, "%s %.*s;", err_name(gap->err), (int)gap->on.n,
		       (const char *)gap->on.p);
}

static const struct gap_sink sink = { .fn = note_gap };

/* Adds the layer in B and applies it; B is cleared. */
static void apply(struct image_index *x, struct buf *b)
{
	AUTO_DONE(tar_in_closep) struct tar_in *t = NULL;
	uint32_t from = image_index_facts(x);
	struct tar_in_entry e;

	layer_end(b);
	struct feed f = feed_of(buf_bytes(b), 4096);
	CHECK_INT(tar_in_open(&f.in, &t), 0);
	while (tar_in_next(t, &e) > 0) {
		struct image_entry entry = { .tar = &e, .has_sha256 = S_ISREG(e.mode) };

		/* The size is the content's mark. */
		entry.sha256[0] = (unsigned char)e.size;
		CHECK_INT(image_index_add(x, &entry), 0);
	}
	CHECK_INT(image_index_apply(x, from, image_index_facts(x)), 0);
	buf_clear(b);
}

static void dir(struct buf *b, const char *name)
{
	layer_add(b, name, '5', NULL, "");
}

static void file(struct buf *b, const char *name, const char *content)
{
	layer_add(b, name, '0', NULL, content);
}

static struct image_index *begin(void)
{
	struct image_index *x = NULL;

	gaps[0] = 0;
	CHECK_INT(image_index_open(0, &sink, &x), 0);
	return x;
}

/* "f1": a file of one byte; "d", "l", "D" a directory that is only implied; "-" nothing. */
static const char *at(const struct image_index *x, const char *path)
{
	static char text[16];
	struct image_file f;
	image_node n = image_find(x, bytes_str(path));

	if (n == IMAGE_NONE)
		return "-";
	image_get(x, n, &f);
	if (f.implied)
		return "D";
	if (S_ISREG(f.mode)) {
		CHECK_INT(f.sha256[0], f.size);
		(void)snprintf(text, sizeof(text), "f%d", (int)f.size);
		return text;
	}
	return S_ISDIR(f.mode) ? "d" : S_ISLNK(f.mode) ? "l" : "?";
}

#define AT(path, want) CHECK(strcmp(at(x, path), want) == 0)

static void test_whiteouts(void)
{
	AUTO_DONE(image_index_closep) struct image_index *x = begin();
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	dir(&b, "a"), file(&b, "a/1", "x"), file(&b, "a/2", "x"), dir(&b, "o"),
		file(&b, "o/low", "x");
	dir(&b, "o/sub"), file(&b, "o/sub/deep", "x"), file(&b, "keep", "x");
	apply(x, &b);
	/* In one layer a whiteout is about lower layers alone, whatever the order. */
	file(&b, "a/2", "yy"), file(&b, "a/.wh.2", ""), file(&b, "a/.wh.1", "");
	file(&b, "o/new", "x"), file(&b, "o/.wh..wh..opq", ""), file(&b, ".wh..wh.plnk", "");
	apply(x, &b);
	file(&b, ".wh.never", "");
	apply(x, &b);
	image_index_finish(x);
	AT("/a", "d");
	AT("/a/1", "-");
	AT("/a/2", "f2");
	AT("/o", "d");
	AT("/o/low", "-");
	AT("/o/sub/deep", "-");
	AT("/o/new", "f1");
	AT("/keep", "f1");
	AT("/.wh..wh.plnk", "-");
	CHECK_INT(strlen(gaps), 0);
	CHECK_INT(image_files(x), 6);
	OK("whiteouts and opaque directories");
}

static void test_replaced(void)
{
	AUTO_DONE(image_index_closep) struct image_index *x = begin();
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	dir(&b, "d"), file(&b, "d/in", "x"), file(&b, "f", "x"), dir(&b, "gone"),
		file(&b, "gone/x", "x");
	apply(x, &b);
	file(&b, "d", "yy"), dir(&b, "f"), file(&b, "f/in", "zzz"), file(&b, ".wh.gone", "");
	apply(x, &b);
	dir(&b, "d"), file(&b, "gone/y", "x");
	apply(x, &b);
	image_index_finish(x);
	AT("/d", "d");
	AT("/d/in", "-");
	AT("/f", "d");
	AT("/f/in", "f3");
	AT("/gone", "D");
	AT("/gone/x", "-");
	AT("/gone/y", "f1");
	OK("a file over a directory and back; what is in a name only");
}

static void test_links(void)
{
	AUTO_DONE(image_index_closep) struct image_index *x = begin();
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	dir(&b, "usr/"), dir(&b, "usr/lib"), layer_add(&b, "lib", '2', "usr/lib", "");
	layer_add(&b, "abs", '2', "/usr/../usr/lib", ""), layer_add(&b, "loop", '2', "loop", "");
	layer_add(&b, "out", '2', "../../../usr", ""), file(&b, "usr/lib/a", "x");
	layer_add(&b, "hard", '1', "lib/a", ""), layer_add(&b, "no", '1', "nothing", "");
	apply(x, &b);
	file(&b, "lib/b", "yy"), file(&b, "abs/.wh.a", ""), file(&b, "out/lib/c", "x"),
		file(&b, "loop/d", "x");
	file(&b, "../../etc/e", "x"), file(&b, "/f", "x"), file(&b, "./g/../h", "x");
	apply(x, &b);
	image_index_finish(x);
	AT("/lib", "l");
	AT("/usr/lib/b", "f2");
	AT("/lib/b", "-");
	AT("/usr/lib/a", "-");
	AT("/hard", "f1");
	AT("/no", "-");
	AT("/usr/lib/c", "f1");
	AT("/loop/d", "-");
	AT("/etc/e", "f1");
	AT("/f", "f1");
	AT("/h", "f1");
	CHECK(strcmp(gaps, "ENOENT /no;EINVAL ../../etc/e;EINVAL ./g/../h;ELOOP /loop/d;") == 0);
	OK("links on the way are followed, never out of the root");
}

static void test_odd(void)
{
	AUTO_DONE(image_index_closep) struct image_index *x = begin();
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	file(&b, "twice", "x"), file(&b, "twice", "yy"), dir(&b, "d"), dir(&b, "d");
	file(&b, ".wh.", ""), file(&b, ".wh...", ""), layer_pax(&b, "path=a\0b", 8),
		file(&b, "x", "x");
	layer_add(&b, "type", 'Q', NULL, "");
	apply(x, &b);
	image_index_finish(x);
	AT("/twice", "f2");
	AT("/a", "-");
	AT("/type", "-");
	CHECK(strcmp(gaps, "EINVAL .wh.;EINVAL .wh...;EINVAL a;EOPNOTSUPP type;EEXIST /twice;") ==
	      0);
	OK("what no runtime would unpack is told");
}

static void test_unseen(void)
{
	AUTO_DONE(image_index_closep) struct image_index *x = begin();
	AUTO_DONE(buf_done) struct buf b = BUF_NONE, path = BUF_NONE;
	AUTO_FREE image_node *v = NULL;
	size_t n = 0;

	dir(&b, "a"), file(&b, "a/x", "x"), file(&b, "a/y", "x"), file(&b, "a.b", "x"),
		dir(&b, "m");
	file(&b, "m/hidden", "x"), dir(&b, "t"), file(&b, "t/1", "x"), dir(&b, "s"),
		file(&b, "s/1", "x");
	apply(x, &b);
	image_index_finish(x);
	image_mark(x, 0, IMAGE_MARK_SEEN);
	image_mark(x, image_find(x, bytes_str("/m")), IMAGE_MARK_SEEN | IMAGE_MARK_COVERED);
	image_mark(x, image_find(x, bytes_str("/t")), IMAGE_MARK_SEEN | IMAGE_MARK_LEAF);
	image_mark(x, image_find(x, bytes_str("/s")), IMAGE_MARK_SEEN);
	CHECK_INT(image_unseen(x, &v, &n), 0);
	CHECK_INT(n, 3);
	for (size_t i = 0; i < n; i++) {
		CHECK_INT(image_path(x, v[i], &path), 0);
		CHECK_INT(buf_addf(&path, "+%d ", (int)image_below(x, v[i])), 0);
	}
	CHECK_BYTES(buf_bytes(&path), "/a+2 /a.b+0 /s/1+0 ");
	image_index_again(x);
	CHECK(image_find(x, bytes_str("/a/x")) != IMAGE_NONE);
	CHECK_INT(image_marks(x, image_find(x, bytes_str("/s"))), 0);
	OK("what was not seen, topmost and sorted");
}

static void test_limit(void)
{
	AUTO_DONE(image_index_closep) struct image_index *x = NULL;
	struct tar_in_entry e = { .mode = S_IFREG | 0644 };
	struct image_entry entry = { .tar = &e };
	char name[64];
	int r = 0;

	CHECK_INT(image_index_open(512 << 10, NULL, &x), -EDQUOT);
	CHECK_INT(image_index_open(2 << 20, NULL, &x), 0);
	for (int i = 0; r == 0 && i < 100000; i++) {
		e.path = bytes_of(name, (size_t)snprintf(name, sizeof(name), "dir/file-%d", i));
		r = image_index_add(x, &entry);
	}
	CHECK_INT(r, -EDQUOT);
	CHECK(image_index_used(x) <= 2 << 20);
	OK("the limit holds");
}

int main(void)
{
	test_whiteouts();
	test_replaced();
	test_links();
	test_odd();
	test_unseen();
	test_limit();
	TEST_END();
}
