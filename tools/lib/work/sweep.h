/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules over files and memory, in several threads.
 *
 *	who finds what to scan (opens it)  ->  bounded queue  ->  JOBS threads, each with one
 *scanner
 *
 * The threads parse what an attacker wrote: each confines itself first (CONFINE_SCANNER) and can
 * open nothing. A file is read, never mapped; memory only where pagemap showed a page.
 */
#ifndef CSI_WORK_SWEEP_H
#define CSI_WORK_SWEEP_H

#include "base/err.h"
#include "base/path.h"
#include "format/hash.h"
#include "work/fileset.h"
#include "work/rules.h"
#include "work/sweep_memory.h"

enum {
	SWEEP_JOBS = 2,
	SWEEP_JOBS_MAX = 32,
	SWEEP_EXTENTS_MAX = 65536, /* of a sparse file */
	SWEEP_OWNER_MAX = 33,
	SWEEP_TIMEOUT = 600,		      /* seconds for one file or process, by default */
	SWEEP_LISTS_MAX = 3 * SWEEP_LIST_MAX, /* bytes of lists of memory, of all that waits */
};
#define SWEEP_MAX_FILE (UINT64_C(2) << 30)

enum sweep_kind { SWEEP_FILE, SWEEP_EXE, SWEEP_DELETED, SWEEP_MEMFD, SWEEP_MEMORY };

/* One thing to scan, made by sweep_job_new(). All but TAG and GROUP is its own. */
struct sweep_job {
	enum sweep_kind kind;
	struct file *file;     /* open; NULL for memory */
	struct file_info info; /* when it was pinned */
	struct buf text;       /* holds PATH and COMM */
	struct kept_path path;
	uint64_t parent_ino;
	char owner[SWEEP_OWNER_MAX];
	struct process *process; /* of memory: read through it */
	struct sweep_memory memory;
	pid_t pid; /* 0: none */
	char entity[96];
	struct bytes comm;
	const void *tag;     /* the caller's */
	struct digests sums; /* if any were asked for, and the file was read whole */
};
struct sweep_job *sweep_job_new(enum sweep_kind kind, struct bytes path, struct bytes comm);
void sweep_job_closep(struct sweep_job **j);
/* "file", "exe", "deleted", "memfd", "memory" */
const char *sweep_kind_name(enum sweep_kind k);

struct sweep_options {
	const struct rules *rules; /* may be NULL: digests only */
	unsigned jobs;		   /* 0: SWEEP_JOBS */
	unsigned timeout;	   /* seconds for each; 0: SWEEP_TIMEOUT */
	unsigned hashes;	   /* enum hash_kind: digests of files, told before their matches */
	uint64_t max_file;	   /* 0: SWEEP_MAX_FILE; more is a gap EFBIG */
	const atomic_bool *stop;
	const struct gap_sink *gaps; /* from any thread */
	struct fileset *clean;	     /* files without a match are added; NULL: none are */
	/* Both from any thread, several at once. 0, or -errno, which ends all. */
	int (*found)(void *ctx, const struct sweep_job *j, const struct rules_match *m);
	/* Of a file whose digests are known: 1 if they are bad, which counts as a match. */
	int (*hashed)(void *ctx, const struct sweep_job *j);
	void *ctx;
};

struct sweep;
int sweep_start(const struct sweep_options *o, struct sweep **ret);
/* Waits until the lists of what was pushed leave room for one more: before sweep_memory_open(). */
void sweep_wait(struct sweep *s);
/* Takes J, waits while the queue is full. 0, or -errno of what ended it. */
int sweep_push(struct sweep *s, struct sweep_job *j);
/* Waits for all that was pushed; frees. 0 or -errno: the first that ended it. */
int sweep_end(struct sweep **s);

#endif
