/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age v1 (https://c2sp.org/age): encryption to X25519 recipients as a sink, decryption as an
 * intake. Streams in constant memory. Only public keys are needed to write; nothing secret is kept
 * in a file.
 */
#ifndef CSI_FORMAT_AGE_H
#define CSI_FORMAT_AGE_H

#include "format/intake.h"
#include "format/sink.h"

enum {
	AGE_KEY_SIZE = 32,
	AGE_CHUNK = 64 << 10, /* plaintext bytes that leave together */
	AGE_RECIPIENTS_MAX = 20,
	AGE_TAG = 16, /* what each chunk gets, of ChaCha20-Poly1305 */
	AGE_IDENTITIES_MAX = 64,
};

struct age_recipient {
	unsigned char key[AGE_KEY_SIZE];
};

/* "age1...", Bech32 (BIP 173). -EINVAL: not one; -ENOTSUP: a plugin's or another kind of key. */
int age_recipient_parse(struct bytes text, struct age_recipient *ret);

/*
 * age_sink - what is written to it goes, encrypted, to NEXT; its block is AGE_CHUNK. NEXT is
 * borrowed. flush hands on every whole chunk, also one that has just become full: more must come
 * after it, since the last chunk of a stream is never empty. close writes the last chunk and
 * flushes NEXT; -EPROTO if nothing came behind the last flush; after a failure of NEXT it writes
 * nothing. 0, -EINVAL (no recipient, too many), -ENOMEM, or -errno of the random numbers or of
 * NEXT.
 */
int age_sink(struct sink *next, const struct age_recipient *r, size_t n, struct sink **ret);

/* Secret keys, wiped by age_identities_done. */
struct age_identities {
	size_t n;
	unsigned char keys[AGE_IDENTITIES_MAX][AGE_KEY_SIZE];
};

/*
 * An identity file as age-keygen writes it: comments, empty lines, AGE-SECRET-KEY-1... lines; they
 * are added to RET. 0, -EBADMSG (*ret_line is the first line that is none of these), -ENOKEY (no
 * key at all), -E2BIG, -errno of reading.
 */
int age_identities_read(struct intake *in, struct age_identities *ret, unsigned *ret_line);
void age_identities_done(struct age_identities *ids);

enum { AGE_KEY_TEXT = 80 };

/* A new X25519 identity and its recipient, as age-keygen writes them; wiped by age_pair_done. */
struct age_pair {
	char secret[AGE_KEY_TEXT], recipient[AGE_KEY_TEXT];
};
/* From the kernel's random numbers. 0 or -errno of those. */
int age_pair_new(struct age_pair *ret);
void age_pair_done(struct age_pair *p);

/*
 * age_intake - what IN holds. If it begins as an age file, RET reads the plaintext, as far as each
 * chunk is authentic; `stored` tells size and digest of the file itself. If not, RET gives the
 * bytes as they are. IN is borrowed. 0; -ENOKEY: none of IDS (or IDS is NULL) opens it; -EBADMSG: a
 * header that is malformed or was changed; -ENODATA: it ends inside the header; -ENOMEM, -errno of
 * reading, which can have these numbers too. When what was read is the reason, *ret is an intake
 * all the same, that gives no byte but `why` and `stored`; else it is untouched. Reading: last
 * bytes that are no whole chunk and not authentic are -ENODATA: a cut chunk and a damaged last one
 * look the same, and who can do the one can do the other. A failure without `why` is IN's.
 * Neither armour nor passphrases are opened.
 */
int age_intake(struct intake *in, const struct age_identities *ids, struct intake **ret);
/* Whether what age_intake gave is encrypted. */
bool age_is_encrypted(const struct intake *in);

#endif
