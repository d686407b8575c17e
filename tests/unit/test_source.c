/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: this machine's /proc, fixtures of it as hostile as a directory can be, and mounted
 * roots. */
#include "model/source.h"

#include "test.h"
#include "tree.h"

#define STAT(pid, start) \
	pid " (a) b\n\033[2J\377) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " start "\n"
#define BOOT_ID "01234567-89ab-cdef-0123-456789abcdef"

static char dir_path[TREE_PATH];

static void put(int dir, const char *name, const char *text)
{
	tree_file(dir, name, text, strlen(text));
}

static void put_link(int dir, const char *name, const char *text)
{
	CHECK_INT(symlinkat(text, dir, name), 0);
}

static struct source *open_fixture(void)
{
	struct source *s = NULL;

	CHECK_INT(source_open(SOURCE_PROC, dir_path, &s), 0);
	return s;
}

static struct process *open_process(struct source *s, pid_t pid)
{
	struct process *p = NULL;

	CHECK_INT(process_open(s, (struct process_id){ .pid = pid }, &p), 0);
	return p;
}

/* 42 is well-behaved. */
static void make_good(int dir)
{
	int p = tree_dir(dir, "42"), sub;

	put(p, "stat", STAT("42", "777"));
	put(p, "status", "Name:\ta\nUid:\t5\t5\t5\t5\nGid:\t6\t6\t6\t6\n");
	tree_file(p, "cmdline", "a\0-b\0", 5);
	put(p, "mountinfo", "1 0 0:1 / / rw - overlay o rw\n");
	put_link(p, "exe", "/tmp/x (deleted)");
	put_link(p, "cwd", "/etc");
	sub = tree_dir(p, "ns");
	put_link(sub, "mnt", "mnt:[4026531840]");
	put_link(sub, "pid", "pid:[4026531836]");
	put(sub, "net", "net:[17]\n"); /* a file system without symlinks */
	put_link(sub, "user", "user:[x]");
	(void)close(sub);
	sub = tree_dir(p, "fd");
	put_link(sub, "10", "socket:[99]");
	put_link(sub, "3", "/etc/passwd");
	put(sub, "7", "content of a descriptor");
	put_link(sub, "0", "/dev/null");
	put_link(sub, "007", "/not/a/number");
	(void)close(sub);
	sub = tree_dir(p, "task");
	(void)close(tree_dir(sub, "45"));
	(void)close(tree_dir(sub, "42"));
	(void)close(sub);
	sub = tree_dir(p, "root");
	put(sub, "inside", "inside\n");
	(void)close(sub);
	(void)close(p);
}

/* 43 tries to lead out, to block, to crash. */
static void make_bad(int dir)
{
	int p = tree_dir(dir, "43");

	put(p, "stat", STAT("43", "1"));
	put_link(p, "status", "../42/status");
	put_link(p, "cmdline", "/etc/passwd");
	CHECK_INT(mkfifoat(p, "environ", 0666), 0);
	(void)close(tree_dir(p, "maps"));
	put_link(p, "root", "/");
	put_link(p, "exe", "/bin/sh");
	put_link(p, "fd", "/proc/self/fd");
	put_link(p, "ns", "/proc/self/ns");
	put_link(p, "net", "/proc/self/net");
	put_link(p, "task", "/proc/self/task");
	(void)close(p);
	put_link(dir, "44", "42");
	put(dir, "45", "a file");
	p = tree_dir(dir, "46");
	CHECK_INT(mkfifoat(p, "stat", 0666), 0);
	(void)close(p);
	p = tree_dir(dir, "47");
	put_link(p, "stat", "../42/stat");
	(void)close(p);
	p = tree_dir(dir, "48"); /* another's stat */
	put(p, "stat", STAT("42", "777"));
	(void)close(p);
	p = tree_dir(dir, "49"); /* as large as it likes */
	put(p, "stat", STAT("49", "1"));
	for (int i = 0, fd = openat(p, "stat", O_WRONLY | O_APPEND | O_CLOEXEC); i < 1; i++) {
		CHECK_INT(ftruncate(fd, INT64_C(1) << 40), 0);
		(void)close(fd);
	}
	(void)close(p);
	p = tree_dir(dir, "50"); /* the future, and beyond */
	put(p, "stat", STAT("50", "18446744073709551615"));
	(void)close(p);
	(void)close(tree_dir(dir, "0"));
	(void)close(tree_dir(dir, "99999999999"));
	(void)close(tree_dir(dir, "051"));
}

static void fixture_facts(void)
{
	AUTO_DONE(source_closep) struct source *s = open_fixture();
	AUTO_DONE(process_closep) struct process *p = open_process(s, 42);
	AUTO_DONE(process_closep) struct process *far = open_process(s, 50);
	const struct proc_status *st;
	uint64_t ticks;
	int64_t boot;
	char id[96];

	CHECK_INT(source_kind(s), SOURCE_PROC);
	CHECK(strncmp(source_name(s), "proc:/", 6) == 0);
	CHECK_INT(source_boot(s, &boot, &ticks), 0);
	CHECK_INT(boot, INT64_C(1732387200000000000));
	CHECK_BYTES(bytes_str(source_boot_id(s)), BOOT_ID);
	CHECK_INT(process_start(p), boot + INT64_C(7770000000));
	CHECK_INT(process_start(far), INT64_MIN);
	process_entity_id(p, id);
	CHECK_BYTES(bytes_str(id), BOOT_ID ":0:42:777");
	process_entity_id(far, id);
	CHECK(strlen(id) < 95);
	CHECK_INT(process_status(p, &st), 0);
	CHECK(st->uid[1] == 5 && st->gid[1] == 6);
	CHECK_BYTES(bytes_of(process_stat(p)->comm, process_stat(p)->comm_len),
		    "a) b\n\033[2J\377");
	OK("fixture: clocks, boot id, entity id, status");
}

static void fixture_list(void)
{
	static const pid_t want[] = { 42, 43, 44, 45, 46, 47, 48, 49, 50 };
	AUTO_DONE(source_closep) struct source *s = open_fixture();
	AUTO_DONE(process_closep) struct process *p = open_process(s, 42);
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	AUTO_DONE(process_iter_done) struct process_iter threads = { 0 };
	struct process_id id;
	size_t n = 0;

	CHECK_INT(process_iter_init(s, &it), 0);
	while (process_iter_next(&it, &id) == 1) {
		CHECK(n < ARRAY_LEN(want));
		CHECK_INT(id.pid, want[n++]);
	}
	CHECK_INT(n, ARRAY_LEN(want));
	CHECK_INT(thread_iter_init(p, &threads), 0);
	CHECK_INT(process_iter_next(&threads, &id), 1);
	CHECK_INT(id.pid, 42);
	CHECK_INT(process_iter_next(&threads, &id), 1);
	CHECK_INT(id.pid, 45);
	CHECK_INT(process_iter_next(&threads, &id), 0);
	OK("fixture: processes and threads, sorted");
}

static void check_link(struct process *p, enum proc_link l, int want, const char *text)
{
	AUTO_DONE(buf_done) struct buf got = BUF_NONE;

	CHECK_INT(process_link(p, l, &got), want);
	if (want == 0)
		CHECK(bytes_eq(buf_bytes(&got), bytes_str(text)));
	else
		CHECK_INT(got.n, 0);
}

static void fixture_links(void)
{
	AUTO_DONE(source_closep) struct source *s = open_fixture();
	AUTO_DONE(process_closep) struct process *p = open_process(s, 42);
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	static const struct {
		int fd;
		const char *link;
	} fds[] = { { 0, "/dev/null" }, { 3, "/etc/passwd" }, { 7, "" }, { 10, "socket:[99]" } };
	struct fd_entry e;
	uint64_t ns;

	check_link(p, LINK_EXE, 0, "/tmp/x (deleted)");
	check_link(p, LINK_CWD, 0, "/etc");
	check_link(p, LINK_ROOT, -EOPNOTSUPP, NULL);
	check_link(p, LINK_NS_NET, 0, "net:[17]");
	check_link(p, LINK_NS_CGROUP, -ENOENT, NULL);
	CHECK_INT(process_ns(p, LINK_NS_MNT, &ns), 0);
	CHECK_INT(ns, 4026531840);
	CHECK_INT(process_ns(p, LINK_NS_USER, &ns), -EBADMSG);
	CHECK_INT(ns, 0);
	CHECK_INT(fd_iter_open(p, &it), 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		CHECK_INT(fd_iter_next(it, &e), 1);
		CHECK_INT(e.fd, fds[i].fd);
		CHECK(bytes_eq(e.link, bytes_str(fds[i].link)));
	}
	CHECK_INT(fd_iter_next(it, &e), 0);
	OK("fixture: links are text, descriptors in the order of numbers");
}

static void fixture_files(void)
{
	AUTO_DONE(source_closep) struct source *s = open_fixture();
	AUTO_DONE(process_closep) struct process *p = open_process(s, 42);
	AUTO_DONE(process_closep) struct process *bad = open_process(s, 43);
	AUTO_DONE(file_closep) struct file *f = NULL;
	AUTO_DONE(root_closep) struct root *root = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct file_info info;
	char content[32];
	int fd = -1;

	CHECK_INT(process_pin(p, FILE_EXE, 0, &fd, &info), -EOPNOTSUPP);
	CHECK_INT(process_pin(p, FILE_FD, 3, &fd, &info), -EOPNOTSUPP);
	CHECK_INT(process_pin(p, FILE_FD, 4, &fd, &info), -ENOENT);
	CHECK_INT(process_file(p, FILE_EXE, 0, &f), -EOPNOTSUPP);
	CHECK_INT(process_pin(bad, FILE_FD, 0, &fd, &info), -ENOTDIR);
	CHECK_INT(fd, -1);
	CHECK_INT(process_file(p, FILE_FD, 7, &f), 0);
	CHECK_INT(file_read_at(f, content, sizeof(content), 0), 23);
	CHECK(memcmp(content, "content of a descriptor", 23) == 0);
	OK("fixture: no link is followed, a regular file is the file");

	CHECK_INT(process_root(p, &root), 0);
	CHECK_INT(root_read(root, bytes_str("/inside"), &text, 64), 0);
	CHECK_BYTES(buf_bytes(&text), "inside\n");
	AUTO_DONE(root_closep) struct root *none = NULL;
	CHECK_INT(process_root(bad, &none), -EOPNOTSUPP);
	CHECK(!none);
	OK("fixture: a root is a real directory or none");
}

static void fixture_hostile(void)
{
	AUTO_DONE(source_closep) struct source *s = open_fixture();
	AUTO_DONE(process_closep) struct process *bad = open_process(s, 43);
	static const struct {
		enum proc_text text;
		int want;
	} texts[] = {
		{ TEXT_STATUS, -ELOOP },	{ TEXT_CMDLINE, -ELOOP },
		{ TEXT_ENVIRON, -EINVAL },	{ TEXT_MAPS, -EINVAL },
		{ TEXT_IO, -ENOENT },		{ TEXT_NET_TCP, -ENOTDIR },
		{ TEXT_ATTR_CURRENT, -ENOENT },
	};
	static const struct {
		pid_t pid;
		int want;
	} pids[] = {
		{ 44, -ENOTDIR }, { 45, -ENOTDIR }, { 46, -EINVAL },
		{ 47, -ELOOP },	  { 48, -EBADMSG }, { 49, -EBADMSG },
		{ 51, -ESRCH },	  { 0, -ESRCH },    { -1, -ESRCH },
	};
	const struct proc_status *st;
	struct process_iter threads;
	struct fd_iter *fds = NULL;
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_DONE(buf_done) struct buf got = BUF_NONE;

		CHECK_INT(process_text(bad, texts[i].text, &got, 1 << 20), texts[i].want);
		CHECK_INT(got.n, 0);
	}
	CHECK_INT(process_status(bad, &st), -ELOOP);
	CHECK_INT(process_status(bad, &st), -ELOOP);
	CHECK_INT(process_ns(bad, LINK_NS_MNT, &ns), -ENOTDIR);
	CHECK_INT(fd_iter_open(bad, &fds), -ENOTDIR);
	CHECK_INT(thread_iter_init(bad, &threads), -ENOTDIR);
	check_link(bad, LINK_EXE, 0, "/bin/sh");
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		struct process *p = NULL;

		CHECK_INT(process_open(s, (struct process_id){ .pid = pids[i].pid }, &p),
			  pids[i].want);
		CHECK(!p);
	}
	OK("fixture: symlinks, FIFOs, directories, alien and endless text are refused");
}

static void fixture_changes(int dir)
{
	AUTO_DONE(source_closep) struct source *s = open_fixture();
	AUTO_DONE(process_closep) struct process *p = open_process(s, 42);
	AUTO_CLOSE int at = openat(dir, "42", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process *again = NULL;

	CHECK_INT(process_verify(p), 0);
	put(at, "stat", STAT("42", "778"));
	CHECK_INT(process_verify(p), -ESRCH);
	CHECK_INT(process_open(s, process_id(p), &again), -ESRCH);
	put(at, "stat", "42 (a) S 1");
	CHECK_INT(process_verify(p), -EBADMSG);
	CHECK_INT(unlinkat(at, "stat", 0), 0);
	CHECK_INT(process_verify(p), -ESRCH);
	put(at, "stat", STAT("42", "777"));
	CHECK_INT(process_verify(p), 0);
	OK("a PID reused between two reads is not the same process");
}

static void limits(int dir)
{
	AUTO_DONE(source_closep) struct source *s = open_fixture();
	AUTO_DONE(process_closep) struct process *p = open_process(s, 42);
	AUTO_CLOSE int at = openat(dir, "42", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	static char big[10000];

	memset(big, 'x', sizeof(big));
	tree_file(at, "cmdline", big, sizeof(big));
	tree_file(at, "maps", big, sizeof(big));
	for (enum proc_text t = TEXT_CMDLINE; t <= TEXT_MAPS;
	     t = t == TEXT_MAPS ? TEXT_KINDS : TEXT_MAPS) {
		static const size_t most[] = {
			0, 1, 4095, 4096, 4097, 9999, 10000, 10001, 1 << 20
		};

		for (size_t i = 0; i < ARRAY_LEN(most); i++) {
			AUTO_DONE(buf_done) struct buf got = BUF_NONE;
			size_t want = most[i] < sizeof(big) ? most[i] : sizeof(big);

			CHECK_INT(process_text(p, t, &got, most[i]),
				  want < sizeof(big) ? -EFBIG : 0);
			CHECK_INT(got.n, want);
		}
	}
	AUTO_DONE(buf_done) struct buf small = BUF_LIMIT(100);
	CHECK_INT(buf_adds(&small, "before"), 0);
	CHECK_INT(process_text(p, TEXT_CMDLINE, &small, 1 << 20), -EFBIG);
	CHECK(small.n <= 100 && memcmp(small.p, "before", 6) == 0);
	OK("text is cut at its limit, kept, and said to be cut");
}

static void root_source(int dir)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(root_closep) struct root *root = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct process *p = NULL;
	struct source *none = NULL;
	struct process_iter it;
	uint64_t ticks;
	int64_t boot;

	put(dir, "hello", "hello\n");
	CHECK_INT(source_open(SOURCE_ROOT, dir_path, &s), 0);
	CHECK_INT(source_root(s, &root), 0);
	CHECK_INT(root_read(root, bytes_str("hello"), &text, 64), 0);
	CHECK_BYTES(buf_bytes(&text), "hello\n");
	CHECK_INT(process_iter_init(s, &it), -EOPNOTSUPP);
	CHECK_INT(process_open(s, (struct process_id){ .pid = 1 }, &p), -EOPNOTSUPP);
	CHECK_INT(source_boot(s, &boot, &ticks), -EOPNOTSUPP);
	AUTO_DONE(source_closep) struct source *fixture = open_fixture();
	struct root *not_one = NULL;
	CHECK_INT(source_root(fixture, &not_one), -EOPNOTSUPP);
	CHECK_INT(source_open(SOURCE_PROC, "/nonexistent", &none), -ENOENT);
	CHECK_INT(source_open(SOURCE_ROOT, "/dev/null", &none), -ENOTDIR);
	CHECK_INT(source_open(SOURCE_PROC, NULL, &none), -EINVAL);
	CHECK(!none);
	OK("a root without processes; sources that are none");
}

int main(void)
{
	AUTO_CLOSE int dir = tree_make(NULL, dir_path);
	int sub = tree_dir(dir, "sys"), kernel = tree_dir(sub, "kernel"),
	    rnd = tree_dir(kernel, "random");

	put(dir, "stat", "cpu  1 2 3\nbtime 1732387200\nprocesses 5\n");
	put(rnd, "boot_id", BOOT_ID "\n");
	(void)close(rnd);
	(void)close(kernel);
	(void)close(sub);
	make_good(dir);
	make_bad(dir);
	fixture_facts();
	fixture_list();
	fixture_links();
	fixture_files();
	fixture_hostile();
	fixture_changes(dir);
	limits(dir);
	root_source(dir);
	tree_remove(dir_path);
	TEST_END();
}
