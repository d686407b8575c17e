/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rootkit in the kernel does to one process, done to one program by tracing it: a PID is
 * left out of every directory listing, and no path leads to it. Calls that take a PID go on
 * working, as they do under the rootkits that are known.
 */
#include "attacks.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTING = 1 << 20, PATH_BYTES = 64 };

struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t length;
	unsigned char type;
	char name[];
};

static ssize_t peek(pid_t tid, unsigned long at, void *to, size_t n)
{
	struct iovec here = { to, n }, there = { (void *)(uintptr_t)at, n };

	return process_vm_readv(tid, &here, 1, &there, 1, 0);
}

/* "123", "123/stat", "/proc/123/stat" */
static int names_it(const char *path, const char *pid)
{
	size_t n = strlen(pid);

	if (!strncmp(path, "/proc/", 6))
		path += 6;
	return !strncmp(path, pid, n) && (path[n] == '\0' || path[n] == '/');
}

/* A call that takes a path: refused if it leads there. */
static void on_path(pid_t tid, struct user_regs_struct *regs, const char *pid)
{
	char path[PATH_BYTES + 1] = "";

	for (size_t n = PATH_BYTES; n > 0 && peek(tid, regs->rsi, path, n) < 0; n /= 2)
		;
	if (!names_it(path, pid))
		return;
	regs->orig_rax = (unsigned long)-1;
	regs->rax = (unsigned long)-ENOENT;
	ptrace(PTRACE_SETREGS, tid, NULL, regs);
}

/* Takes the entry out of what getdents64(2) has filled. */
static size_t filter(char *list, size_t n, const char *pid)
{
	for (size_t at = 0; at < n;) {
		struct entry *e = (struct entry *)(void *)(list + at);
		size_t length = e->length;

		if (strcmp(e->name, pid) != 0) {
			at += length;
			continue;
		}
		memmove(list + at, list + at + length, n - at - length);
		n -= length;
	}
	return n;
}

/* getdents64(2) has filled its buffer. */
static void on_list(pid_t tid, const char *pid)
{
	static char list[LISTING];
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) < 0)
		return;
	size_t n = regs.rax;
	if ((long)n <= 0 || n > sizeof(list) || peek(tid, regs.rsi, list, n) != (ssize_t)n)
		return;
	size_t left = filter(list, n, pid);
	struct iovec here = { list, left }, there = { (void *)(uintptr_t)regs.rsi, left };

	process_vm_writev(tid, &here, 1, &there, 1, 0);
	regs.rax = left;
	ptrace(PTRACE_SETREGS, tid, NULL, &regs);
}

/* Only these calls stop: a walk over all PIDs is millions of others. */
static int trace_calls(void)
{
	static const unsigned calls[] = { SYS_getdents64,	SYS_openat, SYS_openat2,
					  SYS_newfstatat,	SYS_statx,  SYS_readlinkat,
					  SYS_name_to_handle_at };
	enum { N = sizeof(calls) / sizeof(calls[0]) };
	struct sock_filter f[N + 3];
	struct sock_fprog prog = { N + 3, f };

	f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	for (unsigned i = 0; i < N; i++)
		f[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i],
							(unsigned char)(N - i), 0);
	f[N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[N + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static void go_on(pid_t tid, int status, const char *pid)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	struct user_regs_struct regs;

	if (event == PTRACE_EVENT_SECCOMP && ptrace(PTRACE_GETREGS, tid, NULL, &regs) == 0) {
		if (regs.orig_rax == SYS_getdents64) {
			ptrace(PTRACE_SYSCALL, tid, NULL, NULL);
			return;
		}
		on_path(tid, &regs, pid);
	} else if (sig == (SIGTRAP | 0x80)) {
		on_list(tid, pid);
	}
	if (event || sig == SIGTRAP || sig == (SIGTRAP | 0x80) || sig == SIGSTOP)
		sig = 0;
	ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)sig);
}

/* rootkit PID CMD...: runs it, and ends with its code. */
int attack_rootkit(int argc, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACESECCOMP |
			     PTRACE_O_EXITKILL;
	pid_t child, tid;
	int status;

	if (argc < 2 || (child = fork()) < 0)
		return 2;
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		if (trace_calls() == 0)
			execv(argv[1], argv + 1);
		_exit(127);
	}
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, NULL, options);
	ptrace(PTRACE_CONT, child, NULL, NULL);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			go_on(tid, status, argv[0]);
		else if (tid == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return 1;
}
