/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a tar header, and pax records. */
#include "format/tar_block.h"

#include <errno.h>

int tar_number(const unsigned char *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if (p[0] & 0x80) {
		v = p[0] & 0x7f;
		for (i = 1; i < n; i++) {
			if (v >> 54)
				return -EBADMSG;
			v = v << 8 | p[i];
		}
		*ret = v;
		return 0;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != 0)
			return -EBADMSG;
	*ret = v;
	return 0;
}

bool tar_sum_ok(const unsigned char *block)
{
	uint64_t want = 0, sum = 0;

	if (tar_number(block + TAR_SUM, TAR_SUM_LEN, &want) < 0)
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= TAR_SUM && i < TAR_SUM + TAR_SUM_LEN ? ' ' : block[i];
	return sum == want;
}

struct bytes tar_text(const unsigned char *p, size_t n)
{
	return bytes_of(p, strnlen((const char *)p, n));
}

int tar_decimal(struct bytes v, uint64_t *ret)
{
	uint64_t n = 0;

	if (v.n == 0)
		return -EBADMSG;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9' || n > (uint64_t)INT64_MAX / 10 - 1)
			return -EBADMSG;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	*ret = n;
	return 0;
}

int tar_record(struct bytes *rest, struct bytes *key, struct bytes *value)
{
	const unsigned char *space = memchr(rest->p, ' ', rest->n < 20 ? rest->n : 20);
	uint64_t n = 0;

	if (!space || tar_decimal(bytes_of(rest->p, (size_t)(space - rest->p)), &n) < 0 ||
	    n > rest->n)
		return -EBADMSG;
	size_t head = (size_t)(space - rest->p) + 1;
	if (n < head + 2 || rest->p[n - 1] != '\n')
		return -EBADMSG;
	struct bytes body = bytes_of(rest->p + head, (size_t)n - head - 1);
	const unsigned char *eq = memchr(body.p, '=', body.n);
	if (!eq)
		return -EBADMSG;
	*key = bytes_of(body.p, (size_t)(eq - body.p));
	*value = bytes_of(eq + 1, body.n - key->n - 1);
	*rest = bytes_of(rest->p + n, rest->n - (size_t)n);
	return 0;
}
