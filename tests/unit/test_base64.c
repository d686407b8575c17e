/* SPDX-License-Identifier: Apache-2.0 */
/* Base 64 without padding: RFC 4648, section 10, both ways; what is not canonical is refused. */
#include "test.h"

#include "format/base64.h"

#include <errno.h>

enum { ROOM = 64 };

static void check_both_ways(void)
{
	static const struct {
		const char *bytes, *text;
	} known[] = { { "", "" },
		      { "f", "Zg" },
		      { "fo", "Zm8" },
		      { "foo", "Zm9v" },
		      { "foob", "Zm9vYg" },
		      { "fooba", "Zm9vYmE" },
		      { "foobar", "Zm9vYmFy" },
		      { "\xfb\xef\xff", "++//" } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct bytes from = bytes_str(known[i].bytes), text = bytes_str(known[i].text);
		unsigned char back[ROOM];
		char to[ROOM];
		size_t n = 99;

		CHECK_INT(BASE64_CHARS(from.n), text.n);
		memset(to, '#', sizeof(to));
		base64_encode(from, to);
		CHECK(bytes_eq(bytes_of(to, text.n), text) && to[text.n] == '#');
		CHECK_INT(base64_decode(text, back, from.n, &n), 0);
		CHECK(bytes_eq(bytes_of(back, n), from));
		n = 99;
		CHECK_INT(base64_decode(text, NULL, ROOM, &n), 0);
		CHECK_INT(n, from.n);
		if (from.n)
			CHECK_INT(base64_decode(text, back, from.n - 1, &n), -ENOSPC);
	}
	OK("known texts both ways, into exact room, into none, into too little");
}

/* Of 64 possible last letters of one byte 4 are canonical, of two bytes 16. */
static void check_canonical(void)
{
	static const char *const bad[] = { "A",	     "Zg==", "Zg=", "Zm8=",  "Zm9vY",
					   "Zm9v\n", " Zg",  "Z g", "Zm-v",  "Zm_v",
					   "Zm9v=",  "Zh",   "Zm9", "\x80g", "Zm9vYmFyZ" };
	unsigned char back[ROOM];
	unsigned one = 0, two = 0;
	size_t n = 99;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(base64_decode(bytes_str(bad[i]), back, sizeof(back), &n), -EBADMSG);
	CHECK_INT(base64_decode(bytes_of("Zg\0", 3), back, sizeof(back), &n), -EBADMSG);
	CHECK_INT(n, 99);
	for (unsigned c = 0; c < 256; c++) {
		unsigned char text[3] = { 'Z', (unsigned char)c, 0 };

		one += base64_decode(bytes_of(text, 2), back, sizeof(back), &n) == 0;
		text[1] = 'm';
		text[2] = (unsigned char)c;
		two += base64_decode(bytes_of(text, 3), back, sizeof(back), &n) == 0;
	}
	CHECK_INT(one, 4);
	CHECK_INT(two, 16);
	OK("padding, other alphabets, white space, lengths that none has, bits behind the last "
	   "byte");
}

int main(void)
{
	check_both_ways();
	check_canonical();
	TEST_END();
}
