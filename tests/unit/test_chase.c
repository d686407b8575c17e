/* SPDX-License-Identifier: Apache-2.0 */
/* Paths in a root, against openat2(2) as the oracle: on every path of some words in a hostile tree.
 */
#include "model/chase.h"

#include "test.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* EAGAIN of openat2(2) says that somebody renamed something somewhere while it looked at a "..". */
enum { TRIES_MAX = 10000 };

static int by_kernel(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	errno = EAGAIN;
	for (int i = 0; i < TRIES_MAX && fd < 0 && errno == EAGAIN; i++)
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

/* The same file, or the same errno. */
static void same(int root, const char *path)
{
	AUTO_CLOSE int want = by_kernel(root, path);
	AUTO_CLOSE int fd = -1;
	struct stat a, b;
	int r = chase_in_root(root, bytes_str(path), &fd);

	if (want < 0) {
		if (r != want)
			fprintf(stderr, "%s\n", path);
		CHECK_INT(r, want);
		return;
	}
	if (r != 0)
		fprintf(stderr, "%s\n", path);
	CHECK_INT(r, 0);
	CHECK_INT(fstat(fd, &a), 0);
	CHECK_INT(fstat(want, &b), 0);
	CHECK(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
	CHECK_INT(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
}

static int make(int dir)
{
	static const char *const links[][2] = {
		{ "/", "top" },		  { "..", "up" },
		{ "/../../etc", "far" },  { "loop", "loop" },
		{ "../a/up/f", "a/x" },	  { "a//b/./c/", "slashed" },
		{ "/a/b", "a/b/abs" },	  { "../../../..", "a/b/c/out" },
		{ "f", "a/last" },	  { "/a/last", "chain" },
		{ "a/gone", "dangling" }, { "/proc/self/root", "p" },
	};
	int root;

	CHECK_INT(mkdirat(dir, "root", 0755), 0);
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	CHECK_INT(mkdirat(root, "a", 0755), 0);
	CHECK_INT(mkdirat(root, "a/b", 0755), 0);
	CHECK_INT(mkdirat(root, "a/b/c", 0755), 0);
	CHECK_INT(mknodat(root, "a/f", S_IFREG | 0644, 0), 0);
	CHECK_INT(mknodat(root, "pipe", S_IFIFO | 0644, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		CHECK_INT(symlinkat(links[i][0], root, links[i][1]), 0);
	return root;
}

static const char *const words[] = {
	"a",   "b",    "c",	  "f",	 "x",	"..",	".",	 "",	 "top",	 "up",
	"far", "loop", "slashed", "abs", "out", "last", "chain", "gone", "pipe", "dangling",
};

/* Every path of four words, with and without a slash before and behind. */
static void check_words(int root)
{
	enum { N = ARRAY_LEN(words) };
	char path[PATH_MAX];
	size_t tried = 0;

	for (size_t i = 0; i < (size_t)N * N * N * N; i++) {
		const char *w[] = { words[i % N], words[i / N % N], words[i / N / N % N],
				    words[i / N / N / N] };

		(void)snprintf(path, sizeof(path), "%s%s/%s/%s/%s%s", i % 2 ? "/" : "", w[0], w[1],
			       w[2], w[3], i % 3 ? "" : "/");
		if (i % 2 == 0 && w[0][0] == '\0')
			continue;
		same(root, path);
		tried++;
	}
	CHECK(tried > 100000);
	OK("as openat2 in its root, on every path of four words");
}

static void check_long(int root)
{
	static char path[PATH_MAX];
	size_t n = 0;
	int fd = -1;

	while (n + 8 < sizeof(path)) {
		memcpy(path + n, "a/b/../", 7);
		n += 7;
	}
	path[n - 1] = '\0';
	same(root, path);
	CHECK_INT(chase_in_root(root, bytes_str(""), &fd), 0);
	CHECK_INT(close(fd), 0);
	memset(path, 'n', NAME_MAX + 1);
	path[NAME_MAX + 1] = '\0';
	same(root, path);
	path[NAME_MAX] = '\0';
	same(root, path);
	OK("long paths and names; an empty one is the root");
}

static void check_proc(void)
{
	static const char *const paths[] = {
		"/proc/self/exe",	"/proc/self/exe/",   "/proc/self/root/etc",
		"/proc/self/cwd/",	"/proc/self/fd/0",   "/proc/self/fd/0/",
		"/proc/self/ns/mnt/",	"/proc/self/status", "/proc/thread-self/",
		"/proc/mounts",		"/proc/net/",	     "/proc/self/maps/x",
		"/proc/self/../self/.",
	};
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		same(root, paths[i]);
	OK("links of procfs that are text are followed, magic ones are not");
}

struct mover {
	int root;
	atomic_bool stop;
};

/* "a/b" is now below a, now at the top, now a link to where the root ends. */
static void *move(void *arg)
{
	struct mover *m = arg;

	while (!atomic_load(&m->stop)) {
		(void)renameat(m->root, "a/b", m->root, "moved");
		(void)symlinkat("/../../../..", m->root, "a/b");
		(void)unlinkat(m->root, "a/b", 0);
		(void)renameat(m->root, "moved", m->root, "a/b");
	}
	return NULL;
}

/* Whatever it is, it is one of the directories below the root, or the root. */
static bool is_inside(int root, int fd)
{
	static const char *const inside[] = { "", "a", "a/b", "a/b/c", "moved", "moved/c" };
	struct stat a, b;

	CHECK_INT(fstat(fd, &a), 0);
	for (int tries = 0; tries < 10000; tries++)
		for (size_t i = 0; i < ARRAY_LEN(inside); i++)
			if (fstatat(root, inside[i], &b, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) ==
				    0 &&
			    a.st_ino == b.st_ino && a.st_dev == b.st_dev)
				return true;
	return S_ISLNK(a.st_mode);
}

static void check_race(int root)
{
	struct mover m = { .root = root };
	pthread_t thread;
	int done = 0;

	CHECK_INT(pthread_create(&thread, NULL, move, &m), 0);
	for (int i = 0; i < 20000; i++) {
		AUTO_CLOSE int fd = -1;
		int r = chase_in_root(root, bytes_str("a/b/c/../../../../.."), &fd);

		CHECK(r == 0 || r == -ENOENT || r == -EAGAIN || r == -ENOTDIR);
		if (r == 0)
			CHECK(is_inside(root, fd));
		done += r == 0;
	}
	atomic_store(&m.stop, true);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK(done > 0);
	OK("directories that move on the way never lead out");
}

int main(void)
{
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);
	AUTO_CLOSE int root = make(dir);

	check_words(root);
	check_long(root);
	check_proc();
	check_race(root);
	tree_remove(path);
	TEST_END();
}
