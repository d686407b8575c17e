/* SPDX-License-Identifier: Apache-2.0 */
/* Where a stream of bytes goes. A file is one, age another, a buffer in a test a third. */
#ifndef CSI_FORMAT_SINK_H
#define CSI_FORMAT_SINK_H

#include "base/buf.h"

#include <stdatomic.h>

struct sink;
struct sink_ops {
	int (*write)(struct sink *s, const void *p, size_t n); /* all of it: 0 or -errno */
	int (*flush)(struct sink *s);
	int (*close)(struct sink *s); /* frees S; 0 or -errno: a failed close is a failed write */
};
struct sink {
	const struct sink_ops *ops;
	/*
	 * Bytes leave only in whole blocks of this size, counted from the first (age: 65,536);
	 * flush cannot hand on less. 0: any byte can leave at once.
	 */
	size_t block;
};

static inline int sink_write(struct sink *s, const void *p, size_t n)
{
	return s->ops->write(s, p, n);
}
static inline int sink_flush(struct sink *s)
{
	return s->ops->flush(s);
}
static inline int sink_close(struct sink *s)
{
	return s ? s->ops->close(s) : 0;
}

/* For AUTO_DONE, on the ways out that have failed already. */
static inline void sink_closep(struct sink **s)
{
	(void)sink_close(*s);
}

/* To a descriptor (taken if OWN). SIGPIPE must be ignored by the program; EPIPE comes back. */
int sink_fd(int fd, bool own, struct sink **ret);
/* Appends to a borrowed buffer. */
int sink_buf(struct buf *b, struct sink **ret);

/*
 * sink_rate - passes on to INNER (taken on success) at most RATE bytes a second (at least
 * SINK_RATE_MIN): by any moment not more than RATE x time + SINK_RATE_BURST of it. Once STOP is set
 * nothing is held back any more, so that the end does not wait. CLOCK is for tests: NULL is the
 * real one. 0, -EINVAL, -ENOMEM.
 */
enum {
	SINK_RATE_MIN = 64 << 10,
	SINK_RATE_BURST = 8,  /* an eighth of a second's bytes */
	SINK_RATE_PIECE = 32, /* written at once; how soon a stop or a broken pipe is seen */
};
struct sink_clock {
	int64_t (*now)(void *ctx); /* ns */
	void (*nap)(void *ctx, int64_t ns);
	void *ctx;
};
int sink_rate(struct sink *inner, uint64_t rate, const atomic_bool *stop,
	      const struct sink_clock *clock, struct sink **ret);

#endif
