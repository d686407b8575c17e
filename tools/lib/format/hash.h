/* SPDX-License-Identifier: Apache-2.0 */
/* Digests in one pass (FIPS 180-4, RFC 1321): SHA-256 always fast (SHA-NI, ARMv8 CE), SHA-1, MD5.
 */
#ifndef CSI_FORMAT_HASH_H
#define CSI_FORMAT_HASH_H

#include "base/base.h"

enum hash_kind { HASH_SHA256 = 1, HASH_SHA1 = 2, HASH_MD5 = 4 };

struct hash {
	unsigned kinds;
	_Alignas(8) unsigned char state[512]; /* opaque; hash.c asserts that it fits */
};

struct digests {
	unsigned kinds;
	unsigned char sha256[32], sha1[20], md5[16];
};

enum { HASH_HEX_MAX = 65 };

void hash_init(struct hash *h, unsigned kinds);
void hash_add(struct hash *h, const void *p, size_t n);
/* H may go on afterwards: the state is copied, so running digests can be told. */
void hash_peek(const struct hash *h, struct digests *ret);
/* N zero bytes: a hole, without touching memory for it. */
void hash_zeros(struct hash *h, uint64_t n);
/* Lower-case hex, NUL-terminated; RET holds 2 * N + 1. */
void hash_hex(const unsigned char *digest, size_t n, char *ret);
/* The digest of N bytes that HEX, 2 * N digits of either case, stands for. 0 or -EBADMSG. */
int hash_unhex(struct bytes hex, unsigned char *digest, size_t n);

#endif
