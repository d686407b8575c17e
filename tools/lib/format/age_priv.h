/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of age share, and what its tests look into (https://c2sp.org/age). */
#ifndef CSI_FORMAT_AGE_PRIV_H
#define CSI_FORMAT_AGE_PRIV_H

#include "base/buf.h"
#include "format/age.h"

enum {
	AGE_SEALED = AGE_CHUNK + AGE_TAG, /* a chunk as stored */
	AGE_FILE_KEY = 16,
	AGE_NONCE = 16, /* at the head of the payload */
	AGE_MAC = 32,
	AGE_HEADER_MAX =
		64 << 10, /* 20 recipients are 2 kB; one of a post-quantum kind is 1.6 kB */
};

/* ---- age_crypt.c: the only file that knows libsodium. Thread-safe. ----------------------------
 */

/* N bytes of the kernel's (getrandom(2)). 0, -errno. */
int age_random(void *p, size_t n);
void age_wipe(void *p, size_t n);
/* An X25519 stanza: what is stored for one recipient (section "X25519 recipient stanza"). */
struct age_stanza {
	unsigned char share[AGE_KEY_SIZE];
	unsigned char body[AGE_FILE_KEY + AGE_TAG];
};
/* -EINVAL: R is a point of low order, that anybody could open. EPHEMERAL: a new one each time. */
int age_wrap(const unsigned char *file_key, const struct age_recipient *r,
	     const unsigned char *ephemeral, struct age_stanza *ret);
/* -ENOKEY: not for this identity; -EBADMSG: its share is of low order. */
int age_unwrap(const struct age_stanza *s, const unsigned char *identity,
	       unsigned char *ret_file_key);
/* The public key of SECRET, any AGE_KEY_SIZE bytes. */
void age_public(const unsigned char *secret, struct age_recipient *ret);
/* -EINVAL as age_wrap says it; needs no secret. */
int age_recipient_judge(const struct age_recipient *r);
void age_header_mac(const unsigned char *file_key, struct bytes text, unsigned char *ret);
bool age_mac_equal(const unsigned char *a, const unsigned char *b);

/* The payload's key and the number of the chunk that comes next. */
struct age_stream {
	unsigned char key[32];
	uint64_t chunk;
};
void age_stream_init(struct age_stream *s, const unsigned char *file_key,
		     const unsigned char *nonce);
/* N bytes at P, at most AGE_CHUNK, become N + AGE_TAG in place; then the next chunk is next. */
void age_stream_seal(struct age_stream *s, unsigned char *p, size_t n, bool last);
/*
 * SEALED, AGE_TAG to AGE_SEALED bytes, becomes AGE_TAG less at RET, and the next chunk is next.
 * -EBADMSG: not authentic as this chunk; it may be asked for again otherwise.
 */
int age_stream_open(struct age_stream *s, struct bytes sealed, bool last, unsigned char *ret);

/* ---- age_head.c: the header, text ---------------------------------------------------------------
 */

/* The whole header for these stanzas, appended. 0 or buf's failures. */
int age_head_write(struct buf *b, const struct age_stanza *s, size_t n,
		   const unsigned char *file_key);

/* A header while it comes in. Zero-initialise, with stanzas = BUF_LIMIT(AGE_HEADER_MAX). */
struct age_head {
	size_t at;    /* bytes read: whole lines; at the end the size of the header */
	size_t maced; /* of them, those that the MAC covers */
	unsigned state;
	size_t count; /* stanzas of any kind */
	bool scrypt;  /* one of them is for a passphrase */
	bool ours;    /* the one that is read is X25519 */
	size_t body;  /* bytes of its body so far */
	struct age_stanza now;
	struct buf stanzas; /* struct age_stanza, the X25519 ones */
	unsigned char mac[AGE_MAC];
	const char *why;
};
/*
 * TEXT is all of the file so far, or more than the header. 0: the header is whole, `at` bytes;
 * -EAGAIN: as far as it goes it is one; -EBADMSG: it is none, `why` says more. -ENOMEM.
 */
int age_head_feed(struct age_head *h, struct bytes text);
void age_head_done(struct age_head *h);

/* ---- age_sink.c ---------------------------------------------------------------------------------
 */

/* age_sink with everything that is random given: for tests. */
struct age_secrets {
	unsigned char file_key[AGE_FILE_KEY], nonce[AGE_NONCE];
	unsigned char ephemeral[AGE_RECIPIENTS_MAX][AGE_KEY_SIZE];
};
int age_sink_with(struct sink *next, const struct age_recipient *r, size_t n,
		  const struct age_secrets *secrets, struct sink **ret);

#endif
