/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that a walk did not come to. For gather_files.c. */
#ifndef CSI_WORK_GATHER_LEFT_H
#define CSI_WORK_GATHER_LEFT_H

#include "work/coverage.h"
#include "work/gather.h"

/*
 * gather_mounts_left - after a walk of the whole of ROOT: each mount of C that it did not come to
 * and that mountinfo still has is a record (another one covers it); one that is gone from there is
 * a gap, ENOENT: what it held at the start was not collected. 0, or what ended the bundle.
 */
int gather_mounts_left(struct gather *g, const struct target_root *root, struct coverage *c);

#endif
