/* SPDX-License-Identifier: Apache-2.0 */
/* The test target: one static program that is a server, an intrusion or a fixture. */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>
#include <sys/types.h>

/* Where a personality says that it is ready; its parent reads to the end of file. */
enum { READY_FD = 3 };

int httpd_main(void);

/* modes.c: each is a personality `target NAME ARGS...` */
struct mode {
	const char *name;
	int (*run)(int argc, char **argv);
};
extern const struct mode modes[];

/* fixtures.c: personalities with known maps and descriptors */
int mode_maps(int argc, char **argv);
int mode_patched(int argc, char **argv);
int mode_fds(int argc, char **argv);
int mode_ram(int argc, char **argv);
int mode_lazy(int argc, char **argv);
int mode_threads(int argc, char **argv);

/* sockets.c */
int mode_sockets(int argc, char **argv);

/* watchers.c */
int mode_watcher(int argc, char **argv);
int mode_shy(int argc, char **argv);

/* Forks and executes PATH as a child; RET gets what it says when ready. Returns its pid, or -errno.
 */
pid_t spawn(const char *path, char *const argv[], char *const envp[], char *ret, size_t size);

/* A decimal argument. */
int number(const char *text);
int copy_self(const char *path);
void ready(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void rest(void);
/* A string that exists nowhere but on the heap of the process with this pid. */
char *canary(pid_t pid);

#endif
