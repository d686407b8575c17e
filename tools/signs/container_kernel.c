/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the kernel and devices that a container may reach, by mode and mount: nothing is opened.
 */
#include "signs/container_priv.h"

#include "sys/proc.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* What makes the kernel run a program, or stop: each is the node's, not the container's. */
static const struct kernel_file {
	const char *path, *fstype;
} kernel_files[] = {
	{ "/proc/sys/kernel/core_pattern", "proc" },
	{ "/proc/sys/kernel/modprobe", "proc" },
	{ "/proc/sys/kernel/hotplug", "proc" },
	{ "/proc/sys/vm/panic_on_oom", "proc" },
	{ "/proc/sysrq-trigger", "proc" },
	{ "/proc/sys/fs/binfmt_misc/register", "binfmt_misc" },
	{ "/sys/kernel/uevent_helper", "sysfs" },
};

/* Whether the mount with this id is of FSTYPE and not read-only, by mountinfo. */
static bool mount_is_writable(struct look *l, uint64_t id, const char *fstype)
{
	struct bytes rest = buf_bytes(&l->mountinfo), line;
	struct proc_mount m;

	while (proc_next_line(&rest, &line)) {
		if (proc_parse_mount(line, &m) < 0 || m.id != id)
			continue;
		/* "ro" comes first where it comes at all (show_mnt_opts, mnt_show_opts). */
		return bytes_eq(m.fstype, bytes_str(fstype)) && bytes_starts(m.options, "rw") &&
		       bytes_starts(m.super_options, "rw");
	}
	return false;
}

int look_at_kernel_files(struct look *l)
{
	int r = 0;

	if (!l->root)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(kernel_files); i++) {
		const struct kernel_file *k = &kernel_files[i];
		AUTO_CLOSE int pin = -1;
		struct file_info info;

		if (root_pin(l->root, bytes_str(k->path), &pin, &info) < 0 ||
		    !(info.have & FILE_MNT_ID) || !(info.mode & S_IWUSR) || info.uid != 0)
			continue;
		if (mount_is_writable(l, info.mnt_id, k->fstype))
			r = look_add_risk(l, RISK_KERNEL_FILE, true, bytes_str(k->path),
					  bytes_of(NULL, 0));
	}
	return r;
}

/* Disks, and what is as good: mem, port (devices.txt). */
static bool is_dangerous(const struct file_info *info)
{
	enum { MEMORY = 1, MEM = 1, PORT = 4, LOOP = 7, RAM = 1 };

	if (S_ISBLK(info->mode))
		return info->rdev_major != LOOP && info->rdev_major != RAM;
	return S_ISCHR(info->mode) && info->rdev_major == MEMORY &&
	       (info->rdev_minor == MEM || info->rdev_minor == PORT);
}

static int take_device(void *ctx, struct walk_entry *e)
{
	struct look *l = ctx;
	char number[32];

	if (e->event != WALK_ENTRY || !is_dangerous(&e->info))
		return 0;
	(void)snprintf(number, sizeof(number), "%c %u:%u", S_ISBLK(e->info.mode) ? 'b' : 'c',
		       e->info.rdev_major, e->info.rdev_minor);
	return look_add_risk(l, RISK_DEVICE, (e->info.mode & 0222) != 0, e->path,
			     bytes_str(number));
}

static void on_gap(void *ctx, const struct gap *gap)
{
	look_tell(ctx, gap->err, "look at devices", gap->on);
}

int look_at_devices(struct look *l)
{
	const struct gap_sink gaps = { on_gap, l };
	const struct walk_limits limits = { .entries = CONTAINER_DEV_MAX,
					    .depth = 8,
					    .no_links = true,
					    .stop = l->j->stop,
					    .gaps = &gaps };
	int r;

	if (!l->root)
		return 0;
	r = root_walk(l->root, bytes_str("/dev"), &limits, take_device, l);
	if (r < 0 && r != -ECANCELED)
		look_tell(l, r, "look at devices", bytes_str("/dev"));
	return r == -ENOMEM ? r : 0;
}
