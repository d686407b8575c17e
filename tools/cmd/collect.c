/* SPDX-License-Identifier: Apache-2.0 */
/* csi collect - everything that is evidence, in one sealed stream. */
#include "cmd/cmd.h"
#include "version.h"
#include "work/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

struct collect_args {
	struct common_args common;
	int scope;
	bool memory, volumes;
};

static const char *const scopes[] = { "quick", "standard", "full", NULL };

static const struct opt collect_opts[] = {
	{ .name = "scope",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct collect_args, scope),
	  .arg = "SCOPE",
	  .help = "quick, standard (default) or full: see below",
	  .choices = scopes },
	{ .name = "memory",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct collect_args, memory),
	  .help = "an ELF core of each process too, the most suspicious first" },
	{ .name = "volumes",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct collect_args, volumes),
	  .help = "files on volumes, network and FUSE mounts too" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(collect_opts),	 OPT_TABLE(common_pid_opts),
	OPT_TABLE(common_source_opts),	 OPT_TABLE(common_file_opts),
	OPT_TABLE(common_max_file_opts), OPT_TABLE(common_timeout_opts),
	OPT_TABLE(common_jobs_opts),	 OPT_TABLE(common_talk_opts),
};

enum { RUN_ID_MAX = 40, RUN_ID_RANDOM = 4 };

/* "20261123T184921Z-5f3a9c01": sorts by time, and two runs in one second differ. */
static int make_run_id(char ret[RUN_ID_MAX])
{
	unsigned char salt[RUN_ID_RANDOM];
	char when[WHEN_TEXT_MAX], hex[2 * RUN_ID_RANDOM + 1];
	size_t n = 0;

	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		return -errno;
	hash_hex(salt, sizeof(salt), hex);
	when_text(when_now(CLOCK_REALTIME), when);
	for (const char *p = when; *p && *p != '.'; p++)
		if (*p != '-' && *p != ':')
			ret[n++] = *p;
	snprintf(ret + n, RUN_ID_MAX - n, "Z-%s", hex);
	return 0;
}

static void progress(void *ctx, const char *text)
{
	cmd_progress(ctx, text);
}

/* The order of volatility: what goes first when the pod dies is read first. */
static int gather_all(struct gather *g, const struct collect_args *args,
		      const struct gather_case *c)
{
	static const struct {
		const char *title;
		int (*fn)(struct gather *g);
		enum gather_scope from; /* the smallest scope that has it */
		bool memory;		/* only with --memory */
	} steps[] = {
		{ "processes", gather_processes, SCOPE_QUICK, false },
		{ "sockets", gather_sockets, SCOPE_QUICK, false },
		{ "containers", gather_containers, SCOPE_QUICK, false },
		{ "mounts", gather_mounts, SCOPE_QUICK, false },
		{ "posture", gather_posture, SCOPE_QUICK, false },
		{ "executables", gather_exes, SCOPE_QUICK, false },
		{ "deleted files", gather_deleted, SCOPE_QUICK, false },
		{ "proc text", gather_texts, SCOPE_STANDARD, false },
		{ "memory", gather_memory, SCOPE_QUICK, true },
		{ "files", gather_files, SCOPE_QUICK, false },
		{ "footprint", gather_footprint, SCOPE_QUICK, false },
	};
	int r = gather_case(g, c);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(steps); i++) {
		if (g->scope < steps[i].from || (steps[i].memory && !args->memory))
			continue;
		g->progress(g->progress_ctx, steps[i].title);
		r = steps[i].fn(g);
	}
	g->progress(g->progress_ctx, NULL);
	return r;
}

/* 0 when the stream is sealed, whatever the seal says; *ret_status is what it says. */
static int collect_into(struct run *run, struct gather *g, const struct collect_args *args,
			const struct gather_case *c, struct bundle_totals *ret)
{
	enum bundle_status status = BUNDLE_COMPLETE;
	int r = gather_open(g);

	if (r == 0)
		r = gather_all(g, args, c);
	/* -ECANCELED is a stop that was asked for: what is there is sealed as partial. */
	if (r == -ECANCELED || atomic_load(&run->stop) || out_gaps(run->out) > 0)
		status = BUNDLE_PARTIAL;
	else if (r < 0)
		status = BUNDLE_FAILED;
	gather_done(g);
	if (r < 0 && r != -ECANCELED)
		cmd_fail(run, "collect", bytes_of("", 0), r, NULL);
	r = bundle_end(g->bundle, status, ret);
	if (r < 0) {
		cmd_fail(run, "seal the bundle", bytes_of("", 0), r,
			 "the stream is not sealed: csi verify says what arrived");
		return r;
	}
	/* Gaps may still have come from the readers while the pipeline drained. */
	if (status == BUNDLE_FAILED)
		run->exit = (int)exit_worse((enum exit_code)run->exit, EXIT_FAILED);
	else if (status == BUNDLE_PARTIAL || ret->gaps > 0)
		run->exit = (int)exit_worse((enum exit_code)run->exit, EXIT_PARTIAL);
	return 0;
}

static void print_digest(const struct bundle_totals *sum)
{
	char hex[HASH_HEX_MAX];

	hash_hex(sum->sha256, sizeof(sum->sha256), hex);
	fprintf(stderr, "csi: sha256=%s bytes=%" PRIu64 "\n", hex, sum->bytes_out);
}

static void run_bundle(struct run *run, const struct collect_args *args, struct targets *targets,
		       const struct gather_case *c, struct sink *sink)
{
	AUTO_DONE(bundle_closep) struct bundle *bundle = NULL;
	struct bundle_totals sum = { 0 };
	struct bundle_options opts = {
		.sink = sink,
		.run_id = c->run_id,
		.readers = (unsigned)args->common.jobs,
		.max_file = args->common.max_file,
		.stop = &run->stop,
		.gaps = &run->gaps,
	};
	struct gather g = {
		.source = run->source,
		.targets = targets,
		.scope = (enum gather_scope)args->scope,
		.volumes = args->volumes,
		.stop = &run->stop,
		.gaps = &run->gaps,
		.progress = progress,
		.progress_ctx = run,
	};
	int r = bundle_open(&opts, &bundle);

	if (r < 0) {
		cmd_fail(run, "start the bundle", bytes_of("", 0), r, NULL);
		run->exit = EXIT_FAILED;
		return;
	}
	g.bundle = bundle;
	r = collect_into(run, &g, args, c, &sum);
	if (r < 0)
		run->exit = EXIT_FAILED;
	else
		print_digest(&sum);
}

static void collect(struct run *run, const struct collect_args *args, const struct gather_case *c)
{
	AUTO_DONE(targets_done) struct targets targets = { 0 };
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	AUTO_DONE(sink_closep) struct sink *sink = NULL;
	int fd, r;

	if (source_kind(run->source) != SOURCE_ROOT) {
		r = cmd_select(run, &sel);
		if (r >= 0) {
			run->exit = r;
			return;
		}
	}
	r = targets_pin(run->source, &sel, &run->gaps, &targets);
	if (r < 0) {
		cmd_fail(run, "pin the targets", bytes_of("", 0), r, NULL);
		run->exit = EXIT_FAILED;
		return;
	}
	r = cmd_open_stream(run, &fd);
	if (r >= 0) {
		run->exit = r;
		return;
	}
	r = sink_fd(fd, true, &sink);
	if (r < 0) {
		(void)close(fd);
		run->exit = EXIT_FAILED;
		return;
	}
	run_bundle(run, args, &targets, c, sink);
	r = sink_close(take_ptr(&sink));
	if (r < 0) {
		cmd_fail(run, "close the output", bytes_of("", 0), r, NULL);
		run->exit = EXIT_FAILED;
	}
}

static int collect_run(const struct command *self, int argc, char **argv)
{
	struct collect_args args = { .scope = SCOPE_STANDARD };
	char run_id[RUN_ID_MAX];
	struct gather_case c = { .run_id = run_id,
				 .version = CSI_VERSION,
				 .deps = CSI_DEPS,
				 .argc = argc,
				 .argv = argv };
	struct run run = { 0 };
	int operands, r;

	r = cmd_parse(self, argc, argv, &args, &operands);
	if (r >= 0)
		return r;
	r = cmd_begin(&run, self, &args.common, NULL, 0);
	if (r >= 0)
		return r;
	r = make_run_id(run_id);
	if (r < 0) {
		cmd_fail(&run, "name the run", bytes_of("", 0), r, NULL);
		run.exit = EXIT_FAILED;
	} else {
		collect(&run, &args, &c);
	}
	return cmd_end(&run);
}

const struct command cmd_collect = {
	.name = "collect",
	.summary = "put all evidence into one sealed stream",
	.usage = "[--scope quick|standard|full] [--memory] [-p PID]... [-o FILE]",
	.example = "kubectl exec POD -c csi-1 -- csi collect > case.tar.zst\n"
		   "csi collect --scope quick -p 1 -o /mnt/case.tar.zst",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = collect_run,
};
