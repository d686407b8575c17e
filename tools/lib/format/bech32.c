/* SPDX-License-Identifier: Apache-2.0 */
/* Bech32: a base-32 alphabet without look-alikes, and a BCH code over it (BIP 173). */
#include "format/bech32.h"

#include <errno.h>

enum {
	CHECKSUM = 6, /* characters */
	BITS = 5,     /* of each character */
};

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static bool one_case(struct bytes text)
{
	bool small = false, large = false;

	for (size_t i = 0; i < text.n; i++) {
		small |= text.p[i] >= 'a' && text.p[i] <= 'z';
		large |= text.p[i] >= 'A' && text.p[i] <= 'Z';
	}
	return !small || !large;
}

static uint32_t polymod(uint32_t sum, unsigned value)
{
	static const uint32_t generator[BITS] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
						  0x2a1462b3 };
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << BITS ^ value;
	for (unsigned i = 0; i < BITS; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static int value_of(unsigned char c)
{
	const char *at = memchr(alphabet, lower(c), sizeof(alphabet) - 1);

	return at ? (int)(at - alphabet) : -1;
}

static uint32_t sum_hrp(struct bytes hrp)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < hrp.n; i++)
		sum = polymod(sum, (unsigned)lower(hrp.p[i]) >> BITS);
	sum = polymod(sum, 0);
	for (size_t i = 0; i < hrp.n; i++)
		sum = polymod(sum, lower(hrp.p[i]) & 31u);
	return sum;
}

static bool checksum_agrees(struct bytes hrp, struct bytes data)
{
	uint32_t sum = sum_hrp(hrp);

	for (size_t i = 0; i < data.n; i++) {
		int v = value_of(data.p[i]);

		if (v < 0)
			return false;
		sum = polymod(sum, (unsigned)v);
	}
	return sum == 1;
}

/* DATA's characters are all of the alphabet. */
static int regroup(struct bytes data, unsigned char *ret, size_t *n)
{
	unsigned have = 0, bits = 0;
	size_t at = 0;

	for (size_t i = 0; i < data.n; i++) {
		have = (have << BITS | (unsigned)value_of(data.p[i])) & 0xfff;
		bits += BITS;
		if (bits < 8)
			continue;
		bits -= 8;
		if (at < *n)
			ret[at] = (unsigned char)(have >> bits);
		at++;
	}
	if (bits >= BITS || have & ((1u << bits) - 1))
		return -EINVAL;
	if (at > *n)
		return -ENOSPC;
	*n = at;
	return 0;
}

int bech32_decode(struct bytes text, struct bytes *ret_hrp, unsigned char *ret, size_t *n)
{
	if (text.n > BECH32_TEXT_MAX || !one_case(text))
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 33 || text.p[i] > 126)
			return -EINVAL;
	const unsigned char *one = text.n ? memrchr(text.p, '1', text.n) : NULL;
	if (!one || one == text.p)
		return -EINVAL;
	struct bytes hrp = bytes_of(text.p, (size_t)(one - text.p));
	struct bytes data = bytes_of(one + 1, text.n - hrp.n - 1);
	if (data.n < CHECKSUM || !checksum_agrees(hrp, data))
		return -EINVAL;
	data.n -= CHECKSUM;
	int r = regroup(data, ret, n);
	if (r == 0 || r == -ENOSPC)
		*ret_hrp = hrp;
	return r;
}

/* Characters as they come, and the checksum over them. */
struct coding {
	char *to;
	uint32_t sum;
};

static void put_value(struct coding *c, unsigned value)
{
	*c->to++ = alphabet[value];
	c->sum = polymod(c->sum, value);
}

int bech32_encode(const char *hrp, struct bytes data, char *ret, size_t size)
{
	size_t n = strlen(hrp), chars = (data.n * 8 + BITS - 1) / BITS;
	struct coding c = { .to = ret, .sum = sum_hrp(bytes_of(hrp, n)) };
	unsigned have = 0, bits = 0;
	uint32_t sum;

	if (data.n > BECH32_TEXT_MAX || n > BECH32_TEXT_MAX || n + 1 + chars + CHECKSUM + 1 > size)
		return -ENOSPC;
	while (*hrp)
		*c.to++ = *hrp++;
	*c.to++ = '1';
	for (size_t i = 0; i < data.n; i++) {
		have = (have << 8 | data.p[i]) & 0xfff;
		for (bits += 8; bits >= BITS; bits -= BITS)
			put_value(&c, have >> (bits - BITS) & 31u);
	}
	if (bits)
		put_value(&c, have << (BITS - bits) & 31u);
	for (unsigned i = 0; i < CHECKSUM; i++)
		c.sum = polymod(c.sum, 0);
	sum = c.sum ^ 1;
	for (unsigned i = CHECKSUM; i-- > 0;)
		*c.to++ = alphabet[sum >> (i * BITS) & 31u];
	*c.to = '\0';
	return 0;
}
