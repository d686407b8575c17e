/* SPDX-License-Identifier: Apache-2.0 */
/* Small scanners over bytes: numbers, blanks, words. */
#include "sys/scan.h"

#include <errno.h>

void scan_skip(struct bytes *rest, size_t n)
{
	if (n > rest->n)
		n = rest->n;
	rest->p += n;
	rest->n -= n;
}

static int digit_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int scan_number(struct bytes *rest, unsigned base, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < rest->n; i++) {
		int d = digit_value(rest->p[i]);

		if (d < 0 || (unsigned)d >= base)
			break;
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v))
			return -EBADMSG;
	}
	if (i == 0)
		return -EBADMSG;
	scan_skip(rest, i);
	*ret = v;
	return 0;
}

int scan_dec(struct bytes *rest, uint64_t *ret)
{
	return scan_number(rest, 10, ret);
}

int scan_hex(struct bytes *rest, uint64_t *ret)
{
	return scan_number(rest, 16, ret);
}

int scan_int(struct bytes *rest, int64_t *ret)
{
	bool negative = rest->n > 0 && rest->p[0] == '-';
	struct bytes r = *rest;
	uint64_t v;

	if (negative)
		scan_skip(&r, 1);
	if (scan_dec(&r, &v) < 0 || v > (uint64_t)INT64_MAX)
		return -EBADMSG;
	*rest = r;
	*ret = negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

int scan_byte(struct bytes *rest, unsigned char c)
{
	if (rest->n == 0 || rest->p[0] != c)
		return -EBADMSG;
	scan_skip(rest, 1);
	return 0;
}

size_t scan_blanks(struct bytes *rest)
{
	size_t n = 0;

	while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'))
		n++;
	scan_skip(rest, n);
	return n;
}

struct bytes scan_word(struct bytes *rest)
{
	struct bytes word = *rest;
	const unsigned char *space = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;

	if (space)
		word.n = (size_t)(space - rest->p);
	scan_skip(rest, word.n);
	return word;
}
