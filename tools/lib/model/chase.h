/* SPDX-License-Identifier: Apache-2.0 */
/* A path resolved inside a root that nobody vouches for, one component at a time. */
#ifndef CSI_MODEL_CHASE_H
#define CSI_MODEL_CHASE_H

#include "base/base.h"

enum {
	CHASE_LINKS_MAX = 40,	   /* as Linux: MAXSYMLINKS */
	CHASE_STEPS_MAX = 1 << 16, /* openat(2) calls in all, "/.." over and over among them */
};

/*
 * chase_in_root - an O_PATH descriptor of PATH below ROOT (O_PATH will do, borrowed), as if ROOT
 * were "/": absolute links and ".." stay inside. A final symlink is not followed unless a slash is
 * behind it. What openat2(2) does with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, by calls whose
 * flags a seccomp filter can see: those of openat2 lie in memory, so whoever is allowed it may open
 * anything for writing.
 *
 * Each component is one openat(2), O_PATH | O_NOFOLLOW, relative to the directory before it, so
 * nothing that is swapped meanwhile is followed. ".." never asks the kernel, which would look at
 * where the directory lies now: the names so far, all of them directories and no links, are opened
 * again from ROOT without the last one.
 *
 * PATH holds no NUL. 0 and *RET_FD, the caller's. -ELOOP: too many links or steps, or a link of
 * procfs that is more than text; -EAGAIN: the tree changed under a ".."; -ENOENT, -ENOTDIR, ... of
 * openat(2); -ENOMEM.
 */
int chase_in_root(int root, struct bytes path, int *ret_fd);

#endif
