/* SPDX-License-Identifier: Apache-2.0 */
/* One file: facts by statx(2), content by pread(2), extents by lseek(2). The cache part is in
 * cache.c. */
#include "model/file.h"

#include "base/when.h"
#include "model/cache_priv.h"
#include "model/file_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* include/uapi/linux/stat.h; musl 1.2.5 has the call but not the newer fields. */
enum {
	ASK_BASIC = 0x7ff,
	ASK_BTIME = 0x800,
	ASK_MNT_ID = 0x1000,
	AT_SYNC_DONT = 0x4000, /* AT_STATX_DONT_SYNC */
};

struct kernel_stamp {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};

struct kernel_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad0;
	uint64_t ino, size, blocks, attributes_mask;
	struct kernel_stamp atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t rest[13];
};
_Static_assert(sizeof(struct kernel_statx) == 256, "struct statx is kernel ABI");

struct file {
	int fd;
	bool noatime;
	bool borrowed; /* the memory is an opener's */
	struct cache_notes cache;
};

struct file_opener {
	int self_dir;	     /* O_PATH of /proc/self/fd: saves the way there */
	struct file_info fs; /* mount and device that WAY was asked for; have 0: none yet */
	enum cache_way way;
	struct file file;
};

static struct file_stamp stamp_of(const struct kernel_stamp *k)
{
	return (struct file_stamp){ .sec = k->sec, .nsec = k->nsec };
}

static int ask_kernel(int dirfd, const char *name, int flags, unsigned mask, struct file_info *ret)
{
	struct kernel_statx k = { 0 };

	if (syscall(SYS_statx, dirfd, name, flags | AT_NO_AUTOMOUNT, mask, &k) < 0)
		return -errno;
	*ret = (struct file_info){
		.have = (k.mask & ASK_BTIME ? (unsigned)FILE_BTIME : 0) |
			(k.mask & ASK_MNT_ID ? (unsigned)FILE_MNT_ID : 0) |
			(k.attributes_mask ? (unsigned)FILE_ATTRS : 0),
		.mode = k.mode,
		.uid = k.uid,
		.gid = k.gid,
		.nlink = k.nlink,
		.dev_major = k.dev_major,
		.dev_minor = k.dev_minor,
		.rdev_major = k.rdev_major,
		.rdev_minor = k.rdev_minor,
		.ino = k.ino,
		.size = k.size,
		.blocks = k.blocks,
		.atime = stamp_of(&k.atime),
		.mtime = stamp_of(&k.mtime),
		.ctime = stamp_of(&k.ctime),
		.btime = stamp_of(&k.btime),
		.mnt_id = k.mnt_id,
		.attributes = k.attributes,
	};
	return 0;
}

int file_info_ask(int fd, enum file_ask ask, struct file_info *ret)
{
	static const struct {
		int flags;
		unsigned mask;
	} how[] = {
		[FILE_ASK_SYNC] = { AT_EMPTY_PATH, ASK_BASIC | ASK_BTIME | ASK_MNT_ID },
		[FILE_ASK_CACHED] = { AT_EMPTY_PATH | AT_SYNC_DONT,
				      ASK_BASIC | ASK_BTIME | ASK_MNT_ID },
		[FILE_ASK_MOUNT] = { AT_EMPTY_PATH | AT_SYNC_DONT, ASK_MNT_ID },
	};

	return ask_kernel(fd, "", how[ask].flags, how[ask].mask, ret);
}

int file_info_fd(int fd, struct file_info *ret)
{
	return file_info_ask(fd, FILE_ASK_SYNC, ret);
}

int file_info_at(int dirfd, const char *name, struct file_info *ret)
{
	return ask_kernel(dirfd, name, AT_SYMLINK_NOFOLLOW, ASK_BASIC | ASK_BTIME | ASK_MNT_ID,
			  ret);
}

void file_self_path(int fd, char ret[FILE_SELF_MAX])
{
	snprintf(ret, FILE_SELF_MAX, "/proc/self/fd/%d", fd);
}

/*
 * Open for reading, without moving atime where that is allowed. open(2): O_NOATIME is EPERM unless
 * the file is ours or we have CAP_FOWNER. O_NONBLOCK and O_NOCTTY are for what PIN may turn out to
 * be.
 */
static int open_quietly(int dirfd, const char *name, int flags, bool *ret_noatime)
{
	int want = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags;
	int fd = openat(dirfd, name, want | O_NOATIME);

	*ret_noatime = fd >= 0;
	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, want);
	return fd < 0 ? -errno : fd;
}

int file_reopen_dir(int dirfd, int *ret_fd, bool *ret_noatime)
{
	int fd = open_quietly(dirfd, ".", O_DIRECTORY, ret_noatime);
	char self[FILE_SELF_MAX];

	if (fd == -EACCES) { /* "." needs search permission; listing does not, by the magic link */
		file_self_path(dirfd, self);
		fd = open_quietly(AT_FDCWD, self, O_DIRECTORY, ret_noatime);
	}
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int wrap(int fd, bool noatime, uint64_t size, struct file **ret)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f) {
		(void)close(fd);
		return -ENOMEM;
	}
	f->fd = fd;
	f->noatime = noatime;
	f->cache.size = size;
	*ret = f;
	return 0;
}

int file_open_pinned(int pin, const struct file_info *info, struct file **ret)
{
	char self[FILE_SELF_MAX];
	bool noatime;

	if (!S_ISREG(info->mode))
		return -EINVAL;
	/* The pin holds the inode: what is opened here cannot be something else than was described.
	 */
	file_self_path(pin, self);
	int fd = open_quietly(AT_FDCWD, self, 0, &noatime);
	return fd < 0 ? fd : wrap(fd, noatime, info->size, ret);
}

int file_opener_new(struct file_opener **ret)
{
	struct file_opener *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->self_dir = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (o->self_dir < 0) {
		int r = -errno;

		free(o);
		return r;
	}
	*ret = o;
	return 0;
}

void file_opener_closep(struct file_opener **o)
{
	if (!*o)
		return;
	(void)close((*o)->self_dir);
	free(*o);
	*o = NULL;
}

/* Overlayfs may give a file the device number of another file system: the mount tells them apart.
 */
static enum cache_way opener_way(struct file_opener *o, int fd, const struct file_info *info)
{
	bool same = (o->fs.have & FILE_MNT_ID) && (info->have & FILE_MNT_ID) &&
		    o->fs.mnt_id == info->mnt_id && o->fs.dev_major == info->dev_major &&
		    o->fs.dev_minor == info->dev_minor;

	if (!same) {
		o->way = cache_way_of(fd);
		o->fs = *info;
	}
	return o->way;
}

int file_opener_open(struct file_opener *o, int pin, const struct file_info *info,
		     struct file **ret)
{
	char name[FILE_SELF_MAX], *at = name + sizeof(name) - 1;
	bool noatime;

	if (!S_ISREG(info->mode))
		return -EINVAL;
	if (pin < 0)
		return -EBADF;
	*at = '\0';
	for (unsigned left = (unsigned)pin; left || !*at; left /= 10)
		*--at = (char)('0' + left % 10);
	int fd = open_quietly(o->self_dir, at, 0, &noatime);
	if (fd < 0)
		return fd;
	o->file = (struct file){
		.fd = fd,
		.noatime = noatime,
		.borrowed = true,
		.cache = { .size = info->size },
	};
	if (info->size)
		o->file.cache.fs = opener_way(o, fd, info);
	*ret = &o->file;
	return 0;
}

int file_from_fd(int fd, struct file **ret)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(fd, &st) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return wrap(fd, (flags & O_NOATIME) != 0, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0,
		    ret);
}

void file_close(struct file *f)
{
	if (!f)
		return;
	cache_done(&f->cache, f->fd);
	(void)close(f->fd);
	if (!f->borrowed)
		free(f);
}

void file_closep(struct file **f)
{
	file_close(*f);
}

ssize_t file_read_at(struct file *f, void *p, size_t n, uint64_t offset)
{
	if (offset > INT64_MAX)
		return -EINVAL;
	for (;;) {
		ssize_t got = pread(f->fd, p, n, (off_t)offset);

		if (got >= 0)
			return got;
		if (errno != EINTR)
			return -errno;
	}
}

int file_info(struct file *f, struct file_info *ret)
{
	return file_info_fd(f->fd, ret);
}

int64_t file_stamp_ns(const struct file_stamp *t)
{
	const int64_t second = (int64_t)NS_PER_SEC;

	if (t->sec >= INT64_MAX / second - 4) /* 4: nsec as large as its type */
		return INT64_MAX;
	if (t->sec <= INT64_MIN / second)
		return INT64_MIN;
	return t->sec * second + (int64_t)t->nsec;
}

bool file_same(const struct file_info *a, const struct file_info *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

bool file_unchanged(const struct file_info *a, const struct file_info *b)
{
	return a->size == b->size && a->mtime.sec == b->mtime.sec &&
	       a->mtime.nsec == b->mtime.nsec && a->ctime.sec == b->ctime.sec &&
	       a->ctime.nsec == b->ctime.nsec;
}

bool file_noatime(const struct file *f)
{
	return f->noatime;
}

int file_next_data(struct file *f, uint64_t offset, uint64_t size, uint64_t *ret_start,
		   uint64_t *ret_end)
{
	if (offset >= size || offset > INT64_MAX)
		return 0;
	off_t data = lseek(f->fd, (off_t)offset, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return 0;
	if (data < 0 && errno != EINVAL && errno != EOPNOTSUPP)
		return -errno;
	if (data < 0)
		data = (off_t)offset; /* this file system does not know: call it data */
	if ((uint64_t)data >= size)
		return 0;
	off_t hole = lseek(f->fd, data, SEEK_HOLE);
	*ret_start = (uint64_t)data;
	/* ENXIO here: cut between the two calls. The reader will find it short, and say so. */
	*ret_end = hole <= data || (uint64_t)hole > size ? size : (uint64_t)hole;
	return 1;
}

void file_cache_note(struct file *f, uint64_t start, uint64_t end)
{
	cache_note(&f->cache, f->fd, start, end);
}

void file_cache_drop(struct file *f, uint64_t start, uint64_t end)
{
	cache_drop(&f->cache, f->fd, start, end);
}
