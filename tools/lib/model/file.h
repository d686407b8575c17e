/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a source: facts, content as a stream, extents. */
#ifndef CSI_MODEL_FILE_H
#define CSI_MODEL_FILE_H

#include "base/buf.h"

#include <sys/types.h>

enum file_have {
	FILE_BTIME = 1 << 0,
	FILE_MNT_ID = 1 << 1,
	FILE_ATTRS = 1 << 2,
};

/* statx(2), times as nanoseconds since 1970 (see file_time). */
struct file_info {
	unsigned have;
	uint32_t mode; /* type and permissions */
	uint32_t uid, gid, nlink;
	uint32_t dev_major, dev_minor, rdev_major, rdev_minor;
	uint64_t ino, size, blocks; /* blocks of 512 bytes */
	struct file_stamp {
		int64_t sec;
		uint32_t nsec;
	} atime, mtime, ctime, btime;
	uint64_t mnt_id;
	uint64_t attributes; /* STATX_ATTR_IMMUTABLE and so on */
};

/* Nanoseconds since 1970, before it negative; beyond what 64 bits hold the nearest end of them. */
int64_t file_stamp_ns(const struct file_stamp *t);
/* The same device and inode. */
bool file_same(const struct file_info *a, const struct file_info *b);

/* statx(2) of a descriptor (O_PATH will do), never triggering an automount. 0 or -errno. */
int file_info_fd(int fd, struct file_info *ret);
/* The same of one component below DIRFD, not followed. */
int file_info_at(int dirfd, const char *name, struct file_info *ret);

/*
 * file_list - FN for each entry of the directory PIN (O_PATH will do) with its facts, in kernel
 * order, not followed; what vanishes meanwhile is left out. 0, what FN returned if not 0, -E2BIG
 * beyond MOST, or -errno. O_NOATIME is used where it is allowed.
 */
typedef int (*file_list_fn)(void *ctx, const char *name, const struct file_info *info);
int file_list(int pin, size_t most, file_list_fn fn, void *ctx);

/* The content of a regular file. Owned; file_close(NULL) is allowed. One thread at a time. */
struct file;

/*
 * file_open_pinned - open for reading what PIN (O_PATH, borrowed) holds, through /proc/self/fd.
 *
 * INFO, from PIN, must say regular file, else -EINVAL. O_NOATIME is used; where it is refused
 * (EPERM: not the owner, no CAP_FOWNER) the file is opened without and file_noatime() is false.
 * 0 or -errno.
 */
int file_open_pinned(int pin, const struct file_info *info, struct file **ret);
/*
 * The same for many files, by one thread: what is the same for all is asked once. One file at a
 * time is open: its memory is the opener's, so file_close() comes before the next open and before
 * file_opener_close(). 0 or -errno.
 */
struct file_opener;
int file_opener_new(struct file_opener **ret);
void file_opener_closep(struct file_opener **o);
int file_opener_open(struct file_opener *o, int pin, const struct file_info *info,
		     struct file **ret);
/* Wrap a descriptor that is already open for reading (taken, also on failure). */
int file_from_fd(int fd, struct file **ret);
void file_close(struct file *f);
void file_closep(struct file **f);

/* Bytes read (0 at the end) or -errno. EINTR is retried. */
ssize_t file_read_at(struct file *f, void *p, size_t n, uint64_t offset);
/* Facts now (fstat again: compare with the first to see a change). */
int file_info(struct file *f, struct file_info *ret);
/* Size, mtime and ctime are as they were: nobody wrote to it between the two looks. */
bool file_unchanged(const struct file_info *a, const struct file_info *b);
/* False when atime may have moved by our reading. */
bool file_noatime(const struct file *f);
/*
 * Next data extent at or after OFFSET: 1 with its range, 0 when only a hole is left, -errno.
 * A file system without SEEK_DATA answers one extent, the whole file.
 */
int file_next_data(struct file *f, uint64_t offset, uint64_t size, uint64_t *ret_start,
		   uint64_t *ret_end);
/*
 * Drop from the page cache what of [start, end) our reading brought in. Call file_cache_note() for
 * the range before reading: ranges that were cached then are left (a plain POSIX_FADV_DONTNEED
 * would evict the target's own pages). Known by cachestat(2), or by mincore(2) where that would lie
 * (overlayfs) or is missing; if neither answers, nothing is dropped. Ranges go forward through the
 * file; what lies more than 64 MiB behind the last one is no longer known, and left.
 */
void file_cache_note(struct file *f, uint64_t start, uint64_t end);
void file_cache_drop(struct file *f, uint64_t start, uint64_t end);

/* Extended attributes of what a pinned or open descriptor holds (user, security, trusted, system as
 * permitted). */
struct file_xattr {
	struct bytes name, value;
};
enum { FILE_XATTRS_MAX = 64, FILE_XATTR_BYTES_MAX = 64 << 10 };
struct file_xattrs {
	struct buf bytes; /* owns names and values */
	size_t n;
	struct file_xattr v[FILE_XATTRS_MAX];
};
/* 0, -EOPNOTSUPP, -E2BIG beyond a limit (what fits is kept) or -errno. RET starts zeroed, done with
 * file_xattrs_done. */
int file_xattrs_read(int fd, bool is_o_path, struct file_xattrs *ret);
void file_xattrs_done(struct file_xattrs *x);

#endif
