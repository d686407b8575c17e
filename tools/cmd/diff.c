/* SPDX-License-Identifier: Apache-2.0 */
/* csi diff: what of each root differs from one or more baselines. */
#include "cmd/diff.h"

#include <errno.h>
#include <stdio.h>

struct diff_args {
	struct common_args common;
	const char *since, *image, *bundle;
	bool packages, hash, volumes, all_content;
	uint64_t image_memory;
};

static const struct opt diff_opts[] = {
	{ .name = "since",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct diff_args, since),
	  .arg = "start",
	  .help = "against what the container was when it started (the default)" },
	{ .name = "packages",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct diff_args, packages),
	  .help = "against the lists of the target's own packages: dpkg, distroless, apk" },
	{ .name = "image",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct diff_args, image),
	  .arg = "FILE|-",
	  .help = "against its image, an OCI layout (tar or directory) or what docker save or "
		  "crane "
		  "export writes; - is standard input" },
	{ .name = "baseline",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct diff_args, bundle),
	  .arg = "BUNDLE[#ROOT]",
	  .help = "against what a bundle of csi collect --scope full proves, such as one of a pod "
		  "that is known to be good; - is standard input" },
	{ .name = "all-content",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct diff_args, all_content),
	  .help = "with --image, read also what the overlay proves to be the image's" },
	{ .name = "image-memory",
	  .kind = OPT_SIZE,
	  .offset = offsetof(struct diff_args, image_memory),
	  .arg = "SIZE",
	  .help = "with --image or --baseline, memory for its index (23M: about 200,000 files)",
	  .min = 2 << 20 },
	{ .name = "hash",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct diff_args, hash),
	  .help = "SHA-256 of the regular files that differ" },
	{ .name = "volumes",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct diff_args, volumes),
	  .help = "enter volumes and network mounts too" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),
	OPT_TABLE(common_source_opts),
	OPT_TABLE(diff_opts),
	OPT_TABLE(common_output_opts),
	OPT_TABLE(common_max_file_opts),
	OPT_TABLE(common_timeout_opts),
	OPT_TABLE(common_jobs_opts),
	OPT_TABLE(common_talk_opts),
};

/*
 * Every baseline, in the order in which they are told. A new one is a row here, an option above and
 * a file of its own in lib/work.
 */
static const struct choice {
	const struct diff_baseline *baseline;
	size_t option;	 /* offset in struct diff_args of its argument, or of its flag */
	bool is_flag;	 /* the option has no argument */
	bool by_default; /* taken where none is asked for */
} choices[] = {
	{ &diff_since, offsetof(struct diff_args, since), false, true },
	{ &diff_packages, offsetof(struct diff_args, packages), true, false },
	{ &diff_image, offsetof(struct diff_args, image), false, false },
	{ &diff_bundle, offsetof(struct diff_args, bundle), false, false },
};

/* A baseline that is open. */
struct open_baseline {
	const struct diff_baseline *baseline;
	void *state;
};

struct diff_cmd {
	struct run *run;
	const struct diff_args *args;
	struct open_baseline open[ARRAY_LEN(choices)];
	size_t nopen;
	struct roots roots;
};

static bool is_asked(const struct diff_args *a, const struct choice *c, const char **ret_where)
{
	const unsigned char *at = (const unsigned char *)a + c->option;
	bool flag;

	*ret_where = NULL;
	if (c->is_flag) {
		memcpy(&flag, at, sizeof(flag));
		return flag;
	}
	memcpy(ret_where, at, sizeof(*ret_where));
	return *ret_where != NULL;
}

/* -1 to go on, or an exit code. */
static int open_one(struct diff_cmd *d, const struct choice *c, const char *where)
{
	struct open_baseline *o = &d->open[d->nopen];
	const char *why = NULL;
	int r = c->baseline->open(where, &o->state, &why);

	if (r == -EINVAL && why)
		return cmd_usage(d->run->self, why);
	if (r < 0) {
		cmd_fail(d->run, "use the baseline", bytes_str(where ? where : c->baseline->name),
			 r, why);
		return EXIT_FAILED;
	}
	o->baseline = c->baseline;
	d->nopen++;
	return -1;
}

/* Before the output is begun: that confines this program, which then opens nothing of the
 * operator's. */
static int open_baselines(struct diff_cmd *d)
{
	const char *where;
	bool any = false;
	int r = -1;

	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		any = is_asked(d->args, &choices[i], &where) || any;
	for (size_t i = 0; r < 0 && i < ARRAY_LEN(choices); i++)
		if (is_asked(d->args, &choices[i], &where) || (!any && choices[i].by_default))
			r = open_one(d, &choices[i], where);
	return r;
}

static void close_baselines(struct diff_cmd *d)
{
	for (size_t i = 0; i < d->nopen; i++)
		d->open[i].baseline->close(d->open[i].state);
}

/* 0 to go on, or what ends the command. */
static int compare_one(struct diff_cmd *d, const struct open_baseline *o,
		       const struct diff_target *target, struct diff_show *show)
{
	int r;

	show->baseline = o->baseline->name;
	r = o->baseline->compare(o->state, target, diff_show_change, show);
	cmd_progress(d->run, NULL);
	if (r == 0 || r == -ECANCELED)
		return 0;
	if (r == -ENOMEM || r == out_error(d->run->out))
		return r;
	gap_tell(&d->run->gaps, &(struct gap){ .err = r,
					       .what = "compare",
					       .pid = target->pid,
					       .on = bytes_str(o->baseline->name) });
	return 0;
}

static int compare_root(struct diff_cmd *d, const struct seen_root *root)
{
	AUTO_DONE(coverage_done) struct coverage coverage = { 0 };
	struct diff_show show = { .run = d->run, .root = root };
	struct diff_target target = {
		.root = root->root,
		.pid = root->pid,
		.hashes = d->args->hash ? (unsigned)HASH_SHA256 : 0u,
		.volumes = d->args->volumes,
		.all_content = d->args->all_content,
		.image_memory = (size_t)d->args->image_memory,
		.max_file = d->args->common.max_file,
		.jobs = (unsigned)d->args->common.jobs,
		.stop = &d->run->stop,
		.gaps = &d->run->gaps,
		.coverage = &coverage,
	};
	int r = coverage_begin(&coverage, root->root);

	if (r < 0)
		return r;
	if (birth_reference(root->root, root->first_start, &target.birth) < 0)
		target.birth = (struct birth){ .basis = BIRTH_NONE };
	for (size_t i = 0; r == 0 && i < d->nopen && !atomic_load(&d->run->stop); i++) {
		r = compare_one(d, &d->open[i], &target, &show);
		if (coverage_any(&coverage)) /* the first that walked tells for all */
			target.coverage = NULL;
	}
	if (r < 0)
		return r;
	diff_show_end(&show);
	/* Of a walk that was cut, or none, nobody can say what it leaves out. */
	return target.coverage || atomic_load(&d->run->stop)
		       ? 0
		       : rows_coverage(d->run, root, &coverage);
}

static int compare_all(struct diff_cmd *d)
{
	int r = cmd_roots(d->run, &d->roots);

	if (r >= 0)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < d->roots.n && !atomic_load(&d->run->stop); i++)
		r = compare_root(d, &d->roots.v[i]);
	if (r < 0 && r != out_error(d->run->out)) {
		cmd_fail(d->run, "compare", bytes_of(NULL, 0), r, NULL);
		return EXIT_FAILED;
	}
	return EXIT_COMPLETE;
}

static int diff_run(const struct command *self, int argc, char **argv)
{
	struct diff_args args = { .since = NULL };
	struct run run = { .self = self, .args = &args.common };
	struct diff_cmd d = { .run = &run, .args = &args };
	struct column columns[DIFF_COLUMNS_MAX];
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0 && args.all_content && !args.image)
		r = cmd_usage(self, "--all-content goes with --image");
	if (r < 0 && args.image_memory && !args.image && !args.bundle)
		r = cmd_usage(self, "--image-memory goes with --image or --baseline");
	if (r < 0)
		r = open_baselines(&d);
	if (r < 0) {
		size_t n = diff_columns(args.hash ? (unsigned)HASH_SHA256 : 0u, columns);

		r = cmd_begin(&run, self, &args.common, columns, n);
	}
	if (r < 0) {
		run.exit = compare_all(&d);
		roots_done(&d.roots);
		r = cmd_end(&run);
	}
	close_baselines(&d);
	return r;
}

const struct command cmd_diff = {
	.name = "diff",
	.summary = "what of the target's files changed, against one or more baselines",
	.usage = "[-p PID]... [--since start] [--packages] [--image FILE|-] [--baseline BUNDLE] "
		 "[--hash] [--volumes]",
	.example = "csi diff\n"
		   "csi diff --since start --packages\n"
		   "docker save IMAGE | kubectl exec -i POD -c csi-1 -- csi diff --image -\n"
		   "kubectl exec -i BADPOD -c csi-1 -- csi diff --baseline - < golden.tar.zst\n"
		   "csi diff -p 7 --hash --json",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = diff_run,
};
