/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process as an ELF core, in two steps: a plan, after which the size is known, then the bytes
 * in order. Only pages that pagemap shows present are read, and looked up again just before. Absent
 * pages are PT_LOAD segments without file bytes. Without a stop registers are zero; with one, pages
 * that were copied under it come from the copy, and all others are read as they are now.
 */
#ifndef CSI_WORK_COREDUMP_H
#define CSI_WORK_COREDUMP_H

#include "base/err.h"
#include "model/source.h"
#include "model/stop.h"
#include "work/core_filter.h"
#include "work/frozen.h"

enum {
	CORE_RUNS_MAX = 262144,	 /* runs of pages; one program header each */
	CORE_VMAS_MAX = 262144,	 /* vm.max_map_count is 65,530 by default */
	CORE_THREADS_MAX = 8192, /* one NT_PRSTATUS each */
	CORE_CHUNK = 256 << 10,	 /* bytes read at a time */
	CORE_NOTES_MAX = 32 << 20,
	CORE_RANGES_MAX = 4096, /* frozen ranges told in a note */
};

struct core;

/* Bytes of address space by what became of them. */
struct core_totals {
	uint64_t saved;	   /* in the core */
	uint64_t absent;   /* never touched, or file pages not in memory: holes */
	uint64_t vdso;	   /* not in memory, saved from our own vDSO, which is the same file */
	uint64_t swapped;  /* swapped out: holes, and gaps */
	uint64_t special;  /* devices, vvar: never read */
	uint64_t vanished; /* saved as zero, since they went away after the plan: gaps */
	uint64_t segments, threads;
	uint64_t frozen;  /* of SAVED: as it was under the stop */
	uint64_t faulted; /* of SAVED: was swapped out, and is brought in by being read (SWAPPED) */
	uint64_t filtered; /* left out by the filter: holes */
};

/* All borrowed until core_close. */
struct core_options {
	bool swapped; /* read what is swapped out, which brings it into the target's memory */
	const struct core_filter *filter; /* NULL: everything */
	struct stop *stop;		  /* whose registers are taken; NULL: none */
	struct frozen *frozen;		  /* sorted; or NULL. Its mappings are the core's */
	bool held;			  /* the stop lasts until the core is read */
};

/*
 * core_plan - look at P's maps, page map, threads and notes. P and GAPS are borrowed until
 * core_close. What cannot be kept (swapped pages, limits) is told to GAPS. Memory is bounded by the
 * limits above. OPTIONS may be NULL. 0 or -errno: without maps or a way to read memory there is no
 * core.
 */
int core_plan(struct process *p, const struct gap_sink *gaps, const struct core_options *options,
	      struct core **ret);
void core_close(struct core *c);
void core_closep(struct core **c);

/* Bytes that core_read will give in all. */
uint64_t core_size(const struct core *c);
void core_totals(const struct core *c, struct core_totals *ret);

/* The next N bytes at most: bytes put, 0 at the end, -errno (of memory only: pages that went are
 * zeroes). */
ssize_t core_read(struct core *c, void *p, size_t n);

#endif
