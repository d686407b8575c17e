/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a command: source, output, signals, time limit, progress, exit code. */
#include "cmd/cmd.h"

#include "base/escape.h"
#include "base/io.h"
#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>

enum {
	PROGRESS_EVERY_NS = 250 * 1000 * 1000,
	TERMINAL_WIDTH = 80, /* of a terminal that does not tell */
	SOURCE_WORD_MAX = 16,
};

/* The run that signals stop: the one thing that a handler can reach. */
static atomic_bool *_Atomic stop_flag;

void cmd_stop(void)
{
	atomic_bool *flag = atomic_load(&stop_flag);

	if (flag)
		atomic_store(flag, true);
}

static void on_signal(int sig)
{
	(void)sig;
	cmd_stop();
}

/*
 * No SA_RESTART, so that a blocked read ends. SA_RESETHAND: a second one ends us at once, should
 * what was asked for by the first take too long.
 */
static void catch_signals(struct run *run)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	atomic_store(&stop_flag, &run->stop);
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		(void)sigaction(sigs[i], &sa, NULL);
	if (run->args->timeout)
		(void)alarm((unsigned)run->args->timeout);
}

/* Nobody reads any more, or the disk is full: there is no point in going on. */
static int write_data(void *ctx, struct bytes b)
{
	struct run *run = ctx;
	int r = io_write_all(run->state.fd, b.p, b.n);

	if (r < 0)
		atomic_store(&run->stop, true);
	return r;
}

static void clear_progress(struct run *run)
{
	static const char clear[] = "\r\x1b[K";

	if (run->state.progress_shown)
		(void)io_write_all(STDERR_FILENO, clear, strlen(clear));
	run->state.progress_shown = false;
}

static int write_diag(void *ctx, struct bytes b)
{
	clear_progress(ctx);
	return io_write_all(STDERR_FILENO, b.p, b.n);
}

static void tell_gap(void *ctx, const struct gap *gap)
{
	struct run *run = ctx;

	(void)out_gap(run->out, gap);
}

static const char *name_of(const struct run *run)
{
	return run->self ? run->self->name : "";
}

void cmd_fail(const struct run *run, const char *what, struct bytes on, int err, const char *mend)
{
	static const char none[] = "csi: out of memory\n";
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = buf_addf(&b, "csi %s: cannot %s", name_of(run), what);

	if (r == 0 && on.n > 0)
		r = buf_addc(&b, ' ');
	if (r == 0)
		r = escape_add(&b, on);
	if (r == 0)
		r = buf_addf(&b, ": %s", err_text(err));
	if (r == 0 && mend)
		r = buf_addf(&b, " (%s)", mend);
	if (r == 0)
		r = buf_addc(&b, '\n');
	if (r < 0)
		b.n = 0;
	if (b.n == 0)
		(void)io_write_all(STDERR_FILENO, none, strlen(none));
	else
		(void)io_write_all(STDERR_FILENO, b.p, b.n);
}

void cmd_note(const struct run *run, const char *text)
{
	if (!run->args->quiet)
		(void)fprintf(stderr, "csi %s: %s\n", name_of(run), text);
}

struct source_choice {
	enum source_kind kind;
	const char *where;
};

bool cmd_names_root(const struct common_args *args)
{
	return args->root || (args->source && bytes_starts(bytes_str(args->source), "root:"));
}

/* Which source the options name: -1, or an exit code. */
static int choose_source(const struct run *run, struct source_choice *ret)
{
	static const struct {
		const char *prefix;
		enum source_kind kind;
	} kinds[] = { { "proc:", SOURCE_PROC }, { "root:", SOURCE_ROOT } };
	const struct common_args *a = run->args;

	*ret = (struct source_choice){ .kind = SOURCE_LIVE };
	if ((a->source != NULL) + (a->proc != NULL) + (a->root != NULL) > 1)
		return cmd_usage(run->self, "only one of --source, --proc and --root can be read");
	if (cmd_names_root(a) && a->pids.n)
		return cmd_usage(run->self, "a root has no processes: leave out -p");
	if (a->proc)
		*ret = (struct source_choice){ SOURCE_PROC, a->proc };
	if (a->root)
		*ret = (struct source_choice){ SOURCE_ROOT, a->root };
	if (!a->source)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!bytes_starts(bytes_str(a->source), kinds[i].prefix))
			continue;
		*ret = (struct source_choice){ kinds[i].kind, a->source + strlen(kinds[i].prefix) };
		return -1;
	}
	return cmd_usage(run->self, "--source wants proc:DIR or root:DIR");
}

static int open_source(struct run *run)
{
	struct source_choice choice;
	int r = choose_source(run, &choice);

	if (r >= 0)
		return r;
	r = source_open(choice.kind, choice.where, &run->source);
	if (r == 0)
		return -1;
	cmd_fail(run, "read", bytes_str(choice.where ? choice.where : "/proc"), r, NULL);
	return EXIT_FAILED;
}

int cmd_create(const struct run *run, const char *path, int *ret_fd)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		int err = -errno;

		cmd_fail(run, "create", bytes_str(path), err,
			 err == -EEXIST ? "csi never overwrites" : NULL);
		return EXIT_FAILED;
	}
	*ret_fd = fd;
	return -1;
}

static bool to_stdout(const struct run *run)
{
	return !run->args->output || strcmp(run->args->output, "-") == 0;
}

/* What the kernel refuses is said with -v, by doctor and in case.json: it is never an error. */
static void confine(struct run *run)
{
	char text[80];

	run->confined = confine_self(CONFINE_WALKER);
	if (run->confined == 0 || !run->args->verbose)
		return;
	(void)snprintf(text, sizeof(text), "no seccomp filter here: %s", err_text(run->confined));
	cmd_note(run, text);
}

static int open_stream(struct run *run, int *ret_fd)
{
	if (!to_stdout(run))
		return cmd_create(run, run->args->output, ret_fd);
	if (isatty(STDOUT_FILENO))
		return cmd_usage(
			run->self,
			"this is raw data and not for a terminal: redirect it, or -o FILE");
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0) {
		cmd_fail(run, "use standard output", bytes_of(NULL, 0), -errno, NULL);
		return EXIT_FAILED;
	}
	*ret_fd = fd;
	return -1;
}

int cmd_open_stream(struct run *run, int *ret_fd)
{
	int r = open_stream(run, ret_fd);

	if (r < 0)
		confine(run);
	return r;
}

static int terminal_width(int fd)
{
	struct winsize w = { 0 };

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
		return TERMINAL_WIDTH;
	return w.ws_col;
}

/* https://no-color.org, and terminals that say they cannot. */
static bool wants_color(int terminal)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return terminal > 0 && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static int open_output(struct run *run, const struct column *columns, size_t ncolumns)
{
	int r = -1;

	run->state.fd = STDOUT_FILENO;
	if (ncolumns > 0 && !to_stdout(run)) {
		r = cmd_create(run, run->args->output, &run->state.fd);
		if (r >= 0)
			return r;
		run->state.own_fd = true;
	}
	int terminal = terminal_width(run->state.fd);
	struct out_options opts = {
		.mode = run->args->json && ncolumns > 0 ? OUT_JSON : OUT_TABLE,
		.columns = columns,
		.ncolumns = ncolumns,
		.no_heading = run->args->quiet > 0,
		.color = wants_color(terminal),
		.terminal = terminal,
		.data = { write_data, run },
		.diag = { write_diag, run },
	};
	int err = out_open(&opts, &run->out);
	if (err < 0) {
		cmd_fail(run, "start the output", bytes_of(NULL, 0), err, NULL);
		return EXIT_FAILED;
	}
	run->state.progress_ok =
		!run->args->quiet && isatty(STDERR_FILENO) && (terminal == 0 || ncolumns == 0);
	run->gaps = (struct gap_sink){ tell_gap, run };
	return -1;
}

int cmd_begin(struct run *run, const struct command *self, const struct common_args *args,
	      const struct column *columns, size_t ncolumns)
{
	int r;

	run->self = self;
	run->args = args;
	r = open_source(run);
	if (r < 0)
		r = open_output(run, columns, ncolumns);
	if (r >= 0) {
		source_closep(&run->source);
		run->source = NULL;
		if (run->state.own_fd)
			(void)close(run->state.fd);
		return r;
	}
	catch_signals(run);
	if (args->verbose)
		cmd_note(run, source_name(run->source));
	if (ncolumns > 0)
		confine(run);
	return -1;
}

static void worse(struct run *run, enum exit_code code)
{
	run->exit = (int)exit_worse((enum exit_code)run->exit, code);
}

static void tell_totals(const struct run *run)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "%llu records, %llu gaps%s",
		       (unsigned long long)out_records(run->out),
		       (unsigned long long)out_gaps(run->out),
		       atomic_load(&run->stop) ? ", stopped early" : "");
	cmd_note(run, text);
}

int cmd_end(struct run *run)
{
	bool stopped = atomic_load(&run->stop);

	(void)alarm(0);
	clear_progress(run);
	(void)out_flush(run->out);
	int err = out_error(run->out);
	if (stopped || out_gaps(run->out) > 0)
		worse(run, EXIT_PARTIAL);
	if (run->args->verbose)
		tell_totals(run);
	/* A failed close is a failed write. */
	if (run->state.own_fd && close(run->state.fd) < 0 && !err)
		err = -errno;
	if (err) {
		cmd_fail(run, "write",
			 to_stdout(run) ? bytes_str("to standard output")
					: bytes_str(run->args->output),
			 err, NULL);
		worse(run, EXIT_FAILED);
	}
	atomic_store(&stop_flag, NULL);
	out_close(run->out);
	source_close(run->source);
	run->out = NULL;
	run->source = NULL;
	return run->exit;
}

int cmd_select(struct run *run, struct selection *ret)
{
	const struct opt_pids *pids = &run->args->pids;
	pid_t missing = 0;
	char text[32];

	if (source_kind(run->source) == SOURCE_ROOT)
		return cmd_usage(run->self, "this source has files but no processes");
	int r = selection_make(run->source, pids->v, pids->n, ret, &missing);
	if (r == -ESRCH && missing) {
		(void)snprintf(text, sizeof(text), "%d", (int)missing);
		cmd_fail(run, "look at process", bytes_str(text), r, NULL);
		return EXIT_FAILED;
	}
	if (r < 0) {
		cmd_fail(run, "list processes", bytes_of(NULL, 0), r, NULL);
		return EXIT_FAILED;
	}
	if (!ret->alone)
		return -1;
	(void)fprintf(stderr,
		      "csi %s: no process but csi's own can be seen from here. Start the debug "
		      "container in\nthe PID namespace of the one to look at: kubectl debug POD "
		      "--target=CONTAINER ...\n",
		      name_of(run));
	return EXIT_FAILED;
}

int cmd_roots(struct run *run, struct roots *ret)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	int r = -1;

	if (source_kind(run->source) != SOURCE_ROOT)
		r = cmd_select(run, &sel);
	if (r >= 0)
		return r;
	r = roots_find(run->source, &sel, &run->gaps, ret);
	if (r == 0)
		return -1;
	cmd_fail(run, "open the root", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

void cmd_progress(struct run *run, const char *text)
{
	int64_t now = when_now(CLOCK_MONOTONIC);
	char line[TERMINAL_WIDTH];

	if (!run->state.progress_ok)
		return;
	if (!text) {
		clear_progress(run);
		return;
	}
	if (run->state.progress_at && now - run->state.progress_at < PROGRESS_EVERY_NS)
		return;
	run->state.progress_at = now;
	clear_progress(run);
	(void)snprintf(line, sizeof(line), "csi %s: %s", name_of(run), text);
	(void)io_write_all(STDERR_FILENO, line, strlen(line));
	run->state.progress_shown = true;
}
