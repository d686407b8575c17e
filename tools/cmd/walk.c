/* SPDX-License-Identifier: Apache-2.0 */
/* csi walk: files of each distinct root of the selected processes. */
#include "cmd/walk.h"

#include <errno.h>
#include <stdio.h>

struct walk_args {
	struct common_args common;
	bool hash, sha1, md5, only_new, volumes;
	int format; /* enum walk_format, -1: not given */
};

static const char *const formats[] = { "table", "json", "hashdeep", "sha256sum", NULL };

static const struct opt walk_opts[] = {
	{ .name = "hash",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct walk_args, hash),
	  .help = "SHA-256 of regular files" },
	{ .name = "sha1",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct walk_args, sha1),
	  .help = "SHA-1 of them" },
	{ .name = "md5",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct walk_args, md5),
	  .help = "MD5 of them" },
	{ .name = "new",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct walk_args, only_new),
	  .help = "only what is new since the container started" },
	{ .name = "volumes",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct walk_args, volumes),
	  .help = "enter volumes and network mounts too" },
	{ .name = "format",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct walk_args, format),
	  .arg = "FORMAT",
	  .help = "table, json (as --json), or a list of regular files with paths from ./ on, to "
		  "check a copy of the tree with: hashdeep (1.0, MD5 and SHA-256), sha256sum",
	  .choices = formats },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),
	OPT_TABLE(common_source_opts),
	OPT_TABLE(walk_opts),
	OPT_TABLE(common_output_opts),
	OPT_TABLE(common_max_file_opts),
	OPT_TABLE(common_timeout_opts),
	OPT_TABLE(common_jobs_opts),
	OPT_TABLE(common_talk_opts),
};

struct walk_cmd {
	struct run *run;
	const struct walk_args *args;
	struct hashwalk_options opts;
	char **paths; /* operands */
	size_t npaths;
	struct roots roots;
	uint64_t walked; /* operands that were found, in any root */
	struct walk_list list;
};

static bool is_output_error(const struct walk_cmd *w, int r)
{
	return r < 0 && (r == out_error(w->run->out) || r == w->list.err);
}

/* 0 to go on, or -errno that ends the command. */
static int walk_path(struct walk_cmd *w, const struct seen_root *root, struct bytes path,
		     bool *headed)
{
	struct walk_show show = { .run = w->run,
				  .list = w->list.hashes ? &w->list : NULL,
				  .root = root,
				  .headed = headed };
	struct gap gap = { .what = "walk", .pid = root->pid, .on = path };
	int r = hashwalk_run(root->root, path, &w->opts, walk_show_item, &show);

	cmd_progress(w->run, NULL);
	/* One container need not have what another has; in none it is told at the end. */
	if (r == -ENOENT && w->npaths)
		return 0;
	w->walked++;
	if (r == 0 || r == -ECANCELED || r == -ENOMEM || is_output_error(w, r))
		return r == -ECANCELED ? 0 : r;
	gap.err = r;
	gap_tell(&w->run->gaps, &gap);
	return 0;
}

static int walk_root(struct walk_cmd *w, const struct seen_root *root)
{
	bool headed = false;
	int r = birth_reference(root->root, root->first_start, &w->opts.birth);

	if (r < 0)
		w->opts.birth = (struct birth){ .basis = BIRTH_NONE };
	if (w->opts.only_new && w->opts.birth.basis == BIRTH_NONE)
		cmd_note(w->run, "what is new cannot be told in this root: all of it is shown");
	else if (w->opts.only_new && w->opts.birth.stepped)
		cmd_note(w->run, "the clock was set since this container started: what cannot be "
				 "told to be old is shown");
	if (w->npaths == 0)
		return walk_path(w, root, bytes_str("/"), &headed);
	r = 0;
	for (size_t i = 0; r == 0 && i < w->npaths && !atomic_load(&w->run->stop); i++)
		r = walk_path(w, root, bytes_str(w->paths[i]), &headed);
	return r;
}

static int walk_all(struct walk_cmd *w)
{
	int r = cmd_roots(w->run, &w->roots);

	if (r < 0 && w->list.hashes)
		r = walk_list_begin(&w->list, w->run, w->roots.v, w->roots.n);
	if (r >= 0)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < w->roots.n && !atomic_load(&w->run->stop); i++)
		r = walk_root(w, &w->roots.v[i]);
	if (r < 0 && !is_output_error(w, r)) {
		cmd_fail(w->run, "walk", bytes_of(NULL, 0), r, NULL);
		return EXIT_FAILED;
	}
	if (r == 0 && w->npaths && w->roots.n && !w->walked && !atomic_load(&w->run->stop)) {
		cmd_fail(w->run, "walk", bytes_str(w->paths[0]), -ENOENT, "in no root");
		return EXIT_FAILED;
	}
	return EXIT_COMPLETE;
}

/* --json and --format are one choice: -1 to go on, or EXIT_USAGE. */
static int choose_format(const struct command *self, struct walk_cmd *w, struct walk_args *a)
{
	if (a->format < 0)
		a->format = a->common.json ? WALK_JSON : WALK_TABLE;
	if (a->common.json && a->format != WALK_JSON)
		return cmd_usage(self, "--json and another --format: choose one");
	a->common.json = a->format == WALK_JSON;
	w->list.format = (enum walk_format)a->format;
	w->list.hashes = walk_list_hashes(w->list.format);
	if (!w->list.hashes)
		return -1;
	if (a->sha1 || (a->md5 && !(w->list.hashes & (unsigned)HASH_MD5)))
		return cmd_usage(self, "this format has its own digests: leave out --md5, --sha1");
	a->hash = true;
	a->md5 = w->list.hashes & (unsigned)HASH_MD5;
	return -1;
}

/* What a list could not take is a failure of its own, after all else was told. */
static void end_list(struct walk_cmd *w)
{
	int r = walk_list_end(&w->list);

	if (r == 0)
		return;
	cmd_fail(w->run, "write the list", bytes_of(NULL, 0), r, NULL);
	w->run->exit = (int)exit_worse((enum exit_code)w->run->exit, EXIT_FAILED);
}

static void set_options(struct walk_cmd *w, const struct walk_args *a)
{
	w->args = a;
	w->opts.jobs = (unsigned)a->common.jobs;
	w->opts.hashes = (a->hash ? (unsigned)HASH_SHA256 : 0u) |
			 (a->sha1 ? (unsigned)HASH_SHA1 : 0u) | (a->md5 ? (unsigned)HASH_MD5 : 0u);
	/* A table has no room for them. */
	w->opts.xattrs = a->common.json;
	w->opts.only_new = a->only_new;
	w->opts.max_file = a->common.max_file;
	w->opts.limits.enter = (unsigned)WALK_MEMORY | (unsigned)WALK_BOUND;
	if (a->volumes)
		w->opts.limits.enter |= (unsigned)WALK_VOLUME | (unsigned)WALK_NETWORK;
	w->opts.limits.stop = &w->run->stop;
}

static int walk_run(const struct command *self, int argc, char **argv)
{
	struct walk_args args = { .format = -1 };
	struct run run = { 0 };
	struct walk_cmd w = { .run = &run, .list = { .argc = argc, .argv = argv } };
	struct column columns[WALK_COLUMNS_MAX];
	int operands, r;

	r = cmd_parse(self, argc, argv, &args, &operands);
	if (r < 0)
		r = choose_format(self, &w, &args);
	if (r >= 0)
		return r;
	set_options(&w, &args);
	w.paths = argv + operands;
	w.npaths = (size_t)(argc - operands);
	r = cmd_begin(&run, self, &args.common, columns,
		      w.list.hashes ? 0 : walk_columns(w.opts.hashes, columns));
	if (r >= 0)
		return r;
	run.exit = walk_all(&w);
	end_list(&w);
	roots_done(&w.roots);
	return cmd_end(&run);
}

const struct command cmd_walk = {
	.name = "walk",
	.summary = "files of the target: metadata, hashes, and what is new since it started",
	.usage = "[-p PID]... [--new] [--hash] [--volumes] [--format FORMAT] [PATH...]",
	.example = "csi walk --new --hash\n"
		   "csi walk -p 7 --hash --json /etc /tmp\n"
		   "csi walk -p 7 --format hashdeep > list; cd COPY && hashdeep -rlak ../list .\n"
		   "csi walk -p 7 --format sha256sum > list; cd COPY && sha256sum -c ../list",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = walk_run,
};
