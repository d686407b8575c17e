/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that come when they are touched: a range of addresses of our own behind which a reader
 * stands. A library that wants a whole file or a whole run of memory at one address gets it, while
 * at most WINDOW_KEPT chunks are in memory. Nothing of the target is ever mapped, so a file that is
 * cut meanwhile cannot raise SIGBUS.
 *
 * A touch of what is not there is a SIGSEGV of the touching thread at an address of its own window
 * (mmap(2), PROT_NONE); the handler reads the chunk and returns. Every other SIGSEGV goes to whom
 * it belonged before: a bug is not hidden.
 */
#ifndef CSI_SYS_WINDOW_H
#define CSI_SYS_WINDOW_H

#include "base/base.h"

#include <sys/types.h>

enum { WINDOW_CHUNK = 512 << 10, WINDOW_KEPT = 6, WINDOW_PAGE = 4 << 10 };

/*
 * N bytes from AT on, as pread(2): bytes read, 0 at the end, -errno. It may run in a signal
 * handler: system calls and its own memory only, no locks, no allocation.
 */
typedef ssize_t (*window_read_fn)(void *ctx, uint64_t at, void *p, size_t n);

/* One a thread: of the thread that makes it, until it is closed there. 0 or -errno. */
struct window;
int window_open(struct window **ret);
void window_closep(struct window **w);

/*
 * window_show - *RET are SIZE bytes (at least 1), read by FN as they are touched; what was shown
 * before is gone. Where FN cannot read there are zeros up to the next WINDOW_PAGE, and to the end
 * of the chunk where FN says the end or ESRCH; window_missed() counts them. 0 or -errno.
 */
int window_show(struct window *w, uint64_t size, window_read_fn fn, void *ctx,
		const unsigned char **ret);
/* Where it is, once more. */
const unsigned char *window_again(const struct window *w);
/* Bytes that could not be read since window_reset(), and the first reason: 0 if FN said the end. */
uint64_t window_missed(const struct window *w, int *ret_err);
/* Forgets them. */
void window_reset(struct window *w);

#endif
