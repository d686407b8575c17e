/* SPDX-License-Identifier: Apache-2.0 */
/* What of a bundle is proven, and writing a clean bundle of it. tools/FORMAT.md. Streams; constant
 * memory. */
#ifndef CSI_WORK_VERIFY_H
#define CSI_WORK_VERIFY_H

#include "format/hash.h"
#include "format/intake.h"
#include "format/sink.h"
#include "work/bundle.h"

enum verify_verdict {
	VERIFY_SEALED,	/* sealed and every byte agrees: exit 0 */
	VERIFY_CUT,	/* no whole seal; PROVEN says how far it is proven: exit 3 */
	VERIFY_ALTERED, /* a byte disagrees with what the stream says of itself: exit 1 */
	VERIFY_NOT_ONE, /* not a bundle: exit 1 */
	VERIFY_LOCKED,	/* encrypted to other keys: only stored_* is known. Exit 1 */
};

struct verify_result {
	enum verify_verdict verdict;
	bool has_seal;		   /* the seal is there and agrees, whatever follows it */
	enum bundle_status status; /* of the seal, if HAS_SEAL */
	uint64_t gaps;		   /* as the seal says */
	char top[80];		   /* top directory, "csi-RUNID"; empty if it was not reached */
	bool index_cut;		   /* seal whole, seek table missing or cut */
	uint64_t stream_bytes;	   /* read */
	uint64_t proven_bytes; /* stream bytes up to and with the last good checkpoint or seal */
	uint64_t proven_entries, proven_tar_bytes;
	uint64_t checkpoints;
	uint64_t hashes_checked;  /* entries whose sum in sums/ agrees with their bytes */
	unsigned char sha256[32]; /* of the stream as read */
	/* Of the file as it is stored: the same, or what an encrypted one has outside. */
	uint64_t stored_bytes;
	unsigned char stored_sha256[32];
	uint64_t untold;  /* proven entries that were not told: too many between two checkpoints */
	char reason[160]; /* why not SEALED, for a person: ours, offset included */
	uint64_t at;	  /* offset where it went wrong */
};

/*
 * Told of an entry, in order. PATH is target bytes, valid during the call. SHA256 is NULL for what
 * has no sum: directories, links, large sparse files.
 */
typedef int (*verify_entry_fn)(void *ctx, struct bytes path, uint64_t size,
			       const unsigned char sha256[32]);
/*
 * The content of an entry that WANT asked for, as it passes, after the entry itself. NAME is below
 * the top directory: "case.json", "ledger/000001.jsonl". Target bytes may be in both.
 */
typedef int (*verify_content_fn)(void *ctx, struct bytes name, struct bytes content);

struct verify_options {
	/*
	 * Each entry once it is proven; or NULL. 16 MiB of names wait for that; entries past those
	 * between two checkpoints are counted (untold).
	 */
	verify_entry_fn entry;
	/*
	 * What goes by, before it is proven, for those who can put it aside: nothing waits in
	 * memory, whatever lies between two checkpoints. PASS is told of each entry; WANT says
	 * which contents to hand on, of regular files up to TARCHECK_KEEP_MAX. Each may be NULL.
	 * SETTLE comes after each good checkpoint or seal, with true: all that passed until now is
	 * proven; and once at the end, after success and failure, with false: what passed since is
	 * not, and is to be forgotten.
	 */
	verify_entry_fn pass;
	bool (*want)(void *ctx, struct bytes name);
	verify_content_fn content;
	int (*settle)(void *ctx, bool proven);
	void *ctx;
	struct sink
		*salvage; /* not NULL: write a clean, sealed (partial) bundle of what is proven */
	const atomic_bool *stop;
};

/*
 * IN is read once, forward (a pipe will do) unless salvage is asked for, which needs one that can
 * be rewound (-ESPIPE). 0 with RET, or -errno of reading, memory, a callback or the salvage sink.
 * To the sink goes nothing when the stream is sealed, or when nothing of it is proven
 * (proven_entries 0).
 */
int verify_stream(struct intake *in, const struct verify_options *opts, struct verify_result *ret);

#endif
