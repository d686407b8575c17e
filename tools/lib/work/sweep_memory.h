/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a process as blocks to scan: the pages that are there, and nothing else. */
#ifndef CSI_WORK_SWEEP_MEMORY_H
#define CSI_WORK_SWEEP_MEMORY_H

#include "base/buf.h"
#include "model/mem.h"
#include "work/rules.h"

enum {
	SWEEP_VMAS_MAX = 1 << 17,   /* of one process */
	SWEEP_BLOCKS_MAX = 1 << 20, /* runs of pages */
	SWEEP_PATHS_MAX = 8 << 20,  /* bytes of their paths; later ones have none */
};

struct sweep_vma {
	uint64_t start, end;
	char perms[4]; /* not NUL-terminated */
	size_t path, npath;
};

struct sweep_memory {
	struct mem *mem; /* owned; reads of a process that has ended say -ESRCH */
	struct rules_block *blocks;
	size_t nblocks, blocks_room;
	struct sweep_vma *vmas;
	size_t nvmas, vmas_room;
	struct buf paths;
	uint64_t present, absent, swapped, special; /* bytes */
};

/*
 * sweep_memory_open - P stays the caller's and must outlive it. Nothing of P is brought in: pages
 * are looked up in pagemap. Special maps are left out. 0, -E2BIG (what fits is there), or -errno.
 */
int sweep_memory_open(struct process *p, struct sweep_memory *ret);
void sweep_memory_done(struct sweep_memory *m);
/* The VMA that holds AT, or NULL. */
const struct sweep_vma *sweep_memory_vma(const struct sweep_memory *m, uint64_t at);

#endif
