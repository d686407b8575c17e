/* SPDX-License-Identifier: Apache-2.0 */
/* What every command shares: its row in the table, common options, opening the source and the
 * output. */
#ifndef CSI_CMD_CMD_H
#define CSI_CMD_CMD_H

#include "format/opt.h"
#include "format/out.h"
#include "model/select.h"
#include "model/source.h"
#include "work/roots.h"

#include <stdatomic.h>

struct command {
	const char *name;
	const char *summary; /* one line, in `csi --help` */
	const char *usage;   /* "[-p PID]... [--json]" */
	const char *example; /* one or two whole lines */
	const struct opt_table *tables;
	size_t ntables;
	int (*run)(const struct command *self, int argc, char **argv); /* an exit code */
};

extern const struct command cmd_ps, cmd_triage, cmd_walk, cmd_diff, cmd_timeline, cmd_maps,
	cmd_dump, cmd_net, cmd_posture, cmd_scan, cmd_collect, cmd_verify, cmd_doctor, cmd_init,
	cmd_shell;

/* First member of every command's argument struct: offsets of common_opts count from its start. */
struct common_args {
	struct opt_pids pids;
	const char *source; /* --source KIND:WHERE */
	const char *proc;   /* --proc DIR */
	const char *root;   /* --root DIR */
	bool json;
	const char *output; /* -o */
	uint64_t max_file;  /* 0: default */
	uint64_t timeout;   /* seconds, 0 none */
	uint64_t jobs;	    /* 0: default */
	uint64_t headroom;  /* bytes to leave below a cgroup limit, 0: no guard */
	int quiet, verbose;
	struct opt_strings encrypt; /* --encrypt: cmd/crypt.h */
};
/*
 * The shared options in small tables, so that a command lists what it honours and nothing else:
 *
 *	static const struct opt_table tables[] = { OPT_TABLE(common_pid_opts), OPT_TABLE(own_opts)
 *};
 */
#define OPT_TABLE(array)                  \
	{                                 \
		(array), ARRAY_LEN(array) \
	}
extern const struct opt common_pid_opts[1];	 /* -p */
extern const struct opt common_source_opts[3];	 /* --source, --proc, --root */
extern const struct opt common_proc_opts[2];	 /* without --root: a command about processes */
extern const struct opt common_output_opts[2];	 /* --json, -o */
extern const struct opt common_file_opts[1];	 /* -o alone: a command without a table */
extern const struct opt common_max_file_opts[1]; /* --max-file */
extern const struct opt common_timeout_opts[1];	 /* --timeout */
extern const struct opt common_jobs_opts[1];	 /* --jobs */
extern const struct opt common_headroom_opts[1]; /* --headroom; its default is the command's */
extern const struct opt common_talk_opts[2];	 /* -q, -v: every command; -h comes by itself */

/* State of one run of a command. Zero it, cmd_begin, cmd_end. */
struct run {
	const struct command *self;
	const struct common_args *args;
	struct source *source;
	struct out *out;
	struct gap_sink gaps; /* to out_gap; locked: any thread */
	atomic_bool stop;     /* SIGINT, SIGTERM, --timeout */
	int operands;	      /* index of the first operand in argv */
	int exit;	      /* worst so far (exit_worse) */
	int confined;	      /* CONFINE_WALKER, once data has a place to go: 0 or -errno */
	void *priv;
	struct run_state {   /* of run.c alone */
		int fd;	     /* where data goes */
		bool own_fd; /* -o: closed by cmd_end */
		bool progress_ok, progress_shown;
		int64_t progress_at;
	} state;
};

/*
 * cmd_parse - options of SELF; prints help or a usage error itself.
 * Returns -1 to go on, or the exit code to return at once.
 */
int cmd_parse(const struct command *self, int argc, char **argv, void *args, int *ret_operands);
/* The same for a command that takes no operands: one is a usage error. */
int cmd_parse_only(const struct command *self, int argc, char **argv, void *args);
/* Prints "csi ps: TEXT" (ours, escaped) and where help is. EXIT_USAGE. */
int cmd_usage(const struct command *self, const char *text);
/* Operands where there may be none: -1 to go on, else EXIT_USAGE, printed. */
int cmd_no_operands(const struct command *self, int argc, char **argv, int operands);
/* Whether the source that ARGS name is a root, which has no processes. */
bool cmd_names_root(const struct common_args *args);
/* The help text of SELF. 0 or -errno. */
int cmd_help(const struct command *self, struct buf *ret);
/*
 * Opens source (live by default) and output. -1 to go on, else an exit code; what failed is
 * printed. With NCOLUMNS 0 the command's data is a stream of its own: -o is left to
 * cmd_open_stream(), records make no rows and gaps are lines on standard error. RUN must stay where
 * it is: signals point to it.
 */
int cmd_begin(struct run *run, const struct command *self, const struct common_args *args,
	      const struct column *columns, size_t ncolumns);
/*
 * Both end by confining this program (sys/confine.h, CONFINE_WALKER), this one unless NCOLUMNS is
 * 0: nothing is opened for writing any more.
 *
 * The -o file, newly made, or standard output unless that is a terminal; the caller owns it.
 * -1 to go on, else an exit code, printed.
 */
int cmd_open_stream(struct run *run, int *ret_fd);
/* A new file for evidence, never an existing one, never through a link. -1, or an exit code,
 * printed. */
int cmd_create(const struct run *run, const char *path, int *ret_fd);
/* Asks the command that runs to stop, as a signal does. From any thread. */
void cmd_stop(void);
/* Flushes, closes, and gives the exit code: partial if there was a gap or a stop. */
int cmd_end(struct run *run);
/* One line on standard error: "csi ps: cannot open ...: permission denied (try ...)". TEXT is ours;
 * ON is escaped. */
void cmd_fail(const struct run *run, const char *what, struct bytes on, int err, const char *mend);
/* Selection by -p or ancestry; prints why if nothing else is visible. -1 to go on, else an exit
 * code. */
int cmd_select(struct run *run, struct selection *ret);
/* The distinct roots of what cmd_select() selects, or the one of a source without processes. -1 to
 * go on, else an exit code. RET is done with roots_done() in any case. */
int cmd_roots(struct run *run, struct roots *ret);
/* A line of ours on standard error, not with -q: "csi ps: TEXT". */
void cmd_note(const struct run *run, const char *text);
/*
 * A progress line on a terminal's standard error, at most 4 a second; NULL clears it. Nothing when
 * rows go to the same terminal, or with -q. From one thread.
 */
void cmd_progress(struct run *run, const char *text);

#endif
