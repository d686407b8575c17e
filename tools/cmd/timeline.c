/* SPDX-License-Identifier: Apache-2.0 */
/* csi timeline: files, processes, packages and logs of the target in the order of their times. */
#include "cmd/timeline.h"
#include "cmd/timeline_logs.h"

#include "model/birth.h"

#include <errno.h>
#include <stdio.h>

enum { ARGS_MAX = 4096, DAY_SECONDS = 86400 };

struct timeline_args {
	struct common_args common;
	const char *since, *until;
	int format; /* enum timeline_format; -1: not given */
	bool volumes;
	struct opt_strings logs;
	uint64_t memory;
};

static const char *const formats[] = { "table",	   "json",	     "timesketch",
				       "bodyfile", "bodyfile-plaso", NULL };

static const struct opt timeline_opts[] = {
	{ .name = "since",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct timeline_args, since),
	  .arg = "start|TIME",
	  .help = "nothing before it: start is the container's, else 2026-11-28T12:00, @SECONDS, "
		  "90s, 30m, 2h, 7d" },
	{ .name = "until",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct timeline_args, until),
	  .arg = "TIME",
	  .help = "nothing after it" },
	{ .name = "logs",
	  .kind = OPT_STRINGS,
	  .offset = offsetof(struct timeline_args, logs),
	  .arg = "FILE|-",
	  .help = "a container's log (CRI, docker's json-file, kubectl logs --timestamps); may be "
		  "given again" },
	{ .name = "volumes",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct timeline_args, volumes),
	  .help = "enter volumes and network mounts too" },
	{ .name = "memory",
	  .kind = OPT_SIZE,
	  .offset = offsetof(struct timeline_args, memory),
	  .arg = "SIZE",
	  .help = "for the events of one pass (20M); more is fewer passes over the files",
	  .min = 1 << 16 },
	{ .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct timeline_args, format),
	  .arg = "FORMAT",
	  .help = "table, json (as --json), timesketch (JSON lines), or a line for each file, for "
		  "mactime to sort: bodyfile, bodyfile-plaso",
	  .choices = formats },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),    OPT_TABLE(common_source_opts),  OPT_TABLE(timeline_opts),
	OPT_TABLE(common_output_opts), OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

struct timeline_cmd {
	struct run *run;
	const struct timeline_args *args;
	struct roots roots;
	struct selection sel;
	struct timeline_options opts;
	struct timeline_show show;
	struct timeline_logs logs;
};

/* ---- what is asked ------------------------------------------------------------------------- */

static void tell(struct timeline_cmd *c, const char *what, pid_t pid, int err)
{
	const struct gap gap = { .err = err, .what = what, .pid = pid };

	gap_tell(&c->run->gaps, &gap);
}

/* Arguments joined by spaces, or the name in brackets. */
static int command_of(struct process *p, struct buf *ret)
{
	const struct proc_stat *st = process_stat(p);
	int r = process_text(p, TEXT_CMDLINE, ret, ARGS_MAX);

	while (ret->n > 0 && ret->p[ret->n - 1] == 0)
		ret->n--;
	for (size_t i = 0; i < ret->n; i++)
		if (ret->p[i] == 0)
			ret->p[i] = ' ';
	if (ret->n > 0)
		return r == -ENOMEM ? r : 0;
	r = buf_addc(ret, '[');
	if (r == 0)
		r = buf_add(ret, st->comm, st->comm_len);
	return r < 0 ? r : buf_addc(ret, ']');
}

/* The number of the root that P sees. */
static unsigned root_of(const struct timeline_cmd *c, struct process *p)
{
	uint64_t ns = 0;

	if (process_ns(p, LINK_NS_MNT, &ns) == 0)
		for (size_t i = 0; i < c->roots.n; i++)
			if (c->roots.v[i].ns_mnt == ns)
				return (unsigned)i;
	return (unsigned)c->roots.n;
}

static int ask_process(struct timeline_cmd *c, struct timeline *t, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct timeline_event e = { .source = TIMELINE_PROCESS, .what = TIMELINE_STARTED };
	gid_t gid = 0;

	/* One that is gone has no start any more that could be read. */
	if (process_open(c->run->source, id, &p) < 0)
		return 0;
	e.pid = process_id(p).pid;
	e.time = process_start(p);
	e.root = root_of(c, p);
	(void)process_owner(p, &e.uid, &gid);
	int r = command_of(p, &text);
	if (r < 0)
		return r;
	if (e.time == INT64_MIN)
		tell(c, "date the start", e.pid, -ENODATA);
	e.text = buf_bytes(&text);
	return e.time < 0 ? 0 : timeline_offer(t, &e);
}

static bool is_output_error(const struct timeline_cmd *c, int r)
{
	return r < 0 && (r == out_error(c->run->out) || r == c->show.err);
}

static int ask_root(struct timeline_cmd *c, struct timeline *t, unsigned i, bool first)
{
	struct timeline_root root = { .root = c->roots.v[i].root,
				      .number = i,
				      .enter = (unsigned)WALK_MEMORY | (unsigned)WALK_BOUND,
				      .stop = &c->run->stop,
				      .gaps = first ? &c->run->gaps : NULL };
	int r;

	if (c->args->volumes)
		root.enter |= (unsigned)WALK_VOLUME | (unsigned)WALK_NETWORK;
	if (timeline_is_body(c->show.format)) {
		root.file = timeline_show_file;
		root.ctx = &c->show;
	}
	r = timeline_packages(t, &root);
	if (r == 0 && (first || !root.file))
		r = timeline_files(t, &root);
	if (r == -ENOMEM || r == -ECANCELED || r >= 0 || is_output_error(c, r))
		return r;
	if (first)
		tell(c, "walk", c->roots.v[i].pid, r);
	return 0;
}

static int ask(void *ctx, struct timeline *t, bool first)
{
	struct timeline_cmd *c = ctx;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->sel.n; i++)
		r = ask_process(c, t, c->sel.ids[i]);
	for (size_t i = 0; r == 0 && i < c->roots.n; i++)
		r = ask_root(c, t, (unsigned)i, first);
	return r;
}

/* Lines of logs come before what is not earlier than they. */
static int tell_event(void *ctx, const struct timeline_event *e)
{
	struct timeline_cmd *c = ctx;
	int r = timeline_logs_tell(&c->logs, &c->show, e->time);

	return r < 0 ? r : timeline_show_event(&c->show, e);
}

static int counted(void *ctx, const struct timeline *t)
{
	struct timeline_cmd *c = ctx;

	return timeline_show_bars(&c->show, t);
}

/* ---- the command --------------------------------------------------------------------------- */

/* When the first of the containers started: the birth of its overlay, or of its first process. */
static int64_t first_start(const struct timeline_cmd *c)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < c->roots.n; i++) {
		const struct seen_root *r = &c->roots.v[i];
		struct birth b = { .basis = BIRTH_NONE };

		if (birth_reference(r->root, r->first_start, &b) == 0 && b.basis != BIRTH_NONE &&
		    b.ref < first)
			first = b.ref;
	}
	return first;
}

/* -1 to go on, or an exit code. */
static int set_times(struct timeline_cmd *c)
{
	const struct timeline_args *a = c->args;
	int64_t start = first_start(c);

	c->opts.now = when_now(CLOCK_REALTIME);
	c->opts.since = INT64_MIN;
	c->opts.until = INT64_MAX;
	if (a->since && strcmp(a->since, "start") == 0) {
		if (start == INT64_MAX)
			return cmd_usage(c->run->self,
					 "nothing dates the start here: --since TIME");
		c->opts.since = start;
	} else if (a->since && when_parse(a->since, c->opts.now, &c->opts.since) < 0) {
		return cmd_usage(c->run->self, "--since wants start or a time");
	}
	if (a->until && when_parse(a->until, c->opts.now, &c->opts.until) < 0)
		return cmd_usage(c->run->self, "--until wants a time");
	c->opts.bars_from = c->opts.now - (int64_t)DAY_SECONDS * (int64_t)NS_PER_SEC;
	if (a->since)
		c->opts.bars_from = c->opts.since;
	else if (start < c->opts.now)
		c->opts.bars_from = start;
	c->opts.bars_to = c->opts.until < c->opts.now ? c->opts.until : c->opts.now;
	c->opts.memory = (size_t)a->memory;
	c->opts.stop = &c->run->stop;
	c->logs.since = c->opts.since;
	c->logs.until = c->opts.until;
	c->show.since = c->opts.since;
	c->show.until = c->opts.until;
	return -1;
}

static int open_list(struct timeline_cmd *c)
{
	int fd, r;

	if (!timeline_is_list(c->show.format))
		return -1;
	r = cmd_open_stream(c->run, &fd);
	if (r >= 0)
		return r;
	r = sink_fd(fd, true, &c->show.sink);
	if (r == 0)
		return -1;
	(void)close(fd);
	cmd_fail(c->run, "start the list", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int run_all(struct timeline_cmd *c)
{
	static const struct timeline_ops ops = { .ask = ask,
						 .counted = counted,
						 .tell = tell_event };
	AUTO_DONE(timeline_closep) struct timeline *t = NULL;
	char text[80];
	int r = -1;

	if (source_kind(c->run->source) != SOURCE_ROOT)
		r = cmd_select(c->run, &c->sel);
	if (r < 0)
		r = cmd_roots(c->run, &c->roots);
	if (r < 0)
		r = set_times(c);
	if (r < 0)
		r = open_list(c);
	if (r >= 0)
		return r;
	r = timeline_open(&c->opts, &t);
	if (r == 0)
		r = timeline_run(t, &ops, c);
	if (r == 0)
		r = timeline_logs_tell(&c->logs, &c->show, INT64_MAX);
	cmd_progress(c->run, NULL);
	timeline_logs_gaps(&c->logs, &c->run->gaps);
	if (t && c->run->args->verbose) {
		(void)snprintf(text, sizeof(text), "%llu events, %u passes over the files",
			       (unsigned long long)timeline_total(t), timeline_passes(t));
		cmd_note(c->run, text);
	}
	if (r == -E2BIG)
		tell(c, "tell later events (too many passes)", 0, r);
	else if (r < 0 && r != -ECANCELED && !is_output_error(c, r))
		cmd_fail(c->run, "tell the events", bytes_of(NULL, 0), r, NULL);
	return r == 0 || r == -ECANCELED || r == -E2BIG ? EXIT_COMPLETE : EXIT_FAILED;
}

/* -1 to go on, or EXIT_USAGE. */
static int choose_format(const struct command *self, struct timeline_cmd *c,
			 struct timeline_args *a)
{
	if (a->format < 0)
		a->format = a->common.json ? TIMELINE_JSON : TIMELINE_TABLE;
	if (a->common.json && a->format != TIMELINE_JSON)
		return cmd_usage(self, "--json and another --format: choose one");
	a->common.json = a->format == TIMELINE_JSON;
	c->show.format = (enum timeline_format)a->format;
	return -1;
}

static void finish(struct timeline_cmd *c)
{
	int r = timeline_show_end(&c->show);

	if (r < 0) {
		cmd_fail(c->run, "write the list", bytes_of(NULL, 0), r, NULL);
		c->run->exit = (int)exit_worse((enum exit_code)c->run->exit, EXIT_FAILED);
	}
	roots_done(&c->roots);
	selection_done(&c->sel);
}

static int timeline_command(const struct command *self, int argc, char **argv)
{
	struct timeline_args args = { .format = -1 };
	struct run run = { 0 };
	AUTO_FREE struct timeline_cmd *c = calloc(1, sizeof(*c));
	const char *bad = NULL;
	int r;

	if (!c)
		return EXIT_FAILED;
	r = cmd_parse_only(self, argc, argv, &args);
	if (r < 0)
		r = choose_format(self, c, &args);
	if (r >= 0)
		return r;
	c->run = &run;
	c->args = &args;
	c->show.run = &run;
	c->show.roots = &c->roots;
	run.self = self;
	run.args = &args.common;
	r = timeline_logs_open(&c->logs, &args.logs, &bad);
	if (r < 0) {
		cmd_fail(&run, "open the log", bytes_str(bad), r, NULL);
		timeline_logs_done(&c->logs);
		return EXIT_FAILED;
	}
	r = cmd_begin(&run, self, &args.common, timeline_columns,
		      timeline_is_list(c->show.format) ? 0 : TIMELINE_COLUMNS);
	if (r < 0) {
		run.exit = run_all(c);
		finish(c);
		r = cmd_end(&run);
	}
	timeline_logs_done(&c->logs);
	return r;
}

const struct command cmd_timeline = {
	.name = "timeline",
	.summary = "files, processes, packages and logs in the order of their times",
	.usage = "[-p PID]... [--since start|TIME] [--until TIME] [--logs FILE|-]... "
		 "[--format FORMAT]",
	.example = "csi timeline --since start\n"
		   "csi timeline --format timesketch > case.jsonl\n"
		   "csi timeline --format bodyfile | mactime -y -z UTC -b -\n"
		   "kubectl logs --timestamps POD | kubectl exec -i POD -c csi-1 -- csi timeline "
		   "--since 2h --logs -",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = timeline_command,
};
