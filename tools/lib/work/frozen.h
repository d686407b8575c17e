/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken of a process while it is stopped: its list of mappings, and as many of its pages as
 * a bounded buffer holds, the most telling first: stacks, anonymous code, private pages of files
 * (data, relocations, patched code), anonymous memory, then shared memory that can be written. All
 * memory for that is there, and touched, before the stop.
 */
#ifndef CSI_WORK_FROZEN_H
#define CSI_WORK_FROZEN_H

#include "model/mem.h"
#include "model/stop.h"
#include "work/core_filter.h"

enum {
	FROZEN_MAPS_MAX = 16 << 20, /* bytes of maps */
	FROZEN_EXTENTS_MAX = 262144,
	FROZEN_KNOWN_MAX = 262144, /* mappings judged before the stop */
	FROZEN_LOST_MAX = 1024,
	FROZEN_STACK_MOST = 256 << 10, /* above a thread's stack pointer, at first */
	FROZEN_BATCH = 4 << 20,	       /* bytes that one thread copies at a time */
};

/* Pages that were copied, whole. */
struct frozen_extent {
	uint64_t addr, n;
	uint64_t at; /* in the buffer */
};

struct frozen;
/*
 * frozen_prepare - before the stop: opens memory, learns which mappings are special (smaps is too
 * slow to be read under a stop), makes and touches a buffer of SIZE bytes (0: none). P and FILTER
 * are borrowed. 0 or -errno.
 */
int frozen_prepare(struct process *p, uint64_t size, const struct core_filter *filter,
		   struct frozen **ret);
/* Under the stop: the list of mappings, and pages until the buffer is full. 0 or -errno. */
int frozen_capture(struct frozen *z, const struct stop *s);
/* After the stop: by address, as all of what follows wants it. */
void frozen_sort(struct frozen *z);
void frozen_close(struct frozen *z);
void frozen_closep(struct frozen **z);

/* Mappings as they were, flags and all: 1, 0, -errno. The iterator is vma.c's over the text. */
int frozen_vmas(struct frozen *z, struct vma_iter **ret);
void frozen_judge(const struct frozen *z, struct vma *v);
/* Bytes copied. */
uint64_t frozen_bytes(const struct frozen *z);
size_t frozen_extents(const struct frozen *z);
const struct frozen_extent *frozen_extent(const struct frozen *z, size_t i);
/* The first extent that ends behind ADDR: its index, or frozen_extents(). */
size_t frozen_find(const struct frozen *z, uint64_t addr);
const unsigned char *frozen_data(const struct frozen *z, const struct frozen_extent *e);
/* Pages that could not be read and are zero in the buffer: neighbours as one. */
size_t frozen_lost(const struct frozen *z, const struct mem_piece **ret);
bool frozen_maps_cut(const struct frozen *z);

#endif
