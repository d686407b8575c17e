/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing, three quarters full at most. */
#include "work/listed.h"

#include <errno.h>
#include <sys/random.h>

_Static_assert(sizeof(struct listed_entry) == 32, "200,000 of them share 32 MiB with the rest");

enum { CAP_FIRST = 4096 };

int listed_open(struct listed *l)
{
	*l = (struct listed){ .cap = CAP_FIRST };
	if (getrandom(l->secret, sizeof(l->secret), 0) != sizeof(l->secret))
		return -EIO;
	l->v = calloc(l->cap, sizeof(*l->v));
	l->seen = calloc(l->cap / 64, sizeof(*l->seen));
	return l->v && l->seen ? 0 : -ENOMEM;
}

void listed_done(struct listed *l)
{
	free(l->v);
	free(l->seen);
	*l = (struct listed){ 0 };
}

static uint64_t key_of(const struct listed *l, struct bytes path)
{
	struct digests d;
	struct hash h;
	uint64_t key;

	hash_init(&h, HASH_SHA256);
	hash_add(&h, l->secret, sizeof(l->secret));
	hash_add(&h, path.p, path.n);
	hash_peek(&h, &d);
	memcpy(&key, d.sha256, sizeof(key));
	return key ? key : 1;
}

/* Where KEY is, or would be. */
static size_t slot_of(const struct listed_entry *v, size_t cap, uint64_t key)
{
	size_t i = (size_t)key & (cap - 1);

	while (v[i].key && v[i].key != key)
		i = (i + 1) & (cap - 1);
	return i;
}

/* Nothing has been marked yet. */
static int grow(struct listed *l)
{
	size_t cap = 2 * l->cap;
	struct listed_entry *v = calloc(cap, sizeof(*v));
	uint64_t *seen = calloc(cap / 64, sizeof(*seen));

	if (!v || !seen) {
		free(v);
		free(seen);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->cap; i++)
		if (l->v[i].key)
			v[slot_of(v, cap, l->v[i].key)] = l->v[i];
	free(l->v);
	free(l->seen);
	l->v = v;
	l->seen = seen;
	l->cap = cap;
	return 0;
}

int listed_add(struct listed *l, struct bytes path, const struct digests *sums, uint32_t owner,
	       unsigned flags)
{
	const unsigned has = LISTED_MD5 | LISTED_SHA1;
	uint64_t key = key_of(l, path);
	struct listed_entry *e = &l->v[slot_of(l->v, l->cap, key)];

	if (e->key && (e->flags & has || !sums->kinds))
		return 0;
	if (!e->key) {
		if (l->n == LISTED_MAX)
			return -E2BIG;
		if (4 * (l->n + 1) > 3 * l->cap) {
			int r = grow(l);

			if (r < 0)
				return r;
			e = &l->v[slot_of(l->v, l->cap, key)];
		}
		l->n++;
	}
	e->key = key;
	e->owner = owner & LISTED_NONE;
	e->flags = flags & 0xff & ~has;
	if (sums->kinds & HASH_MD5) {
		e->flags |= LISTED_MD5;
		memcpy(e->digest, sums->md5, sizeof(sums->md5));
	} else if (sums->kinds & HASH_SHA1) {
		e->flags |= LISTED_SHA1;
		memcpy(e->digest, sums->sha1, sizeof(sums->sha1));
	}
	return 0;
}

const struct listed_entry *listed_find(const struct listed *l, struct bytes path)
{
	const struct listed_entry *e = &l->v[slot_of(l->v, l->cap, key_of(l, path))];

	return e->key ? e : NULL;
}

bool listed_mark(struct listed *l, const struct listed_entry *e)
{
	size_t i = (size_t)(e - l->v);
	uint64_t bit = UINT64_C(1) << (i % 64);
	bool first = !(l->seen[i / 64] & bit);

	l->seen[i / 64] |= bit;
	return first;
}

struct digests listed_sums(const struct listed_entry *e)
{
	struct digests d = { 0 };

	if (e->flags & LISTED_MD5) {
		d.kinds = HASH_MD5;
		memcpy(d.md5, e->digest, sizeof(d.md5));
	} else if (e->flags & LISTED_SHA1) {
		d.kinds = HASH_SHA1;
		memcpy(d.sha1, e->digest, sizeof(d.sha1));
	}
	return d;
}
