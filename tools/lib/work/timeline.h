/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of any number in the order of their times, in bounded memory and without a file: what is
 * asked is asked again and again. Each pass keeps the earliest events after the last one that was
 * given out, as many as fit; then these are given out, sorted. Nothing is left out: a pass ends the
 * timeline only when nothing had to be dropped. 200,000 files just unpacked have 600,000 times and
 * take 6 passes.
 *
 * A file that changes between two passes is told as it was found in each. What happened after the
 * first pass began is left out, so that csi's own reading is no event; times in the future are
 * kept.
 */
#ifndef CSI_WORK_TIMELINE_H
#define CSI_WORK_TIMELINE_H

#include "base/err.h"
#include "model/root.h"

#include <stdatomic.h>

enum {
	TIMELINE_MEMORY = 20 << 20, /* of the events of a pass, by default */
	TIMELINE_PASSES_MAX = 4096,
	TIMELINE_BARS = 16, /* of the histogram */
};

enum timeline_source { TIMELINE_FILE, TIMELINE_PACKAGE, TIMELINE_PROCESS, TIMELINE_LOG };
const char *timeline_source_name(enum timeline_source s);

enum timeline_what {
	TIMELINE_MODIFIED = 1 << 0,
	TIMELINE_ACCESSED = 1 << 1,
	TIMELINE_CHANGED = 1 << 2, /* ctime */
	TIMELINE_BORN = 1 << 3,
	TIMELINE_STARTED = 1 << 4,
	TIMELINE_INSTALLED = 1 << 5, /* or upgraded, or removed: TEXT says */
	TIMELINE_LOGGED = 1 << 6,
	TIMELINE_OUTSIDE = 1 << 7, /* its time is not between 1970 and 2262: the nearest end */
};
enum { TIMELINE_WHATS = 8 };
/* Of one bit: "modified", ... */
const char *timeline_what_name(unsigned bit);

/* Pointers are borrowed. */
struct timeline_event {
	int64_t time; /* ns since 1970 */
	enum timeline_source source;
	unsigned what;
	unsigned root; /* whose file or process it is: the caller's number */
	pid_t pid;
	uint32_t mode, uid, gid; /* of a file; the uid of a process */
	uint64_t ino, size;
	uint64_t parent_ino, left_off; /* of a path that is too long to be kept (kept_path) */
	struct bytes text;	       /* path, command, action, line: target bytes */
	struct bytes stream;	       /* of a line */
};

struct timeline_options {
	size_t memory;		    /* 0: TIMELINE_MEMORY */
	int64_t since, until;	    /* INT64_MIN, INT64_MAX: no limit */
	int64_t now;		    /* when the first pass began */
	int64_t bars_from, bars_to; /* of the histogram */
	const atomic_bool *stop;
};

struct timeline;
int timeline_open(const struct timeline_options *opts, struct timeline **ret);
void timeline_closep(struct timeline **t);

/* One event, from within a pass. 0 or -ENOMEM. */
int timeline_offer(struct timeline *t, const struct timeline_event *e);
/* One of a time that is the file's own word; outside of 1970 to 2262 WHAT says so. */
int timeline_offer_stamp(struct timeline *t, struct timeline_event *e, const struct file_stamp *at);

/*
 * Asks everything (with FIRST, gaps are to be told): calls timeline_offer() for all there is. 0 or
 * -errno that ends it all.
 */
typedef int (*timeline_ask_fn)(void *ctx, struct timeline *t, bool first);
/* An event in its turn. 0 or -errno. */
typedef int (*timeline_fn)(void *ctx, const struct timeline_event *e);
/* After the first pass, before the first event: how many there are. */
typedef int (*timeline_counted_fn)(void *ctx, const struct timeline *t);

struct timeline_ops {
	timeline_ask_fn ask;
	timeline_counted_fn counted; /* may be NULL */
	timeline_fn tell;
};
/* 0, -ECANCELED, -E2BIG beyond TIMELINE_PASSES_MAX, or what a callback returned. */
int timeline_run(struct timeline *t, const struct timeline_ops *ops, void *ctx);

/* After the first pass: events in all, before the bars begin, and in each of them. */
uint64_t timeline_total(const struct timeline *t);
uint64_t timeline_before(const struct timeline *t);
uint64_t timeline_bar(const struct timeline *t, unsigned i, int64_t *ret_from);
unsigned timeline_passes(const struct timeline *t);

/* ---- what is asked ------------------------------------------------------------------------- */

/* A file with all of its times, in place of an event for each. 0 or -errno. */
typedef int (*timeline_file_fn)(void *ctx, const struct timeline_event *e,
				const struct file_info *info);

struct timeline_root {
	struct root *root;
	unsigned number;
	unsigned enter; /* enum walk_enter */
	const atomic_bool *stop;
	const struct gap_sink *gaps; /* NULL: they were told */
	timeline_file_fn file;	     /* NULL: files are events */
	void *ctx;
};
/*
 * The times of every file; the lists of dpkg that are written with a package are events of packages
 * too. No link's target is read, so that no time moves. 0 or -errno of the walk (see root_walk()).
 */
int timeline_files(struct timeline *t, const struct timeline_root *r);
/* What dpkg.log, and the one before it, say. 0 or -ENOMEM. */
int timeline_packages(struct timeline *t, const struct timeline_root *r);

#endif
