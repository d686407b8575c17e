/* SPDX-License-Identifier: Apache-2.0 */
/* Files: facts, pinned opens, extents, extended attributes, and a page cache left as it was. */
#include "model/file.h"
#include "tree.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum {
	MB = 1 << 20,
	MB4 = 4 << 20,
	BIG = 72 << 20,
	STEP = 256 << 10,
	STEP2 = 2 * STEP,
	STEP3 = 3 * STEP,
	PAGE = 4096
};

static int pin_at(int dir, const char *name, struct file_info *info)
{
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_INT(file_info_fd(fd, info), 0);
	return fd;
}

static struct file *open_at(int dir, const char *name)
{
	struct file_info info;
	AUTO_CLOSE int pin = pin_at(dir, name, &info);
	struct file *f = NULL;

	CHECK_INT(file_open_pinned(pin, &info, &f), 0);
	return f;
}

static void test_facts(int dir)
{
	struct file_info info, by_name;
	struct stat st;

	tree_file(dir, "facts", "12345", 5);
	AUTO_CLOSE int pin = pin_at(dir, "facts", &info);
	CHECK_INT(fstatat(dir, "facts", &st, 0), 0);
	CHECK_INT(info.mode, st.st_mode);
	CHECK_INT(info.ino, st.st_ino);
	CHECK_INT(info.size, 5);
	CHECK_INT(info.nlink, 1);
	CHECK_INT(info.uid, st.st_uid);
	CHECK_INT(info.dev_major, major(st.st_dev));
	CHECK_INT(info.dev_minor, minor(st.st_dev));
	CHECK_INT(info.mtime.sec, st.st_mtim.tv_sec);
	CHECK_INT(info.mtime.nsec, st.st_mtim.tv_nsec);
	CHECK(info.have & FILE_MNT_ID);
	CHECK_INT(file_info_at(dir, "facts", &by_name), 0);
	CHECK_INT(by_name.ino, info.ino);
	CHECK_INT(by_name.mnt_id, info.mnt_id);
	CHECK_INT(file_info_at(dir, "absent", &by_name), -ENOENT);
	CHECK_INT(file_info_fd(-1, &by_name), -EBADF);
	OK("facts are what stat says, and more");
}

static void test_open(int dir)
{
	AUTO_DONE(file_closep) struct file *f = open_at(dir, "facts");
	struct file *none = NULL;
	struct file_info info;
	char text[8];

	CHECK_INT(file_read_at(f, text, sizeof(text), 0), 5);
	CHECK(memcmp(text, "12345", 5) == 0);
	CHECK_INT(file_read_at(f, text, 2, 3), 2);
	CHECK(memcmp(text, "45", 2) == 0);
	CHECK_INT(file_read_at(f, text, sizeof(text), 5), 0);
	CHECK_INT(file_read_at(f, text, sizeof(text), UINT64_MAX), -EINVAL);
	CHECK(file_noatime(f));

	CHECK_INT(symlinkat("facts", dir, "link"), 0);
	CHECK_INT(mkfifoat(dir, "fifo", 0644), 0);
	static const char *const others[] = { ".", "link", "fifo" };
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		AUTO_CLOSE int pin = pin_at(dir, others[i], &info);

		CHECK_INT(file_open_pinned(pin, &info, &none), -EINVAL);
	}
	CHECK_INT(file_from_fd(-1, &none), -EBADF);
	file_close(NULL);
	OK("only a regular file is opened for reading");
}

/* A name is swapped after the pin: what was described is what is read. */
static void test_swap(int dir)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	struct file_info info;
	char text[16];

	tree_file(dir, "swapped", "first", 5);
	AUTO_CLOSE int pin = pin_at(dir, "swapped", &info);
	CHECK_INT(mkfifoat(dir, "other", 0644), 0);
	CHECK_INT(renameat(dir, "other", dir, "swapped"), 0);
	CHECK_INT(file_open_pinned(pin, &info, &f), 0);
	CHECK_INT(file_read_at(f, text, sizeof(text), 0), 5);
	CHECK_INT(file_info(f, &info), 0);
	CHECK_INT(info.nlink, 0);
	OK("a name that becomes a FIFO does not matter once it is pinned");
}

static bool same_time(struct file_stamp a, struct file_stamp b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

static void test_times(int dir)
{
	/* An old atime: relatime would move it on the first read. */
	const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1100000000 } };
	struct file_info before, after;
	char text[64];

	tree_file(dir, "times", "content", 7);
	CHECK_INT(utimensat(dir, "times", old, 0), 0);
	AUTO_CLOSE int pin = pin_at(dir, "times", &before);
	AUTO_DONE(file_closep) struct file *f = NULL;
	CHECK_INT(file_open_pinned(pin, &before, &f), 0);
	file_cache_note(f, 0, 7);
	CHECK_INT(file_read_at(f, text, sizeof(text), 0), 7);
	file_cache_drop(f, 0, 7);
	CHECK_INT(file_info(f, &after), 0);
	CHECK(same_time(before.atime, after.atime) && same_time(before.mtime, after.mtime) &&
	      same_time(before.ctime, after.ctime));
	OK("reading moves no time");
}

static void test_extents(int dir)
{
	const uint64_t size = UINT64_C(1) << 40;
	uint64_t start, end, at = 0, data = 0;
	int r, steps = 0;

	tree_file(dir, "sparse", "x", 1);
	AUTO_CLOSE int fd = openat(dir, "sparse", O_WRONLY | O_CLOEXEC);
	if (ftruncate(fd, (off_t)size) < 0) {
		SKIP("a sparse file of 1 TiB", "the file system has no files that large");
		return;
	}
	CHECK_INT(pwrite(fd, "y", 1, (off_t)(size / 2)), 1);
	AUTO_DONE(file_closep) struct file *f = open_at(dir, "sparse");
	while ((r = file_next_data(f, at, size, &start, &end)) > 0) {
		CHECK(start >= at && start < end && end <= size);
		data += end - start;
		at = end;
		CHECK(++steps < 100);
	}
	CHECK_INT(r, 0);
	CHECK(steps == 2 && data < MB);
	CHECK_INT(file_next_data(f, size, size, &start, &end), 0);
	CHECK_INT(file_next_data(f, UINT64_MAX, UINT64_MAX, &start, &end), 0);
	/* A caller whose size is of before: cut since. */
	CHECK_INT(ftruncate(fd, 0), 0);
	CHECK_INT(file_next_data(f, 0, size, &start, &end), 0);
	OK("a sparse file of 1 TiB has two small extents");
}

static struct bytes value_of(const struct file_xattrs *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++) {
		if (bytes_eq(x->v[i].name, bytes_str(name)))
			return x->v[i].value;
	}
	return bytes_of(NULL, 0);
}

static void test_xattrs(int dir, const char *path)
{
	char file[TREE_PATH + 16];
	struct file_info info;

	tree_file(dir, "xattrs", "", 0);
	AUTO_CLOSE int pin = pin_at(dir, "xattrs", &info);
	snprintf(file, sizeof(file), "%s/xattrs", path);
	if (setxattr(file, "user.one", "1\0\xff", 3, 0) < 0) {
		SKIP("extended attributes", "the file system has none of user.");
		return;
	}
	CHECK_INT(setxattr(file, "user.empty", "", 0, 0), 0);
	AUTO_CLOSE int fd = openat(dir, "xattrs", O_RDONLY | O_CLOEXEC);
	for (int o_path = 0; o_path < 2; o_path++) {
		AUTO_DONE(file_xattrs_done) struct file_xattrs x = { .n = 0 };

		CHECK_INT(file_xattrs_read(o_path ? pin : fd, o_path, &x), 0);
		CHECK(x.n >= 2); /* and security.selinux, where there is one */
		CHECK_BYTES(value_of(&x, "user.one"), "1\0\xff");
		CHECK_BYTES(value_of(&x, "user.empty"), "");
	}
	AUTO_DONE(file_xattrs_done) struct file_xattrs none = { .n = 0 };
	AUTO_CLOSE int link = pin_at(dir, "link", &info);
	CHECK_INT(file_xattrs_read(link, true, &none), 0);
	CHECK(!value_of(&none, "user.one").p);
	CHECK_INT(file_xattrs_read(-1, true, &none), -ENOENT);
	OK("extended attributes of pinned and of open files");
}

static void test_xattr_limit(const char *path)
{
	static const char big[60 << 10];
	char file[TREE_PATH + 16];
	int made = 0;

	/* tmpfs takes many, ext4 one block of them. */
	snprintf(file, sizeof(file), "%s/xattrs", path);
	for (; made < FILE_XATTRS_MAX + 10; made++) {
		char name[300];

		snprintf(name, sizeof(name), "user.%03d%0200d", made, 0);
		if (setxattr(file, name, big, 5, 0) < 0)
			break;
	}
	AUTO_DONE(file_xattrs_done) struct file_xattrs x = { .n = 0 };
	AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || made == 0) {
		SKIP("more extended attributes than are kept", "the file system has none of user.");
		return;
	}
	if (made < FILE_XATTRS_MAX) {
		CHECK_INT(file_xattrs_read(fd, false, &x), 0);
		CHECK(x.n >= (size_t)made);
		OK("all extended attributes that the file system takes");
		return;
	}
	CHECK_INT(file_xattrs_read(fd, false, &x), -E2BIG);
	CHECK_INT(x.n, FILE_XATTRS_MAX);
	OK("more extended attributes than are kept: the first ones, and -E2BIG");
}

static void check_stamps(void)
{
	const struct {
		struct file_stamp stamp;
		int64_t ns;
	} rows[] = {
		{ { 0, 0 }, 0 },
		{ { 1, 5 }, INT64_C(1000000005) },
		{ { -1, 999999999 }, -1 }, /* 1969 */
		{ { -300000000, 0 }, INT64_C(-300000000000000000) },
		{ { INT64_MAX, 0 }, INT64_MAX },
		{ { INT64_MIN, UINT32_MAX }, INT64_MIN },
		{ { INT64_MAX / 1000000000, UINT32_MAX }, INT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_INT(file_stamp_ns(&rows[i].stamp), rows[i].ns);
	OK("times in nanoseconds, whatever a file says");
}

/* Pages of FILE in the page cache, [from, to) in bytes; -1 when the kernel does not tell us. */
static int cached(int fd, size_t from, size_t to)
{
	static unsigned char vec[BIG / PAGE];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map = mmap(NULL, to - from, PROT_READ, MAP_SHARED, fd, (off_t)from);
	int n = 0;

	CHECK(map != MAP_FAILED);
	CHECK_INT(mincore(map, to - from, vec), 0);
	CHECK_INT(munmap(map, to - from), 0);
	for (size_t i = 0; i < (to - from) / page; i++)
		n += vec[i] & 1;
	return n;
}

/* Bytes [from, to) in steps of STEP, as a reader does it. */
static void read_like_collect(struct file *f, size_t from, size_t to, size_t step)
{
	static unsigned char chunk[MB];

	for (size_t at = from; at < to; at += step) {
		file_cache_note(f, at, at + step);
		CHECK(file_read_at(f, chunk, step, at) > 0);
		file_cache_drop(f, at, at + step);
	}
}

/* A file of BIG and one page and a half, nothing of it in the page cache. -1: cannot be evicted
 * here. */
static int make_cold(int dir, const char *name)
{
	static unsigned char content[BIG + PAGE + PAGE / 2];

	tree_file(dir, name, content, sizeof(content));
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_INT(fsync(fd), 0);
	CHECK_INT(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0); /* no read-ahead of this test's */
	CHECK_INT(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	if (cached(fd, 0, BIG) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/*
 * What must hold of the cache. The kernel takes pages back by itself at any moment (a machine short
 * of memory, somebody's drop_caches), so a try in which something did not hold is made again; what
 * we get wrong, we get wrong in every one of CACHE_TRIES.
 */
#define HOLDS(cond)                                                                       \
	do {                                                                              \
		if (!(cond)) {                                                            \
			printf("# %s:%d: %s does not hold\n", __FILE__, __LINE__, #cond); \
			return false;                                                     \
		}                                                                         \
	} while (0)

enum { CACHE_TRIES = 5 };

/* Nothing of the file is in the cache before, and nothing after. */
static bool cold_stays_cold(int dir, const char *name, int fd)
{
	AUTO_DONE(file_closep) struct file *cold = open_at(dir, name);

	read_like_collect(cold, 0, BIG + STEP, STEP);
	HOLDS(cached(fd, 0, BIG) == 0);
	HOLDS(cached(fd, BIG, BIG + PAGE) == 0);
	return true;
}

/* The target has read two places: those stay, and what we read between them goes. */
static bool parts_stay(int dir, const char *name, int fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	static const size_t steps[] = { STEP, MB, STEP - PAGE };
	char byte[2 * PAGE];

	CHECK_INT(pread(fd, byte, 1, MB), 1);
	CHECK_INT(pread(fd, byte, page < sizeof(byte) ? page : 1, MB4),
		  page < sizeof(byte) ? (int)page : 1);
	int held = cached(fd, 0, BIG);
	HOLDS(held >= 2 && held <= 16);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		AUTO_DONE(file_closep) struct file *part = open_at(dir, name);
		read_like_collect(part, 0, BIG + 1, steps[i]);
		HOLDS(cached(fd, MB, MB + page) == 1 && cached(fd, MB4, MB4 + page) == 1);
		HOLDS(cached(fd, 0, MB) == 0);
		HOLDS(cached(fd, MB + STEP, MB4) == 0);
		HOLDS(cached(fd, MB4 + STEP, BIG) == 0);
	}
	/* Only data far apart is read: what was skipped is not touched. */
	held = cached(fd, 0, BIG); /* by now the two chunks of 256 KiB around those places */
	AUTO_DONE(file_closep) struct file *holes = open_at(dir, name);
	read_like_collect(holes, STEP2, STEP3, STEP);
	read_like_collect(holes, BIG - STEP, BIG, STEP);
	HOLDS(cached(fd, 0, BIG) == held);
	return true;
}

/* All of it in the cache: all of it stays. */
static bool warm_stays_warm(int dir, const char *name, int fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char byte[1];

	for (size_t at = 0; at < BIG; at += page)
		CHECK_INT(pread(fd, byte, 1, (off_t)at), 1);
	AUTO_DONE(file_closep) struct file *warm = open_at(dir, name);
	read_like_collect(warm, 0, BIG, STEP);
	HOLDS(cached(fd, 0, BIG) == (int)(BIG / page));

	/* A reader that stops early leaves no read-ahead behind. */
	CHECK_INT(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	struct file *early = open_at(dir, name);
	read_like_collect(early, 0, STEP, STEP);
	file_close(early);
	HOLDS(cached(fd, 0, BIG) == 0);
	return true;
}

static void check_cache(int dir, const char *name, const char *what)
{
	static bool (*const parts[])(int, const char *, int) = { cold_stays_cold, parts_stay,
								 warm_stays_warm };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		bool held = false;

		for (int try = 0; try < CACHE_TRIES && !held; try++) {
			AUTO_CLOSE int fd = make_cold(dir, name);
			if (fd < 0) {
				SKIP(what, "the file system keeps its files in memory");
				return;
			}
			held = parts[i](dir, name, fd);
			CHECK_INT(unlinkat(dir, name, 0), 0);
		}
		CHECK(held);
	}
	OK(what);
}

static void check_overlay(int dir, const char *path)
{
	const char *what = "page cache left as it was, overlayfs";
	char opts[3 * TREE_PATH + 64], at[TREE_PATH + 16];

	static const char *const dirs[] = { "lower", "upper", "work", "merged" };
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		(void)close(tree_dir(dir, dirs[i]));
	snprintf(opts, sizeof(opts), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", path,
		 path, path);
	snprintf(at, sizeof(at), "%s/merged", path);
	if (mount("overlay", at, "overlay", 0, opts) < 0) {
		SKIP(what, "not allowed to mount an overlay");
		return;
	}
	AUTO_CLOSE int merged = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check_cache(merged, "big", what);
	CHECK_INT(umount2(at, MNT_DETACH), 0);
}

int main(void)
{
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);

	test_facts(dir);
	test_open(dir);
	test_swap(dir);
	test_times(dir);
	test_extents(dir);
	test_xattrs(dir, path);
	test_xattr_limit(path);
	check_stamps();
	check_cache(dir, "big", "page cache left as it was");
	check_overlay(dir, path);
	tree_remove(path);
	TEST_END();
}
