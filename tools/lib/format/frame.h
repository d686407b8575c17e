/* SPDX-License-Identifier: Apache-2.0 */
/* What writer and reader of a sealed stream share: the lines and the table of tools/FORMAT.md,
 * section 1. */
#ifndef CSI_FORMAT_FRAME_H
#define CSI_FORMAT_FRAME_H

#include "base/buf.h"

enum {
	FRAME_MAGIC_SIZE = 4,
	FRAME_SKIP_HEAD = 8,   /* magic and length of a skippable frame */
	FRAME_LINE_MAX = 256,  /* payload of a checkpoint */
	FRAME_SEAL_SIZE = 512, /* payload of a seal, always */
	FRAME_PAIR_SIZE = 8,   /* one frame in the table */
	FRAME_TABLE_FOOT = 9,
	FRAMES_MAX = 1 << 20,
	FRAME_BLOCK = 64 << 10, /* where padding ends: what age encrypts as one */
};

#define FRAME_MAGIC_DATA  UINT32_C(0xFD2FB528)
#define FRAME_MAGIC_OURS  UINT32_C(0x184D2A5C)
#define FRAME_MAGIC_PAD	  UINT32_C(0x184D2A5D)
#define FRAME_MAGIC_TABLE UINT32_C(0x184D2A5E)
#define FRAME_MAGIC_FOOT  UINT32_C(0x8F92EAB1)

/* What a checkpoint says. */
struct frame_counts {
	uint64_t seq, entries, bytes;
	unsigned char sha256[32]; /* of every byte of the stream before it */
};

/* What a seal says beyond that. */
struct frame_seal {
	const char *status;
	uint64_t gaps, stream_size, table_size;
	unsigned char table_sha256[32];
};

static inline uint32_t frame_u32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void frame_put_u32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

/* The whole frame, header and line, appended to B. 0, -ENOMEM, -EFBIG. */
int frame_put_checkpoint(struct buf *b, const struct frame_counts *c);
int frame_put_seal(struct buf *b, const struct frame_counts *c, const struct frame_seal *s);

/*
 * Bytes of the padding frame that begins at offset AT of the stream and ends at a multiple of
 * FRAME_BLOCK: its header must fit. 0: AT is such a multiple, and none is needed.
 */
size_t frame_padding_size(uint64_t at);
/* That frame, appended to B; nothing if none is needed. 0, -ENOMEM, -EFBIG. */
int frame_put_padding(struct buf *b, uint64_t at);

/* "gaps" and "status" of a seal's payload; all else is checked by rendering it again. 0 or
 * -EBADMSG. */
int frame_seal_parse(struct bytes payload, struct frame_seal *ret);

/* The seek table, kept as its pairs; 8 bytes a frame. */
struct frame_table {
	struct buf pairs;
};
void frame_table_init(struct frame_table *t);
/* 0, -EFBIG beyond FRAMES_MAX, -ENOMEM. */
int frame_table_add(struct frame_table *t, size_t frame_size, size_t content_size);
static inline size_t frame_table_count(const struct frame_table *t)
{
	return t->pairs.n / FRAME_PAIR_SIZE;
}
/* The same with one more pair, the seal's, which must be known before the seal is written. */
static inline size_t frame_table_size(const struct frame_table *t)
{
	return FRAME_SKIP_HEAD + t->pairs.n + FRAME_TABLE_FOOT;
}
/* Wraps the pairs: T is then the whole frame, no more can be added. */
int frame_table_end(struct frame_table *t);
void frame_table_done(struct frame_table *t);

#endif
