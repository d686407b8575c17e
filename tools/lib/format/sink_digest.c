/* SPDX-License-Identifier: Apache-2.0 */
/* Count and SHA-256 of what passes through a sink. */
#include "format/sink_digest.h"

#include "format/hash.h"

#include <errno.h>

struct digest_sink {
	struct sink sink; /* first */
	struct sink *next;
	struct hash hash;
	uint64_t size;
};

static int digest_write(struct sink *s, const void *p, size_t n)
{
	struct digest_sink *d = (struct digest_sink *)s;
	int r = sink_write(d->next, p, n);

	if (r < 0)
		return r;
	hash_add(&d->hash, p, n);
	d->size += n;
	return 0;
}

static int digest_flush(struct sink *s)
{
	return sink_flush(((struct digest_sink *)s)->next);
}

static int digest_close(struct sink *s)
{
	free(s);
	return 0;
}

int sink_digest(struct sink *next, struct sink **ret)
{
	static const struct sink_ops ops = { .write = digest_write,
					     .flush = digest_flush,
					     .close = digest_close };
	struct digest_sink *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->sink = (struct sink){ .ops = &ops, .block = next->block };
	d->next = next;
	hash_init(&d->hash, HASH_SHA256);
	*ret = &d->sink;
	return 0;
}

void sink_digest_told(const struct sink *s, uint64_t *ret_size, unsigned char ret_sha256[32])
{
	const struct digest_sink *d = (const struct digest_sink *)s;
	struct digests now;

	hash_peek(&d->hash, &now);
	*ret_size = d->size;
	memcpy(ret_sha256, now.sha256, sizeof(now.sha256));
}
