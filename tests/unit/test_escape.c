/* SPDX-License-Identifier: Apache-2.0 */
/* The escaper: every code point, every malformed sequence, and back. */
#include "base/escape.h"

#include "test.h"

#include <errno.h>

#define ESCAPES(src, want)                                                      \
	do {                                                                    \
		AUTO_DONE(buf_done) struct buf e_b = BUF_NONE;                  \
		CHECK_INT(escape_add(&e_b, bytes_of(src, sizeof(src) - 1)), 0); \
		CHECK_BYTES(buf_bytes(&e_b), want);                             \
	} while (0)

static void ascii(void)
{
	ESCAPES("", "");
	ESCAPES("/usr/bin/app", "/usr/bin/app");
	ESCAPES("a\nb", "a\\x0ab");
	ESCAPES("\0", "\\x00");
	ESCAPES("\x1b[2J", "\\x1b[2J");
	ESCAPES("\\", "\\\\");
	ESCAPES("\\x41", "\\\\x41");
	ESCAPES("\x7f~ \x1f", "\\x7f~ \\x1f");
	ESCAPES("x\r\t\b\"'`$(id)", "x\\x0d\\x09\\x08\"'`$(id)");
	OK("controls and the backslash, nothing else of ASCII");
}

/* Each special byte at each place of a word of eight, which is read at once. */
static void every_place(void)
{
	static const unsigned char specials[] = { 0, 1, 0x1f, '\\', 0x7f, 0x80, 0x9f, 0xc3, 0xff };

	for (size_t len = 1; len <= 24; len++) {
		for (size_t at = 0; at < len; at++) {
			for (size_t s = 0; s < ARRAY_LEN(specials); s++) {
				AUTO_DONE(buf_done) struct buf b = BUF_NONE;
				unsigned char text[24];

				memset(text, 'a', sizeof(text));
				text[at] = specials[s];
				CHECK_INT(escape_add(&b, bytes_of(text, len)), 0);
				CHECK_INT(b.n, len + (specials[s] == '\\' ? 1 : 3));
				CHECK(b.p[at] == '\\');
			}
		}
	}
	OK("a special byte is seen at each place of the fast path");
}

static void unicode(void)
{
	ESCAPES("h\xc3\xa4h \xe4\xb8\xad \xf0\x9f\x98\x80",
		"h\xc3\xa4h \xe4\xb8\xad \xf0\x9f\x98\x80");
	ESCAPES("\xc2\x9b", "\\xc2\\x9b");
	ESCAPES("\xe2\x80\xae", "\\xe2\\x80\\xae");
	ESCAPES("\xef\xbb\xbf", "\\xef\\xbb\\xbf");
	ESCAPES("\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81");
	OK("text passes; C1 controls, bidi, BOM and tags do not");

	ESCAPES("\xc0\xaf", "\\xc0\\xaf");
	ESCAPES("\xc1\xbf", "\\xc1\\xbf");
	ESCAPES("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	ESCAPES("\xe0\x9f\xbf", "\\xe0\\x9f\\xbf");
	ESCAPES("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf");
	ESCAPES("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf");
	ESCAPES("\xed\xa0\x80\xed\xbf\xbf", "\\xed\\xa0\\x80\\xed\\xbf\\xbf");
	ESCAPES("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	ESCAPES("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
	ESCAPES("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
	ESCAPES("\xe4\xb8", "\\xe4\\xb8");
	ESCAPES("\xe4\xb8z", "\\xe4\\xb8z");
	ESCAPES("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
	ESCAPES("\x80\xbf", "\\x80\\xbf");
	ESCAPES("\xc3\xc3\xa4", "\\xc3\xc3\xa4");
	OK("overlong, surrogate, beyond 10FFFF, cut: byte by byte");
}

static size_t encode(uint32_t c, unsigned char p[4])
{
	if (c < 0x80) {
		p[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (unsigned char)(0xc0 | c >> 6);
		p[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (unsigned char)(0xe0 | c >> 12);
		p[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (unsigned char)(0xf0 | c >> 18);
	p[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

/* The contract's list, written a second time. */
static bool passes(uint32_t c)
{
	return !(c <= 0x1f || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
		 (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		 (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
		 (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff) || c == '\\' ||
		 (c >= 0xd800 && c <= 0xdfff));
}

static void every_code_point(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	AUTO_DONE(buf_done) struct buf back = BUF_NONE;

	for (uint32_t c = 0; c < 0x110000; c++) {
		unsigned char p[4];
		struct bytes src = bytes_of(p, encode(c, p));

		buf_clear(&b);
		buf_clear(&back);
		CHECK_INT(escape_add(&b, src), 0);
		if (passes(c))
			CHECK(bytes_eq(buf_bytes(&b), src));
		else
			CHECK_INT(b.n, c == '\\' ? 2 : 4 * src.n);
		CHECK_INT(escape_undo(&back, buf_bytes(&b)), 0);
		CHECK(bytes_eq(buf_bytes(&back), src));
	}
	OK("all 1,114,112 code points are as the contract says, and come back");
}

static void undo_refuses(void)
{
	static const char *const bad[] = {
		"\\",	"\\x",	"\\x4", "\\x41",	"\\xFF", "\\n", "\\xe4\\xb8\\xad",
		"a\nb", "\x1b", "\xff", "\xe2\x80\xae", "\\x5c", "\x7f"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_DONE(buf_done) struct buf b = BUF_NONE;

		CHECK_INT(buf_adds(&b, "kept"), 0);
		CHECK_INT(escape_undo(&b, bytes_str(bad[i])), -EINVAL);
		CHECK_BYTES(buf_bytes(&b), "kept");
	}
	OK("undo takes only what the escaper makes");
}

static void at_the_limit(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(8);

	CHECK_INT(escape_add(&b, bytes_str("abc\xff"
					   "x")),
		  0);
	CHECK_BYTES(buf_bytes(&b), "abc\\xffx");
	CHECK_INT(escape_add(&b, bytes_str("\n")), -EFBIG);
	CHECK_BYTES(buf_bytes(&b), "abc\\xffx");
	OK("whole or not at all");
}

static void widths(void)
{
	CHECK_INT(escape_width(bytes_str("abc")), 3);
	CHECK_INT(escape_width(bytes_str("\xc3\xa4\xe4\xb8\xad")), 3);
	CHECK_INT(escape_width(bytes_str("\xf0\x9f\x98\x80")), 2);
	CHECK_INT(escape_width(bytes_str("\\x1b")), 4);
	CHECK_INT(escape_fit(bytes_str("abcdef"), 4), 4);
	CHECK_INT(escape_fit(bytes_str("abc\\x1bdef"), 6), 3);
	CHECK_INT(escape_fit(bytes_str("abc\\x1bdef"), 7), 7);
	CHECK_INT(escape_fit(bytes_str("a\\\\b"), 2), 1);
	CHECK_INT(escape_fit(bytes_str("\xe4\xb8\xad\xe4\xb8\xad"), 3), 3);
	CHECK_INT(escape_fit(bytes_str("abc"), 0), 0);
	CHECK_INT(escape_fit(bytes_str("abc"), 99), 3);
	OK("columns, and cutting between code points and escapes");
}

int main(void)
{
	ascii();
	every_place();
	unicode();
	every_code_point();
	undo_refuses();
	at_the_limit();
	widths();
	TEST_END();
}
