/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patched code: pages of a private, executable mapping of a file that are no longer the file's own.
 *
 * A page is a candidate when pagemap calls it present without bit 61 (it was copied on a write), or
 * swapped out (a clean page of a file is dropped, never swapped). Such a page is then judged by its
 * bytes against those of the same file (device and inode): a debugger's or uprobe's page stays a
 * copy after it is gone, and a text relocation is none of an intruder's work.
 */
#ifndef CSI_MODEL_PATCHED_H
#define CSI_MODEL_PATCHED_H

#include "model/mem.h"

/* From harmless to worst; what level each deserves stands beside it. */
enum patched_kind {
	PATCHED_NONE,	 /* no candidate */
	PATCHED_SAME,	 /* info: written, and the bytes are the file's again */
	PATCHED_TEXTREL, /* info: differs only where DT_TEXTREL relocates */
	PATCHED_TRAP,	 /* low: only breakpoint instructions (single 0xCC; on arm64 BRK) */
	PATCHED_UNKNOWN, /* medium: a candidate that cannot be compared (no file, swapped out) */
	PATCHED_CODE,	 /* high: other bytes than the file's */
	PATCHED_KINDS
};
/* "same", "textrel", "breakpoint", "unknown", "code"; "none". */
const char *patched_kind_name(enum patched_kind k);

enum {
	PATCHED_PAGES_MAX = 4096, /* compared, of one mapping */
	PATCHED_RUNS_MAX = 16,	  /* told, of one page */
};

/* A run of changed bytes. */
struct patched_run {
	uint64_t addr, len;
	uint64_t offset; /* in the file */
};

struct patched_page {
	uint64_t addr, offset;
	enum patched_kind kind;
	int err;	 /* PATCHED_UNKNOWN: why, -errno; -ENODATA: swapped out, and left there */
	uint64_t differ; /* bytes */
	size_t nruns;	 /* in RUNS: the first ones */
	struct patched_run runs[PATCHED_RUNS_MAX];
};

/* Of one mapping. */
struct patched_totals {
	enum patched_kind worst;
	uint64_t pages[PATCHED_KINDS];
	uint64_t left_out; /* candidates beyond PATCHED_PAGES_MAX: -E2BIG, counted as UNKNOWN */
	int file_err;	   /* 0, or why there is no file to compare with: -ENOENT, -ESTALE (another
			    * file has the name now), -EACCES, ... */
};

/* Whether V can be asked: executable, private, of a file. */
bool patched_asks(const struct vma *v);

/*
 * patched_check - judge the candidates of V, which patched_asks() for. FN, which may be NULL, is
 * told of each page that was looked at, in address order; 0 to go on, or -errno to end with it. M
 * is P's. Nothing swapped out is read, nor written anywhere. Its own reading of the file leaves no
 * page in the cache. 0, -ESRCH: the address space is gone, -ENOMEM, -errno of pagemap, or of FN.
 *
 * Without pagemap (mem_open() refused) nothing can be said: that is the caller's "unknown".
 */
typedef int (*patched_fn)(void *ctx, const struct patched_page *page);
int patched_check(struct process *p, struct mem *m, const struct vma *v, patched_fn fn, void *ctx,
		  struct patched_totals *ret);

#endif
