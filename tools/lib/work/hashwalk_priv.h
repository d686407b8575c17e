/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of a hashing walk. Private to hashwalk*.c. */
#ifndef CSI_WORK_HASHWALK_PRIV_H
#define CSI_WORK_HASHWALK_PRIV_H

#include "base/buf.h"
#include "base/queue.h"
#include "format/sha256_pair.h"
#include "work/hashwalk.h"

enum {
	BATCH_ITEMS = 64,
	BATCH_BYTES = 16 << 10, /* of paths: the batch is full then */
	BATCH_BIG = 256 << 10,	/* of paths: walked on only once it was given out */
	BATCH_WORK = 1 << 20,	/* bytes to hash: the batch is full then */
	BATCHES_MIN = 2,
	BATCHES_MAX = 32,
	READ_BUFFER = 256 << 10, /* of each worker */
	SMALL_FILE = 128 << 10,	 /* and two of these; only what is smaller is read into them */
	FDS_KEPT_FREE = 160,	 /* the walk's own 64, the workers' files, what the command has */
	WORKER_STACK = 256 << 10,
	WALKER_STACK = 512 << 10,
};

struct batch {
	size_t n, npins;
	bool done; /* under hashwalk.lock */
	uint64_t work;
	struct buf bytes; /* paths, links and what gaps are on */
	struct hashwalk_item items[BATCH_ITEMS];
	int pins[BATCH_ITEMS]; /* owned, -1 none */
	size_t path_at[BATCH_ITEMS],
		link_at[BATCH_ITEMS]; /* in bytes, which moves until it is sent */
};

/* A file that was read whole and is not hashed to its end yet. */
struct small_file {
	struct hashwalk_item *item; /* NULL: there is none */
	struct sha256_lane lane;
	unsigned char *p; /* SMALL_FILE and SHA256_PAD_MAX */
};

/* What one worker has of its own. */
struct reader {
	const struct hashwalk_options *opts;
	const atomic_bool *stop;    /* of this walk; the caller's is in opts->limits */
	struct file_opener *opener; /* NULL: there is none, each file finds its own way */
	unsigned char *buffer;	    /* READ_BUFFER */
	unsigned char *small_bytes; /* NULL: small files are read like others */
	struct small_file small[2];
};

/*
 * Hashes and xattrs of item I of B; its pin is closed. The digest of a small file may come only
 * with hashwalk_small_flush(), which is due before B is given out.
 */
void hashwalk_read(struct reader *rd, struct batch *b, size_t i);

/* rd->small_bytes, the caller's to free, where it is of use. */
void hashwalk_small_begin(struct reader *rd);
/* 0; -EFBIG, F is too large or there is no room for small ones; -errno of reading. */
int hashwalk_small_add(struct reader *rd, struct hashwalk_item *it, struct file *f);
void hashwalk_small_flush(struct reader *rd);

#endif
