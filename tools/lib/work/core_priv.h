/* SPDX-License-Identifier: Apache-2.0 */
/* A planned core. Private to coredump.c, core_notes.c and core_read.c. */
#ifndef CSI_WORK_CORE_PRIV_H
#define CSI_WORK_CORE_PRIV_H

#include "format/elfcore.h"
#include "model/mem.h"
#include "work/coredump.h"

/* In the low bits of a run's start, which is a page's address. */
enum run_flag {
	RUN_R = 1,
	RUN_W = 2,
	RUN_X = 4,
	RUN_SAVED = 8,
	RUN_VDSO = 16, /* saved from our own vDSO, which is the same file of the same kernel */
	RUN_FLAGS = 31,
};

/* A run of pages of one mapping, all saved or all left as a hole. 16 bytes: there may be many. */
struct core_run {
	uint64_t start; /* | run_flag */
	uint64_t end;
};

static inline uint64_t run_start(const struct core_run *r)
{
	return r->start & ~(uint64_t)RUN_FLAGS;
}

static inline bool run_saved(const struct core_run *r)
{
	return r->start & RUN_SAVED;
}

struct core {
	struct process *p;	     /* borrowed */
	const struct gap_sink *gaps; /* borrowed */
	struct core_options opts;
	struct mem *mem;
	enum elfcore_machine machine;
	uint64_t page;
	struct core_run *runs;
	size_t nruns, cap;
	const unsigned char
		*vdso; /* ours, where the target's begins; NULL: not known to be the same */
	uint64_t vdso_at;
	bool in_vdso;	   /* while its mapping is planned */
	uint64_t left_out; /* bytes of address space beyond a limit */
	struct elfcore_files files;
	bool files_cut;
	struct buf notes;
	struct core_totals totals;
	uint64_t data_at; /* offset of the first page */
	uint64_t size;

	/* Reading. */
	uint64_t at;	  /* offset in the core */
	struct buf piece; /* headers being given out */
	size_t piece_at;
	size_t phdr;	      /* next program header; 0 is the note's */
	uint64_t phdr_offset; /* file offset of its bytes */
	size_t run;	      /* whose pages are being given out */
	uint64_t addr;
	struct page_run seen; /* what pagemap said just now */
	uint64_t lost_start, lost_end;
	int lost_err;
	bool gone; /* the process ended: the rest is zeroes and one gap */
};

/*
 * Whether the vDSO of the target that V maps is ours: same size, same present pages. Its absent
 * pages can then be had without a fault in the target; debuggers want it whole. Sets C->vdso.
 */
bool core_match_vdso(struct core *c, const struct vma *v);

/* Fills C->notes from the process and what was planned. 0 or -errno. */
int core_make_notes(struct core *c);

void core_tell(const struct core *c, int err, const char *what, uint64_t offset, uint64_t len);

#endif
