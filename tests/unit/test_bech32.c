/* SPDX-License-Identifier: Apache-2.0 */
/* Bech32: the strings of BIP 173, section "Test vectors", and what age's keys need beyond it. */
#include "test.h"

#include "format/bech32.h"

#include <errno.h>

enum { DATA_MAX = 64 };

static int decode(const char *text, struct bytes *hrp, unsigned char *data, size_t *n)
{
	memset(data, 0xee, DATA_MAX);
	return bech32_decode(bytes_str(text), hrp, data, n);
}

/* The same text in lower case; HRP without capitals only, which is all that is encoded here. */
static void check_encoded(const char *text, const char *hrp, struct bytes data)
{
	char got[256];

	for (const char *p = text; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			return;
	CHECK_INT(bech32_encode(hrp, data, got, strlen(text) + 1), 0);
	CHECK(strcmp(got, text) == 0);
	CHECK_INT(bech32_encode(hrp, data, got, strlen(text)), -ENOSPC);
}

static void check_valid(void)
{
	static const struct {
		const char *text, *hrp;
		size_t n;
		unsigned char first, last;
	} valid[] = {
		{ "A12UEL5L", "A", 0, 0, 0 },
		{ "a12uel5l", "a", 0, 0, 0 },
		{ "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharacters"
		  "bi"
		  "o1tt5tgs",
		  "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharacters"
		  "bi"
		  "o",
		  0, 0, 0 },
		{ "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 20, 0x00, 0xdf },
		{ "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
		  "qq"
		  "qqc8247j",
		  "1", 51, 0, 0 },
		{ "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", 30, 0xc5,
		  0x2d },
		{ "?1ezyfcl", "?", 0, 0, 0 },
		{ "pad1lud7jvt7", "pad", 1, 0xff, 0xff },
		{ "pad1lllswh09za", "pad", 2, 0xff, 0xff },
		/* 84 characters and 91 in all: age has no limit of 90. */
		{ "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharacter"
		  "sb"
		  "io1569pvx",
		  "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharacter"
		  "sb"
		  "io",
		  0, 0, 0 },
	};
	unsigned char data[DATA_MAX];

	for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
		struct bytes hrp = { 0 };
		size_t n = sizeof(data);

		CHECK_INT(decode(valid[i].text, &hrp, data, &n), 0);
		CHECK(bytes_eq(hrp, bytes_str(valid[i].hrp)));
		CHECK_INT(n, valid[i].n);
		check_encoded(valid[i].text, valid[i].hrp, bytes_of(data, n));
		CHECK(n == 0 || (data[0] == valid[i].first && data[n - 1] == valid[i].last));
	}
	OK("the valid strings, with what they hold; no limit of 90 characters");
}

static void check_invalid(void)
{
	static const char *const invalid[] = {
		" 1nwldj5",
		"\1771axkwrx",
		"\2001eym55h",
		"pzry9x0s0muk",
		"1pzry9x0s0muk",
		"x1b4n0q5v",
		"li1dgmt3",
		"de1lg7wt\xff",
		"A1G7SGD8",
		"10a06t8",
		"1qzzfhee",
		"",
		"1",
		"a1",
		"a12uel5",
		"a12uel5m",
		"b12uel5l",
		/* mixed case, in the data and between the parts */
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9E3w",
		"A12uel5l",
		"a12UEL5L",
		/* padding that is not zero, of two bits and of four; of five and more */
		"pad1lasgxekv",
		"pad1l77mn0cn",
		"pad1lllcsrtfuq",
		"pad1q40krs0",
		"pad1luqj675n5",
	};
	unsigned char data[DATA_MAX];

	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		struct bytes hrp = { 0 };
		size_t n = sizeof(data);

		CHECK_INT(decode(invalid[i], &hrp, data, &n), -EINVAL);
		CHECK(!hrp.p && n == sizeof(data));
	}
	OK("the invalid strings, and mixed case, padding, one letter wrong or missing");
}

static void check_room(void)
{
	static const char text[] = "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw";
	AUTO_DONE(buf_done) struct buf longest = BUF_NONE;
	unsigned char data[DATA_MAX];
	struct bytes hrp = { 0 };
	size_t n = 20;

	CHECK_INT(decode(text, &hrp, data, &n), 0);
	CHECK_INT(n, 20);
	n = 19;
	CHECK_INT(decode(text, &hrp, data, &n), -ENOSPC);
	CHECK(bytes_eq(hrp, bytes_str("abcdef")) && data[19] == 0xee && data[18] != 0xee);
	n = 0;
	CHECK_INT(bech32_decode(bytes_str(text), &hrp, NULL, &n), -ENOSPC);
	for (size_t i = 0; i <= BECH32_TEXT_MAX; i++)
		CHECK_INT(buf_addc(&longest, 'q'), 0);
	longest.p[1] = '1';
	n = sizeof(data);
	CHECK_INT(bech32_decode(buf_bytes(&longest), &hrp, data, &n), -EINVAL);
	OK("exact room, one byte less, none; a text beyond the limit");
}

int main(void)
{
	check_valid();
	check_invalid();
	check_room();
	TEST_END();
}
