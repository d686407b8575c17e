/* SPDX-License-Identifier: Apache-2.0 */
/* Digests in one pass, on OpenSSL's low-level functions: they choose SHA-NI or ARMv8 CE at run
 * time. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "format/hash.h"

#include <errno.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

struct state {
	SHA256_CTX sha256;
	SHA_CTX sha1;
	MD5_CTX md5;
} __attribute__((may_alias));

_Static_assert(sizeof(struct state) <= sizeof(((struct hash *)0)->state), "struct hash too small");

static struct state *state_of(struct hash *h)
{
	return (struct state *)(void *)h->state;
}

void hash_init(struct hash *h, unsigned kinds)
{
	struct state *s = state_of(h);

	h->kinds = kinds;
	if (kinds & HASH_SHA256)
		SHA256_Init(&s->sha256);
	if (kinds & HASH_SHA1)
		SHA1_Init(&s->sha1);
	if (kinds & HASH_MD5)
		MD5_Init(&s->md5);
}

void hash_add(struct hash *h, const void *p, size_t n)
{
	struct state *s = state_of(h);

	if (n == 0)
		return;
	if (h->kinds & HASH_SHA256)
		SHA256_Update(&s->sha256, p, n);
	if (h->kinds & HASH_SHA1)
		SHA1_Update(&s->sha1, p, n);
	if (h->kinds & HASH_MD5)
		MD5_Update(&s->md5, p, n);
}

void hash_peek(const struct hash *h, struct digests *ret)
{
	struct hash copy = *h;
	struct state *s = state_of(&copy);

	ret->kinds = h->kinds;
	if (h->kinds & HASH_SHA256)
		SHA256_Final(ret->sha256, &s->sha256);
	if (h->kinds & HASH_SHA1)
		SHA1_Final(ret->sha1, &s->sha1);
	if (h->kinds & HASH_MD5)
		MD5_Final(ret->md5, &s->md5);
}

void hash_zeros(struct hash *h, uint64_t n)
{
	static const unsigned char zeros[16 << 10];

	while (n > 0) {
		size_t now = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);

		hash_add(h, zeros, now);
		n -= now;
	}
}

void hash_hex(const unsigned char *digest, size_t n, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[2 * n] = '\0';
}

static int digit_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hash_unhex(struct bytes hex, unsigned char *digest, size_t n)
{
	if (hex.n != 2 * n)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		int hi = digit_value(hex.p[2 * i]), lo = digit_value(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -EBADMSG;
		digest[i] = (unsigned char)(hi << 4 | lo);
	}
	return 0;
}
