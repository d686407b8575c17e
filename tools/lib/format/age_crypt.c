/* SPDX-License-Identifier: Apache-2.0 */
/* age's cryptography, composed of libsodium's parts as https://c2sp.org/age says. */
#include "format/age_priv.h"

#include <errno.h>
#include <sodium.h>
#include <sys/random.h>

enum { HKDF_KEY = 32 };
_Static_assert(HKDF_KEY == crypto_auth_hmacsha256_BYTES, "HKDF of one block");
_Static_assert(AGE_TAG == crypto_aead_chacha20poly1305_IETF_ABYTES, "the tag is Poly1305's");
_Static_assert(AGE_KEY_SIZE == crypto_scalarmult_curve25519_BYTES, "a key is a point");

int age_random(void *p, size_t n)
{
	unsigned char *at = p;

	while (n > 0) {
		ssize_t r = getrandom(at, n, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		at += r;
		n -= (size_t)r;
	}
	return 0;
}

void age_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

static void hmac(struct bytes key, struct bytes text, const unsigned char *last, unsigned char *ret)
{
	crypto_auth_hmacsha256_state s;

	crypto_auth_hmacsha256_init(&s, key.p, key.n);
	crypto_auth_hmacsha256_update(&s, text.p, text.n);
	if (last)
		crypto_auth_hmacsha256_update(&s, last, 1);
	crypto_auth_hmacsha256_final(&s, ret);
	sodium_memzero(&s, sizeof(s));
}

/* HKDF-SHA-256 (RFC 5869) for one block of output: extract, then T(1). */
static void hkdf(struct bytes ikm, struct bytes salt, const char *info, unsigned char *ret)
{
	static const unsigned char first = 1;
	unsigned char prk[HKDF_KEY];

	hmac(salt, ikm, NULL, prk);
	hmac(bytes_of(prk, sizeof(prk)), bytes_str(info), &first, ret);
	sodium_memzero(prk, sizeof(prk));
}

/* libsodium chooses its variants here; more calls cost nothing and none fails on Linux. */
static void ready(void)
{
	if (sodium_init() < 0)
		sodium_misuse();
}

/* The wrap key of a stanza. -EINVAL: the shared secret is zero, the point is of low order. */
static int wrap_key(const unsigned char *secret, const unsigned char *point,
		    const unsigned char *share, const unsigned char *recipient, unsigned char *ret)
{
	unsigned char shared[AGE_KEY_SIZE], salt[2 * AGE_KEY_SIZE];

	if (crypto_scalarmult_curve25519(shared, secret, point) != 0)
		return -EINVAL;
	memcpy(salt, share, AGE_KEY_SIZE);
	memcpy(salt + AGE_KEY_SIZE, recipient, AGE_KEY_SIZE);
	hkdf(bytes_of(shared, sizeof(shared)), bytes_of(salt, sizeof(salt)),
	     "age-encryption.org/v1/X25519", ret);
	sodium_memzero(shared, sizeof(shared));
	return 0;
}

/* The public key of SECRET. Not crypto_scalarmult_base(): its table would be 30 kB of csi. */
static void public_of(const unsigned char *secret, unsigned char *ret)
{
	static const unsigned char base[AGE_KEY_SIZE] = { 9 };

	if (crypto_scalarmult_curve25519(ret, secret, base) != 0)
		sodium_misuse(); /* the base point has a large order */
}

void age_public(const unsigned char *secret, struct age_recipient *ret)
{
	ready();
	public_of(secret, ret->key);
}

static const unsigned char zero_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

int age_wrap(const unsigned char *file_key, const struct age_recipient *r,
	     const unsigned char *ephemeral, struct age_stanza *ret)
{
	unsigned char key[HKDF_KEY];

	ready();
	public_of(ephemeral, ret->share);
	int e = wrap_key(ephemeral, r->key, ret->share, r->key, key);
	if (e < 0)
		return e;
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(ret->body, NULL, file_key, AGE_FILE_KEY,
							NULL, 0, NULL, zero_nonce, key);
	sodium_memzero(key, sizeof(key));
	return 0;
}

int age_unwrap(const struct age_stanza *s, const unsigned char *identity,
	       unsigned char *ret_file_key)
{
	unsigned char key[HKDF_KEY], recipient[AGE_KEY_SIZE];

	ready();
	public_of(identity, recipient);
	if (wrap_key(identity, s->share, s->share, recipient, key) < 0)
		return -EBADMSG;
	int r = crypto_aead_chacha20poly1305_ietf_decrypt(
		ret_file_key, NULL, NULL, s->body, sizeof(s->body), NULL, 0, zero_nonce, key);
	sodium_memzero(key, sizeof(key));
	return r == 0 ? 0 : -ENOKEY;
}

/* Any scalar will do: they are all multiples of 8, the order of every such point divides 8. */
int age_recipient_judge(const struct age_recipient *r)
{
	static const unsigned char any[AGE_KEY_SIZE] = { 1 };
	unsigned char shared[AGE_KEY_SIZE];

	ready();
	return crypto_scalarmult_curve25519(shared, any, r->key) == 0 ? 0 : -EINVAL;
}

void age_header_mac(const unsigned char *file_key, struct bytes text, unsigned char *ret)
{
	unsigned char key[HKDF_KEY];

	hkdf(bytes_of(file_key, AGE_FILE_KEY), bytes_of("", 0), "header", key);
	hmac(bytes_of(key, sizeof(key)), text, NULL, ret);
	sodium_memzero(key, sizeof(key));
}

bool age_mac_equal(const unsigned char *a, const unsigned char *b)
{
	return crypto_verify_32(a, b) == 0;
}

void age_stream_init(struct age_stream *s, const unsigned char *file_key,
		     const unsigned char *nonce)
{
	ready();
	s->chunk = 0;
	hkdf(bytes_of(file_key, AGE_FILE_KEY), bytes_of(nonce, AGE_NONCE), "payload", s->key);
}

/* 11 bytes of counter, big endian, and whether it is the last. */
static void chunk_nonce(const struct age_stream *s, bool last,
			unsigned char ret[crypto_aead_chacha20poly1305_IETF_NPUBBYTES])
{
	memset(ret, 0, 3);
	for (unsigned i = 0; i < 8; i++)
		ret[3 + i] = (unsigned char)(s->chunk >> (56 - 8 * i));
	ret[11] = last;
}

void age_stream_seal(struct age_stream *s, unsigned char *p, size_t n, bool last)
{
	unsigned char nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

	chunk_nonce(s, last, nonce);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt_detached(p, p + n, NULL, p, n, NULL, 0,
								 NULL, nonce, s->key);
	s->chunk++;
}

int age_stream_open(struct age_stream *s, struct bytes sealed, bool last, unsigned char *ret)
{
	unsigned char nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
	size_t n = sealed.n - AGE_TAG;

	chunk_nonce(s, last, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(ret, NULL, sealed.p, n, sealed.p + n,
							       NULL, 0, nonce, s->key) != 0)
		return -EBADMSG;
	s->chunk++;
	return 0;
}
