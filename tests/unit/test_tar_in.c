/* SPDX-License-Identifier: Apache-2.0 */
/* The general tar reader: dialects, names as they are stored, sparse maps, and what is no tar. */
#include "format/tar_in.h"

#include "feed.h"
#include "layer.h"

#include <errno.h>
#include <sys/stat.h>

/* Reads B to its end: entries as "TYPE PATH LINK SIZE CONTENT;", then the error. */
static int read_all(struct bytes b, size_t step, struct buf *text)
{
	AUTO_DONE(tar_in_closep) struct tar_in *t = NULL;
	struct feed f = feed_of(b, step);
	struct tar_in_entry e;
	struct bytes piece;
	uint64_t offset, at;
	int r;

	buf_clear(text);
	CHECK_INT(tar_in_open(&f.in, &t), 0);
	while ((r = tar_in_next(t, &e)) > 0) {
		CHECK_INT(buf_addf(text, "%o ", e.mode >> 12), 0);
		CHECK_INT(buf_addb(text, e.path), 0);
		CHECK_INT(buf_addf(text, " %s", e.hard ? "=" : ""), 0);
		CHECK_INT(buf_addb(text, e.link), 0);
		CHECK_INT(buf_addf(text, " %d ", (int)e.size), 0);
		at = 0;
		while ((r = tar_in_data(t, &piece, &offset)) > 0) {
			CHECK(offset >= at && offset + piece.n <= e.size);
			for (; at < offset; at++)
				CHECK_INT(buf_addc(text, '_'), 0);
			CHECK_INT(buf_addb(text, piece), 0);
			at += piece.n;
		}
		CHECK_INT(buf_addc(text, ';'), 0);
		if (r < 0)
			return r;
	}
	if (r == 0 && !tar_in_ended(t))
		CHECK_INT(buf_adds(text, "no end"), 0);
	return r;
}

static void test_types(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE, text = BUF_NONE;

	layer_add(&b, "d/", '5', NULL, "");
	layer_add(&b, "d/f", '0', NULL, "hello");
	layer_add(&b, "l", '2', "d/f", "");
	layer_add(&b, "h", '1', "d/f", "");
	layer_add(&b, "c", '3', NULL, "");
	layer_add(&b, "b", '4', NULL, "");
	layer_add(&b, "p", '6', NULL, "");
	layer_add(&b, "odd", 'Z', NULL, "skipped");
	layer_head(&b, "old/", '\0', 0, NULL, "\0\0\0\0\0\0\0");
	layer_add(&b, "last", '7', NULL, "x");
	layer_end(&b);
	for (size_t step = 1; step < 3000; step = step * 3 + 1) {
		CHECK_INT(read_all(buf_bytes(&b), step, &text), 0);
		CHECK_BYTES(buf_bytes(&text),
			    "4 d/  0 ;10 d/f  5 hello;12 l d/f 0 ;10 h =d/f 0 ;2 c  0 ;6 b  0 ;"
			    "1 p  0 ;0 odd  7 skipped;4 old/  0 ;10 last  1 x;");
	}
	OK("all types, however the bytes come");
	for (size_t n = 0; n < b.n; n += 100) {
		int r = read_all(bytes_of(b.p, n), 512, &text);

		CHECK(r == -ENODATA || (r == 0 && n % TAR_BLOCK == 0) || n == 0);
		if (r == 0 && n < b.n - TAR_BLOCK)
			CHECK(bytes_ends(buf_bytes(&text), "no end"));
	}
	OK("a cut is seen at every place");
}

static void test_names(void)
{
	static const char nfd[] = "path=caf\x65\xcc\x81", bad[] = "path=\xff\xfe/x";
	AUTO_DONE(buf_done) struct buf b = BUF_NONE, text = BUF_NONE;
	char name[301] = { 0 };

	memset(name, 'n', 300);
	layer_pax(&b, nfd, sizeof(nfd) - 1);
	layer_add(&b, "short", '0', NULL, "");
	layer_pax(&b, bad, sizeof(bad) - 1);
	layer_add(&b, "short", '0', NULL, "");
	layer_head(&b, "././@LongLink", 'L', 301, NULL, "ustar  ");
	CHECK_INT(buf_add(&b, name, 301), 0);
	layer_pad(&b);
	layer_add(&b, "short", '0', NULL, "");
	layer_pax(&b, "linkpath=to", 11);
	layer_add(&b, "s", '2', "from", "");
	layer_head(&b, "global", 'g', 0, NULL, "ustar\00000");
	layer_add(&b, "plain", '0', NULL, "");
	layer_end(&b);
	CHECK_INT(read_all(buf_bytes(&b), 700, &text), 0);
	CHECK(bytes_starts(buf_bytes(&text), "10 caf\x65\xcc\x81  0 ;10 \xff\xfe/x  0 ;10 nnn"));
	CHECK(bytes_ends(buf_bytes(&text), "nnn  0 ;12 s to 0 ;10 plain  0 ;"));
	OK("names are as they are stored: decomposed, no UTF-8, long");
}

static void test_sparse(void)
{
	static const char old[] = "GNU.sparse.map=2,3,10,2";
	AUTO_DONE(buf_done) struct buf b = BUF_NONE, text = BUF_NONE;

	layer_pax(&b, old, sizeof(old) - 1);
	layer_add(&b, "s", '0', NULL, "abcde");
	layer_end(&b);
	/* Without a size of its own the file is as large as what is stored: then the map lies
	 * outside. */
	CHECK_INT(read_all(buf_bytes(&b), 100, &text), -EBADMSG);
	buf_clear(&b);
	layer_pax(&b, "GNU.sparse.map=9,1,2,1", 22);
	layer_add(&b, "s", '0', NULL, "ab");
	CHECK_INT(read_all(buf_bytes(&b), 100, &text), -EBADMSG);
	OK("sparse maps that cannot be are refused");
}

static void test_bad(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE, text = BUF_NONE;

	layer_add(&b, "f", '0', NULL, "x");
	b.p[0] = 'g';
	CHECK_INT(read_all(buf_bytes(&b), 512, &text), -EBADMSG);
	buf_clear(&b);
	layer_head(&b, "x", 'x', TAR_IN_HEADER_MAX + 1, NULL, "ustar\00000");
	CHECK_INT(read_all(buf_bytes(&b), 512, &text), -EFBIG);
	buf_clear(&b);
	layer_pax(&b, "path=a", 6);
	layer_pax(&b, "path=b", 6);
	layer_add(&b, "f", '0', NULL, "x");
	CHECK_INT(read_all(buf_bytes(&b), 512, &text), -EBADMSG);
	buf_clear(&b);
	layer_pax(&b, "path=a", 6);
	layer_end(&b);
	CHECK_INT(read_all(buf_bytes(&b), 512, &text), -EBADMSG);
	buf_clear(&b);
	CHECK_INT(read_all(buf_bytes(&b), 512, &text), 0);
	CHECK_BYTES(buf_bytes(&text), "no end");
	OK("what is no tar");
}

int main(void)
{
	test_types();
	test_names();
	test_sparse();
	test_bad();
	TEST_END();
}
