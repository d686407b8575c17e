/* SPDX-License-Identifier: Apache-2.0 */
/* Another program, without a shell: its exit code, or -1 if it is not here. It says nothing. */
#ifndef CSI_TESTS_UNIT_PROGRAM_H
#define CSI_TESTS_UNIT_PROGRAM_H

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static inline int spawn_wait(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	/* posix_spawnp(3) takes char *const * for history's sake; it changes nothing. */
	int r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
			     environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

#define SPAWN(...) spawn_wait((const char *const[]){ __VA_ARGS__, NULL })

#endif
