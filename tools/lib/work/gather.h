/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `collect` puts into a bundle, one function a kind of evidence. The order in which the
 * command calls them is the order of volatility. Each returns 0, or what ended the bundle itself
 * (-EPIPE, -ECANCELED, -ENOMEM): a thing that could not be read is a gap record, and the rest goes
 * on.
 */
#ifndef CSI_WORK_GATHER_H
#define CSI_WORK_GATHER_H

#include "signs/judge.h"
#include "sys/gentle.h"
#include "work/bundle.h"
#include "work/have_join.h"
#include "work/headroom.h"
#include "work/targets.h"
#include "work/throttle.h"

enum gather_scope { SCOPE_QUICK, SCOPE_STANDARD, SCOPE_FULL };

enum {
	GATHER_TEXT_MAX = (4 << 20) - 1, /* one /proc text */
	GATHER_TABLE_PART = 512 << 10,	 /* processes.jsonl is followed by processes.2.jsonl, ... */
	GATHER_QUICK_FILE_MAX = 1 << 20, /* --scope quick takes changed files up to this size */
};

struct plan;
struct minimise;

struct gather {
	struct source *source; /* borrowed, like all pointers here */
	struct targets *targets;
	struct bundle *bundle;	   /* NULL with a plan */
	struct plan *plan;	   /* --plan: counts what would be added; NULL: adds it */
	struct minimise *minimise; /* --minimise; NULL: nothing is left out */
	enum gather_scope scope;
	bool volumes;			    /* --volumes: volumes and network mounts too */
	const struct file_info *own_output; /* not collected into itself; NULL: none */
	struct have_join *have;		    /* what earlier bundles have; NULL: nothing */
	int64_t deadline;		    /* CLOCK_MONOTONIC ns, 0 none */
	const atomic_bool *stop;
	const struct headroom *headroom; /* NULL: no guard */
	const struct throttle
		*throttle;	     /* how the target's CPU time was cut before; NULL: unknown */
	const struct gap_sink *gaps; /* where a person or the exit code learns of a gap */
	void (*progress)(void *ctx, const char *text);
	void *progress_ctx;

	/* Kept by gather itself; gather_open and gather_done. */
	struct gap_sink
		ledger_gaps; /* into the ledger, then to GAPS: for everything gather calls */
	struct out *record;  /* one ledger record at a time */
	struct buf line;
	uint64_t links_read;	  /* symbolic links whose atime moved by readlink */
	uint64_t noatime_refused; /* files and directories read without O_NOATIME */
	uint64_t started;	  /* CLOCK_MONOTONIC ns */
};

int gather_open(struct gather *g);
void gather_done(struct gather *g);

/* What case.json says of this run. All ours but argv. */
struct gather_case {
	const char *run_id, *version, *deps;
	int argc;
	char **argv;
	/* age keys that the bundle is encrypted to; ours, since they have been parsed */
	const char *const *recipients;
	size_t nrecipients;
	int confined;		     /* run's CONFINE_WALKER: 0 or -errno */
	const struct gentle *gentle; /* how it shares processors with the target */
};
int gather_case(struct gather *g, const struct gather_case *c);

/* processes, containers, mounts, sockets and posture, as JSON lines; signs as findings in the
 * ledger. */
int gather_processes(struct gather *g);
int gather_containers(struct gather *g);
int gather_mounts(struct gather *g);
int gather_sockets(struct gather *g);
int gather_posture(struct gather *g);
/* Members of a record that say whose it is: csi.ns.*; process.entity_id and pid. */
void gather_put_namespaces(struct out *o, struct process *p);
void gather_put_identity(struct out *o, const struct target *t);
/* Findings about files into the ledger: a walk of each root. */
int gather_findings(struct gather *g);
/* One finding, less what --minimise leaves out. P: the process that it is about, or NULL. */
int gather_finding(struct gather *g, const struct sign_about *about, const struct sign *s,
		   const struct finding *f, struct process *p);
/* proc/PID/... as read. */
int gather_texts(struct gather *g);
/* exe/PID-STARTTICKS: deleted and memfd ones first, each (device, inode) once. */
int gather_exes(struct gather *g);
/* deleted/PID-STARTTICKS/FD: files without a name and memfds that are held open. */
int gather_deleted(struct gather *g);
/* mem/PID.core, most suspicious first. */
int gather_memory(struct gather *g);
/* files/LABEL/...: by scope. */
int gather_files(struct gather *g);
/* What memory limits there are, before anything else is read; and at the end, also after a stop,
 * how near they came and what was left out to keep away from them. */
int gather_headroom(struct gather *g);
int gather_headroom_end(struct gather *g);
/* What the collection itself cost and touched. */
int gather_footprint(struct gather *g);

/* Into the footprint: a fact about the collection itself. */
int gather_fact(struct gather *g, const char *key, uint64_t v);

/* --have: which runs it is made with, first of all; what was left out, last. */
int gather_have_begin(struct gather *g);
int gather_have_end(struct gather *g);
/*
 * The regular file E of the root LABEL: 1 if an earlier bundle has it as it is now, and a record
 * says so; 0 if it is to be collected. BIRTH: word for it, or NULL.
 */
int gather_cite(struct gather *g, const char *label, const struct walk_entry *e, const char *birth);
int gather_have_unsorted(struct gather *g, const char *label, struct bytes dir);

/*
 * To the bundle as the bundle_add_ function of that name does, or, with a plan, counted only: no
 * content is opened then.
 */
int gather_add_bytes(struct gather *g, const struct bundle_entry *e, struct bytes content);
int gather_add_node(struct gather *g, const struct bundle_entry *e);
int gather_add_missing(struct gather *g, const struct bundle_entry *e, enum bundle_outcome outcome,
		       int err);
int gather_add_stream(struct gather *g, const struct bundle_entry *e, uint64_t size,
		      bundle_fill fill, void *ctx);
/* The regular file that PIN (O_PATH, borrowed) holds and e->info describes. */
int gather_add_pinned(struct gather *g, struct bundle_entry *e, int pin, bool xattrs);

/* Into the ledger: what was tried and is not in the bundle, and why (a gap when OUTCOME_FAILED). */
void gather_tell(struct gather *g, int err, const char *what, pid_t pid, struct bytes on);
/* The record that was begun with out_begin(g->record, ...) goes into the ledger. */
int gather_record_end(struct gather *g);

/*
 * A table of JSON lines that becomes one entry, or several of at most GATHER_TABLE_PART: its size
 * is not known before, and a tar entry needs it.
 */
struct gather_table {
	struct gather *g;
	const char *stem;
	unsigned part;
	struct buf text;
	struct out *out;
};
int gather_table_open(struct gather *g, const char *stem, struct gather_table *ret);
/* After each record (out_end). */
int gather_table_step(struct gather_table *t);
/* Writes what is left, also when it is empty. */
int gather_table_close(struct gather_table *t);
void gather_table_done(struct gather_table *t);

#endif
