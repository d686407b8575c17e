/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of a sweep. Private to sweep.c and sweep_scan.c. */
#ifndef CSI_WORK_SWEEP_PRIV_H
#define CSI_WORK_SWEEP_PRIV_H

#include "sys/window.h"
#include "work/sweep.h"

struct sweep_thread {
	const struct sweep_options *o;
	struct window *window;
	struct rules_scanner *scanner; /* NULL: no rules */
	struct sweep_job *job;	       /* under way */
	const struct rules_block *blocks;
	size_t shown;  /* the block in the window; SIZE_MAX: none */
	uint64_t base; /* of it: what the window's offsets count from */
	bool matched;
	int err; /* why all should end */
};

/* Scans one job; gaps are told, matches too. T->err is set when there is no point in going on. */
void sweep_scan(struct sweep_thread *t, struct sweep_job *j);

#endif
