/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of real processes: a child does the thing, and the sign appears; a quiet one has none. */
#include "signs/pidwalk.h"

#include "sign_kit.h"

#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static uint64_t gaps;

static void count_gap(void *ctx, const struct gap *gap)
{
	(void)ctx;
	(void)gap;
	gaps++;
}

static const struct gap_sink counting = { count_gap, NULL };

/* Runs SETUP in a child, which then waits to be killed. */
static pid_t child(void (*setup)(void))
{
	int ready[2];
	char c = 0;

	CHECK_INT(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		setup();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static bool has(pid_t pid, const char *sign)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(facts_shared_closep) struct facts_shared *sh = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;
	struct facts f = { 0 };
	bool found;

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	CHECK_INT(facts_shared_open(s, &sh), 0);
	CHECK_INT(process_open(s, (struct process_id){ .pid = pid }, &p), 0);
	CHECK_INT(facts_gather(sh, p, signs_needs(SUBJECT_PROCESS) | FACT_USER, &counting, &f), 0);
	found = strstr(judged(&f), sign) != NULL;
	if (!found)
		fprintf(stderr, "no %s in \"%s\"\n", sign, judged(&f));
	facts_done(&f);
	return found;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void shows(void (*setup)(void), const char *sign)
{
	pid_t pid = child(setup);

	CHECK(has(pid, sign));
	end(pid);
}

static void *memory(int prot)
{
	void *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 0x90, 8192);
	memcpy(p, "not ELF", 7);
	if (mprotect(p, 8192, prot) != 0)
		_exit(1);
	return p;
}

static void map_rwx(void)
{
	(void)memory(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void map_rx(void)
{
	(void)memory(PROT_READ | PROT_EXEC);
}

static Elf64_Ehdr header(void)
{
	Elf64_Ehdr h = { .e_type = ET_DYN, .e_version = EV_CURRENT };

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	return h;
}

/* As a reflective loader does: a header that is read-only, and code behind it. */
static void map_image(void)
{
	Elf64_Ehdr h = header();
	unsigned char *p = memory(PROT_READ | PROT_WRITE);

	memcpy(p, &h, sizeof(h));
	if (mprotect(p, 4096, PROT_READ) != 0 ||
	    mprotect(p + 4096, 4096, PROT_READ | PROT_EXEC) != 0)
		_exit(1);
}

static void hold_memfd(void)
{
	Elf64_Ehdr h = header();
	int fd = memfd_create("payload", 0);

	if (fd < 0 || write(fd, &h, sizeof(h)) != (ssize_t)sizeof(h))
		_exit(1);
}

/* The image is in the last of more memfds than are looked at. */
static void hold_many_memfds(void)
{
	for (int i = 0; i < 70; i++)
		if (memfd_create("plain", 0) < 0)
			_exit(1);
	hold_memfd();
}

static void test_many_memfds(void)
{
	pid_t pid = child(hold_many_memfds);

	gaps = 0;
	CHECK(!has(pid, "memfd-elf:"));
	CHECK_INT(gaps, 1);
	end(pid);
	gaps = 0;
	OK("memfds that are not looked at are one gap");
}

static void lose_directory(void)
{
	char dir[] = "/tmp/csi-cwd-XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) != 0 || rmdir(dir) != 0)
		_exit(1);
}

static void patch_code(void)
{
	/* A page of this very program: written, so that it is a copy, with another byte. */
	unsigned char *p = (unsigned char *)((uintptr_t)&map_rwx & ~(uintptr_t)4095);

	if (mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		_exit(1);
	*(unsigned char *)(uintptr_t)&map_rwx ^= 0x55;
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC) != 0)
		_exit(1);
}

static void quiet_child(void)
{
}

static void test_memory(void)
{
	shows(map_rwx, "rwx-memory:medium");
	shows(map_rx, "anon-exec-memory:medium");
	shows(map_image, "elf-memory:high");
	shows(hold_memfd, "memfd-elf:medium");
	shows(patch_code, "patched-code:high");
	shows(lose_directory, "odd-cwd:low");
	OK("memory, memfds, code and directories of a real process");
}

/* A shell whose standard descriptors are a connection over loopback. */
static void test_shell(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_INT(bind(server, (struct sockaddr *)&a, sizeof(a)), 0);
	CHECK_INT(listen(server, 1), 0);
	CHECK_INT(getsockname(server, (struct sockaddr *)&a, &len), 0);
	CHECK_INT(connect(client, (struct sockaddr *)&a, sizeof(a)), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 0; fd < 3; fd++)
			dup2(client, fd);
		execl("/bin/sh", "sh", "-c", "echo ready; read x", (char *)NULL);
		_exit(1);
	}
	int peer = accept(server, NULL, NULL);
	char text[8];
	CHECK_INT(recv(peer, text, 6, MSG_WAITALL), 6);
	CHECK(has(pid, "reverse-shell:high"));
	end(pid);
	close(peer);
	close(client);
	close(server);
	OK("a shell on a socket");
}

static void *sleep_on(void *arg)
{
	pause();
	return arg;
}

static void many_threads(void)
{
	pthread_t t;

	for (int i = 0; i < 16; i++)
		if (pthread_create(&t, NULL, sleep_on, NULL) != 0)
			_exit(1);
}

static void test_walk(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	static struct pidwalk w;
	pid_t pid = child(many_threads);

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	int r = pidwalk(s, &w);
	CHECK(r == 0 || r == -ETIME);
	CHECK_INT(w.n, 0);
	CHECK(w.upto > 1000);
	end(pid);
	OK("every PID is asked for, and threads are no hidden processes");
}

/* What keeps executing itself is never half one program and half another. */
enum { LOOKS = 100 };

static void test_races(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(facts_shared_closep) struct facts_shared *sh = NULL;
	struct facts f = { 0 };
	unsigned worse = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c", "while :; do /bin/true; done", (char *)NULL);
		_exit(1);
	}
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	CHECK_INT(facts_shared_open(s, &sh), 0);
	for (int i = 0; i < LOOKS; i++) {
		AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
		struct process_id id;

		CHECK_INT(process_iter_init(s, &it), 0);
		while (process_iter_next(&it, &id) > 0) {
			AUTO_DONE(process_closep) struct process *p = NULL;

			if (process_open(s, id, &p) < 0 || process_stat(p)->ppid != pid)
				continue;
			facts_reset(&f);
			if (facts_gather(sh, p, signs_needs(SUBJECT_PROCESS), &counting, &f) < 0)
				continue;
			worse += strstr(judged(&f), ":medium") ||
				 strstr((const char *)seen.p, ":high");
		}
	}
	facts_done(&f);
	end(pid);
	CHECK_INT(worse, 0);
	OK("what executes, ends and is born while it is looked at shows nothing");
}

int main(void)
{
	pid_t pid = child(quiet_child);

	CHECK(has(pid, ""));
	CHECK(!strstr((const char *)seen.p, ":medium") && !strstr((const char *)seen.p, ":high"));
	end(pid);
	OK("a quiet process has nothing above low");
	test_memory();
	test_many_memfds();
	test_shell();
	test_walk();
	test_races();
	buf_done(&seen);
	TEST_END();
}
