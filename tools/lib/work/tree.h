/* SPDX-License-Identifier: Apache-2.0 */
/* Processes in the order of a tree: each behind its parent, whatever the parents say. */
#ifndef CSI_WORK_TREE_H
#define CSI_WORK_TREE_H

#include "base/base.h"

#include <sys/types.h>

struct tree_node {
	pid_t pid, parent;
	unsigned depth; /* filled in: 0 for one whose parent is not among them */
	size_t at;	/* the caller's: where it stood before */
};

/*
 * tree_order - V, ascending by PID, becomes depth first with siblings ascending. Parents that lead
 * in a circle (of a made-up /proc) are cut at the lowest PID of it. 0 or -ENOMEM.
 */
int tree_order(struct tree_node *v, size_t n);

#endif
