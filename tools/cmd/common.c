/* SPDX-License-Identifier: Apache-2.0 */
/* What every command shares before it runs: common options, help, usage errors. */
#include "cmd/cmd.h"

#include "base/escape.h"

#include <errno.h>
#include <stdio.h>

enum { TIMEOUT_MAX = 1 << 30, JOBS_MAX = 256 };

#define COMMON(member) .offset = offsetof(struct common_args, member)

#define PROC_OPT                                                                \
	{                                                                       \
		.name = "proc", .kind = OPT_STRING, COMMON(proc), .arg = "DIR", \
		.help = "short for --source proc:DIR, a /proc elsewhere"        \
	}

const struct opt common_pid_opts[1] = {
	{ .key = 'p',
	  .name = "pid",
	  .kind = OPT_PIDS,
	  COMMON(pids),
	  .arg = "PID",
	  .help = "this process only; may be given again" },
};

/* Such as a command takes whose every answer is about processes: a root has none. */
const struct opt common_proc_opts[2] = {
	{ .name = "source",
	  .kind = OPT_STRING,
	  COMMON(source),
	  .arg = "proc:DIR",
	  .help = "read this instead of the live system" },
	PROC_OPT,
};

const struct opt common_source_opts[3] = {
	{ .name = "source",
	  .kind = OPT_STRING,
	  COMMON(source),
	  .arg = "KIND:WHERE",
	  .help = "read proc:DIR or root:DIR instead of the live system" },
	PROC_OPT,
	{ .name = "root",
	  .kind = OPT_STRING,
	  COMMON(root),
	  .arg = "DIR",
	  .help = "short for --source root:DIR, a file system without processes" },
};

const struct opt common_output_opts[2] = {
	{ .name = "json", .kind = OPT_FLAG, COMMON(json), .help = "JSON lines instead of a table" },
	{ .key = 'o',
	  .name = "output",
	  .kind = OPT_STRING,
	  COMMON(output),
	  .arg = "FILE",
	  .help = "write to FILE, never over an existing one; - is standard output" },
};

const struct opt common_file_opts[1] = {
	{ .key = 'o',
	  .name = "output",
	  .kind = OPT_STRING,
	  COMMON(output),
	  .arg = "FILE",
	  .help = "write to FILE, never over an existing one; - is standard output" },
};

const struct opt common_max_file_opts[1] = {
	{ .name = "max-file",
	  .kind = OPT_SIZE,
	  COMMON(max_file),
	  .arg = "SIZE",
	  .help = "read at most SIZE of one file (4096, 64K, 2M, 1G); more is a gap record",
	  .min = 1 },
};

const struct opt common_headroom_opts[1] = {
	{ .name = "headroom",
	  .kind = OPT_SIZE,
	  COMMON(headroom),
	  .arg = "SIZE",
	  .help = "stop before less memory than SIZE (64M), or 5 % of it, is left below a cgroup "
		  "limit; 0 does not guard" },
};

const struct opt common_timeout_opts[1] = {
	{ .name = "timeout",
	  .kind = OPT_NUMBER,
	  COMMON(timeout),
	  .arg = "SECONDS",
	  .help = "stop then; what was read until then is complete and the exit code is 3",
	  .min = 1,
	  .max = TIMEOUT_MAX },
};

const struct opt common_jobs_opts[1] = {
	{ .name = "jobs",
	  .kind = OPT_NUMBER,
	  COMMON(jobs),
	  .arg = "N",
	  .help = "read with N threads",
	  .min = 1,
	  .max = JOBS_MAX },
};

const struct opt common_talk_opts[2] = {
	{ .key = 'q',
	  .name = "quiet",
	  .kind = OPT_COUNT,
	  COMMON(quiet),
	  .help = "no notes, progress or table heading; gaps are still said" },
	{ .key = 'v',
	  .name = "verbose",
	  .kind = OPT_COUNT,
	  COMMON(verbose),
	  .help = "say what is read from where, and totals at the end" },
};

/* Each line of TEXT, indented. */
static int add_indented(struct buf *b, const char *text)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t n = strcspn(text, "\n");

		r = buf_adds(b, "  ");
		if (r == 0)
			r = buf_add(b, text, n);
		if (r == 0)
			r = buf_addc(b, '\n');
		text += n + (text[n] == '\n');
	}
	return r;
}

int cmd_help(const struct command *self, struct buf *ret)
{
	int r = buf_addf(ret, "csi %s: %s\n\nusage: csi %s %s\n\n", self->name, self->summary,
			 self->name, self->usage);

	if (r == 0)
		r = opt_help(self->tables, self->ntables, ret);
	if (r == 0)
		r = buf_adds(ret, "\nexample:\n");
	return r == 0 ? add_indented(ret, self->example) : r;
}

int cmd_usage(const struct command *self, const char *text)
{
	(void)fprintf(stderr, "csi %s: %s\nusage: csi %s %s\n(csi %s --help says more)\n",
		      self->name, text, self->name, self->usage, self->name);
	return EXIT_USAGE;
}

int cmd_no_operands(const struct command *self, int argc, char **argv, int operands)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (argc == operands)
		return -1;
	if (buf_adds(&b, "unexpected word ") < 0 || escape_add(&b, bytes_str(argv[operands])) < 0 ||
	    buf_addc(&b, '\0') < 0)
		return cmd_usage(self, "too many words");
	return cmd_usage(self, (const char *)b.p);
}

int cmd_parse(const struct command *self, int argc, char **argv, void *args, int *ret_operands)
{
	AUTO_DONE(buf_done) struct buf help = BUF_NONE;
	struct opt_error err = { "" };
	int r = opt_parse(self->tables, self->ntables, argc, argv, args, ret_operands, &err);

	if (r < 0)
		return cmd_usage(self, err.text);
	if (r == 0)
		return -1;
	r = cmd_help(self, &help);
	if (r < 0 || fwrite(help.p, 1, help.n, stdout) != help.n || fflush(stdout) != 0)
		return EXIT_FAILED;
	return EXIT_COMPLETE;
}

int cmd_parse_only(const struct command *self, int argc, char **argv, void *args)
{
	int operands;
	int r = cmd_parse(self, argc, argv, args, &operands);

	return r < 0 ? cmd_no_operands(self, argc, argv, operands) : r;
}
