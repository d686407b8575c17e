/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of an image index: elements, texts, names in buckets, kinds that are shared. */
#include "work/image_index_priv.h"

#include <errno.h>

enum { KIND_BUCKETS = 4096, TEXT_HEAD = 2 };

/* ---- elements ------------------------------------------------------------------------------ */

static int chunk_add(struct image_index *x, unsigned char ***chunks, uint32_t *n)
{
	if (!*chunks)
		*chunks = calloc(POOL_CHUNKS_MAX, sizeof(**chunks));
	if (!*chunks)
		return -ENOMEM;
	if (*n == POOL_CHUNKS_MAX)
		return -EDQUOT;
	unsigned char *c = budget_alloc(&x->budget, POOL_CHUNK);
	if (!c)
		return -EDQUOT;
	(*chunks)[(*n)++] = c;
	return 0;
}

int image_pool_add(struct image_index *x, struct image_pool *p, uint32_t *ret)
{
	if (p->n == p->nchunks * p->each) {
		int r = chunk_add(x, &p->chunks, &p->nchunks);

		if (r < 0)
			return r;
	}
	*ret = p->n++;
	return 0;
}

void image_pool_done(struct image_index *x, struct image_pool *p)
{
	for (uint32_t i = 0; i < p->nchunks; i++)
		budget_free(&x->budget, p->chunks[i], POOL_CHUNK);
	free(p->chunks);
}

/* ---- texts --------------------------------------------------------------------------------- */

int image_text_add(struct image_index *x, struct bytes v, uint32_t *ret)
{
	uint32_t left = x->ntext * POOL_CHUNK - x->text_at;

	if (v.n + TEXT_HEAD > POOL_CHUNK)
		return -EDQUOT;
	if (v.n + TEXT_HEAD > left) {
		int r = chunk_add(x, &x->text, &x->ntext);

		if (r < 0)
			return r;
		x->text_at = (x->ntext - 1) * POOL_CHUNK;
	}
	unsigned char *p = x->text[x->text_at >> POOL_CHUNK_BITS] + x->text_at % POOL_CHUNK;
	p[0] = (unsigned char)(v.n >> 8);
	p[1] = (unsigned char)v.n;
	copy_bytes(p + TEXT_HEAD, v.p, v.n);
	*ret = x->text_at;
	x->text_at += (uint32_t)v.n + TEXT_HEAD;
	return 0;
}

struct bytes image_text_at(const struct image_index *x, uint32_t at)
{
	const unsigned char *p = x->text[at >> POOL_CHUNK_BITS] + at % POOL_CHUNK;

	return bytes_of(p + TEXT_HEAD, (size_t)p[0] << 8 | p[1]);
}

struct bytes image_name_text(const struct image_index *x, const struct image_name *n)
{
	return image_text_at(x, n->text);
}

/* ---- names --------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	a ^= b;
	a *= UINT64_C(0x9fb21c651e98df25);
	return a ^ a >> 32;
}

static uint64_t hash_bytes(const struct image_index *x, uint64_t with, struct bytes v)
{
	uint64_t h = mix(x->seed[0], with);

	while (v.n > 0) {
		uint64_t w = v.n < 8 ? v.n : 8;
		size_t now = (size_t)w;

		memcpy(&w, v.p, now);
		h = mix(h, w ^ x->seed[1]);
		v = bytes_of(v.p + now, v.n - now);
	}
	return mix(h, x->seed[1]);
}

static uint32_t bucket_of(const struct image_index *x, uint32_t parent, struct bytes name)
{
	return (uint32_t)(hash_bytes(x, (uint64_t)parent << 16 | name.n, name) >> 40) &
	       (BUCKETS - 1);
}

uint32_t image_name_find(const struct image_index *x, uint32_t parent, struct bytes name)
{
	uint32_t i = x->buckets[bucket_of(x, parent, name)];

	while (i != IMAGE_NONE) {
		const struct image_name *n = image_name_at(x, i);

		if (n->parent == parent && bytes_eq(image_name_text(x, n), name))
			return i;
		i = n->next;
	}
	return IMAGE_NONE;
}

int image_name_add(struct image_index *x, uint32_t parent, struct bytes name, uint32_t *ret)
{
	uint32_t *bucket = &x->buckets[bucket_of(x, parent, name)];
	uint32_t at = 0;
	int r;

	*ret = image_name_find(x, parent, name);
	if (*ret != IMAGE_NONE)
		return 0;
	r = image_text_add(x, name, &at);
	if (r == 0)
		r = image_pool_add(x, &x->names, ret);
	if (r < 0)
		return r;
	*image_name_at(x, *ret) = (struct image_name){
		.parent = parent, .text = at, .next = *bucket, .fact = IMAGE_NONE
	};
	*bucket = *ret;
	return 0;
}

/* ---- kinds --------------------------------------------------------------------------------- */

struct kind_slot {
	struct image_kind kind;
	uint32_t next;
};

int image_kind_add(struct image_index *x, const struct image_kind *k, uint32_t *ret)
{
	uint32_t *head = &x->kind_buckets[hash_bytes(x, 0, bytes_of(k, sizeof(*k))) >> 40 &
					  (KIND_BUCKETS - 1)];

	for (uint32_t i = *head; i != IMAGE_NONE;) {
		const struct kind_slot *s = image_pool_at(&x->kinds, i);

		if (memcmp(&s->kind, k, sizeof(*k)) == 0) {
			*ret = i;
			return 0;
		}
		i = s->next;
	}
	int r = image_pool_add(x, &x->kinds, ret);
	if (r < 0)
		return r;
	*(struct kind_slot *)image_pool_at(&x->kinds, *ret) =
		(struct kind_slot){ .kind = *k, .next = *head };
	*head = *ret;
	return 0;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void pool_init(struct image_pool *p, size_t size)
{
	p->size = (uint32_t)size;
	p->each = POOL_CHUNK / p->size;
}

static int start(struct image_index *x)
{
	uint32_t root = 0;
	int r = 0;

	x->buckets = budget_alloc(&x->budget, BUCKETS * sizeof(*x->buckets));
	x->kind_buckets = budget_alloc(&x->budget, KIND_BUCKETS * sizeof(*x->kind_buckets));
	if (!x->buckets || !x->kind_buckets)
		return -EDQUOT;
	memset(x->buckets, 0xff, BUCKETS * sizeof(*x->buckets));
	memset(x->kind_buckets, 0xff, KIND_BUCKETS * sizeof(*x->kind_buckets));
	/* The root is a name without one, its own parent, and in no bucket. */
	r = image_text_add(x, bytes_of(NULL, 0), &root);
	if (r == 0)
		r = image_pool_add(x, &x->names, &root);
	if (r == 0)
		*image_name_at(x, root) =
			(struct image_name){ .next = IMAGE_NONE, .fact = IMAGE_NONE };
	return r;
}

int image_index_open(size_t limit, const struct gap_sink *gaps, struct image_index **ret)
{
	struct image_index *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	budget_init(&x->budget, limit ? limit : IMAGE_INDEX_MAX);
	x->gaps = gaps;
	pool_init(&x->names, sizeof(struct image_name));
	pool_init(&x->facts, sizeof(struct image_fact));
	pool_init(&x->kinds, sizeof(struct kind_slot));
	pool_init(&x->digests, 32);
	if (getentropy(x->seed, sizeof(x->seed)) < 0)
		x->seed[0] = (uint64_t)(uintptr_t)x;
	int r = start(x);
	if (r < 0) {
		image_index_closep(&x);
		return r;
	}
	*ret = x;
	return 0;
}

void image_index_closep(struct image_index **xp)
{
	struct image_index *x = *xp;

	if (!x)
		return;
	image_pool_done(x, &x->names);
	image_pool_done(x, &x->facts);
	image_pool_done(x, &x->kinds);
	image_pool_done(x, &x->digests);
	for (uint32_t i = 0; i < x->ntext; i++)
		budget_free(&x->budget, x->text[i], POOL_CHUNK);
	free(x->text);
	budget_free(&x->budget, x->buckets, BUCKETS * sizeof(*x->buckets));
	budget_free(&x->budget, x->kind_buckets, KIND_BUCKETS * sizeof(*x->kind_buckets));
	free(x);
	*xp = NULL;
}

size_t image_index_used(const struct image_index *x)
{
	return atomic_load(&x->budget.used);
}

uint32_t image_index_facts(const struct image_index *x)
{
	return x->facts.n;
}

void image_index_again(struct image_index *x)
{
	memset(x->buckets, 0xff, BUCKETS * sizeof(*x->buckets));
	for (uint32_t i = 1; i < x->names.n; i++) {
		struct image_name *n = image_name_at(x, i);
		uint32_t *bucket = &x->buckets[bucket_of(x, n->parent, image_name_text(x, n))];

		n->next = *bucket;
		*bucket = i;
		n->seq = 0;
		n->cut &= FACT_IN_FS;
	}
	image_name_at(x, 0)->cut &= FACT_IN_FS;
}
