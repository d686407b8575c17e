/* SPDX-License-Identifier: Apache-2.0 */
/* csi collect - everything that is evidence, in one sealed stream. */
#include "cmd/collect.h"
#include "cmd/crypt.h"
#include "version.h"
#include "work/held.h"
#include "work/minimise.h"
#include "work/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

static const char *const scopes[] = { "quick", "standard", "full", NULL };

static const struct opt collect_opts[] = {
	{ .name = "scope",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct collect_args, scope),
	  .arg = "SCOPE",
	  .help = "quick: tables, executables, deleted files, changed files up to 1 MiB; standard "
		  "(default): all changed files, tmpfs, proc text; full: whole roots",
	  .choices = scopes },
	{ .name = "memory",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct collect_args, memory),
	  .help = "an ELF core of each process too, the most suspicious first" },
	{ .name = "volumes",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct collect_args, volumes),
	  .help = "files on volumes, network and FUSE mounts too" },
	{ .name = "have",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct collect_args, have),
	  .arg = "LIST",
	  .help = "leave out, and cite, unchanged files that earlier bundles of the case have: "
		  "LIST is of csi verify --have-list; - is standard input" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(collect_opts),	 OPT_TABLE(collect_minimise_opts),
	OPT_TABLE(collect_plan_opts),	 OPT_TABLE(collect_limit_opts),
	OPT_TABLE(crypt_encrypt_opts),	 OPT_TABLE(common_pid_opts),
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

void collect_fail(struct run *run, const char *what, int err, const char *mend)
{
	cmd_fail(run, what, bytes_of("", 0), err, mend);
	run->exit = (int)exit_worse((enum exit_code)run->exit, EXIT_FAILED);
}

static void fail_output(struct run *run, int err)
{
	const char *file = run->args->output;
	bool named = file && strcmp(file, "-") != 0;

	cmd_fail(run, "write", bytes_str(named ? file : "to standard output"), err,
		 "csi verify says what of it arrived");
	run->exit = (int)exit_worse((enum exit_code)run->exit, EXIT_FAILED);
}

/* The order of volatility: what goes first when the pod dies is read first. */
int collect_all(struct gather *g, const struct job *job)
{
	static const struct {
		const char *title;
		int (*fn)(struct gather *g);
		enum plan_kind kind;
		enum gather_scope from; /* the smallest scope that has it */
		bool memory;		/* only with --memory */
		bool small;		/* also when memory is short */
	} steps[] = {
		{ "processes", gather_processes, PLAN_TABLES, SCOPE_QUICK, false, true },
		{ "sockets", gather_sockets, PLAN_TABLES, SCOPE_QUICK, false, true },
		{ "containers", gather_containers, PLAN_TABLES, SCOPE_QUICK, false, true },
		{ "mounts", gather_mounts, PLAN_TABLES, SCOPE_QUICK, false, true },
		{ "posture", gather_posture, PLAN_TABLES, SCOPE_QUICK, false, true },
		{ "executables", gather_exes, PLAN_EXES, SCOPE_QUICK, false, false },
		{ "deleted files", gather_deleted, PLAN_DELETED, SCOPE_QUICK, false, false },
		{ "proc text", gather_texts, PLAN_TEXTS, SCOPE_STANDARD, false, false },
		{ "memory", gather_memory, PLAN_MEMORY, SCOPE_QUICK, true, false },
		{ "findings", gather_findings, PLAN_LEDGER, SCOPE_QUICK, false, false },
		{ "files", gather_files, PLAN_FILES, SCOPE_QUICK, false, false },
		{ "footprint", gather_footprint, PLAN_LEDGER, SCOPE_QUICK, false, true },
	};
	int r;

	if (g->plan)
		plan_kind(g->plan, PLAN_TABLES);
	r = gather_case(g, job->c);
	if (r == 0)
		r = gather_headroom(g);
	if (r == 0)
		r = gather_have_begin(g);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(steps); i++) {
		if (g->scope < steps[i].from || (steps[i].memory && !job->args->memory))
			continue;
		if (g->headroom->short_from_start && !steps[i].small) {
			gather_tell(g, -ENOMEM, "collect", 0, bytes_str(steps[i].title));
			continue;
		}
		g->progress(g->progress_ctx, steps[i].title);
		if (g->plan)
			plan_kind(g->plan, steps[i].kind);
		r = steps[i].fn(g);
		if (r == -ECANCELED) /* nothing of this step or a later one is there without it */
			gather_tell(g, r, "collect", 0, bytes_str(steps[i].title));
	}
	g->progress(g->progress_ctx, NULL);
	return r;
}

/* What the seal is to say. -ECANCELED is a stop that was asked for: what is there is sealed. */
static enum bundle_status judge(const struct job *job, int err)
{
	if (err < 0 && err != -ECANCELED)
		return BUNDLE_FAILED;
	if (err < 0 || atomic_load(&job->run->stop) || out_gaps(job->run->out) > 0)
		return BUNDLE_PARTIAL;
	return BUNDLE_COMPLETE;
}

void collect_gather(struct job *job, struct gather *ret)
{
	*ret = (struct gather){
		.source = job->run->source,
		.targets = &job->targets,
		.minimise = job->minimise,
		.scope = (enum gather_scope)job->args->scope,
		.volumes = job->args->volumes,
		.own_output = &job->own_output,
		.have = job->have,
		.stop = &job->run->stop,
		.headroom = &job->headroom,
		.throttle = &job->throttle,
		.gaps = &job->run->gaps,
		.progress = progress,
		.progress_ctx = job->run,
	};
}

static int gather_into(struct job *job, struct bundle *bundle)
{
	struct gather g;
	int r;

	collect_gather(job, &g);
	g.bundle = bundle;
	r = gather_open(&g);
	if (r == 0)
		r = collect_all(&g, job);
	if (r == 0 || r == -ECANCELED)
		(void)gather_headroom_end(&g);
	gather_done(&g);
	return r;
}

/* MAX: bytes that SINK may get, 0 no limit. */
static void write_bundle(struct job *job, struct sink *sink, uint64_t max)
{
	AUTO_DONE(bundle_closep) struct bundle *bundle = NULL;
	struct run *run = job->run;
	struct bundle_options opts = {
		.sink = sink,
		.run_id = job->c->run_id,
		.readers = (unsigned)job->args->common.jobs,
		.max_file = job->args->common.max_file,
		.pace = &job->pace,
		.rate = job->args->limits.rate,
		.max = max,
		.stop = &run->stop,
		.gaps = &run->gaps,
	};
	int r = bundle_open(&opts, &bundle);

	if (r < 0) {
		collect_fail(run, "start the bundle", r, NULL);
		return;
	}
	int gathered = gather_into(job, bundle);
	r = bundle_end(bundle, judge(job, gathered), &job->totals);
	/* What ended the bundle has ended the gathering too, and is said once. */
	if (gathered < 0 && gathered != -ECANCELED && gathered != r)
		collect_fail(run, "collect", gathered, NULL);
	if (r < 0)
		fail_output(run, r);
	else if (job->totals.gaps > 0)
		run->exit = (int)exit_worse((enum exit_code)run->exit, EXIT_PARTIAL);
}

/* The digest that is told is of what left, so age has to have written its last chunk. */
static void write_sealed(struct job *job, struct sink *sink)
{
	uint64_t max = job->args->limits.max_bytes;
	struct crypt crypt;
	int r = crypt_begin(sink, job->keys, &crypt);

	if (r == 0)
		write_bundle(job, crypt.top, max ? crypt_room(&crypt, max) : 0);
	else
		collect_fail(job->run, "encrypt the output", r, NULL);
	r = crypt_end(&crypt, &job->totals.bytes_out, job->totals.sha256);
	if (r < 0 && job->totals.bytes_out > 0) {
		fail_output(job->run, r);
		job->totals.bytes_out = 0;
	}
}

static void print_digest(const struct bundle_totals *sum)
{
	char hex[HASH_HEX_MAX];

	hash_hex(sum->sha256, sizeof(sum->sha256), hex);
	fprintf(stderr, "csi: sha256=%s bytes=%" PRIu64 "\n", hex, sum->bytes_out);
}

static void check_headroom(void *ctx)
{
	headroom_check(ctx);
}

/* The list of --have, read up to its first file. -1 to go on, else an exit code, printed. */
static int open_have(struct job *job, int *ret_fd)
{
	const char *name = job->args->have;
	int fd = STDIN_FILENO, r = 0;

	if (!name)
		return -1;
	if (strcmp(name, "-") != 0)
		fd = *ret_fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	else if (isatty(STDIN_FILENO))
		return cmd_usage(job->run->self, "--have - wants the list on standard input");
	r = fd < 0 ? -errno : have_join_open(fd, &job->run->stop, &job->have);
	if (r == 0)
		return -1;
	cmd_fail(job->run, "read the --have list", bytes_str(name), r,
		 "csi verify --have-list makes one");
	return r == -EBADMSG || r == -ENODATA || r == -ENOENT ? EXIT_USAGE : EXIT_FAILED;
}

static void write_stream(struct job *job)
{
	AUTO_DONE(sink_closep) struct sink *sink = NULL;
	struct run *run = job->run;
	int fd, r = cmd_open_stream(run, &fd);

	if (r >= 0) {
		run->exit = r;
		return;
	}
	job->c->confined = run->confined;
	(void)file_info_fd(fd, &job->own_output);
	r = sink_fd(fd, true, &sink);
	if (r < 0) {
		(void)close(fd);
		collect_fail(run, "open the output", r, NULL);
		return;
	}
	r = collect_limit_sink(&job->args->limits, &run->stop, &sink);
	if (r < 0) {
		collect_fail(run, "start the output", r, NULL);
		return;
	}
	pace_init(&job->pace, (unsigned)job->args->limits.cpu, &run->stop);
	headroom_open(&job->headroom, job->args->limits.headroom, &job->targets, &run->stop);
	job->pace.tick = check_headroom;
	job->pace.tick_ctx = &job->headroom;
	write_sealed(job, sink);
	headroom_done(&job->headroom);
	pace_done(&job->pace);
	r = sink_close(take_ptr(&sink));
	if (r < 0)
		collect_fail(run, "close the output", r, NULL);
}

/* Pinning comes first, before even the output is opened. */
static void collect(struct job *job)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	AUTO_CLOSE int list = -1;
	struct run *run = job->run;
	int r = -1;

	job->c->gentle = &job->gentle;
	if (source_kind(run->source) != SOURCE_ROOT)
		r = cmd_select(run, &sel);
	if (r >= 0) {
		run->exit = r;
		return;
	}
	r = targets_pin(run->source, &sel, &run->gaps, &job->targets);
	if (r == 0 && run->args->pids.n == 0)
		r = held_find(&job->targets, &run->gaps);
	if (r < 0) {
		collect_fail(run, "pin the targets", r, NULL);
		return;
	}
	/* Pinning was a hurry; from here on the target goes first. */
	if (job->args->limits.cpu)
		gentle_enter((unsigned)job->args->limits.cpu, &job->gentle);
	throttle_open(&job->throttle, &job->targets);
	r = open_have(job, &list);
	if (r >= 0) {
		run->exit = r;
		return;
	}
	if (job->args->minimise) {
		r = minimise_open(&job->targets, &job->minimise);
		if (r < 0) {
			collect_fail(run, "look at the mounts", r, NULL);
			return;
		}
	}
	if (job->args->plan)
		collect_plan(job);
	else
		write_stream(job);
}

static int collect_run(const struct command *self, int argc, char **argv)
{
	struct collect_args args = { .scope = SCOPE_STANDARD,
				     .limits.cpu = COLLECT_CPU_PERCENT,
				     .limits.headroom = HEADROOM_FLOOR_DEFAULT };
	struct crypt_keys keys;
	char run_id[RUN_ID_MAX];
	struct gather_case c = { .run_id = run_id,
				 .version = CSI_VERSION,
				 .deps = CSI_DEPS,
				 .argc = argc,
				 .argv = argv,
				 .recipients = args.common.encrypt.v };
	struct run run = { 0 };
	struct job job = { .run = &run, .args = &args, .c = &c, .keys = &keys };
	const struct column *columns = NULL;
	size_t ncolumns = 0;
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0)
		r = collect_plan_check(self, &args);
	if (r < 0)
		r = crypt_keys_parse(self, &args.common.encrypt, &keys);
	if (r >= 0)
		return r;
	c.nrecipients = keys.n;
	r = make_run_id(run_id);
	if (r < 0) {
		collect_fail(&run, "name the run", r, NULL);
		return EXIT_FAILED;
	}
	if (args.plan)
		columns = collect_plan_columns(&ncolumns);
	r = cmd_begin(&run, self, &args.common, columns, ncolumns);
	if (r >= 0)
		return r;
	collect(&job);
	minimise_close(job.minimise);
	throttle_done(&job.throttle);
	targets_done(&job.targets);
	have_join_closep(&job.have);
	r = cmd_end(&run);
	if (job.totals.bytes_out > 0)
		print_digest(&job.totals);
	return r;
}

const struct command cmd_collect = {
	.name = "collect",
	.summary = "put all evidence into one sealed stream",
	.usage = "[--scope quick|standard|full] [--memory | --minimise] [--plan] [-p PID]... "
		 "[--encrypt age1...]... [-o FILE]",
	.example = "kubectl exec POD -c csi-1 -- csi collect > case.tar.zst\n"
		   "csi collect --plan --speed 2M\n"
		   "csi collect --scope quick -p 1 -o /mnt/case.tar.zst\n"
		   "kubectl exec POD -c csi-1 -- csi collect --encrypt age1... > case.tar.zst.age\n"
		   "kubectl exec -i POD -c csi-1 -- csi collect --have - <have.jsonl >run2.tar.zst",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = collect_run,
};
