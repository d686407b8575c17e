/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of any length in records of bounded length. A tree 100,000 deep has paths of 10 GB in all:
 * of a path over PATH_KEPT bytes a record keeps the first bytes, the last component and the inode
 * of its directory, whose own record came before. So the whole path can still be put together.
 */
#ifndef CSI_BASE_PATH_H
#define CSI_BASE_PATH_H

#include "base/base.h"

enum { PATH_KEPT = 4095 };

struct kept_path {
	struct bytes head;
	uint64_t left_off; /* bytes after HEAD; 0: HEAD is all */
	struct bytes name; /* last component, if something was left off */
};

/* What stands behind the last slash; all of PATH if nothing does ("/", or no slash). */
static inline struct bytes path_last(struct bytes path)
{
	size_t at = path.n;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return at == path.n ? path : bytes_of(path.p + at, path.n - at);
}

/* Borrows PATH, which does not end in a slash unless it is "/". */
static inline struct kept_path path_keep(struct bytes path)
{
	struct kept_path k = { .head = path };

	if (path.n <= PATH_KEPT)
		return k;
	k.name = path_last(path);
	k.head.n = PATH_KEPT;
	k.left_off = path.n - PATH_KEPT;
	return k;
}

#endif
