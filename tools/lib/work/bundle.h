/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a bundle: the data path of `collect` (DESIGN section 2). Entries are added by one thread,
 * in order; they are read and hashed in slots by readers, archived as pax into frames of 2 MiB,
 * compressed, and sealed in order with checkpoints. All memory comes from one budget.
 * tools/FORMAT.md has the bytes.
 */
#ifndef CSI_WORK_BUNDLE_H
#define CSI_WORK_BUNDLE_H

#include "base/err.h"
#include "base/pace.h"
#include "format/hash.h"
#include "format/out.h"
#include "format/sink.h"
#include "model/file.h"
#include "model/root.h"

#include <stdatomic.h>

struct bundle;

struct bundle_options {
	struct sink *sink;  /* borrowed; where the stream goes */
	const char *run_id; /* top directory is csi-RUNID/; ASCII, ours */
	size_t memory;	   /* budget in bytes; 0: the default that keeps csi within 32 MiB of RSS */
	unsigned readers;  /* 0: 2; at most 16 */
	int level;	   /* zstd, 0: 3 */
	uint64_t max_file; /* files above it are a gap EFBIG; sparse ones keep only their data
			      extents */
	struct pace *pace; /* borrowed; NULL: none */
	uint64_t rate;	   /* what the sink lets through in a second, 0 no limit: frames are as
			      small as it takes to have a checkpoint every 2 s */
	uint64_t max;	   /* bytes that go to the sink, never more; 0: no limit, else at least
			      BUNDLE_MAX_LEAST. What it leaves out is a gap EDQUOT while there is room
			      for      records; the last record then says where that ended */
	const atomic_bool *stop; /* set: no more is added (-ECANCELED); bundle_end still seals */
	const struct gap_sink
		*gaps; /* told of read errors, files that changed; also in the ledger by itself */
};

enum { BUNDLE_MAX_LEAST = 3 << 20 };
int bundle_open(const struct bundle_options *opts, struct bundle **ret);
void bundle_closep(struct bundle **b); /* without a seal if bundle_end was not called */

enum bundle_outcome {
	OUTCOME_OK,
	OUTCOME_PARTIAL,
	OUTCOME_FAILED,
	OUTCOME_MISSING,
	OUTCOME_SKIPPED
};
const char *bundle_outcome_name(enum bundle_outcome o);

/*
 * What becomes of a regular file by its facts alone, under a limit of MAX_FILE (0: the default). Of
 * one with holes only the data counts against the limit, and is known once it is open.
 */
enum bundle_fate { FATE_WHOLE, FATE_SPARSE, FATE_TOO_LARGE };
enum bundle_fate bundle_fate(uint64_t max_file, const struct file_info *info);
/* The limit itself, in bytes. */
uint64_t bundle_max_file(uint64_t max_file);

/* What an entry is. PATH is below the top directory, such as "files/3f2a.../etc/passwd". */
struct bundle_entry {
	struct bytes
		path; /* place in the bundle: prefix of ours + target bytes; over 4,095: long/SEQ */
	struct bytes true_path; /* path in its root, or empty */
	uint64_t parent_ino;	/* of the directory of true_path, for a path that a record cuts */
	struct file_info info;
	bool has_info;	   /* false for entries of our own making: mode 0444, run's time */
	struct bytes link; /* target of a symlink */
	const struct file_xattrs *xattrs; /* copied; NULL: none */
	pid_t pid;			  /* process it belongs to, or 0 */
	const char *entity_id;		  /* or NULL; copied */
	enum birth_word {
		BIRTH_WORD_NONE,
		BIRTH_WORD_OLD,
		BIRTH_WORD_NEW,
		BIRTH_WORD_RUNTIME,
		BIRTH_WORD_BELOW,
		BIRTH_WORD_UNKNOWN
	} birth;
	const char
		*action; /* csi.action of its ledger record: "collect file", "collect exe", ... */
	bool noatime_refused;
	const char *omit; /* csi.omit: why it was left out on purpose; a literal, or NULL */
};

/* "old", "new", ...; NULL for BIRTH_WORD_NONE. */
const char *bundle_birth_name(enum birth_word w);

/*
 * All add functions block while the pipeline is full (a slow reader slows the walk and nothing
 * else). They return 0, -ECANCELED after stop, -EPIPE when the sink is gone, or -errno of memory:
 * fatal for the bundle. What goes wrong with one entry is not an error here: it becomes its ledger
 * record (outcome, errno) and a gap.
 */
/* Bytes of our own (tables, /proc text): copied. */
int bundle_add_bytes(struct bundle *b, const struct bundle_entry *e, struct bytes content);
/* A regular file: F is taken. Padded or cut to e->info.size; holes are kept. */
int bundle_add_file(struct bundle *b, const struct bundle_entry *e, struct file *f);
/* A directory or symlink as an entry; fifo, socket, device: in the ledger only, never as a tar
 * entry. */
int bundle_add_node(struct bundle *b, const struct bundle_entry *e);
/* A stream of exactly SIZE bytes made by FILL (an ELF core). FILL returns bytes put, 0 early end,
 * -errno. */
typedef ssize_t (*bundle_fill)(void *ctx, void *p, size_t n);
int bundle_add_stream(struct bundle *b, const struct bundle_entry *e, uint64_t size,
		      bundle_fill fill, void *ctx);
/* An item that was tried and is not in the bundle: a ledger record with outcome and errno, and a
 * gap if failed. */
int bundle_add_missing(struct bundle *b, const struct bundle_entry *e, enum bundle_outcome outcome,
		       int err);
/* A unit of work that added nothing is done: where --cpu is kept, outside of the add functions. */
void bundle_pace(struct bundle *b);
/* A ready record line (with newline) for the ledger: findings, actions, gaps, footprint. */
int bundle_add_record(struct bundle *b, struct bytes json_line);

struct bundle_totals {
	uint64_t entries;   /* tar entries */
	uint64_t bytes_in;  /* tar bytes */
	uint64_t bytes_out; /* stream bytes */
	uint64_t gaps;
	unsigned char sha256[32]; /* of the whole stream as written */
};

/* Drains, writes the last ledger and sums, seals. STATUS is what the seal says. 0 or -errno (no
 * seal then). */
enum bundle_status { BUNDLE_COMPLETE, BUNDLE_PARTIAL, BUNDLE_FAILED };
const char *bundle_status_name(enum bundle_status s);
int bundle_end(struct bundle *b, enum bundle_status status, struct bundle_totals *ret);
/* What ended the bundle (0: nothing yet), for long work that adds nothing: -EPIPE, -ENOSPC, ... */
int bundle_error(struct bundle *b);
/* Counters for a progress line; safe from the adding thread. */
void bundle_progress(struct bundle *b, struct bundle_totals *ret);
/* How many of its threads have confined themselves so far (sys/confine.h); the rest were refused.
 */
struct bundle_confinement {
	unsigned threads, seccomp, landlock;
};
void bundle_confined(struct bundle *b, struct bundle_confinement *ret);

#endif
