/* SPDX-License-Identifier: Apache-2.0 */
/* A buffer as an intake, in pieces, for tests of what reads one. */
#ifndef CSI_TESTS_UNIT_FEED_H
#define CSI_TESTS_UNIT_FEED_H

#include "format/intake.h"

#include <errno.h>

/* Gives at most STEP bytes at once; rewinds unless it is a pipe. */
struct feed {
	struct intake in;
	struct bytes b;
	size_t at, step;
	bool pipe;
	int error; /* what comes after the bytes; 0: the end */
};

static inline ssize_t feed_read(struct intake *in, void *p, size_t n)
{
	struct feed *f = (struct feed *)in;
	size_t now = f->b.n - f->at;

	now = now < n ? now : n;
	now = now < f->step ? now : f->step;
	if (now == 0)
		return n ? f->error : 0;
	memcpy(p, f->b.p + f->at, now);
	f->at += now;
	return (ssize_t)now;
}

static inline int feed_rewind(struct intake *in)
{
	struct feed *f = (struct feed *)in;

	if (f->pipe)
		return -ESPIPE;
	f->at = 0;
	return 0;
}

static inline struct feed feed_of(struct bytes b, size_t step)
{
	static const struct intake_ops ops = { .read = feed_read, .rewind = feed_rewind };

	return (struct feed){ .in = { .ops = &ops }, .b = b, .step = step };
}

#endif
