/* SPDX-License-Identifier: Apache-2.0 */
/* One root file system of a source: walk it, or open one path in it. Nothing escapes it. */
#ifndef CSI_MODEL_ROOT_H
#define CSI_MODEL_ROOT_H

#include "base/err.h"
#include "model/file.h"

#include <stdatomic.h>

struct root;

/*
 * root_from_fd - a root held by a directory descriptor (O_PATH will do), which is taken, also on
 * failure.
 * MOUNTINFO may hold the text of the owning process's mountinfo (copied), or be empty:
 * then mounts are classed by statfs(2) alone. 0 or -errno.
 */
int root_from_fd(int fd, struct bytes mountinfo, struct root **ret);
void root_close(struct root *r);
void root_closep(struct root **r);

/* Device, inode, mount id and times of the root directory itself. */
int root_info(struct root *r, struct file_info *ret);

/*
 * root_pin - an O_PATH descriptor of PATH (absolute or not, resolved in the root as model/chase.h
 * says; a final symlink is not followed), and its facts. An empty path is the root. The caller
 * closes *ret_fd. -ELOOP: a magic link of procfs too; -EAGAIN: the tree kept changing.
 */
int root_pin(struct root *r, struct bytes path, int *ret_fd, struct file_info *ret_info);
/* root_pin and file_open_pinned. -EINVAL: not a regular file. */
int root_open(struct root *r, struct bytes path, struct file **ret);
/* All of a small file; -EFBIG beyond MAX (cut). */
int root_read(struct root *r, struct bytes path, struct buf *ret, size_t max);

/*
 * root_passwd - text of the root's /etc/passwd for passwd_name() (sys/passwd.h), into RET, which it
 * limits. A root without one has no names: 0. -EFBIG: cut at ROOT_PASSWD_MAX, and kept so far.
 */
enum { ROOT_PASSWD_MAX = 64 << 10 };
int root_passwd(struct root *r, struct buf *ret);

/* What kind of mount an entry lies on, judged by mountinfo and statfs magic. */
enum mount_kind {
	MOUNT_ROOT,   /* the same mount as the root directory */
	MOUNT_MEMORY, /* tmpfs, ramfs */
	MOUNT_BOUND,  /* /etc/hosts, hostname, resolv.conf, termination-log: bound by the runtime */
	MOUNT_VOLUME, /* any other mount of a local file system */
	MOUNT_NETWORK, /* nfs, cifs, ceph, 9p, fuse... */
	MOUNT_PSEUDO,  /* proc, sysfs, cgroup, devpts, mqueue, bpf, autofs...: never entered */
	MOUNT_KINDS
};
/* "root", "memory", "bound", "volume", "network", "pseudo". */
const char *mount_kind_name(enum mount_kind k);
/* By mountinfo's file system type (target bytes): MEMORY, NETWORK, PSEUDO, or VOLUME for the rest.
 */
enum mount_kind mount_kind_of_type(struct bytes fstype);

/* What mountinfo says of the mounts that the root's process sees, in the order of their ids. */
struct root_mount {
	uint64_t id;
	struct bytes point; /* borrowed of the root, without a slash at its end but for "/" */
	enum mount_kind kind;
};
/* 0: no mountinfo is known. */
size_t root_mounts(const struct root *r);
struct root_mount root_mount(const struct root *r, size_t i);
/* Index of the mount with this id, or root_mounts() if there is none. */
size_t root_mount_index(const struct root *r, uint64_t id);

enum walk_enter {
	WALK_MEMORY = 1 << MOUNT_MEMORY,
	WALK_BOUND = 1 << MOUNT_BOUND,
	WALK_VOLUME = 1 << MOUNT_VOLUME,
	WALK_NETWORK = 1 << MOUNT_NETWORK,
};

/* 0 in a limit means the default of root.c, which is always finite. */
struct walk_limits {
	unsigned enter;	   /* mounts to cross into; pseudo never */
	uint32_t depth;	   /* default 131,072 */
	uint64_t entries;  /* default 100 million */
	size_t sort_names; /* a directory; default 65,536; above: kernel order, WALK_UNSORTED */
	int64_t deadline;  /* CLOCK_MONOTONIC ns, 0 none */
	bool no_links;	   /* targets are not read, and link stays empty: no atime moves */
	bool handles;	   /* for handle_upper: one more system call an entry */
	const atomic_bool *stop; /* set by a signal: the walk ends with -ECANCELED */
	const struct gap_sink *gaps;
};

enum walk_event {
	WALK_ENTRY,    /* one file of any type, directories before their content */
	WALK_SKIPPED,  /* a mount that was not entered (KIND says which) */
	WALK_UNSORTED, /* this directory has more names than are sorted */
};

/* Valid during the callback only. */
struct walk_entry {
	enum walk_event event;
	struct bytes path;     /* absolute in the root, "/" for itself; may exceed PATH_MAX */
	struct file_info info; /* from the pinned descriptor */
	enum mount_kind mount;
	int pin; /* O_PATH, borrowed; to keep it walk_take_pin(). -1 if not WALK_ENTRY */
	uint64_t parent_ino; /* of the directory that it lies in; 0 for START */
	struct bytes link;   /* target of a symbolic link; info has its atime from before */
	bool handle_known;   /* name_to_handle_at(2) answered with an overlay's handle */
	bool handle_upper;   /* by it: only in the upper layer, not in the image */
	bool noatime;	     /* for a directory: false when reading it may move its atime */
};

/* The descriptor becomes the caller's; -1 if already taken. */
int walk_take_pin(struct walk_entry *e);

/* 0 to go on, WALK_PRUNE not to enter this directory, or -errno to end the walk with it. */
enum { WALK_PRUNE = 1 };
typedef int (*walk_fn)(void *ctx, struct walk_entry *e);

/*
 * root_walk - every entry below START ("/" or a path in the root), depth first, names sorted by
 * bytes.
 *
 * START is itself the first entry. A final symlink of START is not followed ("/var/run/" with a
 * slash is); "." and doubled slashes leave the paths told, ".." stays. The mount that START lies on
 * was named by whoever gave it and is walked whatever its kind, but pseudo is refused: -EINVAL.
 *
 * Iterative, one component an openat(2), O_PATH | O_NOFOLLOW then statx then open; at most 64
 * directory descriptors and 6 MiB of names and frames whatever the tree. Paths go to 4 MiB, deeper
 * is a gap (ENAMETOOLONG). What cannot be read goes to limits->gaps and the walk goes on; a name
 * that vanished before it was pinned is a gap (ENOENT), a directory that was moved or removed while
 * it was walked too (ESTALE). A network file system that is not entered, and stands in mountinfo,
 * is never asked for anything: a dead server does not hold the walk.
 *
 * Returns 0, -ECANCELED (stop), -ETIMEDOUT, -E2BIG (entries), what root_pin says of START, or what
 * the callback returned.
 */
int root_walk(struct root *r, struct bytes start, const struct walk_limits *limits, walk_fn fn,
	      void *ctx);

#endif
