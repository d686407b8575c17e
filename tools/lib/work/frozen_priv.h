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

	pthread_t copier;
	bool two;	      /* COPIER runs */
	pthread_mutex_t lock; /* of what follows, and of N while it runs */
	pthread_cond_t more;  /* N grew, or ALL */
	bool all;	      /* nothing is added any more */
	size_t next;	      /* extent to copy */
	struct mem_piece lost[FROZEN_LOST_MAX];
	size_t nlost;
};

/* Copying begins while extents are still added, by frozen_add() alone; the second helps to the end.
 */
void frozen_copy_start(struct frozen *z);
void frozen_add(struct frozen *z, const struct frozen_extent *e);
void frozen_copy_end(struct frozen *z);

#endif
