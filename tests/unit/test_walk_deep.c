/* SPDX-License-Identifier: Apache-2.0 */
/* The walk in a tree of any depth: few descriptors, little memory, directories that move, mounts.
 */
#include "walk_log.h"

#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const struct walk_limits none;

enum {
	DEEP = 100000,
	EVERY = 100, /* a file behind the directory on each hundredth level: seen on the way back */
	WIDE = 25000, /* files at the top, half of them behind the directory; too many to be kept
			 meanwhile */
	WIDE_NAME = 80,
};

/* A chain of directories "d" below DIR, DEPTH of them. The innermost in *RET_FD. */
static void make_chain(int dir, int depth, int every, int *ret_fd)
{
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	for (int i = 1; i <= depth; i++) {
		CHECK_INT(mkdirat(fd, "d", 0755), 0);
		int next = openat(fd, "d", O_PATH | O_CLOEXEC);
		CHECK(next >= 0);
		(void)close(fd);
		fd = next;
		if (i % every == 0)
			CHECK_INT(mknodat(fd, "z", S_IFREG | 0644, 0), 0);
	}
	*ret_fd = fd;
}

/* From the inside out; nftw(3) cannot. */
static void remove_chain(int inner, int depth)
{
	int fd = inner;

	for (int i = 0; i < depth; i++) {
		int up = openat(fd, "..", O_PATH | O_CLOEXEC);

		(void)unlinkat(fd, "z", 0);
		(void)close(fd);
		CHECK(up >= 0);
		(void)unlinkat(up, "d", AT_REMOVEDIR);
		fd = up;
	}
	(void)close(fd);
}

struct deep {
	uint64_t dirs, marks, wide;
	size_t longest;
	char last[WIDE_NAME + 1]; /* of the wide names */
};

static int measure(struct walk_log *log, struct walk_entry *e)
{
	struct deep *d = log->priv;

	CHECK_INT(e->event, WALK_ENTRY);
	if (e->path.n > d->longest)
		d->longest = e->path.n;
	if (S_ISDIR(e->info.mode)) {
		d->dirs++;
	} else if (bytes_ends(e->path, "/z")) {
		/* Depth first: on the way back, each from deeper than the next. */
		CHECK_INT(e->path.n, 2 * ((size_t)DEEP - EVERY * d->marks) + 2);
		d->marks++;
	} else {
		CHECK_INT(e->path.n, WIDE_NAME + 1);
		CHECK(memcmp(d->last, e->path.p + 1, WIDE_NAME) < 0);
		CHECK_INT(e->path.p[1] == 'e', d->dirs > 1); /* c... before d, e... after */
		memcpy(d->last, e->path.p + 1, WIDE_NAME);
		d->wide++;
	}
	return 0;
}

static void test_deep(void)
{
	struct deep d = { .dirs = 0 };
	AUTO_DONE(log_done) struct walk_log log = { .hook = measure, .priv = &d };
	char path[TREE_PATH], name[WIDE_NAME + 1];
	AUTO_CLOSE int dir = tree_make(tree_fast(), path);
	struct rlimit files, few;
	int inner;

	for (int i = 0; i < WIDE; i++) {
		snprintf(name, sizeof(name), "%c%0*d", i % 2 ? 'c' : 'e', WIDE_NAME - 1, i);
		CHECK_INT(mknodat(dir, name, S_IFREG | 0644, 0), 0);
	}
	make_chain(dir, DEEP, EVERY, &inner);
	/* What a shell gives, dir and inner, the root, and 64. */
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &files), 0);
	few = files;
	few.rlim_cur = (rlim_t)inner + 2 + 64;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	CHECK_INT(log_walk(&log, dir, "/", none), 0);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &files), 0);
	CHECK_INT(log.ngaps, 0);
	CHECK_INT(d.dirs, DEEP + 1);
	CHECK_INT(d.marks, DEEP / EVERY);
	CHECK_INT(d.wide, WIDE);
	CHECK_INT(d.longest, 2 * DEEP + 2);
	remove_chain(inner, DEEP);
	tree_remove(path);
	OK("depth 100,000 with 64 descriptors, and names above it that had to give way");
}

/* A streaming directory whose descriptor was closed meanwhile goes on where it was. */
static void test_stream_above(void)
{
	enum { CHAINS = 9, LEVELS = 70 };
	AUTO_DONE(log_done) struct walk_log log = { .n = 0 };
	char path[TREE_PATH], name[300];
	AUTO_CLOSE int dir = tree_make(tree_fast(), path);

	for (int i = 0; i < CHAINS; i++) {
		int inner;

		snprintf(name, sizeof(name), "%d", i);
		AUTO_CLOSE int top = tree_dir(dir, name);
		make_chain(top, LEVELS, LEVELS, &inner);
		AUTO_CLOSE int end = openat(inner, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)close(inner);
		for (int j = 0; j < 300; j++) { /* more than one getdents64(2) */
			snprintf(name, sizeof(name), "%03d-%0200d", j, 0);
			AUTO_CLOSE int sub = tree_dir(end, name);
			if (j % 100 == 0) {
				make_chain(sub, LEVELS, LEVELS, &inner);
				(void)close(inner);
			}
		}
	}
	CHECK_INT(log_walk(&log, dir, "/", (struct walk_limits){ .sort_names = 5 }), 0);
	/* START and each end are told twice; a chain ends in a file. */
	CHECK_INT(log.n, 2 + CHAINS * (1 + LEVELS + 1 + 1 + 300 + 3 * (LEVELS + 1)));
	CHECK_INT(log.ngaps, 0);
	tree_remove(path);
	OK("a directory in kernel order above the window goes on where it was");
}

/* Names of 255 bytes: the path is at its limit first. */
static void test_long_path(void)
{
	enum { LEVELS = (4 << 20) / 256 + 10 };
	AUTO_DONE(log_done) struct walk_log log = { .n = 0 };
	char path[TREE_PATH], name[NAME_MAX + 1];
	AUTO_CLOSE int dir = tree_make(tree_fast(), path);
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = 0;
	for (int i = 0; i < LEVELS; i++) {
		CHECK_INT(mkdirat(fd, name, 0755), 0);
		int next = openat(fd, name, O_PATH | O_CLOEXEC);
		CHECK(next >= 0);
		(void)close(fd);
		fd = next;
	}
	CHECK_INT(log_walk(&log, dir, "/", none), 0);
	CHECK_INT(log.n, (4 << 20) / 256 + 1);
	CHECK_INT(log.ngaps, 1);
	for (int i = 0; i < LEVELS; i++) {
		int up = openat(fd, "..", O_PATH | O_CLOEXEC);

		(void)close(fd);
		CHECK_INT(unlinkat(up, name, AT_REMOVEDIR), 0);
		fd = up;
	}
	(void)close(fd);
	tree_remove(path);
	OK("a path of 4 MiB is a limit, and a gap");
}

/* At the innermost directory some of the way there is moved to OUTSIDE. */
struct mover {
	int dir, outside;
	int levels[2]; /* which; 0 none */
	int depth;
};

/* The directory LEVEL of the chain is moved to "moved-LEVEL". */
static void move_away(const struct mover *m, int level)
{
	AUTO_CLOSE int fd = fcntl(m->dir, F_DUPFD_CLOEXEC, 0);
	char name[32];

	for (int i = 1; i < level; i++) {
		int next = openat(fd, "d", O_PATH | O_CLOEXEC);

		CHECK(next >= 0);
		(void)close(fd);
		fd = next;
	}
	snprintf(name, sizeof(name), "moved-%d", level);
	CHECK_INT(renameat(fd, "d", m->outside, name), 0);
}

static int move_at_the_end(struct walk_log *log, struct walk_entry *e)
{
	const struct mover *m = log->priv;

	if (e->path.n != (size_t)m->depth * 2 || !S_ISDIR(e->info.mode))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(m->levels); i++) {
		if (m->levels[i])
			move_away(m, m->levels[i]);
	}
	return 0;
}

/* "/d/d/d" of LEVEL, for a gap line. */
static void chain_line(struct buf *b, int level)
{
	CHECK_INT(buf_addf(b, "%d ", ESTALE), 0);
	for (int i = 0; i < level; i++)
		CHECK_INT(buf_adds(b, "/d"), 0);
	CHECK_INT(buf_addc(b, '\n'), 0);
}

/* The chain of 200 with a file "z" on each level; LOST of those are not seen. */
static void check_move(const int levels[2], int lost_from, int lost_to, const char *what)
{
	enum { LEVELS = 200 };
	struct mover m = { .depth = LEVELS, .levels = { levels[0], levels[1] } };
	AUTO_DONE(log_done) struct walk_log log = { .hook = move_at_the_end, .priv = &m };
	AUTO_DONE(buf_done) struct buf want = BUF_NONE;
	char path[TREE_PATH];
	AUTO_CLOSE int top = tree_make(tree_fast(), path);
	AUTO_CLOSE int dir = tree_dir(top, "dir");
	AUTO_CLOSE int outside = tree_dir(top, "outside");
	int inner;

	m.dir = dir;
	m.outside = outside;
	tree_file(dir, "z", "", 0);
	make_chain(dir, LEVELS, 1, &inner);
	CHECK_INT(log_walk(&log, dir, "/", none), 0);
	/* A gap on a lost directory says it of all below, so also of what moved there. */
	for (int i = lost_from ? lost_from : levels[0]; i <= (lost_from ? lost_to : levels[0]); i++)
		chain_line(&want, i);
	if (!bytes_eq(buf_bytes(&log.gaps), buf_bytes(&want)))
		fprintf(stderr, "%s: got\n%.*s", what, (int)log.gaps.n, (const char *)log.gaps.p);
	CHECK(bytes_eq(buf_bytes(&log.gaps), buf_bytes(&want)));
	CHECK_INT(log.n, 2 * (LEVELS + 1) - (lost_from ? lost_to - lost_from + 1 : 0));
	(void)close(inner);
	tree_remove(path);
	OK(what);
}

static void test_moves(void)
{
	static const struct {
		int levels[2];
		int lost_from, lost_to;
		const char *what;
	} cases[] = {
		{ { 190, 0 }, 0, 0, "a directory moves while its open parent waits" },
		{ { 20, 0 }, 0, 0, "a directory moves above the window: the way is found again" },
		{ { 20, 19 },
		  19,
		  19,
		  "its parent has moved too: what it still had is lost and said" },
		{ { 50, 10 }, 10, 49, "a whole stretch cannot be reached any more: each is a gap" },
		{ { 2, 1 }, 1, 1, "up to the top" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_move(cases[i].levels, cases[i].lost_from, cases[i].lost_to, cases[i].what);
}

struct own_mounts {
	char path[TREE_PATH];
	char text[256 << 10];
	size_t n;
};

/* Our own mountinfo, as the root at PATH would see it: points below it without the prefix. */
static void read_mountinfo(struct own_mounts *m)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	AUTO_FREE char *line = NULL;
	size_t cap = 0, prefix = strlen(m->path);

	CHECK(f);
	while (getline(&line, &cap, f) > 0) {
		char *point = strstr(line, m->path);

		if (!point || strlen(line) > sizeof(m->text) - m->n)
			continue;
		m->n += (size_t)snprintf(m->text + m->n, sizeof(m->text) - m->n, "%.*s%s",
					 (int)(point - line), line, point + prefix);
	}
	CHECK_INT(fclose(f), 0);
}

static bool mount_here(const struct own_mounts *m, const char *name, const char *type)
{
	char at[TREE_PATH + 32];

	snprintf(at, sizeof(at), "%s/%s", m->path, name);
	return mount(type, at, type, 0, NULL) == 0;
}

static void walk_mounts(int dir, struct bytes mountinfo)
{
	AUTO_DONE(log_done) struct walk_log log = { .n = 0 };
	const struct gap_sink sink = { .fn = log_gap, .ctx = &log };
	struct walk_limits limits = { .gaps = &sink };
	AUTO_DONE(root_closep) struct root *root = NULL;
	bool told = mountinfo.n > 0;

	CHECK_INT(root_from_fd(fcntl(dir, F_DUPFD_CLOEXEC, 0), mountinfo, &root), 0);
	CHECK_INT(root_walk(root, bytes_str("/"), &limits, log_entry, &log), 0);
	CHECK(bytes_eq(
		buf_bytes(&log.entries),
		bytes_str("/\nskipped /dev\n/etc\nskipped /etc/hosts\nskipped /proc\n/z\n")));
	limits.enter = WALK_MEMORY;
	buf_clear(&log.entries);
	CHECK_INT(root_walk(root, bytes_str("/"), &limits, log_entry, &log), 0);
	CHECK(bytes_eq(
		      buf_bytes(&log.entries),
		      bytes_str(
			      "/\n/dev\n/dev/in\n/etc\nskipped /etc/hosts\nskipped /proc\n/z\n")) ||
	      !told); /* without mountinfo /etc/hosts is what its file system is */
	limits.enter = WALK_BOUND | WALK_VOLUME | WALK_MEMORY | WALK_NETWORK;
	buf_clear(&log.entries);
	CHECK_INT(root_walk(root, bytes_str("/"), &limits, log_entry, &log), 0);
	CHECK(bytes_eq(buf_bytes(&log.entries),
		       bytes_str("/\n/dev\n/dev/in\n/etc\n/etc/hosts\nskipped /proc\n/z\n")));
	/* Named, a mount is walked; a pseudo file system never is. */
	limits.enter = 0;
	buf_clear(&log.entries);
	CHECK_INT(root_walk(root, bytes_str("/dev"), &limits, log_entry, &log), 0);
	CHECK_BYTES(buf_bytes(&log.entries), "/dev\n/dev/in\n");
	CHECK_INT(root_walk(root, bytes_str("/proc"), &limits, log_entry, &log), -EINVAL);
	CHECK_INT(root_walk(root, bytes_str("/proc/self/"), &limits, log_entry, &log), -EINVAL);
	CHECK_INT(log.ngaps, 0);
}

/* A FUSE file system whose daemon never answers: whoever asks it anything hangs. */
static void walk_past_fuse(struct own_mounts *m, int dir)
{
	AUTO_DONE(log_done) struct walk_log log = { .n = 0 };
	AUTO_DONE(root_closep) struct root *root = NULL;
	AUTO_CLOSE int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	const struct gap_sink sink = { .fn = log_gap, .ctx = &log };
	const struct walk_limits limits = { .gaps = &sink, .enter = WALK_MEMORY };
	char at[TREE_PATH + 32], opts[96];

	(void)close(tree_dir(dir, "net"));
	snprintf(at, sizeof(at), "%s/net", m->path);
	snprintf(opts, sizeof(opts), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (fuse < 0 || mount("x", at, "fuse", 0, opts) < 0)
		return; /* no FUSE in this kernel */
	m->n = 0;
	read_mountinfo(m);
	CHECK_INT(root_from_fd(fcntl(dir, F_DUPFD_CLOEXEC, 0), bytes_of(m->text, m->n), &root), 0);
	(void)alarm(60); /* hanging is the failure */
	CHECK_INT(root_walk(root, bytes_str("/"), &limits, log_entry, &log), 0);
	(void)alarm(0);
	CHECK(memmem(log.entries.p, log.entries.n, "\nskipped /net\n", 14));
	CHECK_INT(log.ngaps, 0);
}

/* In a child with a mount namespace of its own. 2: not allowed. */
static int in_namespace(struct own_mounts *m)
{
	char from[TREE_PATH + 32], to[TREE_PATH + 32];

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 2;
	if (!mount_here(m, "dev", "tmpfs") || !mount_here(m, "proc", "proc"))
		return 2;
	/* A descriptor from before would show the old namespace. */
	AUTO_CLOSE int dir = open(m->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int dev = openat(dir, "dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree_file(dev, "in", "", 0);
	snprintf(from, sizeof(from), "%s/z", m->path);
	snprintf(to, sizeof(to), "%s/etc/hosts", m->path);
	CHECK_INT(mount(from, to, NULL, MS_BIND, NULL), 0);
	read_mountinfo(m);
	walk_mounts(dir, bytes_of(m->text, m->n));
	walk_mounts(dir, bytes_of(NULL, 0));
	walk_past_fuse(m, dir);
	return 0;
}

static void test_mounts(void)
{
	static struct own_mounts m;
	AUTO_CLOSE int dir = tree_make(NULL, m.path);
	AUTO_CLOSE int etc = tree_dir(dir, "etc");
	int status;

	(void)close(tree_dir(dir, "dev"));
	(void)close(tree_dir(dir, "proc"));
	tree_file(etc, "hosts", "", 0);
	tree_file(dir, "z", "", 0);
	(void)fflush(stdout);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(in_namespace(&m));
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	if (WEXITSTATUS(status) == 2)
		SKIP("mounts are crossed as asked, pseudo ones never", "not allowed to mount");
	else
		OK("mounts are crossed as asked, pseudo ones never");
	tree_remove(m.path);
}

int main(void)
{
	test_moves();
	test_mounts();
	test_stream_above();
	test_long_path();
	test_deep();
	TEST_END();
}
