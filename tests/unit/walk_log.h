/* SPDX-License-Identifier: Apache-2.0 */
/* A walk as text, for tests: one line an entry, one line a gap. */
#ifndef CSI_TESTS_UNIT_WALK_LOG_H
#define CSI_TESTS_UNIT_WALK_LOG_H

#include "model/root.h"
#include "tree.h"

struct walk_log {
	struct buf entries, gaps;
	uint64_t n, ngaps;
	int (*hook)(struct walk_log *log, struct walk_entry *e); /* or NULL */
	void *priv;
};

static inline int log_entry(void *ctx, struct walk_entry *e)
{
	static const char *const marks[] = { "", "skipped ", "unsorted " };
	struct walk_log *log = ctx;

	log->n++;
	CHECK_INT(e->pin >= 0, e->event == WALK_ENTRY);
	if (log->entries.n < 100000 && e->path.n < 1000) {
		CHECK_INT(buf_adds(&log->entries, marks[e->event]), 0);
		CHECK_INT(buf_addb(&log->entries, e->path), 0);
		CHECK_INT(buf_addc(&log->entries, '\n'), 0);
	}
	return log->hook ? log->hook(log, e) : 0;
}

static inline void log_gap(void *ctx, const struct gap *gap)
{
	struct walk_log *log = ctx;

	log->ngaps++;
	CHECK(strcmp(gap->what, "walk") == 0);
	if (log->gaps.n < 100000 && gap->on.n < 1000) {
		CHECK_INT(buf_addf(&log->gaps, "%d ", gap->err < 0 ? -gap->err : gap->err), 0);
		CHECK_INT(buf_addb(&log->gaps, gap->on), 0);
		CHECK_INT(buf_addc(&log->gaps, '\n'), 0);
	}
}

static inline void log_done(struct walk_log *log)
{
	buf_done(&log->entries);
	buf_done(&log->gaps);
}

static inline struct root *log_root(int dir)
{
	struct root *root = NULL;

	CHECK_INT(root_from_fd(fcntl(dir, F_DUPFD_CLOEXEC, 0), bytes_of(NULL, 0), &root), 0);
	return root;
}

/* Walks all of DIR from START; LOG is emptied first. */
static inline int log_walk(struct walk_log *log, int dir, const char *start,
			   struct walk_limits limits)
{
	AUTO_DONE(root_closep) struct root *root = log_root(dir);
	const struct gap_sink sink = { .fn = log_gap, .ctx = log };

	buf_clear(&log->entries);
	buf_clear(&log->gaps);
	log->n = 0;
	log->ngaps = 0;
	limits.gaps = &sink;
	return root_walk(root, bytes_str(start), &limits, log_entry, log);
}

#endif
