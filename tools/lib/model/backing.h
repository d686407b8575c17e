/* SPDX-License-Identifier: Apache-2.0 */
/* The file behind a mapping. */
#ifndef CSI_MODEL_BACKING_H
#define CSI_MODEL_BACKING_H

#include "model/mem.h"

/*
 * backing_open - the very file that V maps, for reading: through exe, through map_files (needs
 * CHECKPOINT_RESTORE or SYS_ADMIN), or by its path in the process's root; only one whose device and
 * inode agree is taken (overlayfs and btrfs tell maps and statx different devices: there the
 * inode). A regular file, or a memfd. The caller closes it. -ESTALE: another file has that name
 * now; -ENOENT, -EACCES, -errno.
 */
int backing_open(struct process *p, const struct vma *v, struct file **ret);

#endif
