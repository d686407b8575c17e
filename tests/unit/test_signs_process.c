/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of processes: each predicate over made-up facts, hostile ones among them. */
#include "sign_kit.h"
#include "signs/match.h"

static void args(struct facts *f, const char *a, const char *b, const char *c)
{
	const char *const v[] = { a, b, c };

	buf_clear(&f->cmdline);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (v[i])
			CHECK_INT(buf_add(&f->cmdline, v[i], strlen(v[i]) + 1), 0);
}

static void env(struct facts *f, const char *text)
{
	buf_clear(&f->environ);
	CHECK_INT(buf_add(&f->environ, text, strlen(text) + 1), 0);
}

/* As a real process is: with memory, and its exe mapped. */
static void alive(struct facts *f, struct proc_stat *st, const char *exe, const char *comm)
{
	quiet(f, st, exe, comm);
	st->vsize = 1 << 20;
	f->uid = 1000;
	f->maps.whole = f->maps.exe_mapped = true;
	args(f, exe, NULL, NULL);
	env(f, "A=1");
}

/* A dropped program: new since the container started. */
static void dropped(struct facts *f, struct proc_stat *st)
{
	alive(f, st, "/usr/bin/x", "x");
	f->birth = BIRTH_NEW;
}

static void note_map(struct facts *f, enum map_kind k, const char *path)
{
	f->maps.v[k].n = 1;
	f->maps.v[k].start = 0x7f0000001000;
	f->maps.v[k].end = 0x7f0000002000;
	buf_clear(&f->maps.v[k].text);
	CHECK_INT(buf_adds(&f->maps.v[k].text, path), 0);
}

static void note_fd(struct facts *f, enum fd_kind k, const char *text)
{
	f->fds.v[k].n = 1;
	f->fds.v[k].end = 4711;
	buf_clear(&f->fds.v[k].text);
	CHECK_INT(buf_adds(&f->fds.v[k].text, text), 0);
}

static void test_memory(struct facts *f)
{
	static const struct {
		enum map_kind kind;
		const char *want, *jit;
	} cases[] = {
		{ MAP_RWX, "rwx-memory:medium", "rwx-memory:info" },
		{ MAP_RX, "anon-exec-memory:medium", "anon-exec-memory:info" },
		{ MAP_MEMFD_X, "memfd-map:medium", "memfd-map:info" },
		{ MAP_ELF_X, "elf-memory:high", "elf-memory:high" },
		{ MAP_ELF, "elf-memory:low", "elf-memory:low" },
	};
	struct proc_stat st;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		alive(f, &st, "/usr/bin/x", "x");
		CHECK_SIGNS(f, "");
		note_map(f, cases[i].kind, "/memfd:a\033[2J (deleted)");
		CHECK_SIGNS(f, cases[i].want);
		f->maps.jit = JIT_RUNTIME;
		CHECK_SIGNS(f, cases[i].jit);
		f->known &= ~(unsigned)(FACT_MAPS | FACT_MEMORY);
		CHECK_SIGNS(f, "");
	}
	OK("memory that executes without a file; whoever translates code is excused, but not an "
	   "image");

	alive(f, &st, "/usr/bin/x", "x");
	f->maps.exe_mapped = false;
	CHECK_SIGNS(f, "exe-unmapped:medium");
	/* A list that is empty or cut names nothing, and nothing follows from that. */
	f->maps.whole = false;
	CHECK_SIGNS(f, "");
	f->maps.whole = true;
	st.vsize = 0;
	CHECK_SIGNS(f, "");
	alive(f, &st, "/usr/bin/x", "x");
	note_fd(f, FD_MEMFD_ELF, "/memfd:x (deleted)");
	CHECK_SIGNS(f, "memfd-elf:medium");
	OK("an exe that is mapped nowhere; a program in a memfd");
}

static void test_patched(struct facts *f)
{
	static const char *const want[PATCHED_KINDS] = {
		[PATCHED_NONE] = "",
		[PATCHED_SAME] = "patched-code:info",
		[PATCHED_TEXTREL] = "patched-code:info",
		[PATCHED_TRAP] = "patched-code:low",
		[PATCHED_UNKNOWN] = "patched-code:medium",
		[PATCHED_CODE] = "patched-code:high",
	};
	struct proc_stat st;

	alive(f, &st, "/usr/bin/x", "x");
	for (size_t i = 0; i < PATCHED_KINDS; i++) {
		f->patched.worst = (enum patched_kind)i;
		CHECK_SIGNS(f, want[i]);
	}
	f->known &= ~(unsigned)FACT_PATCHED;
	CHECK_SIGNS(f, "");
	OK("patched code by what was changed");
}

static void test_libraries(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/bin/x", "x");
	note_map(f, MAP_DELETED_X, "/usr/lib/libc.so.6 (deleted)");
	CHECK_SIGNS(f, "deleted-library:low");
	note_map(f, MAP_DELETED_X, "/dev/shm/libc.so (deleted)");
	CHECK_SIGNS(f, "deleted-library:medium");
	f->maps.jit = JIT_RUNTIME;
	CHECK_SIGNS(f, "deleted-library:low");
	alive(f, &st, "/usr/bin/x", "x");
	note_map(f, MAP_ODD_X, "/home/u/.pyenv/lib/a.so");
	CHECK_SIGNS(f, "library-odd-dir:low");
	note_map(f, MAP_ODD_X, "/usr/lib/.../a.so");
	CHECK_SIGNS(f, "library-odd-dir:medium");
	note_map(f, MAP_ODD_X, "/tmp/a.so");
	CHECK_SIGNS(f, "library-odd-dir:medium");
	f->maps.jit = JIT_RUNTIME;
	CHECK_SIGNS(f, "library-odd-dir:low");
	alive(f, &st, "/usr/bin/x", "x");
	f->loader_birth = BIRTH_NEW;
	CHECK_SIGNS(f, "loader-new:medium");
	f->known &= ~(unsigned)FACT_LOADER;
	CHECK_SIGNS(f, "");
	OK("libraries that were deleted, lie where none belong, or replaced the loader");
}

static void test_exe(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/bin/x", "x");
	f->exe_other = true;
	CHECK_SIGNS(f, "exe-replaced:medium");
	alive(f, &st, "/usr/bin/x", "x");
	f->exe_bytes = (struct exe_bytes){ .elf = true, .entropy = 7699 };
	CHECK_SIGNS(f, "");
	f->exe_bytes.entropy = 7700;
	CHECK_SIGNS(f, "exe-packed:low");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-new:low exe-packed:medium");
	f->exe_bytes = (struct exe_bytes){ .elf = true, .upx = true, .entropy = 7100 };
	CHECK_SIGNS(f, "exe-new:low exe-packed:medium");
	f->exe_bytes.elf = false; /* a compressed script is data */
	CHECK_SIGNS(f, "exe-new:low");
	OK("another file under its name; packed, weighed by birth");
}

static void test_names(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/bin/perl", "perl");
	args(f, "/usr/sbin/apache2 -k start", NULL, NULL);
	CHECK_SIGNS(f, "");
	f->argv0_other = true;
	CHECK_SIGNS(f, "name-mismatch:medium");
	alive(f, &st, "/usr/lib/firefox/firefox-bin", "x");
	f->argv0_other = true;
	CHECK_SIGNS(f, "name-mismatch:low");
	alive(f, &st, "/usr/bin/x", "sshd");
	CHECK_SIGNS(f, "name-mismatch:low");
	args(f, "sshd", NULL, NULL);
	CHECK_SIGNS(f, "name-mismatch:low");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-new:low name-mismatch:medium");
	f->known &= ~(unsigned)FACT_COMM; /* it executed another program meanwhile */
	CHECK_SIGNS(f, "exe-new:low");
	/* A script is called by its own name; a service's script of that name is itself. */
	alive(f, &st, "/usr/bin/python3.11", "cron");
	args(f, "/usr/bin/python3", "/opt/cron", NULL);
	CHECK_SIGNS(f, "");
	alive(f, &st, "/usr/sbin/a-name-of-twenty-bytes", "a-name-of-twent");
	CHECK_SIGNS(f, "");
	OK("names of other programs; scripts and cut names are no mismatch");

	alive(f, &st, "/usr/bin/x", "kinsing");
	CHECK_SIGNS(f, "kinsing:high");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-new:low kinsing:critical");
	alive(f, &st, "/tmp/kdevtmpfsi", "x");
	f->known &= ~(unsigned)FACT_BIRTH;
	CHECK_SIGNS(f, "exe-writable-dir:medium kinsing:critical");
	alive(f, &st, "/usr/bin/x", "kdevtmpfs"); /* the kernel's own, without i */
	st.flags = PROC_PF_KTHREAD;
	CHECK_SIGNS(f, "");
	OK("the kinsing family by its names");
}

static void test_mining(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/bin/x", "x");
	args(f, "x", "-o", "STRATUM+tcp://pool:3333");
	CHECK_SIGNS(f, "miner-args:medium");
	f->age = 100 * (int64_t)NS_PER_SEC;
	f->cpu_ms = 80000;
	CHECK_SIGNS(f, "miner-args:high busy:info");
	alive(f, &st, "/usr/bin/x", "x");
	f->cpu_ms = UINT64_MAX; /* a stat that no kernel writes */
	CHECK_SIGNS(f, "busy:info");
	f->age = 0;
	CHECK_SIGNS(f, "");
	f->age = INT64_MIN;
	CHECK_SIGNS(f, "");
	f->age = -5 * (int64_t)NS_PER_SEC; /* the clock was set back */
	CHECK_SIGNS(f, "");
	dropped(f, &st);
	f->cpu_ms = 59000;
	CHECK_SIGNS(f, "exe-new:low busy:medium");
	f->cpu_ms = 0;
	note_fd(f, FD_POOL, "192.0.2.1:3333");
	CHECK_SIGNS(f, "exe-new:low pool-port:medium");
	f->birth = BIRTH_OLD;
	CHECK_SIGNS(f, "pool-port:low");
	OK("miners by arguments, port and work; each weighs more with a dropped program");
}

static void stdio(struct facts *f, enum stdio_kind in, enum stdio_kind out, enum stdio_kind err)
{
	f->fds.stdio[0].kind = in;
	f->fds.stdio[1].kind = out;
	f->fds.stdio[2].kind = err;
}

static void test_shells(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/bin/bash", "bash");
	args(f, "bash", "script.sh", NULL);
	stdio(f, STDIO_INET, STDIO_INET, STDIO_INET);
	CHECK_SIGNS(f, "reverse-shell:high");
	stdio(f, STDIO_INET, STDIO_FILE, STDIO_FILE);
	CHECK_SIGNS(f, "reverse-shell:medium");
	stdio(f, STDIO_SOCKET, STDIO_SOCKET, STDIO_FILE);
	CHECK_SIGNS(f, "reverse-shell:medium");
	stdio(f, STDIO_UNIX, STDIO_UNIX, STDIO_UNIX);
	CHECK_SIGNS(f, "");
	stdio(f, STDIO_PIPE, STDIO_PIPE, STDIO_PIPE);
	CHECK_SIGNS(f, "");
	args(f, "sh", "-i", NULL);
	CHECK_SIGNS(f, "reverse-shell:medium code-stdin:low");
	f->known &= ~(unsigned)FACT_FDS;
	CHECK_SIGNS(f, "");
	/* inetd's services are no interpreters; a dropped program on a socket is its shell. */
	alive(f, &st, "/usr/sbin/in.ftpd", "in.ftpd");
	stdio(f, STDIO_INET, STDIO_INET, STDIO_INET);
	CHECK_SIGNS(f, "");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-new:low reverse-shell:high");
	OK("shells on a socket or a pipe; services of inetd are none");
}

static void test_interpreters(struct facts *f)
{
	static const struct {
		const char *exe, *b, *c, *want;
	} cases[] = {
		{ "/bin/sh", "-c", "exec nginx", "code-argument:info" },
		{ "/usr/bin/bash", "-lc", "x", "code-argument:info" },
		{ "/bin/sh", "-c", "curl x | sh", "code-argument:medium" },
		{ "/usr/bin/python3.11", "-c", "import base64;b64decode", "code-argument:medium" },
		{ "/usr/bin/perl", "-e", "1", "code-argument:info" },
		{ "/usr/bin/php8.2", "-r", "1", "code-argument:info" },
		{ "/usr/bin/perl", "-c", "x.pl", "" },
		{ "/bin/sh", "/app/run.sh", "-c", "" },
		{ "/bin/sh", "-c", NULL, "" },
		{ "/usr/bin/pythonic", "-c", "x", "" },
		{ "/usr/bin/node", "--eval", "1", "code-argument:info" },
	};
	struct proc_stat st;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		alive(f, &st, cases[i].exe, "x");
		args(f, cases[i].exe, cases[i].b, cases[i].c);
		CHECK_SIGNS(f, cases[i].want);
	}
	alive(f, &st, "/usr/bin/python3", "python3");
	stdio(f, STDIO_PIPE, STDIO_FILE, STDIO_FILE);
	CHECK_SIGNS(f, "code-stdin:low");
	args(f, "python3", "-", NULL);
	CHECK_SIGNS(f, "code-stdin:low");
	args(f, "python3", "-m", "http.server");
	CHECK_SIGNS(f, "");
	args(f, "python3", "app.py", NULL);
	CHECK_SIGNS(f, "");
	args(f, "python3", NULL, NULL);
	stdio(f, STDIO_DELETED, STDIO_FILE, STDIO_FILE);
	CHECK_SIGNS(f, "code-stdin:medium");
	stdio(f, STDIO_TTY, STDIO_TTY, STDIO_TTY);
	CHECK_SIGNS(f, "");
	OK("code from arguments and from standard input");
}

static void test_runtimes(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/lib/jvm/bin/java", "java");
	args(f, "java", "-javaagent:/opt/apm/agent.jar=a=b", "-jar");
	CHECK_SIGNS(f, "java-agent:low");
	args(f, "java", "-agentpath:/tmp/x.so", NULL);
	CHECK_SIGNS(f, "java-agent:medium");
	args(f, "java", NULL, NULL);
	env(f, "JAVA_TOOL_OPTIONS=-Xmx1g -javaagent:/dev/shm/a.jar");
	CHECK_SIGNS(f, "java-agent:medium");
	env(f, "JAVA_TOOL_OPTIONS=-javaagent:");
	CHECK_SIGNS(f, "");
	buf_adds(&f->jvm_attach, "/tmp/.java_pid1");
	CHECK_SIGNS(f, "jvm-attach:info");
	alive(f, &st, "/usr/lib/jvm/bin/java", "java");
	note_fd(f, FD_DELETED_JAR, "/opt/app.jar (deleted)");
	CHECK_SIGNS(f, "deleted-jar:low");
	note_map(f, MAP_DELETED_JAR, "/tmp/app.jar (deleted)");
	CHECK_SIGNS(f, "deleted-jar:medium");
	OK("JVM: agents, attaching, deleted jars");

	alive(f, &st, "/usr/bin/node", "node");
	args(f, "node", "--inspect", "app.js");
	CHECK_SIGNS(f, "node-inspect:low");
	args(f, "node", "--inspect=0.0.0.0:9229", "app.js");
	CHECK_SIGNS(f, "node-inspect:medium");
	args(f, "node", "app.js", NULL);
	note_fd(f, FD_INSPECT, "");
	CHECK_SIGNS(f, "node-inspect:medium");
	f->known &= ~(unsigned)FACT_SOCKETS;
	CHECK_SIGNS(f, "");
	env(f, "NODE_OPTIONS=--max-old-space-size=100");
	CHECK_SIGNS(f, "");
	env(f, "NODE_OPTIONS=--require /opt/apm.js");
	CHECK_SIGNS(f, "node-options:low");
	env(f, "NODE_OPTIONS=--require=/tmp/x.js --inspect");
	CHECK_SIGNS(f, "node-inspect:low node-options:medium");
	OK("Node.js: the debugger by argument, environment or port; what is loaded first");
}

static void test_kin(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/bin/x", "x");
	f->unlisted = true;
	CHECK_SIGNS(f, "pid-unlisted:high");
	f->unlisted = false;
	f->parent_missing = true;
	CHECK_SIGNS(f, "parent-missing:high");
	f->parent_missing = false;
	f->tracer = 99;
	CHECK_SIGNS(f, "traced:medium");
	f->tracer = 0;
	f->less_confined = true;
	CHECK_SIGNS(f, "less-confined:medium");
	f->known &= ~(unsigned)(FACT_FIRST | FACT_PARENT | FACT_TRACER | FACT_UNLISTED);
	f->unlisted = f->parent_missing = true;
	CHECK_SIGNS(f, "");
	/* One that /proc does not open: nothing is known but that it answers. */
	facts_reset(f);
	st = (struct proc_stat){ .pid = 7 };
	f->stat = &st;
	f->known = FACT_UNLISTED;
	f->unlisted = true;
	CHECK_SIGNS(f, "pid-unlisted:high");
	OK("beside others: unlisted, orphaned, traced, less confined");
}

static void test_conduct(struct facts *f)
{
	struct proc_stat st;

	alive(f, &st, "/usr/bin/x", "x");
	note_fd(f, FD_RAW, "");
	CHECK_SIGNS(f, "raw-socket:low");
	f->fds.v[FD_RAW].n = 0;
	note_fd(f, FD_PACKET, "");
	CHECK_SIGNS(f, "packet-socket:medium");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-new:low packet-socket:high");
	alive(f, &st, "/usr/bin/x", "x");
	buf_clear(&f->environ);
	CHECK_SIGNS(f, "");
	f->uid = 0;
	CHECK_SIGNS(f, "empty-environ:low");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-new:low empty-environ:medium");
	f->known &= ~(unsigned)FACT_ENVIRON;
	CHECK_SIGNS(f, "exe-new:low");
	alive(f, &st, "/usr/bin/x", "x");
	buf_adds(&f->cwd, "/srv/app (deleted)");
	CHECK_SIGNS(f, ""); /* a directory that is called so */
	f->cwd_deleted = true;
	CHECK_SIGNS(f, "odd-cwd:low");
	f->cwd_deleted = false;
	buf_clear(&f->cwd);
	buf_adds(&f->cwd, "/var/tmp/... /x");
	CHECK_SIGNS(f, "odd-cwd:medium");
	alive(f, &st, "/usr/bin/x", "x");
	note_fd(f, FD_TOKEN, "/run/secrets/kubernetes.io/serviceaccount/token");
	CHECK_SIGNS(f, "token-open:info");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-new:low token-open:high");
	alive(f, &st, "/bin/sh", "sh");
	args(f, "sh", "x.sh", NULL);
	note_map(f, MAP_TOKEN, "/run/secrets/kubernetes.io/serviceaccount/token");
	CHECK_SIGNS(f, "token-open:medium");
	OK("sockets, environment, working directory, token");
}

static void test_link(void)
{
	static const struct {
		const char *was, *now;
		bool same;
	} cases[] = {
		{ "/tmp/a", "/tmp/a", true },
		{ "/tmp/a", "/tmp/a (deleted)", true },
		{ "/tmp/a", "/tmp/ab", false },
		{ "/tmp/a", "/tmp/a (deleted) (deleted)", false },
		{ "/tmp/ab", "/tmp/a", false },
		{ "/tmp/a", "/tmp/b", false },
		{ "", "", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_INT(exe_link_same(bytes_str(cases[i].was), bytes_str(cases[i].now)),
			  cases[i].same);
	OK("another program whose name begins the same is another program");
}

int main(void)
{
	struct facts f = { 0 };

	test_link();
	test_memory(&f);
	test_patched(&f);
	test_libraries(&f);
	test_exe(&f);
	test_names(&f);
	test_mining(&f);
	test_shells(&f);
	test_interpreters(&f);
	test_runtimes(&f);
	test_kin(&f);
	test_conduct(&f);
	facts_done(&f);
	buf_done(&seen);
	TEST_END();
}
