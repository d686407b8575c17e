/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an image index, shared by its files. */
#ifndef CSI_WORK_IMAGE_INDEX_PRIV_H
#define CSI_WORK_IMAGE_INDEX_PRIV_H

#include "base/budget.h"
#include "work/image_index.h"

enum {
	POOL_CHUNK_BITS = 16, /* 64 KiB: what is mapped at once */
	POOL_CHUNK = 1 << POOL_CHUNK_BITS,
	POOL_CHUNKS_MAX = 16384, /* 1 GiB */
	BUCKET_BITS = 17,
	BUCKETS = 1 << BUCKET_BITS,
};

/* Elements of one size, numbered from 0; they never move. */
struct image_pool {
	unsigned char **chunks;
	uint32_t nchunks, n, each; /* elements a chunk */
	uint32_t size;
};

/* Bytes of names and link targets. */
struct image_text {
	uint32_t at; /* number of the byte, across chunks: a text lies in one of them */
	uint32_t n;
};

struct image_name {
	uint32_t parent;
	uint32_t text; /* byte of names; a length of 2 bytes stands before the name itself */
	uint32_t next; /* in its bucket; after image_unseen() what counts it */
	uint32_t fact; /* IMAGE_NONE: none */
	uint32_t seq;  /* when that was applied */
	/* Up to which this and all below is gone; after image_finish() marks, and files below. */
	uint32_t cut;
};

enum {
	FACT_HARD = 1,	     /* VALUE is the name that it links to */
	FACT_WHITEOUT = 2,   /* of lower layers */
	FACT_OPAQUE = 4,     /* nothing of lower layers is in this directory */
	FACT_DIGEST = 8,     /* VALUE is a digest */
	FACT_LINK = 16,	     /* VALUE is a text */
	FACT_IN_FS = 1 << 8, /* in a name's cut, once finished: it is in the file system */
};

/* Halves of 64-bit numbers, so that nothing is padded: 28 bytes. */
struct image_fact {
	uint32_t size[2]; /* high, low; of a device its major and minor */
	uint32_t mtime[2];
	uint32_t name;
	uint32_t kind; /* number of its image_kind */
	uint32_t value;
};

struct image_kind {
	uint32_t mode, uid, gid, flags;
	unsigned char xattrs[8];
};

struct image_index {
	struct budget budget;
	const struct gap_sink *gaps;
	struct image_pool names, facts, kinds, digests;
	unsigned char **text; /* chunks of names and targets */
	uint32_t ntext, text_at;
	uint32_t *buckets;	/* BUCKETS heads of names */
	uint32_t *kind_buckets; /* KIND_BUCKETS heads */
	uint64_t seed[2];	/* an intruder chooses names: not their places */
	uint32_t seq, base;	/* now; when the layer at hand began */
	uint64_t files;
};

static inline void *image_pool_at(const struct image_pool *p, uint32_t i)
{
	return p->chunks[i / p->each] + (size_t)(i % p->each) * p->size;
}
static inline struct image_name *image_name_at(const struct image_index *x, uint32_t i)
{
	return image_pool_at(&x->names, i);
}
static inline struct image_fact *image_fact_at(const struct image_index *x, uint32_t i)
{
	return image_pool_at(&x->facts, i);
}
static inline struct image_kind *image_kind_at(const struct image_index *x, uint32_t i)
{
	return image_pool_at(&x->kinds, i);
}

/* image_store.c. 0, -EDQUOT, -ENOMEM. */
int image_pool_add(struct image_index *x, struct image_pool *p, uint32_t *ret);
void image_pool_done(struct image_index *x, struct image_pool *p);
int image_text_add(struct image_index *x, struct bytes v, uint32_t *ret);
struct bytes image_text_at(const struct image_index *x, uint32_t at);
struct bytes image_name_text(const struct image_index *x, const struct image_name *n);
/* The child NAME of PARENT; IMAGE_NONE. */
uint32_t image_name_find(const struct image_index *x, uint32_t parent, struct bytes name);
/* The same, made if it is not there. */
int image_name_add(struct image_index *x, uint32_t parent, struct bytes name, uint32_t *ret);
int image_kind_add(struct image_index *x, const struct image_kind *k, uint32_t *ret);

/* image_apply.c */
/* Whether NAME has a fact that nothing has removed. */
bool image_alive(const struct image_index *x, uint32_t name);

#endif
