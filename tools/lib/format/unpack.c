/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, zstd or plain: one intake over another. */
#include "format/unpack.h"

#include "format/gunzip.h"
#include "format/zst.h"

#include <errno.h>

enum unpack_kind { UNPACK_PLAIN, UNPACK_GZIP, UNPACK_ZSTD };

struct unpack {
	struct intake in;
	struct intake *below;
	enum unpack_kind kind;
	struct gunzip *gunzip;
	struct unzst *unzst;
	struct bytes rest; /* of the buffer */
	bool eof, inside;  /* of a member or frame */
	int err;	   /* stays */
	unsigned char buffer[UNPACK_BUFFER];
};

/* More of BELOW after what is left of the buffer; 0 or -errno. */
static int fill(struct unpack *u)
{
	memmove(u->buffer, u->rest.p, u->rest.n);
	ssize_t n = intake_read(u->below, u->buffer + u->rest.n, UNPACK_BUFFER - u->rest.n);
	if (n < 0)
		return (int)n;
	u->eof = n == 0;
	u->rest = bytes_of(u->buffer, u->rest.n + (size_t)n);
	return 0;
}

static bool is_gzip(struct bytes b)
{
	return b.n >= 2 && b.p[0] == 0x1f && b.p[1] == 0x8b;
}

/* A frame, or a skippable one. */
static bool is_zstd(struct bytes b)
{
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const unsigned char skippable[] = { 0x2a, 0x4d, 0x18 };

	return b.n >= 4 &&
	       (memcmp(b.p, frame, sizeof(frame)) == 0 ||
		((b.p[0] & 0xf0) == 0x50 && memcmp(b.p + 1, skippable, sizeof(skippable)) == 0));
}

/* Whether another member follows. What else comes after the last one is not part of the stream. */
static bool goes_on(const struct unpack *u)
{
	return u->kind == UNPACK_GZIP ? is_gzip(u->rest) : is_zstd(u->rest);
}

static int run(struct unpack *u, void *p, size_t *n)
{
	return u->kind == UNPACK_GZIP ? gunzip_run(u->gunzip, &u->rest, p, n)
				      : unzst_run(u->unzst, &u->rest, p, n);
}

static ssize_t read_packed(struct unpack *u, void *p, size_t n)
{
	for (;;) {
		size_t got = n;
		int r = 0;

		while (r == 0 && u->rest.n < 4 && !u->eof)
			r = fill(u);
		if (r < 0)
			return r;
		if (!u->inside && !goes_on(u))
			return 0;
		u->inside = true;
		size_t before = u->rest.n;

		r = run(u, p, &got);
		if (r < 0)
			return r;
		u->inside = r == 0;
		if (got > 0)
			return (ssize_t)got;
		if (u->inside && u->rest.n == before && u->eof)
			return -ENODATA;
	}
}

static ssize_t read_plain(struct unpack *u, void *p, size_t n)
{
	if (u->rest.n == 0)
		return intake_read(u->below, p, n);
	if (n > u->rest.n)
		n = u->rest.n;
	memcpy(p, u->rest.p, n);
	u->rest = bytes_of(u->rest.p + n, u->rest.n - n);
	return (ssize_t)n;
}

static ssize_t unpack_read(struct intake *in, void *p, size_t n)
{
	struct unpack *u = (struct unpack *)in;
	ssize_t r;

	if (u->err || n == 0)
		return u->err;
	r = u->kind == UNPACK_PLAIN ? read_plain(u, p, n) : read_packed(u, p, n);
	if (r < 0)
		u->err = (int)r;
	return r;
}

static int unpack_rewind(struct intake *in)
{
	(void)in;
	return -ESPIPE;
}

static void unpack_close(struct intake *in)
{
	struct unpack *u = (struct unpack *)in;

	gunzip_closep(&u->gunzip);
	unzst_closep(&u->unzst);
	free(u);
}

int unpack_open(struct intake *below, struct intake **ret)
{
	static const struct intake_ops ops = { .read = unpack_read,
					       .rewind = unpack_rewind,
					       .close = unpack_close };
	struct unpack *u = calloc(1, sizeof(*u));
	int r = 0;

	if (!u)
		return -ENOMEM;
	u->in.ops = &ops;
	u->below = below;
	u->rest = bytes_of(u->buffer, 0);
	while (r == 0 && !u->eof && u->rest.n < 4)
		r = fill(u);
	if (r == 0 && is_gzip(u->rest)) {
		u->kind = UNPACK_GZIP;
		r = gunzip_open(&u->gunzip);
	} else if (r == 0 && is_zstd(u->rest)) {
		u->kind = UNPACK_ZSTD;
		r = unzst_open(&u->unzst);
	}
	if (r < 0) {
		unpack_close(&u->in);
		return r;
	}
	*ret = &u->in;
	return 0;
}
