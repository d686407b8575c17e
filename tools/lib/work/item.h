/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that a bundle holds or records, on its way through the pipeline, with what became of
 * it. */
#ifndef CSI_WORK_ITEM_H
#define CSI_WORK_ITEM_H

#include "work/bundle.h"

enum {
	ITEM_NAME_MAX = 4095, /* name in the bundle, below the top directory */
};

/* A sparse file above this has its extents hashed instead of all its zeros (FORMAT.md, Sums). */
#define ITEM_SPARSE_SUM_MAX (UINT64_C(2) << 30)

enum item_kind {
	ITEM_RECORD,  /* a ready line for the ledger */
	ITEM_ABSENT,  /* a ledger record only */
	ITEM_NODE,    /* directory, symbolic link */
	ITEM_CONTENT, /* a regular file */
};

/* Byte ranges point into the memory of whoever owns the item. */
struct item {
	enum item_kind kind;
	struct bytes text;     /* ITEM_RECORD */
	struct bytes top;      /* whole path in the bundle, "csi-RUNID/..." */
	struct bytes name;     /* the same below the top directory */
	struct kept_path path; /* true path */
	uint64_t parent_ino;   /* of its directory */
	struct bytes link;
	struct file_info info;
	bool has_info;
	const struct file_xattr *xattrs;
	size_t nxattrs;
	pid_t pid;
	const char *entity_id;
	enum birth_word birth;
	const char *action;
	bool noatime_refused;
	const char *omit; /* a literal, or NULL */
	uint64_t size;

	struct file *file;   /* owned until it is read */
	unsigned char *data; /* all content of a small file */
	void *owned;	     /* malloc'ed, goes with the item */

	enum bundle_outcome outcome;
	int err;	  /* negative errno, or 0 */
	bool skip_is_gap; /* SKIPPED by a limit: a gap as well */
	bool hashed, extents_hashed;
	unsigned char sha256[32];
	uint64_t read_short; /* bytes that zeros stand for */
	uint64_t read_size;  /* true size at the end, if RESIZED */
	bool resized;
};

/* Whether what became of it is a gap in the evidence. */
static inline bool item_is_gap(const struct item *item)
{
	return item->err && (item->outcome == OUTCOME_FAILED || item->outcome == OUTCOME_PARTIAL ||
			     (item->outcome == OUTCOME_SKIPPED && item->skip_is_gap));
}

#endif
