/* SPDX-License-Identifier: Apache-2.0 */
/* csi shell - the interactive laboratory: BusyBox sh, and nothing left behind when it ends. */
#include "cmd/shell.h"

#include "cmd/brood.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

enum {
	SHELL_WAKE_MS = 1000, /* children are looked at this often even if SIGCHLD got lost */
	SHELL_GRACE_MS = 2000,
	SHELL_NOT_FOUND = 127,
};

/* The environment of the laboratory; the rest of ours is passed on. */
static const struct {
	const char *name, *value;
	int overwrite;
} environment[] = {
	{ "PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1 },
	{ "PS1", "csi:\\w\\$ ", 1 },
	{ "HOME", "/", 0 },
	{ "TERM", "xterm", 0 },
};

static void run_sh(const char *command)
{
	static const struct {
		const char *file, *name;
	} shells[] = { { "/bin/busybox", "sh" }, { "/bin/sh", "sh" } };

	for (size_t i = 0; i < ARRAY_LEN(environment); i++)
		(void)setenv(environment[i].name, environment[i].value, environment[i].overwrite);
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (command)
			(void)execl(shells[i].file, shells[i].name, "-c", command, (char *)NULL);
		else
			(void)execl(shells[i].file, shells[i].name, (char *)NULL);
	}
	(void)fprintf(stderr, "csi shell: cannot run /bin/busybox or /bin/sh: %s\n",
		      err_text(errno));
	_exit(SHELL_NOT_FOUND);
}

/* On a terminal the shell gets a process group of its own in the foreground, from both sides. */
static void own_group(pid_t pid)
{
	(void)setpgid(pid, pid);
	(void)tcsetpgrp(STDIN_FILENO, pid);
}

static pid_t start(const char *command, bool terminal)
{
	pid_t parent = getpid();
	pid_t pid;

	/* tcsetpgrp(3) from the background would stop us. */
	if (terminal)
		(void)signal(SIGTTOU, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		if (terminal)
			own_group(getpid());
		brood_child(parent);
		run_sh(command);
	}
	if (pid > 0 && terminal)
		own_group(pid);
	return pid;
}

/* The exit code of a wait status. */
static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Until the shell ends or somebody wants us to: then 128 + the signal. */
static int attend(pid_t sh)
{
	int status = 0;

	for (;;) {
		if (brood_reap(sh, &status))
			return code_of(status);
		int sig = brood_wait(SHELL_WAKE_MS);
		if (sig && sig != SIGCHLD)
			return 128 + sig;
	}
}

int shell_session(const char *command, bool quiet)
{
	bool terminal = isatty(STDIN_FILENO);

	if (!command && !quiet)
		shell_greet();
	pid_t sh = start(command, terminal);
	if (sh < 0) {
		(void)fprintf(stderr, "csi shell: cannot fork: %s\n", err_text(errno));
		return EXIT_FAILED;
	}
	int code = attend(sh);
	if (terminal)
		(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	brood_end(false, SHELL_GRACE_MS);
	return code;
}

struct shell_args {
	struct common_args common;
	const char *command;
	bool quiet;
};

static const struct opt shell_opts[] = {
	{ .key = 'c',
	  .name = "command",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct shell_args, command),
	  .arg = "COMMAND",
	  .help = "run this line of sh and end with its exit code" },
	{ .key = 'q',
	  .name = "quiet",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct shell_args, quiet),
	  .help = "no greeting" },
};

static const struct opt_table tables[] = { OPT_TABLE(shell_opts) };

static int shell_run(const struct command *self, int argc, char **argv)
{
	struct shell_args args = { 0 };
	int r = cmd_parse_only(self, argc, argv, &args);
	if (r >= 0)
		return r;
	r = brood_begin();
	if (r < 0) {
		(void)fprintf(stderr, "csi shell: cannot become a subreaper: %s\n", err_text(r));
		return EXIT_FAILED;
	}
	return shell_session(args.command, args.quiet);
}

const struct command cmd_shell = {
	.name = "shell",
	.summary = "the interactive laboratory; what it started ends with it",
	.usage = "[-c COMMAND] [-q]",
	.example = "kubectl exec -it POD -c csi-1 -- csi shell\n"
		   "csi shell -c 'csi ps | head'",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = shell_run,
};
