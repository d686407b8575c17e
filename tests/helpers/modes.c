/* SPDX-License-Identifier: Apache-2.0 */
/* Personalities of the target: what an intruder starts, and processes that are hard to read. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* standin [COMM]: holds the canary on its heap and sleeps. */
static int mode_standin(int argc, char **argv)
{
	char *text = canary(getpid());

	if (argc > 0)
		prctl(PR_SET_NAME, argv[0]);
	ready("canary %s\n", text);
	rest();
}

/* argv0 NAME...: the stand-in with this argv, comm cut from the first word of it. */
static int mode_argv0(int argc, char **argv)
{
	char comm[16] = "";
	char *args[] = { argv[0], "standin", comm, NULL };

	if (argc < 1)
		return 2;
	const char *from = argv[0] + (*argv[0] == '[');
	snprintf(comm, sizeof(comm), "%.*s", (int)strcspn(from, "]"), from);
	execv("/proc/self/exe", args);
	return 127;
}

/* masquerade: a kernel thread by its looks, argv[0] alone on the command line. */
static int mode_masquerade(int argc, char **argv)
{
	char *args[] = { "[kworker/0:1]", NULL };
	char *env[] = { "TARGET_MODE=kworker", NULL };

	(void)argc;
	(void)argv;
	execve("/proc/self/exe", args, env);
	return 127;
}

/* What a masquerade becomes. */
static int mode_kworker(int argc, char **argv)
{
	char *comm[] = { "kworker/0:1" };

	(void)argc;
	(void)argv;
	return mode_standin(1, comm);
}

/* exe PATH: copies itself there and runs as that. */
static int mode_exe(int argc, char **argv)
{
	char *args[] = { argv[0], "standin", NULL };

	if (argc < 1 || copy_self(argv[0]) < 0)
		return 2;
	execv(argv[0], args);
	return 127;
}

/* env K=V...: the stand-in with this environment. */
static int mode_env(int argc, char **argv)
{
	char *args[] = { "envd", "standin", "envd", NULL };

	(void)argc;
	execve("/proc/self/exe", args, argv);
	return 127;
}

/* zombies N: children that have ended and that nobody waits for. */
static int mode_zombies(int argc, char **argv)
{
	int n = argc > 0 ? number(argv[0]) : 1;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		siginfo_t info;

		if (pid == 0)
			_exit(0);
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
		dprintf(READY_FD, "zombie %d\n", (int)pid);
	}
	ready("%s", "");
	rest();
}

/* idle N: N sleeping children, for tables of many processes. */
static int mode_idle(int argc, char **argv)
{
	int n = argc > 0 ? number(argv[0]) : 1;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(READY_FD);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			rest();
		}
		if (pid < 0)
			ready("error: fork: %s\n", strerror(errno));
	}
	ready("idle %d\n", n);
	rest();
}

/* Lives for a moment under a name that its comm, its argv and its environment share. */
static _Noreturn void mayfly(unsigned serial, unsigned ms)
{
	char name[16], env[32], life[32];
	char *args[] = { name, "flash", NULL }, *envp[] = { env, life, NULL };

	snprintf(life, sizeof(life), "LIFE=%u", ms);
	snprintf(name, sizeof(name), "fly%08x", serial * 2654435761u);
	snprintf(env, sizeof(env), "NAME=%s", name);
	execve("/proc/self/exe", args, envp);
	_exit(127);
}

/* flash: what a mayfly becomes; comm is set from argv[0] (see main) and it ends soon. */
static int mode_flash(int argc, char **argv)
{
	const char *life = getenv("LIFE");

	(void)argc;
	prctl(PR_SET_NAME, argv[-2]);
	usleep(1000u * (unsigned)strtoul(life ? life : "3", NULL, 10));
	return 0;
}

/* churn [N]: N processes at any time, each for some milliseconds, and one of 16 long enough that it
 * is looked at. */
static int mode_churn(int argc, char **argv)
{
	int width = argc > 0 ? number(argv[0]) : 8;
	unsigned serial = 0;

	ready("churn %d\n", width);
	for (int alive = 0;; alive--) {
		for (; alive < width; alive++)
			if (fork() == 0)
				mayfly(serial, serial % 16 ? 3 : 60);
			else
				serial++;
		wait(NULL);
	}
}

/* reuse PID: mayflies which all have this one PID. Needs the rights of clone3's set_tid. */
static int mode_reuse(int argc, char **argv)
{
	pid_t want = argc > 0 ? (pid_t)number(argv[0]) : 4000;
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&want,
		.set_tid_size = 1,
	};

	for (unsigned serial = 0;; serial++) {
		long pid = syscall(SYS_clone3, &args, sizeof(args));

		if (pid == 0) {
			/* What the roles may read: without the rights that set_tid takes. */
			if (setresgid(65532, 65532, 65532) < 0 ||
			    setresuid(65532, 65532, 65532) < 0)
				_exit(1);
			mayfly(serial, 3);
		}
		if (pid < 0) {
			perror("reuse");
			return 1;
		}
		waitpid((pid_t)pid, NULL, 0);
	}
}

static int enter_mnt(const char *pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : setns(fd, CLONE_NEWNS);
}

/* over HOSTPID SOURCE TARGET: from the host, a bind mount inside that process's mount namespace. */
static int mode_over(int argc, char **argv)
{
	if (argc < 3 || enter_mnt(argv[0]) < 0 ||
	    mount(argv[1], argv[2], NULL, MS_BIND, NULL) < 0) {
		perror("over");
		return 1;
	}
	return 0;
}

static int mode_true(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

const struct mode modes[] = {
	{ "lazy", mode_lazy },
	{ "standin", mode_standin },
	{ "argv0", mode_argv0 },
	{ "masquerade", mode_masquerade },
	{ "kworker", mode_kworker },
	{ "exe", mode_exe },
	{ "env", mode_env },
	{ "zombies", mode_zombies },
	{ "idle", mode_idle },
	{ "flash", mode_flash },
	{ "churn", mode_churn },
	{ "reuse", mode_reuse },
	{ "over", mode_over },
	{ "threads", mode_threads },
	{ "maps", mode_maps },
	{ "patched", mode_patched },
	{ "fds", mode_fds },
	{ "true", mode_true },
	{ "ram", mode_ram },
	{ "sockets", mode_sockets },
	{ "watcher", mode_watcher },
	{ "shy", mode_shy },
	{ NULL, NULL },
};
