/* SPDX-License-Identifier: Apache-2.0 */
/* Intruders that watch for who looks at them: one kills, one vanishes. */
#include "target.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 256, SEEN_MAX = 65536, POLL_US = 5000, REACTION_US = 100000, KILLED_US = 300000 };

static void text_of(const char *pid, const char *file, char ret[TEXT_MAX])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret, TEXT_MAX - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		n = 0;
	for (ssize_t i = 0; i < n; i++)
		if (ret[i] == '\0')
			ret[i] = ' ';
	ret[n] = '\0';
}

/* The next process in D, or NULL. */
static const char *next_pid(DIR *d)
{
	const struct dirent *e;

	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			return e->d_name;
	return NULL;
}

static int is_csi(const char *cmdline)
{
	return strncmp(cmdline, "csi ", 4) == 0 || strncmp(cmdline, "/bin/csi ", 9) == 0;
}

static int kill_matching(const char *what)
{
	char text[TEXT_MAX];
	DIR *d = opendir("/proc");
	const char *pid;
	int n = 0;

	while (d && (pid = next_pid(d))) {
		text_of(pid, "cmdline", text);
		if (is_csi(text) && strstr(text, what) && kill((pid_t)number(pid), SIGKILL) == 0)
			n++;
	}
	if (d)
		closedir(d);
	return n;
}

/* watcher N WORD: kills csi with WORD on its command line, N times; then it rests. */
int mode_watcher(int argc, char **argv)
{
	int left = argc > 0 ? number(argv[0]) : 1;

	ready("watching\n");
	while (left > 0) {
		int n = kill_matching(argc > 1 ? argv[1] : "collect");

		left -= n;
		usleep(n > 0 ? KILLED_US : POLL_US);
	}
	rest();
}

/* A process that was not there before; not the runtime's own helper, which is there before any
 * program that it starts. */
static int is_new(const char *pid, char *seen)
{
	char comm[TEXT_MAX];
	int n = number(pid);

	if (n <= 0 || n >= SEEN_MAX || seen[n])
		return 0;
	text_of(pid, "comm", comm);
	if (strncmp(comm, "runc", 4) == 0)
		return 0;
	seen[n] = 1;
	return 1;
}

static int news(char *seen)
{
	DIR *d = opendir("/proc");
	const char *pid;
	int n = 0;

	while (d && (pid = next_pid(d)))
		n += is_new(pid, seen);
	if (d)
		closedir(d);
	return n;
}

/*
 * shy PATH: runs as PATH. Sees who comes, and 100 ms after anybody has come removes its file and
 * is gone.
 */
int mode_shy(int argc, char **argv)
{
	static char seen[SEEN_MAX];
	char self[TEXT_MAX];
	char *args[] = { argv[0], "shy", argv[0], NULL };

	if (argc < 1)
		return 2;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = '\0';
	if (strcmp(self, argv[0]) != 0) {
		if (copy_self(argv[0]) < 0)
			return 2;
		execv(argv[0], args);
		return 127;
	}
	news(seen);
	ready("shy %d\n", (int)getpid());
	while (!news(seen))
		usleep(POLL_US);
	usleep(REACTION_US);
	unlink(argv[0]);
	return 0;
}
