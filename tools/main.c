/* SPDX-License-Identifier: Apache-2.0 */
/* csi: the command table and dispatch. */
#include "cmd/cmd.h"
#include "cmd/tether.h"

#include "base/escape.h"
#include "sys/creds.h"
#include "version.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct command *const commands[] = {
	&cmd_ps,      &cmd_triage, &cmd_walk,	&cmd_diff,    &cmd_timeline,
	&cmd_maps,    &cmd_dump,   &cmd_net,	&cmd_posture, &cmd_scan,
	&cmd_collect, &cmd_verify, &cmd_doctor, &cmd_init,    &cmd_shell,
};

enum { NOFILE_MAX = 65536 };

static const char help_head[] =
	"csi: look at a compromised container from beside it, changing nothing\n\n"
	"usage: csi COMMAND [OPTION]...      (csi COMMAND --help says more)\n\n";

static const char help_tail[] =
	"\ncsi --tether COMMAND ends when standard input does: for kubectl exec -i, which may be "
	"cut\n"
	"\nexit codes: 0 complete, 1 failed, 2 usage, 3 partial (something could not be read;\n"
	"each such gap is a record or a line on standard error), 4 findings\n";

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int help(FILE *f)
{
	(void)fputs(help_head, f);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		(void)fprintf(f, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	(void)fputs(help_tail, f);
	return fflush(f) == 0 ? EXIT_COMPLETE : EXIT_FAILED;
}

static int version(void)
{
	(void)printf("csi %s (dependencies %s)\n", CSI_VERSION, CSI_DEPS);
	return fflush(stdout) == 0 ? EXIT_COMPLETE : EXIT_FAILED;
}

static int unknown(const char *word)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (escape_add(&b, bytes_str(word)) < 0)
		buf_clear(&b);
	(void)fprintf(stderr, "csi: unknown command %.*s (csi --help lists them)\n", (int)b.n,
		      b.n ? (const char *)b.p : "");
	return EXIT_USAGE;
}

/*
 * A closed standard descriptor would be given to the next file that is opened. An O_PATH one takes
 * its place: writes to it fail, so that lost output is an error.
 */
static void fill_standard_fds(void)
{
	int fd;

	do {
		fd = open("/", O_PATH | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

static void raise_nofile(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return;
	rlim_t most = lim.rlim_max < NOFILE_MAX ? lim.rlim_max : NOFILE_MAX;
	if (lim.rlim_cur >= most)
		return;
	lim.rlim_cur = most;
	(void)setrlimit(RLIMIT_NOFILE, &lim);
}

static void prepare(void)
{
	/* First of all: when memory is short, it is us who die and not the patient. */
	(void)creds_oom_first();
	fill_standard_fds();
	(void)signal(SIGPIPE, SIG_IGN);
	raise_nofile();
	(void)umask(077);
}

/* "csi-ps" and "/bin/csi-ps" are "csi ps". */
static const struct command *by_link(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	const char *base = slash ? slash + 1 : argv0;

	return strncmp(base, "csi-", 4) == 0 ? find(base + 4) : NULL;
}

static int help_on(const char *name)
{
	char ask[] = "--help";
	char self[] = "csi";
	char *argv[] = { self, ask, NULL };
	const struct command *c = find(name);

	return c ? c->run(c, 2, argv) : unknown(name);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int main(int argc, char **argv)
{
	if (argc < 1)
		return EXIT_USAGE;
	prepare();
	const struct command *c = by_link(argv[0]);
	if (c)
		return c->run(c, argc, argv);
	if (argc > 1 && strcmp(argv[1], "--tether") == 0) {
		int r = tether_start();

		if (r < 0) {
			(void)fprintf(stderr, "csi: cannot watch standard input: %s\n",
				      err_text(r));
			return EXIT_FAILED;
		}
		argc--;
		argv++;
	}
	if (argc < 2) {
		(void)help(stderr);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "--help", "-h"))
		return help(stdout);
	if (is_one_of(argv[1], "--version", "-V"))
		return version();
	if (strcmp(argv[1], "help") == 0)
		return argc > 2 ? help_on(argv[2]) : help(stdout);
	c = find(argv[1]);
	return c ? c->run(c, argc - 1, argv + 1) : unknown(argv[1]);
}
