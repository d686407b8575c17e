/* SPDX-License-Identifier: Apache-2.0 */
/* The frame reader: structure, content and digests of each frame, before anybody trusts its
 * meaning. */
#ifndef CSI_FORMAT_UNSEAL_H
#define CSI_FORMAT_UNSEAL_H

#include "format/frame.h"
#include "format/hash.h"
#include "format/intake.h"

enum unseal_kind { UNSEAL_DATA, UNSEAL_CHECKPOINT, UNSEAL_PADDING, UNSEAL_SEAL, UNSEAL_TABLE };

/* Valid until the next call. */
struct unseal_frame {
	enum unseal_kind kind;
	uint64_t offset;	  /* of its first byte in the stream */
	struct bytes raw;	  /* all of it */
	struct bytes content;	  /* decompressed tar bytes, or the payload; of padding none */
	unsigned char sha256[32]; /* checkpoint, seal: of every byte of the stream before it */
};

struct unseal;

/* IN is borrowed and read forward. 0, -ENOMEM. */
int unseal_open(struct intake *in, struct unseal **ret);
void unseal_closep(struct unseal **u);

/*
 * unseal_next - checks 1 and 2 of FORMAT.md section 4, and of check 3 what is zstd's.
 *
 * 1 with a frame; 0 at the end between two frames; -ENODATA: the stream ends inside a frame, or the
 * intake before its own end; -EBADMSG: a byte disagrees (unseal_why says which and where); other
 * -errno: of reading, or -ENOMEM. A frame that is judged right is added to the table by
 * unseal_accept().
 */
int unseal_next(struct unseal *u, struct unseal_frame *ret);
int unseal_accept(struct unseal *u, const struct unseal_frame *f);
/* After the seal: what the table must be, to the byte. Includes the seal's pair. */
int unseal_expect_table(struct unseal *u, struct bytes *ret);

/* Ours, a sentence part; NULL if nothing went wrong. */
const char *unseal_why(const struct unseal *u);
/* The very first bytes are not those of a zstd frame. */
bool unseal_is_foreign(const struct unseal *u);
/* Offset of the frame under way. */
uint64_t unseal_at(const struct unseal *u);
/* Reads on to the end, so that size and digest of the whole stream are known. */
int unseal_drain(struct unseal *u, uint64_t *ret_size, unsigned char ret_sha256[32]);

#endif
