/* SPDX-License-Identifier: Apache-2.0 */
/* File capabilities: each version, and what the kernel would refuse. */
#include "format/filecaps.h"
#include "test.h"

#include <errno.h>

static struct bytes made(unsigned char *p, size_t words, const uint32_t *v)
{
	for (size_t i = 0; i < words; i++)
		for (size_t k = 0; k < 4; k++)
			p[4 * i + k] = (unsigned char)(v[i] >> 8 * k);
	return bytes_of(p, 4 * words);
}

int main(void)
{
	const uint32_t v1[] = { 0x01000001, 1 << 13, 0 };
	const uint32_t v2[] = { 0x02000000, 1 << 10, 1 << 10, 1 << 6, 0 };
	const uint32_t v3[] = { 0x03000001, 1, 0, 1U << 31, 0, 1000 };
	char word[FILECAPS_WORD_MAX];
	unsigned char p[32];
	struct filecaps c;

	CHECK_INT(filecaps_parse(made(p, 3, v1), &c), 0);
	CHECK(c.version == 1 && c.effective && c.permitted == 1 << 13);
	CHECK(filecaps_word(&c, 13, word) && strcmp(word, "NET_RAW=ep") == 0);
	CHECK(!filecaps_word(&c, 12, word));
	CHECK_INT(filecaps_parse(made(p, 5, v2), &c), 0);
	CHECK(filecaps_word(&c, 10, word) && strcmp(word, "NET_BIND_SERVICE=ip") == 0);
	CHECK(filecaps_word(&c, 38, word) && strcmp(word, "PERFMON=p") == 0);
	CHECK_INT(filecaps_parse(made(p, 6, v3), &c), 0);
	CHECK_INT(c.rootid, 1000);
	CHECK(filecaps_word(&c, 63, word) && strcmp(word, "63=ep") == 0);
	OK("each version");

	for (size_t n = 0; n < 24; n++)
		CHECK_INT(filecaps_parse(bytes_of(p, n), &c), -EBADMSG);
	CHECK_INT(filecaps_parse(bytes_of(p, 28), &c), -EBADMSG);
	p[3] = 4;
	CHECK_INT(filecaps_parse(bytes_of(p, 24), &c), -EBADMSG);
	p[3] = 0;
	CHECK_INT(filecaps_parse(bytes_of(p, 24), &c), -EBADMSG);
	OK("cut, long, and versions that there are not");
	TEST_END();
}
