/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of a hashing walk. Private to hashwalk.c and hashwalk_read.c. */
#ifndef CSI_WORK_HASHWALK_PRIV_H
#define CSI_WORK_HASHWALK_PRIV_H

#include "base/buf.h"
#include "base/queue.h"
#include "work/hashwalk.h"

#define HASHWALK_MAX_FILE (UINT64_C(2) << 30) /* default */

enum {
	BATCH_ITEMS = 64,
	BATCH_BYTES = 16 << 10, /* of paths: the batch is full then */
	BATCH_BIG = 256 << 10,	/* of paths: walked on only once it was given out */
	BATCH_WORK = 1 << 20,	/* bytes to hash: the batch is full then */
	BATCHES_MIN = 2,
	BATCHES_MAX = 32,
	READ_BUFFER = 256 << 10, /* of each worker */
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

/* What one worker has of its own. */
struct reader {
	const struct hashwalk_options *opts;
	const atomic_bool *stop;    /* of this walk; the caller's is in opts->limits */
	struct file_opener *opener; /* NULL: there is none, each file finds its own way */
	unsigned char *buffer;	    /* READ_BUFFER */
};

/* What the entries of the copied-up directory PIN say; REF: ns, when the upper layer was made. */
enum hashwalk_dir hashwalk_look_dir(int pin, const struct file_info *dir, int64_t ref);
/* Hashes and xattrs of item I of B; its pin is closed. */
void hashwalk_read(struct reader *rd, struct batch *b, size_t i);

#endif
