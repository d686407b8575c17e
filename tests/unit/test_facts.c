/* SPDX-License-Identifier: Apache-2.0 */
/* Facts and signs of real processes, and of a hostile /proc. */
#include "signs/signs.h"

#include "test.h"
#include "tree.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

static struct buf seen; /* "id:level id:level" */

static void note(void *ctx, const struct sign *s, const struct finding *f)
{
	(void)ctx;
	CHECK(f->n <= FINDING_EVIDENCE_MAX);
	CHECK_INT(buf_addf(&seen, "%s%s:%s", seen.n ? " " : "", s->id, sign_level_name(f->level)),
		  0);
}

static void judge(const struct facts *f)
{
	buf_clear(&seen);
	signs_judge_process(f, note, NULL);
	CHECK_INT(buf_addc(&seen, '\0'), 0);
}

/* ---- real processes ----------------------------------------------------------------------------
 */

static uint64_t gaps;

static void count_gap(void *ctx, const struct gap *gap)
{
	(void)ctx;
	(void)gap;
	gaps++;
}

static const struct gap_sink counting = { count_gap, NULL };

static void gather(struct source *s, pid_t pid, struct facts *f)
{
	AUTO_DONE(facts_shared_closep) struct facts_shared *sh = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;

	CHECK_INT(facts_shared_open(s, &sh), 0);
	CHECK_INT(process_open(s, (struct process_id){ .pid = pid }, &p), 0);
	facts_reset(f);
	CHECK_INT(facts_gather(sh, p, signs_needs(SUBJECT_PROCESS), &counting, f), 0);
	judge(f);
}

static bool has(const char *sign)
{
	return strstr((const char *)seen.p, sign) != NULL;
}

/* Runs FD (this program) as a child that sleeps. */
static pid_t sleeper(int fd, const char *argv0)
{
	char *const argv[] = { (char *)(uintptr_t)argv0, (char *)(uintptr_t) "sleep", NULL };
	int ready[2];
	char c;

	CHECK_INT(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ready[1], 3);
		if (fd == 3)
			_exit(9);
		fexecve(fd, argv, environ);
		_exit(1);
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

static void copy_self(int to)
{
	AUTO_CLOSE int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	static char chunk[1 << 16];
	ssize_t n;

	CHECK(from >= 0);
	while ((n = read(from, chunk, sizeof(chunk))) > 0)
		CHECK_INT(write(to, chunk, (size_t)n), n);
}

/* A copy of this program in DIR, opened above the descriptor that sleeper() hands on. */
static int program(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	CHECK(fd >= 0);
	copy_self(fd);
	CHECK_INT(close(fd), 0);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	CHECK(high >= 10);
	close(fd);
	return high;
}

static void test_live_exe(struct facts *f)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);
	AUTO_CLOSE int named = program(dir, "x (deleted)");
	AUTO_CLOSE int gone = program(dir, "gone");

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	pid_t pid = sleeper(named, "plain");
	gather(s, pid, f);
	CHECK(!has("deleted-exe"));
	end(pid);
	OK("a running program called 'x (deleted)' is not a deleted one");

	pid = sleeper(gone, "plain");
	CHECK_INT(unlinkat(dir, "gone", 0), 0);
	gather(s, pid, f);
	CHECK(has("deleted-exe:high"));
	AUTO_CLOSE int again = program(dir, "gone");
	gather(s, pid, f);
	CHECK(has("deleted-exe:medium"));
	end(pid);
	OK("a deleted one is, and one that was replaced is less");

	int low = memfd_create("payload", MFD_CLOEXEC);
	copy_self(low);
	AUTO_CLOSE int memfd = fcntl(low, F_DUPFD_CLOEXEC, 10);
	close(low);
	pid = sleeper(memfd, "[kworker/7:7]");
	gather(s, pid, f);
	CHECK(has("memfd-exe:high"));
	CHECK(!has("deleted-exe"));
	CHECK(has("kthread-masquerade:high"));
	end(pid);
	OK("a memfd program with a kernel thread's name has both signs");
	tree_remove(path);
}

static void test_live_environ(struct facts *f)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_CLOSE int low = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int fd = fcntl(low, F_DUPFD_CLOEXEC, 10);

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	/* Not LD_PRELOAD: the child would not start under a sanitizer. */
	CHECK_INT(setenv("LD_AUDIT_", "no", 1), 0);
	pid_t pid = sleeper(fd, "plain");
	gaps = 0;
	gather(s, pid, f);
	CHECK(f->known & FACT_ENVIRON);
	CHECK(!has("ld-preload"));
	CHECK(!has("proc-hidden"));
	CHECK_INT(gaps, 0);
	end(pid);
	OK("a plain child has no sign of its own, and no gap");

	pid = fork();
	if (pid == 0)
		_exit(0);
	siginfo_t info;
	CHECK_INT(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	gather(s, pid, f);
	CHECK(!(f->known & (FACT_EXE_LINK | FACT_ENVIRON)));
	CHECK_INT(gaps, 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	OK("a zombie has neither executable nor environment, and that is no gap");
}

/* What the child does in a mount namespace of its own; 2 when that is not allowed here. */
static int cover(pid_t victim)
{
	char path[64];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 2;
	snprintf(path, sizeof(path), "/proc/%d", (int)victim);
	return mount("/proc/1", path, NULL, MS_BIND, NULL) < 0 ? 2 : 0;
}

static void test_live_hidden(struct facts *f)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_CLOSE int low = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int fd = fcntl(low, F_DUPFD_CLOEXEC, 10);
	int ready[2];
	char c = 2;

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	pid_t victim = sleeper(fd, "victim");
	CHECK_INT(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		c = (char)cover(victim);
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	CHECK_INT(read(ready[0], &c, 1), 1);
	if (c == 0) {
		gather(s, victim, f);
		CHECK(has("proc-hidden:high"));
		CHECK(bytes_starts(buf_bytes(&f->vantage.detail), "/proc/"));
		gather(s, pid, f);
		CHECK(!has("proc-hidden"));
		OK("a process that is covered in another's mount namespace is found");
	} else {
		SKIP("a process that is covered in another's mount namespace is found",
		     "mounting is not allowed here");
	}
	end(pid);
	end(victim);
	close(ready[0]);
	close(ready[1]);
}

/* ---- a hostile /proc ---------------------------------------------------------------------------
 */

#define STAT(pid) pid " (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0\n"

static const char mounts[] = "10 1 0:1 / / rw - overlay o rw\n"
			     "11 10 0:2 / /proc rw - proc p rw,hidepid=invisible\n"
			     "12 11 0:3 / /proc/43 rw - tmpfs t rw\n"
			     "13 11 0:3 /fo\\040o /proc/44/cmdline rw - tmpfs t rw\n"
			     "14 11 0:3 / /proc/45x rw - tmpfs t rw\n"
			     "15 11 0:3 / /proc/046 rw - tmpfs t rw\n"
			     "16 11 0:3 / /proc/99999999999999999999 rw - tmpfs t rw\n"
			     "17 11 0:3 / /proc/ rw - tmpfs t rw\n"
			     "18 11 0:3 / /proc/acpi rw - tmpfs t rw\n"
			     "19 11 0:3 / /x/proc/45 rw - tmpfs t rw\n"
			     "\n"
			     "not a mount at all\n"
			     "20 11 0:3 / /proc/43/exe rw - tmpfs t rw\n";

static void fake_process(int dir, const char *pid, const char *stat_text, const char *ns)
{
	AUTO_CLOSE int p = tree_dir(dir, pid);
	AUTO_CLOSE int sub = tree_dir(p, "ns");

	tree_file(p, "stat", stat_text, strlen(stat_text));
	tree_file(p, "cmdline", "a", 2);
	CHECK_INT(symlinkat(ns, sub, "mnt"), 0);
	CHECK_INT(symlinkat("pid:[5]", sub, "pid"), 0);
}

static void add_mounts(int dir, const char *path, const char *more)
{
	AUTO_CLOSE int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, mounts, strlen(mounts)), strlen(mounts));
	CHECK_INT(write(fd, more, strlen(more)), strlen(more));
}

static void test_fixture(struct facts *f)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(facts_shared_closep) struct facts_shared *sh = NULL;
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);

	fake_process(dir, "42", STAT("42"), "mnt:[7]");
	fake_process(dir, "43", STAT("43"), "mnt:[7]");
	fake_process(dir, "44", STAT("44"), "mnt:[8]");
	fake_process(dir, "45", STAT("45"), "mnt:[8]");
	fake_process(dir, "46", STAT("46"), "mnt:[8]");
	add_mounts(dir, "42/mountinfo", "");
	/* Another namespace, whose last line has no end, and whose /proc is a tmpfs. */
	add_mounts(dir, "44/mountinfo", "30 1 0:9 / /proc rw - tmpfs t rw\n31 1 0:9 / /proc/46");
	CHECK_INT(source_open(SOURCE_PROC, path, &s), 0);

	gather(s, 42, f);
	CHECK(!has("proc-"));
	gather(s, 43, f);
	CHECK(has("proc-hidden:high"));
	CHECK_BYTES(buf_bytes(&f->vantage.detail), "/proc/43");
	gather(s, 44, f);
	CHECK(has("proc-hidden:high"));
	CHECK(has("proc-replaced:high"));
	gather(s, 45, f);
	CHECK(!has("proc-hidden"));
	gather(s, 46, f);
	CHECK(!has("proc-hidden"));
	OK("only mount points that are a PID's count, in whatever namespace they stand");

	CHECK_INT(facts_shared_open(s, &sh), 0);
	CHECK_INT(facts_shared_ns(sh, (struct process_id){ .pid = 45 }), 8);
	CHECK_INT(facts_shared_ns(sh, (struct process_id){ .pid = 45, .start_ticks = 778 }), 0);
	CHECK_INT(facts_shared_ns(sh, (struct process_id){ .pid = 1 }), 0);
	gaps = 0;
	facts_shared_unseen(sh, &counting);
	CHECK_INT(gaps, 0);
	OK("a reused PID has no remembered namespace");
	facts_shared_closep(&sh);
	CHECK_INT(unlinkat(dir, "43/stat", 0), 0);
	CHECK_INT(facts_shared_open(s, &sh), 0);
	facts_shared_unseen(sh, &counting);
	CHECK_INT(gaps, 1);
	OK("a process that cannot be opened for what covers it is one gap");
	tree_remove(path);
}

static void test_many_mounts(struct facts *f)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(16 << 20);
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(tree_fast(), path);

	fake_process(dir, "42", STAT("42"), "mnt:[7]");
	for (int i = 0; i < 20000; i++)
		CHECK_INT(buf_addf(&text, "%d 1 0:3 / /proc/%d rw - tmpfs t rw\n", i, i + 1), 0);
	tree_file(dir, "42/mountinfo", text.p, text.n);
	CHECK_INT(source_open(SOURCE_PROC, path, &s), 0);
	gather(s, 42, f);
	CHECK(has("proc-hidden:high"));
	buf_clear(&text);
	for (int i = 0; i < 200000; i++)
		CHECK_INT(buf_adds(&text, "x"), 0);
	tree_file(dir, "42/mountinfo", text.p, text.n);
	gaps = 0;
	gather(s, 42, f);
	CHECK(!has("proc-hidden"));
	CHECK(gaps > 0);
	OK("a mount table is read to a limit, and a line without end is a gap");
	tree_remove(path);
}

int main(int argc, char **argv)
{
	struct facts f = { 0 };

	if (argc == 2 && strcmp(argv[1], "sleep") == 0) {
		if (write(3, "r", 1) != 1)
			return 1;
		pause();
		return 0;
	}
	test_live_exe(&f);
	test_live_environ(&f);
	test_live_hidden(&f);
	test_fixture(&f);
	test_many_mounts(&f);
	facts_done(&f);
	buf_done(&seen);
	TEST_END();
}
