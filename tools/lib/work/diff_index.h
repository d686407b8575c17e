/* SPDX-License-Identifier: Apache-2.0 */
/* A root against an index of what should be in it, whatever the index was made of. */
#ifndef CSI_WORK_DIFF_INDEX_H
#define CSI_WORK_DIFF_INDEX_H

#include "work/diff.h"
#include "work/image_index.h"

/*
 * Tells FN what was added, changed and deleted against X, which is finished. OWNER: csi.diff.owner
 * of each. NO_XATTRS: X does not know them. 0, -ECANCELED, or what a walk or FN says.
 */
int diff_index_compare(struct image_index *x, struct bytes owner, bool no_xattrs,
		       const struct diff_target *t, diff_fn fn, void *ctx);

#endif
