/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a directory of the image came into the upper layer. Its mtime is that of its last addition or
 * removal; what is added has that time as its birth (made) or ctime (renamed, linked). Copying
 * up keeps the mtime: ovl_copy_up_one(), fs/overlayfs/copy_up.c.
 */
#include "work/hashwalk_priv.h"

enum { LOOK_MAX = 65536 };
#define TICK ((int64_t)20 * 1000 * 1000) /* a timestamp is as coarse as the kernel's tick */

struct look {
	const struct file_info *dir;
	int64_t ref, mtime;
	bool changed; /* mtime is not before REF */
};

static bool near(int64_t a, int64_t b)
{
	const uint64_t apart = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;

	return a != INT64_MIN && b != INT64_MIN && apart <= TICK;
}

/* 1: this entry explains it. */
static int on_name(void *ctx, const char *name, const struct file_info *info)
{
	const struct look *l = ctx;
	int64_t btime = info->have & FILE_BTIME ? file_stamp_ns(&info->btime) : INT64_MIN;

	(void)name;
	if (info->have & l->dir->have & FILE_MNT_ID && info->mnt_id != l->dir->mnt_id)
		return 0;
	if (l->changed)
		return near(btime, l->mtime) || near(file_stamp_ns(&info->ctime), l->mtime);
	return btime >= l->ref;
}

enum hashwalk_dir hashwalk_look_dir(int pin, const struct file_info *dir, int64_t ref)
{
	struct look l = { .dir = dir, .ref = ref, .mtime = file_stamp_ns(&dir->mtime) };

	l.changed = l.mtime >= ref;
	int r = file_list(pin, LOOK_MAX, on_name, &l);
	if (r < 0)
		return HASHWALK_DIR_UNTOLD;
	if (l.changed)
		return r ? HASHWALK_DIR_ADDED : HASHWALK_DIR_REMOVED;
	return r ? HASHWALK_DIR_PARENT : HASHWALK_DIR_SELF;
}
