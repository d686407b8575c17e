/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a JSON web token. */
#include "format/jwt.h"

#include <errno.h>

static int digit(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

/* Appends what PART says to RET, or only checks it when RET is NULL. */
static int decode(struct bytes part, struct buf *ret)
{
	uint32_t bits = 0;
	unsigned n = 0;
	int r = 0;

	if (part.n == 0 || part.n % 4 == 1)
		return -EBADMSG;
	for (size_t i = 0; r == 0 && i < part.n; i++) {
		int d = digit(part.p[i]);

		if (d < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)d;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		if (ret)
			r = buf_addc(ret, (unsigned char)(bits >> n));
		bits &= (UINT32_C(1) << n) - 1;
	}
	return r == 0 && bits ? -EBADMSG : r;
}

static bool next_part(struct bytes *rest, struct bytes *ret)
{
	const unsigned char *dot = rest->n ? memchr(rest->p, '.', rest->n) : NULL;

	if (!dot)
		return false;
	*ret = bytes_of(rest->p, (size_t)(dot - rest->p));
	*rest = bytes_of(dot + 1, rest->n - ret->n - 1);
	return true;
}

static int decode_object(struct bytes part, struct buf *ret)
{
	size_t from = ret->n;
	int r = decode(part, ret);

	if (r < 0)
		return r;
	return ret->n - from >= 2 && ret->p[from] == '{' && ret->p[ret->n - 1] == '}' ? 0
										      : -EBADMSG;
}

int jwt_read(struct bytes text, struct buf *ret_header, struct buf *ret_claims)
{
	size_t header = ret_header->n, claims = ret_claims->n;
	struct bytes first, second;
	int r;

	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n > JWT_TEXT_MAX || !next_part(&text, &first) || !next_part(&text, &second))
		return -EBADMSG;
	r = decode(text, NULL);
	if (r == 0)
		r = decode_object(first, ret_header);
	if (r == 0)
		r = decode_object(second, ret_claims);
	if (r < 0) {
		ret_header->n = header;
		ret_claims->n = claims;
	}
	return r == -EFBIG ? -EBADMSG : r;
}
