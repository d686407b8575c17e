/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on the command line of collect and verify, and the encryption around an output. */
#ifndef CSI_CMD_CRYPT_H
#define CSI_CMD_CRYPT_H

#include "cmd/cmd.h"
#include "format/age.h"

extern const struct opt crypt_encrypt_opts[1]; /* --encrypt, into common_args */

struct crypt_keys {
	struct age_recipient v[AGE_RECIPIENTS_MAX];
	size_t n; /* 0: nothing is encrypted */
};
/* What --encrypt names. -1 to go on, else a usage error, printed: before anything is read. */
int crypt_keys_parse(const struct command *self, const struct opt_strings *words,
		     struct crypt_keys *ret);

/* An output, encrypted if there are keys. Zero it. */
struct crypt {
	struct sink *top; /* to write to; borrowed from here */
	struct sink *age, *digest;
};
/* OUT is borrowed and outlives RET. 0 or -errno; crypt_end in any case. */
int crypt_begin(struct sink *out, const struct crypt_keys *keys, struct crypt *ret);
/* How many bytes C->top may get so that no more than MAX of them, encrypted, are written to OUT. */
uint64_t crypt_room(const struct crypt *c, uint64_t max);
/*
 * The last of it is written to OUT, C is empty then. If it is encrypted, *ret_size and RET_SHA256
 * are those of the file; else, and on failure, they stay. 0 or -errno of OUT.
 */
int crypt_end(struct crypt *c, uint64_t *ret_size, unsigned char ret_sha256[32]);

#endif
