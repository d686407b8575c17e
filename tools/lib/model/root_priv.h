/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a root: its descriptor and its mounts. For root.c, mount.c, walk*.c and birth.c. */
#ifndef CSI_MODEL_ROOT_PRIV_H
#define CSI_MODEL_ROOT_PRIV_H

#include "model/file_priv.h"
#include "model/root.h"

/* One row of mountinfo, small: fs.mount-max allows a namespace 100,000 of them. */
struct mount {
	uint32_t id; /* as stx_mnt_id: struct mount's int mnt_id */
	uint32_t point_at, point_n;
	uint8_t kind; /* enum mount_kind by file system type */
	bool bound;   /* the point is one of the files that a runtime binds */
};

struct mounts {
	struct mount *by_id; /* ascending ids */
	uint32_t *by_point;  /* indices into by_id, ascending by the bytes of the point */
	size_t n;
	struct buf points; /* unescaped mount points, each with a "/" behind it (the root is "/") */
};

struct root {
	int fd;
	struct mounts mounts;
};

/* M starts zeroed. Lines that no kernel writes are left out. 0 or -errno. */
int mounts_parse(struct mounts *m, struct bytes mountinfo);
void mounts_done(struct mounts *m);

/* Whether PATH ("/" or "/a/b") has a mount point below it. */
bool mounts_below(const struct mounts *m, struct bytes path);

/*
 * mounts_kind - the kind of the mount that INFO.mnt_id names, whose object FD (O_PATH) is. By
 * mountinfo; an id that it does not have is judged by statfs(2). Never MOUNT_ROOT.
 */
enum mount_kind mounts_kind(const struct mounts *m, int fd, const struct file_info *info);

/* Whether A and B lie on the same mount, as far as the kernel tells. */
bool mounts_same(const struct file_info *a, const struct file_info *b);

#endif
