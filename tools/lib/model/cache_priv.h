/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a file's pages were in the page cache before we read them. Only file.c includes this. */
#ifndef CSI_MODEL_CACHE_PRIV_H
#define CSI_MODEL_CACHE_PRIV_H

#include "base/base.h"

enum cache_way {
	CACHE_UNDECIDED,
	CACHE_STAT,    /* cachestat(2) */
	CACHE_MINCORE, /* mmap(2), never touched, and mincore(2) */
	CACHE_NONE,    /* cannot be known, or nothing could be dropped: nothing is */
};

enum { CACHE_RING = 512 };

/* Zero it, but set size. The file is cut in chunks; a chunk is ours if none of it was cached. */
struct cache_notes {
	enum cache_way fs;  /* what cache_way_of() says, if the caller knows it already */
	enum cache_way way; /* what is done for this file, once it was looked at */
	bool all_ours;	    /* nothing at all was cached when it was first noted */
	uint64_t size;	    /* of the file, when it was opened */
	uint64_t next;	    /* first chunk not looked at yet */
	uint64_t ours[CACHE_RING /
		      64];   /* bits (chunk % CACHE_RING) of the last chunks before next */
	uint64_t noted_to;   /* end of the last range noted */
	uint64_t dropped_to; /* end of the last range dropped */
};

/* How to ask on the file system of FD: never CACHE_UNDECIDED. */
enum cache_way cache_way_of(int fd);
void cache_note(struct cache_notes *c, int fd, uint64_t start, uint64_t end);
void cache_drop(struct cache_notes *c, int fd, uint64_t start, uint64_t end);
/* Drops what read-ahead brought in beyond the last range. */
void cache_done(struct cache_notes *c, int fd);

#endif
