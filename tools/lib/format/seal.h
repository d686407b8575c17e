/* SPDX-License-Identifier: Apache-2.0 */
/* The ordered writer of a sealed stream: frames in, checkpoints between, a seal and its table at
 * the end. */
#ifndef CSI_FORMAT_SEAL_H
#define CSI_FORMAT_SEAL_H

#include "format/hash.h"
#include "format/sink.h"

/* One thread. The first failure of the sink stays: later calls return it. */
struct seal;

struct seal_totals {
	uint64_t entries;	  /* tar entries */
	uint64_t bytes_in;	  /* tar bytes */
	uint64_t bytes_out;	  /* stream bytes */
	unsigned char sha256[32]; /* of the stream as written */
};

/*
 * SINK is borrowed. If it hands bytes on in blocks, they are of FRAME_BLOCK (else -EINVAL), and
 * each checkpoint is padded to the end of one, so that it leaves at once. 0, -ENOMEM.
 */
int seal_open(struct sink *sink, struct seal **ret);
void seal_closep(struct seal **s);

/*
 * seal_frame - write one zstd frame of CONTENT tar bytes. ENTRIES is how many tar entries are
 * complete with it, counted from the start. A checkpoint comes first when the stream would else go
 * more than SEAL_CHECKPOINT_BYTES without. 0, -EFBIG beyond FRAMES_MAX, or -errno of the sink.
 */
enum { SEAL_CHECKPOINT_BYTES = 16 << 20 };
int seal_frame(struct seal *s, struct bytes frame, size_t content, uint64_t entries);
/* A checkpoint now, padded to the sink's block, flushed. */
int seal_checkpoint(struct seal *s);
/* Bytes written since the last checkpoint. */
uint64_t seal_since(const struct seal *s);
/* Room for no more than a few frames is left: end the stream. */
bool seal_full(const struct seal *s);
/*
 * STATUS: complete, partial, failed. Writes seal and table. A sink without blocks is flushed; one
 * with blocks is not, since its last must not be empty: it hands on what is left when it is closed.
 */
int seal_end(struct seal *s, const char *status, uint64_t gaps, struct seal_totals *ret);
/* Bytes that the stream would have if it were ended now. */
uint64_t seal_ends_at(const struct seal *s);
/* The most that a checkpoint adds to it, padding for a sink of BLOCK bytes included. */
uint64_t seal_checkpoint_bound(size_t block);
void seal_progress(const struct seal *s, struct seal_totals *ret); /* without the digest */

#endif
