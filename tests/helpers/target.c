/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - the static program that the tests look at.
 *
 * Without arguments it is PID 1 of the distroless container: an HTTP server on
 * 127.0.0.1:8080 whose requests perform the talk's intrusion (httpd.c). With a
 * mode as first argument it is an intruder's harmless stand-in or a fixture
 * (modes.c, fixtures.c) or an attack (attacks/src). Everything that it starts ends with it.
 */
#include "target.h"
#include "../attacks/src/attacks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char *canary(pid_t pid)
{
	char *text = malloc(64);

	if (text)
		snprintf(text, 64, "%s-%s-%d-%08x", "CSI", "CANARY", (int)pid,
			 (unsigned)pid * 2654435761u);
	return text;
}

void ready(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vdprintf(READY_FD, format, ap);
	va_end(ap);
	close(READY_FD);
}

void rest(void)
{
	for (;;)
		pause();
}

int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static int copy_bytes(int from, int to)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return -EIO;
	return n < 0 ? -errno : 0;
}

/* Writes this program to PATH with a tail of its own, so that the hash is not the server's. */
int copy_self(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	int r = from < 0 || to < 0 ? -errno : copy_bytes(from, to);

	if (!r && write(to, "stand-in\n", 9) != 9)
		r = -EIO;
	if (to >= 0)
		close(to);
	if (from >= 0)
		close(from);
	return r;
}

static _Noreturn void child(int fd, const char *path, char *const argv[], char *const envp[])
{
	if (fd != READY_FD) {
		dup2(fd, READY_FD);
		close(fd);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execve(path, argv, envp);
	dprintf(READY_FD, "error: %s: %s\n", path, strerror(errno));
	_exit(127);
}

pid_t spawn(const char *path, char *const argv[], char *const envp[], char *ret, size_t size)
{
	size_t used = 0;
	ssize_t n;
	int fds[2];

	if (pipe(fds) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		child(fds[1], path, argv, envp);
	}
	close(fds[1]);
	while (used + 1 < size && (n = read(fds[0], ret + used, size - 1 - used)) > 0)
		used += (size_t)n;
	ret[used] = '\0';
	close(fds[0]);
	return pid;
}

static int run_mode(const char *name, int argc, char **argv)
{
	const struct mode *const tables[] = { modes, attacks };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct mode *m = tables[i]; m->name; m++)
			if (!strcmp(m->name, name))
				return m->run(argc, argv);
	fprintf(stderr, "target: no mode %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	const char *mode = getenv("TARGET_MODE");

	umask(022);
	if (argc >= 2)
		return run_mode(argv[1], argc - 2, argv + 2);
	return mode ? run_mode(mode, 0, argv + 1) : httpd_main();
}
