/* SPDX-License-Identifier: Apache-2.0 */
/* Pinning, in parts. Private to targets*.c. */
#ifndef CSI_WORK_TARGETS_PRIV_H
#define CSI_WORK_TARGETS_PRIV_H

#include "work/targets.h"

enum { TARGET_MAPS_MAX = 4096 }; /* nameless files looked at in one process's maps */

/* D, whose pin is taken, is kept unless its (device, inode) is known or there are too many, which
 * is a gap. 0 or -ENOMEM. */
int targets_keep_deleted(struct targets *ts, struct target_deleted *d, struct bytes link,
			 const struct gap_sink *gaps);
/* Files without a name that target I maps and no descriptor or exe has pinned. 0 or -ENOMEM. */
int targets_pin_maps(struct targets *ts, size_t i, const struct gap_sink *gaps);

#endif
