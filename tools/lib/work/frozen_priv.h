/* SPDX-License-Identifier: Apache-2.0 */
/* What was taken under a stop. Private to frozen.c and frozen_copy.c. */
#ifndef CSI_WORK_FROZEN_PRIV_H
#define CSI_WORK_FROZEN_PRIV_H

#include "work/frozen.h"

#include <pthread.h>

/* A mapping as smaps had it before the stop. */
struct frozen_known {
	uint64_t start, end;
	unsigned flags;
};

struct frozen {
	struct process *p;		  /* borrowed */
	const struct core_filter *filter; /* borrowed; NULL: all */
	struct mem *mem;
	uint64_t page;
	struct frozen_known *known; /* by address */
	size_t nknown, known_cap;
	struct buf maps; /* the text, under the stop */
	bool maps_cut;

	unsigned char *buffer; /* mmap(2) */
	uint64_t size, used;
	struct frozen_extent *v; /* mmap(2); in the order of copying, then by address */
	size_t n, max;
	size_t early; /* the first ones, which come before all else, by address */

	pthread_mutex_t lock; /* of what follows */
	size_t next;	      /* extent to copy */
	struct mem_piece lost[FROZEN_LOST_MAX];
	size_t nlost;
};

/* Copies all extents, with two threads. */
void frozen_copy(struct frozen *z);

#endif
