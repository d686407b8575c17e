/* SPDX-License-Identifier: Apache-2.0 */
/* A /proc text, or a file, line by line through one small buffer, however long the text is. */
#ifndef CSI_MODEL_LINES_H
#define CSI_MODEL_LINES_H

#include "model/source.h"

enum {
	LINES_LINE_MAX = 8 << 10, /* a unix path has at most 108 bytes, an address less */
	LINES_BUFFER = 4 * LINES_LINE_MAX,
	LINES_TEXT_MAX = 1 << 30, /* of a /proc text: more than all sockets of a namespace */
};

struct lines;

/* 0, or what process_text_open says. */
int lines_open(struct process *p, enum proc_text t, struct lines **ret);
/*
 * The same of at most MOST bytes of F, which is taken, also on failure; the page cache stays as it
 * was. 0 or -ENOMEM.
 */
int lines_of(struct file *f, uint64_t most, struct lines **ret);
/*
 * The next line without its newline, valid until the next call. 1, 0 at the end, -EFBIG for one
 * that is longer than LINES_LINE_MAX (passed over; go on), else the end: -E2BIG where the text is
 * longer than was allowed, -errno.
 */
int lines_next(struct lines *l, struct bytes *ret);
/* How many were read so far. */
uint64_t lines_bytes(const struct lines *l);
void lines_closep(struct lines **l);

#endif
