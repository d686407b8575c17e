/* SPDX-License-Identifier: Apache-2.0 */
/* The file behind a mapping, by the ways that lead to it. */
#include "model/backing.h"

#include "model/source_priv.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* Whether what PIN holds is what MAP shows. */
static bool is_same(const struct proc_map *map, int pin, const struct file_info *info)
{
	struct statfs fs;

	if (info->ino != map->inode)
		return false;
	if (info->dev_major == map->dev_major && info->dev_minor == map->dev_minor)
		return true;
	if (fstatfs(pin, &fs) < 0)
		return false;
	return fs.f_type == OVERLAYFS_SUPER_MAGIC || fs.f_type == (long)BTRFS_SUPER_MAGIC;
}

static int take(struct process *p, const struct vma *v, int pin, const struct file_info *info,
		struct file **ret)
{
	if (!is_same(&v->map, pin, info))
		return -ESTALE;
	return process_open_pinned(p, pin, info, ret);
}

static int by_exe(struct process *p, const struct vma *v, struct file **ret)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r = process_pin(p, FILE_EXE, 0, &pin, &info);

	return r < 0 ? r : take(p, v, pin, &info, ret);
}

static int by_map_files(struct process *p, const struct vma *v, struct file **ret)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r = process_pin_map(p, v->map.start, v->map.end, &pin, &info);

	return r < 0 ? r : take(p, v, pin, &info, ret);
}

static int by_path(struct process *p, const struct vma *v, struct file **ret)
{
	AUTO_DONE(root_closep) struct root *root = NULL;
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r = process_root(p, &root);

	if (r < 0)
		return r;
	r = root_pin(root, v->map.path, &pin, &info);
	return r < 0 ? r : take(p, v, pin, &info, ret);
}

int backing_open(struct process *p, const struct vma *v, struct file **ret)
{
	if (v->map.inode == 0)
		return -ENOENT;
	if (by_exe(p, v, ret) == 0 || by_map_files(p, v, ret) == 0)
		return 0;
	/* What the path says is what a reader can act on. */
	return by_path(p, v, ret);
}
