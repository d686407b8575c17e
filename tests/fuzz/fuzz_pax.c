/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a tar, in pieces: read or refused the same way, in bounds, in order. */
#include "format/untar.h"

#include "format/hash.h"
#include "work/tarcheck.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct seen {
	struct hash hash; /* of all that was told */
	bool in_entry;
	uint64_t at, size;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void note(struct seen *s, struct bytes b)
{
	hash_add(&s->hash, &b.n, sizeof(b.n));
	hash_add(&s->hash, b.p, b.n);
}

static int on_begin(void *ctx, const struct untar_entry *e)
{
	struct seen *s = ctx;

	must(!s->in_entry);
	s->in_entry = true;
	s->at = 0;
	s->size = e->size;
	note(s, e->path);
	note(s, e->link);
	return 0;
}

static int on_data(void *ctx, uint64_t offset, struct bytes p, uint64_t length)
{
	struct seen *s = ctx;

	(void)length;
	must(s->in_entry && offset >= s->at && p.n > 0 && p.n <= s->size - offset);
	s->at = offset + p.n;
	hash_add(&s->hash, p.p, p.n);
	return 0;
}

static int on_end(void *ctx, const struct untar_entry *e)
{
	struct seen *s = ctx;

	must(s->in_entry && s->at <= e->size);
	s->in_entry = false;
	return 0;
}

static int read_tar(struct bytes b, size_t step, struct digests *ret)
{
	static const struct untar_ops ops = { on_begin, on_data, on_end };
	struct seen s = { 0 };
	struct untar *u;
	int r = 0;

	hash_init(&s.hash, HASH_SHA256);
	must(untar_open(&ops, &s, &u) == 0);
	for (size_t at = 0; at < b.n && r == 0; at += step)
		r = untar_feed(u, bytes_of(b.p + at, b.n - at < step ? b.n - at : step));
	must(r == 0 || r == -EBADMSG);
	must(r == 0 ? untar_bytes(u) == b.n : untar_why(u) != NULL);
	untar_closep(&u);
	hash_peek(&s.hash, ret);
	return r;
}

/* A hole costs time by its size, as zeros are hashed: not what is looked for
 * here. */
static bool has_large_hole(struct bytes b)
{
	return memmem(b.p, b.n, "GNU.sparse.realsize", 19) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes b = bytes_of(p, n);
	struct digests whole, pieces;
	struct tarcheck t;

	int r = read_tar(b, n ? n : 1, &whole);
	must(read_tar(b, 7, &pieces) == r);
	must(memcmp(whole.sha256, pieces.sha256, sizeof(whole.sha256)) == 0);
	if (has_large_hole(b))
		return 0;
	must(tarcheck_init(&t, NULL, NULL) == 0);
	r = tarcheck_feed(&t, b);
	must(r == 0 || (r == -EBADMSG && tarcheck_why(&t)));
	tarcheck_done(&t);
	return 0;
}
