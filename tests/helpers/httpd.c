/* SPDX-License-Identifier: Apache-2.0 */
/* The application of the tests and of the demo, with a hole: its requests are the intrusion. */
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORT = 8080, MAX_ARGS = 16, MAX_REAPED = 256, REPLY = 4096 };

extern char **environ;

/* What PID 1 has reaped: the tests prove that no stranger is among them. */
static pid_t reaped[MAX_REAPED];
static int n_reaped;

static void on_child(int sig)
{
	(void)sig;
}

static void on_end(int sig)
{
	(void)sig;
	_exit(0);
}

static void reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (n_reaped < MAX_REAPED)
			reaped[n_reaped++] = pid;
}

static int put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	int r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static void say(char *reply, const char *what, int r)
{
	snprintf(reply, REPLY, "%s: %s\n", what, r < 0 ? strerror(-r) : "done");
}

static void get_drop(char *reply)
{
	say(reply, "/tmp/zzz", put_file("/tmp/zzz", "dropped by a request\n"));
}

static void get_preload(char *reply)
{
	say(reply, "/etc/ld.so.preload", put_file("/etc/ld.so.preload", "/tmp/libhide.so\n"));
}

/* The miner of the talk: written, started, deleted while it runs. */
static void get_kinsing(char *reply)
{
	char *argv[] = { "/tmp/kinsing", "standin", NULL };
	char said[256];
	int r = copy_self("/tmp/kinsing");

	if (r < 0) {
		say(reply, "/tmp/kinsing", r);
		return;
	}
	pid_t pid = spawn("/tmp/kinsing", argv, environ, said, sizeof(said));
	unlink("/tmp/kinsing");
	snprintf(reply, REPLY, "pid %d\n%s", (int)pid, said);
}

/* A program that never was a file. */
static void get_memfd(char *reply)
{
	char *argv[] = { "agent", "standin", "agent", NULL };
	char path[32], said[256];
	int fd = memfd_create("agent", 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int r = fd < 0 ? -errno : copy_self(path);
	if (r < 0) {
		say(reply, "memfd", r);
		return;
	}
	/* Only a read-only descriptor may be executed. */
	int ro = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ro);
	pid_t pid = spawn(path, argv, environ, said, sizeof(said));
	close(ro);
	snprintf(reply, REPLY, "pid %d\n%s", (int)pid, said);
}

static void get_reaped(char *reply)
{
	size_t used = 0;

	reap();
	for (int i = 0; i < n_reaped && used < REPLY - 16; i++)
		used += (size_t)snprintf(reply + used, REPLY - used, "%d\n", (int)reaped[i]);
}

static char *percent_decode(char *s)
{
	char *to = s;

	for (char *from = s; *from; from++) {
		if (*from == '%' && from[1] && from[2]) {
			char hex[3] = { from[1], from[2], '\0' };

			*to++ = (char)strtoul(hex, NULL, 16);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return s;
}

/* GET /run?MODE&ARG&...: any personality as a child of PID 1. */
static void get_run(char *query, char *reply)
{
	char *argv[MAX_ARGS + 2] = { "/app/httpd" };
	char said[REPLY - 64] = "";
	int n = 1;

	for (char *arg; (arg = strsep(&query, "&")) && n <= MAX_ARGS;)
		argv[n++] = percent_decode(arg);
	pid_t pid = spawn("/app/httpd", argv, environ, said, sizeof(said));
	snprintf(reply, REPLY, "pid %d\n%s", (int)pid, said);
}

static void get_kill(const char *pid, char *reply)
{
	say(reply, "kill", kill((pid_t)number(pid), SIGKILL) < 0 ? -errno : 0);
	usleep(20000);
	reap();
}

static void answer(char *path, char *reply)
{
	if (!strcmp(path, "/drop"))
		get_drop(reply);
	else if (!strcmp(path, "/preload"))
		get_preload(reply);
	else if (!strcmp(path, "/kinsing"))
		get_kinsing(reply);
	else if (!strcmp(path, "/memfd"))
		get_memfd(reply);
	else if (!strcmp(path, "/reaped"))
		get_reaped(reply);
	else if (!strncmp(path, "/run?", 5))
		get_run(path + 5, reply);
	else if (!strncmp(path, "/kill/", 6))
		get_kill(path + 6, reply);
	else
		snprintf(reply, REPLY, "hello\n");
}

static void serve(int fd)
{
	static char request[65536], reply[REPLY];
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(request) - 1 && !memmem(request, used, "\r\n\r\n", 4)) {
		n = read(fd, request + used, sizeof(request) - 1 - used);
		if (n <= 0)
			return;
		used += (size_t)n;
	}
	request[used] = '\0';
	reply[0] = '\0';
	char *path = request + strcspn(request, " ");
	path += *path == ' ';
	path[strcspn(path, " \r\n")] = '\0';
	answer(path, reply);
	dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s", reply);
}

static int listen_here(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0)
		return -errno;
	return fd;
}

int httpd_main(void)
{
	struct sigaction child = { .sa_handler = on_child }, end = { .sa_handler = on_end };
	int fd = listen_here();

	if (fd < 0) {
		fprintf(stderr, "httpd: %s\n", strerror(-fd));
		return 1;
	}
	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		reap();
		if (conn < 0)
			continue;
		serve(conn);
		close(conn);
	}
}
