/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `collect --plan`: the gatherers run as ever, but what they would add is counted (gather_add.c),
 * so that a plan cannot drift from the collection. No content of a target's file is opened. Numbers
 * of entries and bytes of content are exact while nothing changes; the rest is an estimate.
 */
#ifndef CSI_WORK_PLAN_H
#define CSI_WORK_PLAN_H

#include "work/gather.h"

enum { PLAN_ROWS_MAX = 2048 }; /* what has no row of its own any more is counted in the last */

enum plan_kind {
	PLAN_TABLES,
	PLAN_EXES,
	PLAN_DELETED,
	PLAN_TEXTS,
	PLAN_MEMORY,
	PLAN_FILES,
	PLAN_LEDGER, /* records, sums, headers of the archive */
	PLAN_KINDS
};
/* "tables", "executables", ... */
const char *plan_kind_name(enum plan_kind k);

/* What is alike: kind, place, and whether and why it is left out. */
struct plan_row {
	enum plan_kind kind;
	const struct target_root *root; /* of files, or NULL */
	enum mount_kind mount;		/* of files */
	const char *omit;		/* NULL: it is taken; else why not, a literal */
	bool is_mount;			/* left out: NUMBER counts mounts; CONTENT what their
					   file systems hold, 0 where that is not asked for */
	uint64_t number, content, read, stream, most;
};

struct plan {
	uint64_t max_file; /* as bundle_options has it */
	enum plan_kind kind;
	const struct target_root *root;
	enum mount_kind mount;
	struct plan_row *rows;
	size_t nrows;
	uint64_t record_bytes, entries;
};

/* P starts zeroed but for max_file. */
void plan_done(struct plan *p);

/* What comes next is of this kind; of files also where it lies. */
void plan_kind(struct plan *p, enum plan_kind kind);
void plan_place(struct plan *p, const struct target_root *root, enum mount_kind mount);

/* Counting, in the place of the bundle_add_ functions. 0 or -ENOMEM. */
int plan_bytes(struct plan *p, const struct bundle_entry *e, uint64_t size);
int plan_node(struct plan *p, const struct bundle_entry *e);
int plan_file(struct plan *p, const struct bundle_entry *e);
int plan_missing(struct plan *p, const struct bundle_entry *e, enum bundle_outcome outcome,
		 int err);
/* --have: it is cited. */
int plan_cited(struct plan *p, const struct bundle_entry *e);
int plan_record(struct plan *p, size_t n);
/* A mount that the walk did not enter; what its file system holds by statfs(2), if it is local. */
int plan_mount(struct plan *p, const struct target_root *root, const struct walk_entry *e);

/* Bytes of cmdline or environ by /proc/PID/stat: reading them would read the target's memory. */
uint64_t plan_text_size(struct process *p, enum proc_text t);
/* processes.jsonl without its making, which reads maps, executables and environments. */
int plan_processes(struct gather *g);

/* The row of ledger, sums and archive; then rows are ready. 0 or -ENOMEM. */
int plan_end(struct plan *p);
/* Sum over what is taken. */
void plan_total(const struct plan *p, struct plan_row *ret);

/*
 * plan_over - by how many bytes the stream is estimated to be larger than MAX; 0: it fits. *RET is
 * then the first kind, in the order of collection, of which something is left out. The ledger,
 * which says what was, is kept room for.
 */
uint64_t plan_over(const struct plan *p, uint64_t max, enum plan_kind *ret);

/* CPU time in milliseconds that so much will cost, and seconds at SPEED bytes a second (0: no line)
 * with CPU_PERCENT of one CPU. */
uint64_t plan_cpu_ms(const struct plan_row *total);
uint64_t plan_seconds(const struct plan_row *total, uint64_t speed, unsigned cpu_percent);

#endif
