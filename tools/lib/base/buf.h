/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer with a hard limit. */
#ifndef CSI_BASE_BUF_H
#define CSI_BASE_BUF_H

#include "base/base.h"

/* Zero-initialise (BUF_NONE), or set max first. max == 0 means BUF_MAX_DEFAULT. */
struct buf {
	unsigned char *p;
	size_t n;   /* bytes used */
	size_t cap; /* bytes allocated */
	size_t max; /* never grows beyond this many bytes */
};

#define BUF_NONE	((struct buf){ 0 })
#define BUF_LIMIT(most) ((struct buf){ .max = (most) })

enum { BUF_MAX_DEFAULT = 4 << 20 };

/* All of these: 0, or -ENOMEM, or -EFBIG at the limit; on failure the content is unchanged. */
int buf_reserve(struct buf *b, size_t more);
int buf_add(struct buf *b, const void *p, size_t n);
int buf_addb(struct buf *b, struct bytes v);
int buf_adds(struct buf *b, const char *ours);
int buf_addc(struct buf *b, unsigned char c);
int buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Keeps the memory. */
void buf_clear(struct buf *b);
/* Frees; the buffer is empty and usable afterwards. */
void buf_done(struct buf *b);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return bytes_of(b->p, b->n);
}

/*
 * buf_read_fd - append all of FD from its current offset (a /proc file, whose size is not known).
 *
 * Returns 0, -EFBIG when more than MAX bytes came (the first MAX bytes are kept: a caller that
 * keeps them must record the cut), or -errno of read(2). EINTR is retried.
 */
int buf_read_fd(struct buf *b, int fd, size_t max);

#endif
