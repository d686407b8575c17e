/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: order, limits, names that no program expects, directories too large to sort, races. */
#include "walk_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

static const struct walk_limits none;

static void test_order(int dir)
{
	AUTO_DONE(log_done) struct walk_log log = { .n = 0 };
	AUTO_CLOSE int b = tree_dir(dir, "b");
	AUTO_CLOSE int c = tree_dir(b, "c");

	tree_file(dir, "a", "", 0);
	tree_file(dir, "b-", "", 0); /* '-' sorts before '/', the names not */
	tree_file(dir, "\xff", "", 0);
	tree_file(dir, "Z", "", 0);
	tree_file(b, "2", "", 0);
	tree_file(b, "10", "", 0);
	tree_file(c, "x", "", 0);
	CHECK_INT(log_walk(&log, dir, "/", none), 0);
	CHECK_BYTES(buf_bytes(&log.entries),
		    "/\n/Z\n/a\n/b\n/b/10\n/b/2\n/b/c\n/b/c/x\n/b-\n/\xff\n");
	CHECK_INT(log_walk(&log, dir, "//b/./c//", none), 0);
	CHECK_BYTES(buf_bytes(&log.entries), "/b/c\n/b/c/x\n");
	CHECK_INT(log_walk(&log, dir, "b/2", none), 0);
	CHECK_BYTES(buf_bytes(&log.entries), "/b/2\n");
	CHECK_INT(log_walk(&log, dir, "", none), 0);
	CHECK_INT(log.n, 10);
	CHECK_INT(log_walk(&log, dir, "/none", none), -ENOENT);
	CHECK_INT(log.ngaps, 0);
	OK("depth first, sorted by bytes, from where it was asked");
}

static int prune_b(struct walk_log *log, struct walk_entry *e)
{
	(void)log;
	return bytes_eq(e->path, bytes_str("/b")) ? WALK_PRUNE : 0;
}

static int fail_at_c(struct walk_log *log, struct walk_entry *e)
{
	(void)log;
	return bytes_eq(e->path, bytes_str("/b/c")) ? -EPIPE : 0;
}

static int stop_at_b(struct walk_log *log, struct walk_entry *e)
{
	if (bytes_eq(e->path, bytes_str("/b")))
		atomic_store((atomic_bool *)log->priv, true);
	return 0;
}

static void test_limits(int dir)
{
	AUTO_DONE(log_done) struct walk_log log = { .hook = prune_b };
	atomic_bool stop = false;

	CHECK_INT(log_walk(&log, dir, "/", none), 0);
	CHECK_BYTES(buf_bytes(&log.entries), "/\n/Z\n/a\n/b\n/b-\n/\xff\n");
	log.hook = fail_at_c;
	CHECK_INT(log_walk(&log, dir, "/", none), -EPIPE);
	CHECK_INT(log.n, 7);
	log.hook = stop_at_b;
	log.priv = &stop;
	CHECK_INT(log_walk(&log, dir, "/", (struct walk_limits){ .stop = &stop }), -ECANCELED);
	CHECK_INT(log.n, 4);
	log.hook = NULL;
	CHECK_INT(log_walk(&log, dir, "/", (struct walk_limits){ .entries = 3 }), -E2BIG);
	CHECK_INT(log.n, 3);
	CHECK_INT(log_walk(&log, dir, "/", (struct walk_limits){ .deadline = 1 }), -ETIMEDOUT);
	CHECK_INT(log_walk(&log, dir, "/", (struct walk_limits){ .depth = 2 }), 0);
	CHECK_INT(log.n, 9);					      /* all but /b/c/x */
	CHECK(bytes_eq(buf_bytes(&log.gaps), bytes_str("7 /b/c\n"))); /* E2BIG */
	OK("prune, error, stop, entries, deadline, depth");
}

/* 255 bytes, and what a terminal or a parser may trip over. */
static void test_names(int dir)
{
	static const char *const names[] = {
		"new\nline",
		"tab\tand\x1b[2J\x1b]0;x\a",
		"bidi \xe2\x80\xae.txt",
		"\xc3\x28\xff",
		"-rf",
		" ",
		"...",
		"back\\slash",
		"a\xcc\x81\xe2\x80\x8b",
	};
	AUTO_DONE(log_done) struct walk_log log = { .n = 0 };
	AUTO_CLOSE int sub = tree_dir(dir, "names");
	char longest[256];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		tree_file(sub, names[i], "", 0);
	memset(longest, 0xfe, 255);
	longest[255] = 0;
	(void)close(tree_dir(sub, longest));
	CHECK_INT(log_walk(&log, dir, "/names", none), 0);
	CHECK_INT(log.n, ARRAY_LEN(names) + 2);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[300];
		int n = snprintf(line, sizeof(line), "/names/%s\n", names[i]);

		CHECK(memmem(log.entries.p, log.entries.n, line, (size_t)n));
	}
	CHECK(memmem(log.entries.p, log.entries.n, longest, 255));
	CHECK_INT(log.ngaps, 0);
	OK("names are bytes");
}

/* What was seen of each type of file. */
static int by_type(struct walk_log *log, struct walk_entry *e)
{
	unsigned *seen = log->priv;

	CHECK_INT(fcntl(e->pin, F_GETFL) & O_PATH, O_PATH);
	seen[(e->info.mode & S_IFMT) >> 12]++;
	if (bytes_ends(e->path, "/to-root"))
		CHECK_BYTES(e->link, "/");
	else if (bytes_ends(e->path, "/to-proc"))
		CHECK_BYTES(e->link, "/proc/self/root");
	else
		CHECK(!S_ISLNK(e->info.mode) || e->link.n > 0);
	if (S_ISCHR(e->info.mode))
		CHECK(e->info.rdev_major == 1 && e->info.rdev_minor == 3);
	return 0;
}

static void test_types(int dir, const char *path)
{
	unsigned seen[16] = { 0 };
	AUTO_DONE(log_done) struct walk_log log = { .hook = by_type, .priv = seen };
	AUTO_CLOSE int sub = tree_dir(dir, "types");
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_CLOSE int loop = tree_dir(sub, "loop");

	CHECK_INT(mkfifoat(sub, "fifo", 0644), 0);
	CHECK(snprintf(at.sun_path, sizeof(at.sun_path), "%s/types/sock", path) < 108);
	CHECK_INT(bind(sock, (struct sockaddr *)&at, sizeof(at)), 0);
	bool device = mknodat(sub, "null", S_IFCHR | 0666, makedev(1, 3)) == 0;
	CHECK_INT(symlinkat("/", sub, "to-root"), 0);
	CHECK_INT(symlinkat("/proc/self/root", sub, "to-proc"), 0);
	CHECK_INT(symlinkat("to-self", sub, "to-self"), 0);
	CHECK_INT(symlinkat("..", loop, "up"), 0);
	(void)alarm(60); /* a FIFO that blocks us is the failure */
	CHECK_INT(log_walk(&log, dir, "/types", none), 0);
	(void)alarm(0);
	CHECK_INT(log.ngaps, 0);
	CHECK_INT(seen[S_IFIFO >> 12], 1);
	CHECK_INT(seen[S_IFSOCK >> 12], 1);
	CHECK_INT(seen[S_IFLNK >> 12], 4);
	CHECK_INT(seen[S_IFDIR >> 12], 2);
	CHECK_INT(seen[S_IFCHR >> 12], device);
	OK("FIFO, socket, device, links to / and /proc/self/root, loops: seen, not followed, not "
	   "opened");
}

enum { MANY = 70000 };

/* Each of MANY names once. */
static int tick_off(struct walk_log *log, struct walk_entry *e)
{
	unsigned char *seen = log->priv;
	char text[16] = { 0 };

	if (e->path.n != strlen("/many/f00000"))
		return 0;
	memcpy(text, e->path.p + 7, 5);
	unsigned long i = strtoul(text, NULL, 10);
	CHECK(i < MANY && !seen[i]);
	seen[i] = 1;
	return 0;
}

static void test_many(void)
{
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(tree_fast(), path);
	AUTO_FREE unsigned char *seen = calloc(1, MANY);
	AUTO_DONE(log_done) struct walk_log log = { .hook = tick_off, .priv = seen };
	AUTO_CLOSE int sub = tree_dir(dir, "many");
	char name[16];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%05d", i);
		CHECK_INT(mknodat(sub, name, S_IFREG | 0644, 0), 0);
	}
	CHECK_INT(log_walk(&log, dir, "/many", none), 0);
	CHECK_INT(log.n, MANY + 2);
	CHECK_INT(log.ngaps, 0);
	CHECK(bytes_starts(buf_bytes(&log.entries), "/many\nunsorted /many\n/many/f"));
	CHECK(!memchr(seen, 0, MANY));
	for (int i = 65536; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%05d", i);
		CHECK_INT(unlinkat(sub, name, 0), 0);
	}
	memset(seen, 0, MANY);
	CHECK_INT(log_walk(&log, dir, "/many", none), 0);
	CHECK_INT(log.n, 65536 + 1);
	CHECK(bytes_starts(buf_bytes(&log.entries), "/many\n/many/f00000\n/many/f00001\n"));
	tree_remove(path);
	OK("70,000 names come in the kernel's order and once, 65,536 sorted");
}

static int prune_unsorted(struct walk_log *log, struct walk_entry *e)
{
	(void)log;
	return e->event == WALK_UNSORTED ? WALK_PRUNE : 0;
}

/* Streams within streams: each takes the buffer from the one above, which must find its place
 * again. */
static void test_nested_streams(int dir)
{
	AUTO_DONE(log_done) struct walk_log log = { .n = 0 };
	AUTO_CLOSE int top = tree_dir(dir, "nested");
	char name[300];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "d%02d-%0200d", i, 0);
		AUTO_CLOSE int sub = tree_dir(top, name);
		for (int j = 0; j < 300; j++) { /* more than one getdents64(2) */
			snprintf(name, sizeof(name), "f%03d-%0200d", j, 0);
			CHECK_INT(mknodat(sub, name, S_IFREG | 0644, 0), 0);
		}
		for (int j = 0; j < 3; j++) {
			snprintf(name, sizeof(name), "s%d", j);
			AUTO_CLOSE int deeper = tree_dir(sub, name);
			for (int k = 0; k < 12; k++) {
				snprintf(name, sizeof(name), "%d", k);
				tree_file(deeper, name, "", 0);
			}
		}
	}
	CHECK_INT(log_walk(&log, dir, "/nested", (struct walk_limits){ .sort_names = 10 }), 0);
	/* Directories twice: WALK_UNSORTED. */
	CHECK_INT(log.n, 2 + 30 * (2 + 300 + 3 * (2 + 12)));
	CHECK_INT(log.ngaps, 0);
	OK("directories in kernel order within each other");
	log.hook = prune_unsorted;
	CHECK_INT(log_walk(&log, dir, "/nested", (struct walk_limits){ .sort_names = 30 }), 0);
	CHECK_INT(log.n, 1 + 30 * 2);
	log.hook = prune_unsorted;
	CHECK_INT(log_walk(&log, dir, "/nested", (struct walk_limits){ .sort_names = 1 }), 0);
	CHECK_INT(log.n, 2);
	OK("a directory may be pruned when it turns out to be large");
}

static int take_pins(struct walk_log *log, struct walk_entry *e)
{
	int fd = walk_take_pin(e);
	struct file_info info;

	(void)log;
	CHECK(fd >= 0);
	CHECK_INT(walk_take_pin(e), -1);
	CHECK_INT(file_info_fd(fd, &info), 0);
	CHECK_INT(info.ino, e->info.ino);
	CHECK_INT(close(fd), 0);
	return 0;
}

static int vanish(struct walk_log *log, struct walk_entry *e)
{
	if (bytes_ends(e->path, "/1"))
		CHECK_INT(unlinkat(*(int *)log->priv, "2", 0), 0);
	return 0;
}

static void test_pins(int dir)
{
	AUTO_CLOSE int sub = tree_dir(dir, "pins");
	AUTO_DONE(log_done) struct walk_log log = { .hook = take_pins, .priv = &sub };

	tree_file(sub, "1", "", 0);
	tree_file(sub, "2", "", 0);
	tree_file(sub, "3", "", 0);
	CHECK_INT(log_walk(&log, dir, "/pins", none), 0);
	CHECK_INT(log.n, 4);
	OK("a pin that is taken is the caller's");
	log.hook = vanish;
	CHECK_INT(log_walk(&log, dir, "/pins", none), 0);
	CHECK_BYTES(buf_bytes(&log.entries), "/pins\n/pins/1\n/pins/3\n");
	CHECK(bytes_eq(buf_bytes(&log.gaps), bytes_str("2 /pins/2\n"))); /* ENOENT */
	OK("what vanishes before it is pinned is a gap");
}

/* Every entry's times, before and after a walk. */
struct times {
	struct stat st[64];
	size_t n;
};

static int remember(struct walk_log *log, struct walk_entry *e)
{
	struct times *t = log->priv;
	struct stat st;

	CHECK_INT(fstat(e->pin, &st), 0);
	if (!S_ISLNK(st.st_mode) && t->n < ARRAY_LEN(t->st))
		t->st[t->n++] = st;
	CHECK(!S_ISDIR(st.st_mode) || e->noatime);
	return 0;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void test_times(int dir)
{
	const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1100000000 } };
	struct times before = { .n = 0 }, after = { .n = 0 };
	AUTO_DONE(log_done) struct walk_log log = { .hook = remember, .priv = &before };

	CHECK_INT(utimensat(dir, "b/c", old, 0), 0);
	CHECK_INT(utimensat(dir, "b", old, 0), 0);
	CHECK_INT(log_walk(&log, dir, "/b", none), 0);
	log.priv = &after;
	CHECK_INT(log_walk(&log, dir, "/b", none), 0);
	CHECK_INT(before.n, 5);
	for (size_t i = 0; i < before.n; i++) {
		CHECK(same_time(before.st[i].st_atim, after.st[i].st_atim));
		CHECK(same_time(before.st[i].st_mtim, after.st[i].st_mtim));
		CHECK(same_time(before.st[i].st_ctim, after.st[i].st_ctim));
	}
	CHECK_INT(before.st[0].st_atim.tv_sec, 1000000000);
	OK("no atime, mtime or ctime moves");
}

static int count_noatime(struct walk_log *log, struct walk_entry *e)
{
	*(unsigned *)log->priv += S_ISDIR(e->info.mode) && !e->noatime;
	return 0;
}

/* In a child, as nobody, who owns nothing here. Raw calls: only this process, which ends. */
static int as_nobody(int dir)
{
	unsigned atimes = 0;
	AUTO_DONE(log_done) struct walk_log log = { .hook = count_noatime, .priv = &atimes };
	bool stranger = geteuid() == 0;

	if (stranger && (syscall(SYS_setgroups, 0, NULL) < 0 ||
			 syscall(SYS_setresgid, 65534, 65534, 65534) < 0 ||
			 syscall(SYS_setresuid, 65534, 65534, 65534) < 0))
		return 2;
	CHECK_INT(log_walk(&log, dir, "/closed", none), 0);
	CHECK_BYTES(buf_bytes(&log.entries),
		    "/closed\n/closed/no-list\n/closed/no-search\n/closed/open\n/closed/open/x\n");
	/* O_NOATIME is for owners: /closed, no-search and open were read without. */
	CHECK_INT(atimes, stranger ? 3 : 0);
	CHECK(bytes_eq(buf_bytes(&log.gaps),
		       bytes_str("13 /closed/no-list\n13 /closed/no-search/x\n")));
	return 0;
}

static void test_denied(int dir, const char *path)
{
	AUTO_CLOSE int closed = tree_dir(dir, "closed");
	static const struct {
		const char *name;
		mode_t mode;
	} subs[] = { { "no-list", 0 }, { "no-search", 0444 }, { "open", 0755 } };
	int status;

	for (size_t i = 0; i < ARRAY_LEN(subs); i++) {
		AUTO_CLOSE int sub = tree_dir(closed, subs[i].name);

		tree_file(sub, "x", "", 0);
		CHECK_INT(fchmod(sub, subs[i].mode), 0);
	}
	CHECK_INT(chmod(path, 0755), 0);
	(void)fflush(stdout);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(as_nobody(dir));
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	for (size_t i = 0; i < ARRAY_LEN(subs); i++)
		CHECK_INT(fchmodat(closed, subs[i].name, 0755, 0), 0);
	if (WEXITSTATUS(status) == 2)
		SKIP("directories that may not be read are gaps", "not allowed to change ids");
	else
		OK("directories that may not be read are gaps");
}

int main(void)
{
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);

	test_order(dir);
	test_limits(dir);
	test_times(dir);
	test_names(dir);
	test_types(dir, path);
	test_nested_streams(dir);
	test_pins(dir);
	test_denied(dir, path);
	test_many();
	tree_remove(path);
	TEST_END();
}
