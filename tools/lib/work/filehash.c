/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of one open file. */
#include "work/filehash.h"

#include <errno.h>

enum { FILEHASH_BLOCK = 64 << 10 };

static ssize_t read_block(struct file *f, const struct filehash_options *o, unsigned char *p,
			  uint64_t at)
{
	ssize_t n;

	if (o->keep_cache)
		return file_read_at(f, p, FILEHASH_BLOCK, at);
	file_cache_note(f, at, at + FILEHASH_BLOCK);
	n = file_read_at(f, p, FILEHASH_BLOCK, at);
	if (n > 0)
		file_cache_drop(f, at, at + (uint64_t)n);
	return n;
}

int filehash(struct file *f, const struct filehash_options *o, struct digests *ret,
	     uint64_t *ret_size)
{
	AUTO_FREE unsigned char *p = malloc(FILEHASH_BLOCK);
	uint64_t at = 0;
	struct hash h;
	ssize_t n;

	if (!p)
		return -ENOMEM;
	hash_init(&h, o->kinds);
	while ((n = read_block(f, o, p, at)) > 0) {
		hash_add(&h, p, (size_t)n);
		at += (uint64_t)n;
		if (o->most && at > o->most)
			return -EFBIG;
		if (o->stop && atomic_load_explicit(o->stop, memory_order_relaxed))
			return -ECANCELED;
	}
	if (n < 0)
		return (int)n;
	hash_peek(&h, ret);
	if (ret_size)
		*ret_size = at;
	return 0;
}
