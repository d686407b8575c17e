/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer with a hard limit. */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	BUF_FIRST = 64,	      /* first allocation */
	BUF_READ_STEP = 4096, /* room offered to one read(2): /proc hands out pages */
};

static size_t limit_of(const struct buf *b)
{
	return b->max ? b->max : BUF_MAX_DEFAULT;
}

int buf_reserve(struct buf *b, size_t more)
{
	size_t limit = limit_of(b);
	size_t cap = b->cap ? b->cap : BUF_FIRST;

	if (more <= b->cap - b->n)
		return 0;
	if (b->n > limit || more > limit - b->n)
		return -EFBIG;
	while (cap - b->n < more)
		cap = cap > limit / 2 ? limit : cap * 2;
	if (cap > limit)
		cap = limit;
	unsigned char *p = realloc(b->p, cap);
	if (!p)
		return -ENOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
	int r;

	if (n == 0)
		return 0;
	r = buf_reserve(b, n);
	if (r < 0)
		return r;
	copy_bytes(b->p + b->n, p, n);
	b->n += n;
	return 0;
}

int buf_addb(struct buf *b, struct bytes v)
{
	return buf_add(b, v.p, v.n);
}

int buf_adds(struct buf *b, const char *ours)
{
	return buf_add(b, ours, strlen(ours));
}

int buf_addc(struct buf *b, unsigned char c)
{
	return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int r;

	va_start(ap, fmt);
	int len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (len < 0)
		return -EINVAL;
	size_t n = (size_t)len;
	if (n < sizeof(small))
		return buf_add(b, small, n);

	/* vsnprintf ends with a NUL, for which there may be no room below the limit. */
	char *big = malloc(n + 1);
	if (!big)
		return -ENOMEM;
	va_start(ap, fmt);
	r = vsnprintf(big, n + 1, fmt, ap) == len ? 0 : -EINVAL;
	va_end(ap);
	if (r == 0)
		r = buf_add(b, big, n);
	free(big);
	return r;
}

void buf_clear(struct buf *b)
{
	b->n = 0;
}

void buf_done(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = 0;
	b->cap = 0;
}

/* Whether one more byte would come: 0 no, -EFBIG yes, or -errno. */
static int at_end(int fd)
{
	unsigned char c;

	for (;;) {
		ssize_t got = read(fd, &c, 1);

		if (got >= 0)
			return got == 0 ? 0 : -EFBIG;
		if (errno != EINTR)
			return -errno;
	}
}

int buf_read_fd(struct buf *b, int fd, size_t max)
{
	size_t limit = limit_of(b);
	size_t room = b->n < limit ? limit - b->n : 0;

	if (room > max)
		room = max;
	while (room > 0) {
		size_t step = room < BUF_READ_STEP ? room : BUF_READ_STEP;
		int r = buf_reserve(b, step);

		if (r < 0)
			return r;
		step = b->cap - b->n < room ? b->cap - b->n : room;
		ssize_t got = read(fd, b->p + b->n, step);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		b->n += (size_t)got;
		room -= (size_t)got;
	}
	return at_end(fd);
}
