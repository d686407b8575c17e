/* SPDX-License-Identifier: Apache-2.0 */
/* Directories whose names are numbers: /proc, /proc/PID/task, /proc/PID/fd. */
#ifndef CSI_SYS_NUMDIR_H
#define CSI_SYS_NUMDIR_H

#include "base/base.h"

/*
 * numdir_read - every name of DIRFD (open for reading, borrowed) that is a decimal number of an int
 * without leading zeros, ascending; other names are left out.
 *
 * *ret is the caller's to free, NULL when *ret_n is 0. 0, -E2BIG when there are more than MAX,
 * -ENOMEM, or -errno of getdents64(2).
 */
int numdir_read(int dirfd, size_t max, int **ret, size_t *ret_n);

#endif
