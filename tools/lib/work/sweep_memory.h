/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a process as blocks to scan: the pages that are there, and nothing else. */
#ifndef CSI_WORK_SWEEP_MEMORY_H
#define CSI_WORK_SWEEP_MEMORY_H

#include "base/buf.h"
#include "model/mem.h"
#include "work/rules.h"

/* Of one listing: 4 MiB at most, whatever a process made of its memory. What is more of either of
 * the first two is for the next one. */
enum {
	SWEEP_BLOCKS_MAX = 1 << 17, /* runs of pages */
	SWEEP_VMAS_MAX = 1 << 15,
	SWEEP_PATHS_MAX = 1 << 20, /* bytes of their paths; later ones have none */
	SWEEP_LIST_MAX = 4 << 20,  /* bytes of all three */
};

struct sweep_vma {
	uint64_t start, end;
	uint32_t path, npath; /* in paths */
	char perms[4];	      /* not NUL-terminated */
};

struct sweep_memory {
	struct mem *mem; /* owned; reads of a process that has ended say -ESRCH */
	struct rules_block *blocks;
	size_t nblocks, blocks_room;
	struct sweep_vma *vmas;
	size_t nvmas, vmas_room;
	struct buf paths;
	uint64_t swapped; /* bytes */
};

/*
 * sweep_memory_open - what lies at FROM and above, as far as one listing goes. P stays the caller's
 * and must outlive it. Nothing of P is brought in: pages are looked up in pagemap. Special maps are
 * left out. 0, with *RET_NEXT where to go on, 0 at the end; or -errno.
 */
int sweep_memory_open(struct process *p, uint64_t from, struct sweep_memory *ret,
		      uint64_t *ret_next);
void sweep_memory_done(struct sweep_memory *m);
/* Bytes that its lists take. */
size_t sweep_memory_bytes(const struct sweep_memory *m);
/* The VMA that holds AT, or NULL. */
const struct sweep_vma *sweep_memory_vma(const struct sweep_memory *m, uint64_t at);

#endif
