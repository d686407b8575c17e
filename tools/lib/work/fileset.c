/* SPDX-License-Identifier: Apache-2.0 */
/* An open-addressed set of (device, inode). */
#include "work/fileset.h"

enum { FIRST_CAP = 1024 };

void fileset_init(struct fileset *s)
{
	*s = (struct fileset){ 0 };
	pthread_mutex_init(&s->lock, NULL);
}

void fileset_done(struct fileset *s)
{
	free(s->v);
	pthread_mutex_destroy(&s->lock);
	*s = (struct fileset){ 0 };
}

static struct fileset_key key_of(const struct file_info *info)
{
	return (struct fileset_key){ (uint64_t)info->dev_major << 32 | info->dev_minor, info->ino };
}

/* The place of KEY, or the empty one where it would go. CAP is not 0. */
static struct fileset_key *find(const struct fileset *s, struct fileset_key key)
{
	uint64_t h =
		(key.ino ^ key.dev * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
	size_t at = (size_t)(h ^ h >> 32) & (s->cap - 1);

	while ((s->v[at].ino || s->v[at].dev) &&
	       (s->v[at].ino != key.ino || s->v[at].dev != key.dev))
		at = (at + 1) & (s->cap - 1);
	return &s->v[at];
}

static bool grow(struct fileset *s)
{
	struct fileset old = *s;

	if (s->n * 2 < s->cap)
		return true;
	if (s->n >= FILESET_MAX)
		return false;
	s->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	s->v = calloc(s->cap, sizeof(*s->v));
	if (!s->v) {
		s->v = old.v;
		s->cap = old.cap;
		return false;
	}
	for (size_t i = 0; i < old.cap; i++)
		if (old.v[i].ino || old.v[i].dev)
			*find(s, old.v[i]) = old.v[i];
	free(old.v);
	return true;
}

void fileset_add(struct fileset *s, const struct file_info *info)
{
	struct fileset_key key = key_of(info);

	pthread_mutex_lock(&s->lock);
	if (grow(s)) {
		struct fileset_key *at = find(s, key);

		if (!at->ino && !at->dev)
			s->n++;
		*at = key;
	}
	pthread_mutex_unlock(&s->lock);
}

bool fileset_has(struct fileset *s, const struct file_info *info)
{
	struct fileset_key key = key_of(info);
	bool has = false;

	pthread_mutex_lock(&s->lock);
	if (s->cap) {
		const struct fileset_key *at = find(s, key);

		has = at->ino || at->dev;
	}
	pthread_mutex_unlock(&s->lock);
	return has;
}
