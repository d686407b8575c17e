/* SPDX-License-Identifier: Apache-2.0 */
/* Signs: predicates over made-up facts, and facts of real processes and of a hostile /proc. */
#include "signs/signs.h"

#include "test.h"
#include "tree.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define ALL_KNOWN (~0u)

static struct buf seen; /* "id:level id:level" */

static void note(void *ctx, const struct sign *s, const struct finding *f)
{
	(void)ctx;
	CHECK(f->n <= FINDING_EVIDENCE_MAX);
	CHECK_INT(buf_addf(&seen, "%s%s:%s", seen.n ? " " : "", s->id, sign_level_name(f->level)),
		  0);
}

static const char *judged(const struct facts *f)
{
	buf_clear(&seen);
	signs_judge(f, note, NULL);
	CHECK_INT(buf_addc(&seen, '\0'), 0);
	return (const char *)seen.p;
}

#define CHECK_SIGNS(facts, want)                                                         \
	do {                                                                             \
		const char *test_got = judged(facts);                                    \
		if (strcmp(test_got, want) != 0)                                         \
			fprintf(stderr, "%s:%d: signs are \"%s\"\n", __FILE__, __LINE__, \
				test_got);                                               \
		CHECK(strcmp(test_got, want) == 0);                                      \
	} while (0)

/* A quiet process: everything known, nothing odd. */
static void quiet(struct facts *f, struct proc_stat *st, const char *exe, const char *comm)
{
	facts_reset(f);
	*st = (struct proc_stat){ .pid = 7, .ppid = 1, .state = 'S', .comm_len = strlen(comm) };
	memcpy(st->comm, comm, st->comm_len);
	f->known = ALL_KNOWN;
	f->stat = st;
	f->age = 60 * (int64_t)NS_PER_SEC;
	f->exe.nlink = 1;
	f->birth = BIRTH_OLD;
	f->birth_basis = BIRTH_OVERLAY;
	CHECK_INT(buf_adds(&f->exe_link, exe), 0);
	CHECK_INT(buf_adds(&f->cmdline, exe), 0);
}

static void test_catalogue(void)
{
	size_t n;
	const struct sign *all = signs_all(&n);

	CHECK(n >= 10);
	for (size_t i = 0; i < n; i++) {
		const char *percent = strchr(all[i].next, '%');

		CHECK(all[i].id && all[i].title && all[i].match && all[i].needs);
		CHECK(all[i].technique[0] && all[i].technique[0][0] == 'T');
		CHECK(!percent || (percent[1] == 'd' && !strchr(percent + 1, '%')));
		CHECK((signs_needs() & all[i].needs) == all[i].needs);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(all[i].id, all[k].id) != 0);
	}
	OK("each row of the catalogue is whole, and no id is used twice");
	CHECK_INT(sign_level_severity(LEVEL_INFO), 1);
	CHECK_INT(sign_level_severity(LEVEL_LOW), 21);
	CHECK_INT(sign_level_severity(LEVEL_MEDIUM), 47);
	CHECK_INT(sign_level_severity(LEVEL_HIGH), 73);
	CHECK_INT(sign_level_severity(LEVEL_CRITICAL), 99);
	OK("severities are those of the record format");
}

static void test_finding(void)
{
	static char big[FINDING_VALUE_MAX + 10];
	struct finding f = { .n = 0 };

	memset(big, 'x', sizeof(big));
	finding_add(&f, "a", bytes_of(big, sizeof(big)));
	CHECK_INT(f.evidence[0].len, FINDING_VALUE_MAX);
	CHECK(memcmp(f.evidence[0].value + FINDING_VALUE_MAX - 4, "x...", 4) == 0);
	finding_add(&f, "b", bytes_of(big, FINDING_VALUE_MAX));
	CHECK(f.evidence[1].value[FINDING_VALUE_MAX - 1] == 'x');
	finding_add(&f, "c", bytes_of(NULL, 0));
	for (int i = 0; i < 20; i++)
		finding_add(&f, "d", bytes_str("more"));
	CHECK_INT(f.n, FINDING_EVIDENCE_MAX);
	OK("evidence is cut with a mark, and a full finding takes no more");
}

static void test_exe(struct facts *f)
{
	struct proc_stat st;

	quiet(f, &st, "/usr/bin/app", "app");
	CHECK_SIGNS(f, "");
	f->exe.nlink = 0;
	buf_adds(&f->exe_link, " (deleted)");
	CHECK_SIGNS(f, "deleted-exe:high");
	f->exe_replaced = true;
	CHECK_SIGNS(f, "deleted-exe:medium");
	quiet(f, &st, "/usr/bin/x (deleted)", "x");
	CHECK_SIGNS(f, "");
	OK("deleted is what has no link, not what is called so");

	quiet(f, &st, "/memfd:payload (deleted)", "sh");
	f->exe.nlink = 0;
	f->exe_shmem = true;
	f->known &= ~(unsigned)(FACT_BIRTH | FACT_EXE_DIR);
	CHECK_SIGNS(f, "memfd-exe:high");
	f->exe_shmem = false; /* a deleted file at the root that is called memfd:payload */
	CHECK_SIGNS(f, "deleted-exe:high");
	quiet(f, &st, "/memfd:runc_cloned:/proc/self/exe (deleted)", "runc");
	f->exe.nlink = 0;
	f->exe_shmem = true;
	f->age = (int64_t)NS_PER_SEC;
	CHECK_SIGNS(f, "memfd-exe:low");
	f->age = 11 * (int64_t)NS_PER_SEC;
	CHECK_SIGNS(f, "memfd-exe:high");
	OK("a memfd is told by its name, its link count and its file system; runc's only for a "
	   "start");

	quiet(f, &st, "/tmp/zzz", "zzz");
	CHECK_SIGNS(f, "exe-writable-dir:low");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-writable-dir:medium exe-new:low");
	f->birth_basis = BIRTH_START_TIME;
	CHECK_SIGNS(f, "exe-writable-dir:medium exe-new:info");
	f->known &= ~(unsigned)FACT_BIRTH;
	CHECK_SIGNS(f, "exe-writable-dir:medium");
	quiet(f, &st, "/tmpfile", "x");
	CHECK_SIGNS(f, "");
	f->exe_dir_writable = true;
	CHECK_SIGNS(f, "exe-writable-dir:low");
	f->known &= ~(unsigned)FACT_EXE_DIR;
	CHECK_SIGNS(f, "");
	f->birth = BIRTH_BELOW;
	CHECK_SIGNS(f, "exe-new:high");
	OK("writable directories by custom and by mode, weighed by birth");
}

static void test_hidden_names(struct facts *f)
{
	struct proc_stat st;

	quiet(f, &st, "/home/u/.local/bin/tool", "tool");
	CHECK_SIGNS(f, "exe-hidden-dir:low");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-hidden-dir:medium exe-new:low");
	quiet(f, &st, "/usr/lib/.../x", "x");
	CHECK_SIGNS(f, "exe-hidden-dir:medium");
	quiet(f, &st, "/usr/lib/ /x", "x");
	CHECK_SIGNS(f, "exe-hidden-dir:medium");
	quiet(f, &st, "/usr/lib/a.b/x.", "x.");
	CHECK_SIGNS(f, "");
	quiet(f, &st, "", "x");
	CHECK_SIGNS(f, "");
	quiet(f, &st, "////", "x");
	CHECK_SIGNS(f, "");
	OK("hidden directories: dots at the front, dots and blanks alone");
}

static void cmdline(struct facts *f, const void *p, size_t n)
{
	buf_clear(&f->cmdline);
	CHECK_INT(buf_add(&f->cmdline, p, n), 0);
}

static void test_names(struct facts *f)
{
	static const struct {
		const char *comm, *argv0, *want;
	} cases[] = {
		{ "kworker/0:1", "/bin/x", "kthread-masquerade:high" },
		{ "x", "[kworker/u8:2]", "kthread-masquerade:high" },
		{ "x", "kthreadd", "kthread-masquerade:high" },
		{ "kdevtmpfsi", "/tmp/kdevtmpfsi", "kthread-masquerade:high" },
		{ "x", "[kswapd0]   ", "kthread-masquerade:high" },
		{ "rcu_sched", "x", "kthread-masquerade:high" },
		{ "x", "[lru-add-drain]", "kthread-masquerade:low" },
		{ "celery", "[celeryd: a@b:MainProcess]", "" },
		{ "kworkers-api", "kworkers-api", "" },
		{ "netnsd-foo", "x", "" },
		{ "x", "[]", "" },
		{ "x", "[", "" },
		{ "x", "", "" },
	};
	struct proc_stat st;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		quiet(f, &st, "/bin/x", cases[i].comm);
		cmdline(f, cases[i].argv0, strlen(cases[i].argv0) + 1);
		CHECK_SIGNS(f, cases[i].want);
	}
	quiet(f, &st, "/bin/x", "kworker/0:1");
	st.flags = PROC_PF_KTHREAD;
	CHECK_SIGNS(f, "");
	st.flags = 0;
	f->known &= ~(unsigned)FACT_EXE_LINK;
	CHECK_SIGNS(f, "kthread-masquerade:medium");
	cmdline(f, "", 0);
	st.ppid = 2;
	CHECK_SIGNS(f, "");
	f->known &= ~(unsigned)FACT_CMDLINE;
	CHECK_SIGNS(f, "");
	OK("kernel threads are known by their flag; who borrows their names is not one");
}

static void test_preload(struct facts *f)
{
	static const char env[] = "A=1\0LD_PRELOAD=/usr/lib/libjemalloc.so\0B";
	static const char odd[] = "LD_PRELOAD=/usr/lib/a.so:/dev/shm/x.so";
	static const char none[] = "LD_PRELOAD=\0XLD_PRELOAD=a\0LD_PRELOAD";
	struct proc_stat st;

	quiet(f, &st, "/bin/x", "x");
	buf_add(&f->environ, env, sizeof(env));
	CHECK_SIGNS(f, "ld-preload:low");
	buf_clear(&f->environ);
	buf_add(&f->environ, odd, sizeof(odd));
	CHECK_SIGNS(f, "ld-preload:medium");
	buf_clear(&f->environ);
	buf_add(&f->environ, none, sizeof(none));
	CHECK_SIGNS(f, "");
	buf_clear(&f->environ);
	buf_adds(&f->environ, "LD_AUDIT=/x");
	CHECK_SIGNS(f, "ld-preload:low");
	f->known &= ~(unsigned)FACT_ENVIRON;
	CHECK_SIGNS(f, "");
	OK("LD_PRELOAD and LD_AUDIT; an empty one is none; an odd place weighs more");

	quiet(f, &st, "/bin/x", "x");
	f->preload_exists = true;
	CHECK_SIGNS(f, "");
	buf_adds(&f->preload, " \n");
	CHECK_SIGNS(f, "");
	buf_adds(&f->preload, "/lib/libsystem.so\n");
	f->preload_birth = BIRTH_UNKNOWN;
	CHECK_SIGNS(f, "ld-so-preload:medium");
	f->preload_birth = BIRTH_NEW;
	CHECK_SIGNS(f, "ld-so-preload:high");
	f->preload_birth = BIRTH_OLD;
	CHECK_SIGNS(f, "ld-so-preload:low");
	OK("/etc/ld.so.preload: empty is nothing, new is worse than what the image brought");
}

static void test_unknown(struct facts *f)
{
	struct proc_stat st;

	quiet(f, &st, "/tmp/.x (deleted)", "kworker/0:0");
	f->exe.nlink = 0;
	f->birth = BIRTH_NEW;
	f->preload_exists = f->vantage.hidden = f->vantage.proc_replaced = true;
	f->preload_birth = BIRTH_NEW;
	buf_adds(&f->preload, "/x.so");
	buf_adds(&f->environ, "LD_PRELOAD=/tmp/x");
	f->known = FACT_STAT;
	CHECK_SIGNS(f, "");
	f->known = ALL_KNOWN;
	CHECK_SIGNS(f, "deleted-exe:high exe-writable-dir:medium exe-hidden-dir:medium exe-new:low "
		       "kthread-masquerade:high ld-preload:medium ld-so-preload:high "
		       "proc-hidden:high proc-replaced:high");
	OK("unknown never matches, and one process may have them all");
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
	CHECK_INT(facts_gather(sh, p, signs_needs(), &counting, f), 0);
	judged(f);
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
	(void)argv;
	test_catalogue();
	test_finding();
	test_exe(&f);
	test_hidden_names(&f);
	test_names(&f);
	test_preload(&f);
	test_unknown(&f);
	test_live_exe(&f);
	test_live_environ(&f);
	test_live_hidden(&f);
	test_fixture(&f);
	test_many_mounts(&f);
	facts_done(&f);
	buf_done(&seen);
	TEST_END();
}
