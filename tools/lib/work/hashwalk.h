/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk whose files are hashed by several threads and given out in the order of the walk.
 *
 *	walker thread  ->  batches of pinned entries  ->  JOBS workers  ->  the caller's thread, in
 *order
 *
 * Batches, their bytes and the descriptors they pin are bounded, so a slow caller or a large file
 * slows the walk and nothing grows.
 */
#ifndef CSI_WORK_HASHWALK_H
#define CSI_WORK_HASHWALK_H

#include "base/err.h"
#include "base/path.h"
#include "format/hash.h"
#include "model/birth.h"
#include "model/root.h"
#include "work/coverage.h"
#include "work/filter.h"

enum {
	HASHWALK_JOBS = 4, /* default */
	HASHWALK_JOBS_MAX = 64,
};

enum hashwalk_kind {
	HASHWALK_FILE,	   /* an entry of any type */
	HASHWALK_SKIPPED,  /* a mount that was not entered */
	HASHWALK_UNSORTED, /* a directory in kernel order */
	HASHWALK_GAP,	   /* something of the walk that could not be read: only GAP is set */
};

/* What the entries of a directory say of its last change. */
enum hashwalk_dir {
	HASHWALK_DIR_UNASKED,
	HASHWALK_DIR_ADDED,   /* one of them came with it: nothing shows that one left */
	HASHWALK_DIR_REMOVED, /* none of them is as new as it: one was removed or renamed away */
	HASHWALK_DIR_PARENT,  /* it is older than the reference, and one of them is not */
	HASHWALK_DIR_SELF,    /* it is older than the reference, and so are they */
	HASHWALK_DIR_UNTOLD,  /* unreadable, or more entries than are looked at */
};

/* Valid during the callback only. */
struct hashwalk_item {
	enum hashwalk_kind kind;
	enum mount_kind mount;
	struct kept_path path; /* target bytes */
	uint64_t parent_ino;   /* of its directory */
	struct bytes link;
	struct file_info info;
	enum birth_verdict birth;
	bool handle_known, handle_upper;  /* as in walk_entry, if limits.handles asked for them */
	bool to_hash;			  /* a worker\'s; SUMS says what came of it */
	enum hashwalk_dir dir;		  /* if DIRS asked for it */
	const struct file_xattrs *xattrs; /* NULL: none */
	struct digests sums;		  /* kinds 0: not hashed */
	bool extents; /* sums are of the data extents alone: the file is above max_file */
	bool noatime; /* false: atime may have moved by our reading */
	bool changed; /* while it was read; SIZE_NOW then */
	uint64_t size_now;
	struct gap gap; /* err 0: none */
};

struct hashwalk_options {
	unsigned jobs;	 /* 0: HASHWALK_JOBS */
	unsigned hashes; /* enum hash_kind; 0: none, nothing is opened */
	/* NULL, or which regular files are hashed; called in the walk's thread. */
	bool (*read_this)(void *ctx, const struct walk_entry *e);
	void *read_ctx;
	bool xattrs;
	bool only_new; /* entries that are new since BIRTH, or cannot be told to be old */
	const struct filter *filter; /* NULL, or what else must hold of an entry */
	bool runtime;		     /* and, with ONLY_NEW, those of the runtime too */
	bool dirs; /* look what the entries of a new, copied-up directory say of it */
	struct coverage *coverage; /* told of every entry of the walk, in its thread; NULL: none */
	uint64_t max_file;	   /* larger ones are a gap EFBIG */
	struct birth birth;
	struct walk_limits limits; /* its gaps are not used: gaps are items */
};

/* In the calling thread, in walk order. 0, or -errno to end the walk with it. */
typedef int (*hashwalk_fn)(void *ctx, const struct hashwalk_item *it);

/*
 * 0, what root_walk says (-ECANCELED, -ETIMEDOUT, -E2BIG, or why START cannot be walked), what FN
 * returned, or -ENOMEM.
 */
int hashwalk_run(struct root *r, struct bytes start, const struct hashwalk_options *opts,
		 hashwalk_fn fn, void *ctx);

/*
 * Digests (and xattrs) of one file that PIN (O_PATH, borrowed) holds and it->info describes, as a
 * walk would read it: with its holes, --max-file, and whether it changed. 0 or -ENOMEM; what could
 * not be read is it->gap. it->xattrs is not read.
 */
int hashwalk_one(const struct hashwalk_options *opts, int pin, struct hashwalk_item *it);

/* The same verdict for an entry, its mount taken into account. */
enum birth_verdict hashwalk_birth(struct root *r, const struct birth *b,
				  const struct walk_entry *e);

#endif
