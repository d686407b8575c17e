/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks: a descriptor, and a buffer for tests. */
#include "format/sink.h"

#include "base/io.h"

#include <errno.h>

struct fd_sink {
	struct sink sink; /* first: a struct sink * is a struct fd_sink * */
	int fd;
	bool own;
};

static int fd_write(struct sink *s, const void *p, size_t n)
{
	struct fd_sink *f = (struct fd_sink *)s;

	return io_write_all(f->fd, p, n);
}

/* Nothing is held back here; durability is the reader's and the seal's business. */
static int fd_flush(struct sink *s)
{
	(void)s;
	return 0;
}

static int fd_close(struct sink *s)
{
	struct fd_sink *f = (struct fd_sink *)s;
	int r = f->own && close(f->fd) < 0 ? -errno : 0;

	free(f);
	return r;
}

int sink_fd(int fd, bool own, struct sink **ret)
{
	static const struct sink_ops ops = { .write = fd_write,
					     .flush = fd_flush,
					     .close = fd_close };
	struct fd_sink *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	*f = (struct fd_sink){ .sink = { .ops = &ops }, .fd = fd, .own = own };
	*ret = &f->sink;
	return 0;
}

struct buf_sink {
	struct sink sink;
	struct buf *b;
};

static int buf_sink_write(struct sink *s, const void *p, size_t n)
{
	return buf_add(((struct buf_sink *)s)->b, p, n);
}

static int buf_sink_close(struct sink *s)
{
	free(s);
	return 0;
}

int sink_buf(struct buf *b, struct sink **ret)
{
	static const struct sink_ops ops = { .write = buf_sink_write,
					     .flush = fd_flush,
					     .close = buf_sink_close };
	struct buf_sink *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct buf_sink){ .sink = { .ops = &ops }, .b = b };
	*ret = &s->sink;
	return 0;
}
