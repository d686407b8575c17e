/* SPDX-License-Identifier: Apache-2.0 */
/* A path in a root never leaves it, whatever the tree contains; kinds of mounts. */
#include "model/birth.h"
#include "model/root.h"
#include "model/root_priv.h"
#include "tree.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

/* "outside/secret" is the bait; "root" is what the intruder owns. */
static struct root *make_root(int dir)
{
	struct root *root = NULL;
	AUTO_CLOSE int outside = tree_dir(dir, "outside");
	AUTO_CLOSE int top = tree_dir(dir, "root");
	AUTO_CLOSE int etc = tree_dir(top, "etc");
	AUTO_CLOSE int deep = tree_dir(etc, "deep");

	tree_file(outside, "secret", "bait", 4);
	tree_file(etc, "file", "in", 2);
	CHECK_INT(symlinkat("/etc", top, "abs"), 0);
	CHECK_INT(symlinkat("../../../../outside", top, "up"), 0);
	CHECK_INT(symlinkat("etc/file", top, "last"), 0);
	CHECK_INT(symlinkat("loop", top, "loop"), 0);
	CHECK_INT(mkfifoat(top, "fifo", 0644), 0);
	CHECK_INT(root_from_fd(openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC),
			       bytes_of(NULL, 0), &root),
		  0);
	return root;
}

static void test_open(struct root *root)
{
	static const struct {
		const char *path;
		int want;
	} cases[] = {
		{ "etc/file", 0 },
		{ "/etc/file", 0 },
		{ "abs/file", 0 },
		{ "../../../etc/file", 0 },
		{ "/abs/deep/../../../../../../etc/file", 0 },
		{ "up/secret", -ENOENT },
		{ "../outside/secret", -ENOENT },
		{ "last", -EINVAL },
		{ "loop/x", -ELOOP },
		{ "fifo", -EINVAL },
		{ "etc/deep", -EINVAL },
		{ "/", -EINVAL },
		{ "", -EINVAL },
		{ "nope", -ENOENT },
		{ "etc/file/x", -ENOTDIR },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_DONE(file_closep) struct file *f = NULL;
		int r = root_open(root, bytes_str(cases[i].path), &f);

		if (r != cases[i].want)
			fprintf(stderr, "case %zu: %s\n", i, cases[i].path);
		CHECK_INT(r, cases[i].want);
		CHECK(!f == (r != 0));
	}
	OK("no path leaves the root, nothing but a regular file opens");
}

static void test_limits(struct root *root)
{
	static char longest[PATH_MAX + 1];
	struct file_info info;
	int fd = -1;

	CHECK_INT(root_pin(root, bytes_of("etc\0x", 5), &fd, &info), -EINVAL);
	memset(longest, '/', sizeof(longest));
	CHECK_INT(root_pin(root, bytes_of(longest, PATH_MAX), &fd, &info), -ENAMETOOLONG);
	CHECK_INT(root_pin(root, bytes_of(longest, PATH_MAX - 1), &fd, &info), 0);
	CHECK_INT(close(fd), 0);
	CHECK_INT(root_pin(root, bytes_str("last"), &fd, &info), 0);
	CHECK(S_ISLNK(info.mode));
	CHECK_INT(close(fd), 0);
	OK("a final symlink is pinned itself; NUL and too long are errors");
}

static void test_read(struct root *root)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	CHECK_INT(root_read(root, bytes_str("etc/file"), &b, 100), 0);
	CHECK_BYTES(buf_bytes(&b), "in");
	CHECK_INT(root_read(root, bytes_str("etc/file"), &b, 2), 0);
	CHECK_BYTES(buf_bytes(&b), "inin");
	CHECK_INT(root_read(root, bytes_str("etc/file"), &b, 1), -EFBIG);
	CHECK_BYTES(buf_bytes(&b), "inini");
	CHECK_INT(root_read(root, bytes_str("gone"), &b, 1), -ENOENT);
	OK("a small file is read whole, or cut and said so");
}

static void test_magic_link(void)
{
	AUTO_DONE(root_closep) struct root *slash = NULL;
	struct file_info info;
	int fd = -1;

	CHECK_INT(root_from_fd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), bytes_of(NULL, 0),
			       &slash),
		  0);
	CHECK_INT(root_pin(slash, bytes_str("proc/self/root/etc"), &fd, &info), -ELOOP);
	CHECK_INT(root_info(slash, &info), 0);
	CHECK(S_ISDIR(info.mode));
	OK("a magic link of /proc is refused");
}

struct swapper {
	int dir;
	atomic_bool stop;
};

/* "victim" is now a file and now a FIFO, as fast as rename(2) can. */
static void *swap(void *arg)
{
	struct swapper *s = arg;

	for (unsigned i = 0; !atomic_load(&s->stop); i++) {
		(void)linkat(s->dir, i % 2 ? "etc/file" : "fifo", s->dir, "next", 0);
		(void)renameat(s->dir, "next", s->dir, "victim");
	}
	return NULL;
}

static void test_swap(int dir, struct root *root)
{
	struct swapper s = { .dir = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int opened = 0, refused = 0;
	pthread_t thread;

	CHECK_INT(linkat(s.dir, "etc/file", s.dir, "victim", 0), 0);
	CHECK_INT(pthread_create(&thread, NULL, swap, &s), 0);
	(void)alarm(60); /* a FIFO that blocks us is the failure */
	for (int i = 0; i < 200000 && (i < 5000 || !opened || !refused); i++) {
		AUTO_DONE(file_closep) struct file *f = NULL;
		int r = root_open(root, bytes_str("victim"), &f);
		char text[8];

		CHECK(r == 0 || r == -EINVAL || r == -EAGAIN || r == -ENOENT);
		opened += r == 0;
		refused += r == -EINVAL;
		if (r == 0)
			CHECK_INT(file_read_at(f, text, sizeof(text), 0), 2);
	}
	(void)alarm(0);
	atomic_store(&s.stop, true);
	CHECK_INT(pthread_join(thread, NULL), 0);
	(void)close(s.dir);
	CHECK(opened && refused);
	OK("a file swapped for a FIFO between stat and open: neither blocks nor is opened");
}

static const char mountinfo[] =
	"100 99 0:50 / / rw,relatime master:5 - overlay overlay rw,lowerdir=/l\n"
	"101 100 0:51 / /proc rw - proc proc rw\n"
	"102 100 0:52 / /dev rw - tmpfs tmpfs rw\n"
	"103 102 0:53 / /dev/pts rw - devpts devpts rw\n"
	"not a line that a kernel writes\n"
	"104 100 8:1 /x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
	"105 100 8:1 /v /data\\040dir/vol rw - ext4 /dev/sda1 rw\n"
	"106 100 0:60 / /mnt rw - fuse.sshfs evil rw\n"
	"107 100 0:61 / /nfs rw - nfs4 server:/x rw\n"
	"108 106 0:62 / /mnt rw - tmpfs tmpfs rw\n"
	"109 100 8:1 /y /etc/hostname rw - ext4 /dev/sda1 rw\n";

static void test_mounts(void)
{
	static const struct {
		uint64_t id;
		uint32_t mode;
		enum mount_kind want;
	} kinds[] = {
		{ 100, S_IFDIR, MOUNT_VOLUME },	 { 101, S_IFDIR, MOUNT_PSEUDO },
		{ 102, S_IFDIR, MOUNT_MEMORY },	 { 103, S_IFDIR, MOUNT_PSEUDO },
		{ 104, S_IFREG, MOUNT_BOUND },	 { 104, S_IFDIR, MOUNT_VOLUME },
		{ 105, S_IFDIR, MOUNT_VOLUME },	 { 106, S_IFDIR, MOUNT_NETWORK },
		{ 107, S_IFDIR, MOUNT_NETWORK }, { 108, S_IFDIR, MOUNT_MEMORY },
		{ 109, S_IFREG, MOUNT_BOUND },
	};
	struct mounts m = { 0 };

	CHECK_INT(mounts_parse(&m, bytes_str(mountinfo)), 0);
	CHECK_INT(m.n, 10);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct file_info info = { .have = FILE_MNT_ID,
						.mnt_id = kinds[i].id,
						.mode = kinds[i].mode };

		CHECK_INT(mounts_kind(&m, -1, &info), kinds[i].want);
	}
	AUTO_CLOSE int proc = open("/proc", O_PATH | O_CLOEXEC);
	const struct file_info other = { .have = FILE_MNT_ID, .mnt_id = 7, .mode = S_IFDIR };
	CHECK_INT(mounts_kind(&m, proc, &other), MOUNT_PSEUDO);
	mounts_done(&m);
	for (int k = 0; k < MOUNT_KINDS; k++)
		CHECK(mount_kind_name((enum mount_kind)k)[0]);
	OK("kinds of mounts by mountinfo, by statfs for an id that it lacks");
}

static void test_above(int dir)
{
	static const struct {
		const char *path;
		bool want;
	} cases[] = {
		{ "/", true },	       { "/etc", true },   { "/etc/hosts", false },
		{ "/data dir", true }, { "/data", false }, { "/dev", true },
		{ "/dev/pts", false }, { "/mnt", false },  { "/data dir/vol", false },
		{ "/et", false },      { "/etcx", false }, { "/zzz", false },
		{ "/proc", false },
	};
	AUTO_DONE(root_closep) struct root *root = NULL;
	AUTO_DONE(root_closep) struct root *bare = NULL;

	CHECK_INT(root_from_fd(fcntl(dir, F_DUPFD_CLOEXEC, 0), bytes_str(mountinfo), &root), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (root_above_mount(root, bytes_str(cases[i].path)) != cases[i].want)
			fprintf(stderr, "%s\n", cases[i].path);
		CHECK_INT(root_above_mount(root, bytes_str(cases[i].path)), cases[i].want);
	}
	CHECK_INT(root_from_fd(fcntl(dir, F_DUPFD_CLOEXEC, 0), bytes_of(NULL, 0), &bare), 0);
	CHECK(!root_above_mount(bare, bytes_str("/")));
	OK("ancestors of mount points");
}

int main(void)
{
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);
	AUTO_DONE(root_closep) struct root *root = make_root(dir);

	test_open(root);
	test_limits(root);
	test_read(root);
	test_magic_link();
	test_swap(dir, root);
	test_mounts();
	test_above(dir);
	tree_remove(path);
	TEST_END();
}
