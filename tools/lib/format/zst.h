/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames, one at a time, with content size and checksum (RFC 8878). No zstd type leaves zst.c.
 */
#ifndef CSI_FORMAT_ZST_H
#define CSI_FORMAT_ZST_H

#include "base/base.h"

enum {
	ZST_CONTENT_MAX = 2 << 20,		     /* tar bytes of one data frame */
	ZST_FRAME_MAX = ZST_CONTENT_MAX + (16 << 10) /* its compressed size, at the very most */
};

/* What N bytes of content take at most, with header and checksum: ZSTD_COMPRESSBOUND rounded up. */
static inline uint64_t zst_bound(uint64_t n)
{
	return n + n / 256 + 128;
}

/* A compressor: one thread at a time, reused for all its frames. */
struct zst;
/* LEVEL 0 is 3. 0, -EINVAL for a level that zstd does not have, -ENOMEM. */
int zst_open(int level, struct zst **ret);
void zst_closep(struct zst **z);
/* SRC, 1 to ZST_CONTENT_MAX bytes, becomes one frame in DST, which holds ZST_FRAME_MAX. 0 or
 * -ENOMEM. */
int zst_frame(struct zst *z, struct bytes src, void *dst, size_t *ret_n);

struct unzst;
int unzst_open(struct unzst **ret);
void unzst_closep(struct unzst **u);
/*
 * FRAME is one whole frame whose header has been judged by the caller. DST holds CONTENT bytes, and
 * exactly so many must come out, with the right checksum: else -EBADMSG.
 */
int unzst_frame(struct unzst *u, struct bytes frame, void *dst, size_t content);

enum { ZST_WINDOW_MAX = 8 << 20 }; /* of a foreign frame: what level 19 makes */
/*
 * A foreign stream, piece by piece: up to *n bytes to DST from *src, which moves on; *n becomes
 * what came. 1 when a frame has ended (the next call begins another), 0 to go on with more;
 * -EBADMSG; -EFBIG: its window is above ZST_WINDOW_MAX; -ENOMEM.
 */
int unzst_run(struct unzst *u, struct bytes *src, void *dst, size_t *n);

#endif
