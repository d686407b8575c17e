/* SPDX-License-Identifier: Apache-2.0 */
/* Base 64 without padding, canonical (RFC 4648, sections 3.5 and 4). */
#include "format/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct bytes from, char *ret)
{
	unsigned have = 0, bits = 0;

	for (size_t i = 0; i < from.n; i++) {
		have = (have << 8 | from.p[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			*ret++ = alphabet[have >> (bits - 6) & 63];
	}
	if (bits)
		*ret = alphabet[have << (6 - bits) & 63];
}

int base64_decode(struct bytes text, unsigned char *ret, size_t max, size_t *ret_n)
{
	unsigned have = 0, bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *at = memchr(alphabet, text.p[i], sizeof(alphabet) - 1);

		if (!at)
			return -EBADMSG;
		have = (have << 6 | (unsigned)(at - alphabet)) & 0x3fff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == max)
			return -ENOSPC;
		if (ret)
			ret[n] = (unsigned char)(have >> bits);
		n++;
	}
	if (bits >= 6 || have & ((1u << bits) - 1))
		return -EBADMSG;
	*ret_n = n;
	return 0;
}
