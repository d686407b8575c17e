/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New since the container started, told without its image. Measured in pods on overlayfs: a file is
 * in the upper layer exactly when its btime is not before the btime of "/"; the directories that
 * the runtime makes for its own mount points follow within a second.
 */
#include "model/birth.h"
#include "model/root_priv.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SECOND ((int64_t)NS_PER_SEC)

enum {
	OVERLAY_MAGIC = 0x794c7630, /* OVERLAYFS_SUPER_MAGIC, linux/magic.h */
	START_LATEST = 10,	    /* seconds from the upper layer to the first process */
	RUNTIME_ALWAYS = 1,	    /* seconds in which a mount point's parents are the runtime's */
};

/* Some file systems claim to know it and say 1970. */
static bool has_btime(const struct file_info *info)
{
	return (info->have & FILE_BTIME) && (info->btime.sec != 0 || info->btime.nsec != 0);
}

/*
 * Until when a parent of a mount point may be the runtime's: a second after REF, or the ctime of
 * the tmpfs at /dev, which it mounts last. An intruder moves that by any change in /dev, so it
 * counts only as far as a start may take.
 */
static int64_t runtime_until(struct root *r, int64_t ref, uint64_t mnt_id)
{
	AUTO_CLOSE int pin = -1;
	struct file_info dev;
	int64_t until = ref + RUNTIME_ALWAYS * SECOND;

	if (root_pin(r, bytes_str("/dev"), &pin, &dev) < 0 || dev.mnt_id == mnt_id ||
	    mounts_kind(&r->mounts, pin, &dev) != MOUNT_MEMORY)
		return until;
	int64_t made = file_stamp_ns(&dev.ctime);
	return made > until && made <= ref + START_LATEST * SECOND ? made : until;
}

int birth_reference(struct root *r, int64_t first_start, struct birth *ret)
{
	struct birth b = { .basis = BIRTH_NONE };
	struct file_info top;
	struct statfs fs;
	int err;

	err = root_info(r, &top);
	if (err < 0)
		return err;
	if (fstatfs(r->fd, &fs) < 0)
		return -errno;
	b.mnt_id = top.mnt_id;
	if ((uint32_t)fs.f_type == OVERLAY_MAGIC && has_btime(&top)) {
		int64_t ref = file_stamp_ns(&top.btime);

		if (ref < 0 || ref > INT64_MAX - START_LATEST * SECOND)
			return -ERANGE;
		b.basis = BIRTH_OVERLAY;
		b.ref = ref;
		b.stepped = first_start != INT64_MIN &&
			    (first_start < ref || first_start > ref + START_LATEST * SECOND);
	} else if (first_start >= 0 && first_start <= INT64_MAX - START_LATEST * SECOND) {
		b.basis = BIRTH_START_TIME;
		b.ref = first_start;
	}
	if (b.basis != BIRTH_NONE)
		b.runtime_until = runtime_until(r, b.ref, b.mnt_id);
	*ret = b;
	return 0;
}

/* Podman makes this link beside the mount points. */
static bool is_mtab(const struct walk_entry *e)
{
	return S_ISLNK(e->info.mode) && bytes_eq(e->path, bytes_str("/etc/mtab")) &&
	       (bytes_eq(e->link, bytes_str("/proc/mounts")) ||
		bytes_eq(e->link, bytes_str("/proc/self/mounts")));
}

static enum birth_verdict new_or_runtime(const struct birth *b, const struct walk_entry *e,
					 bool parent_of_mount)
{
	bool likely = (S_ISDIR(e->info.mode) && parent_of_mount) || is_mtab(e);

	if (likely && file_stamp_ns(&e->info.ctime) <= b->runtime_until)
		return BIRTH_RUNTIME;
	return BIRTH_NEW;
}

enum birth_verdict birth_judge(const struct birth *b, const struct walk_entry *e,
			       bool parent_of_mount)
{
	/* Another mount is an area of its own, with another clock. */
	if (b->basis == BIRTH_NONE || e->info.mnt_id != b->mnt_id)
		return BIRTH_UNKNOWN;
	if (e->handle_upper) /* the overlay's own word, whatever the clocks say */
		return new_or_runtime(b, e, parent_of_mount);
	if (b->basis == BIRTH_OVERLAY && b->stepped)
		return BIRTH_UNKNOWN;

	bool changed = file_stamp_ns(&e->info.ctime) >= b->ref;
	if (b->basis == BIRTH_OVERLAY && has_btime(&e->info)) {
		if (file_stamp_ns(&e->info.btime) >= b->ref)
			return new_or_runtime(b, e, parent_of_mount);
		return changed ? BIRTH_BELOW : BIRTH_OLD;
	}
	return changed ? new_or_runtime(b, e, parent_of_mount) : BIRTH_OLD;
}
