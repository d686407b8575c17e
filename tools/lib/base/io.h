/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that may be slow: all of it written, and a wait that a stop ends. */
#ifndef CSI_BASE_IO_H
#define CSI_BASE_IO_H

#include "base/base.h"

#include <stdatomic.h>

/* All N bytes, however often write(2) is interrupted, takes less, or says EAGAIN (somebody made the
 * pipe non-blocking). 0, -EIO where it takes nothing, or -errno. */
int io_write_all(int fd, const void *p, size_t n);

/*
 * io_wait_input - until FD has something to read, or its end. A signal alone would not do: one that
 * comes just before the read blocks is not seen by it. 0, -ECANCELED once STOP is set (NULL:
 * never), or -errno.
 */
int io_wait_input(int fd, const atomic_bool *stop);

#endif
