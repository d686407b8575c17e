/* SPDX-License-Identifier: Apache-2.0 */
/* csi walk: files of each distinct root of the selected processes. */
#include "cmd/walk.h"

#include <errno.h>
#include <stdio.h>

struct walk_args {
	struct common_args common;
	const char *hash; /* NULL, "" or a list */
	bool sha1, md5, only_new, volumes, xdev, deleted;
	const char *since, *name, *type, *perm, *owner;
	int format; /* enum walk_format, -1: not given */
};

static const char *const formats[] = { "table",	   "json",	     "hashdeep", "sha256sum",
				       "bodyfile", "bodyfile-plaso", NULL };

#define WALK(member) .offset = offsetof(struct walk_args, member)

static const struct opt walk_opts[] = {
	{ .name = "hash",
	  .kind = OPT_MAYBE,
	  WALK(hash),
	  .arg = "LIST",
	  .help = "digests of regular files: sha256 (default), sha1, md5, by comma; in one read" },
	{ .name = "sha1", .kind = OPT_FLAG, WALK(sha1), .help = "SHA-1 of them" },
	{ .name = "md5", .kind = OPT_FLAG, WALK(md5), .help = "MD5 of them" },
	{ .name = "since",
	  .kind = OPT_STRING,
	  WALK(since),
	  .arg = "WHEN",
	  .help = "only what is new since the container's start, or has a time since a date: "
		  "start, "
		  "2026-11-28, 2026-11-28T12:00:00Z, @SECONDS, 30m, 2h, 7d" },
	{ .name = "new", .kind = OPT_FLAG, WALK(only_new), .help = "the same as --since start" },
	{ .name = "name",
	  .kind = OPT_STRING,
	  WALK(name),
	  .arg = "GLOB",
	  .help = "only files whose last component matches" },
	{ .name = "type",
	  .kind = OPT_STRING,
	  WALK(type),
	  .arg = "TYPES",
	  .help = "only these: f,d,l,p,s,c,b as find has them" },
	{ .name = "perm",
	  .kind = OPT_STRING,
	  WALK(perm),
	  .arg = "MODE",
	  .help = "only this mode, octal; -MODE all of its bits, /MODE any (/6000: setuid, "
		  "setgid)" },
	{ .name = "owner",
	  .kind = OPT_STRING,
	  WALK(owner),
	  .arg = "UID[:GID]",
	  .help = "only what belongs to these, numbers; :GID for the group alone" },
	{ .name = "xdev", .kind = OPT_FLAG, WALK(xdev), .help = "stay on the mount of each PATH" },
	{ .name = "deleted",
	  .kind = OPT_FLAG,
	  WALK(deleted),
	  .help = "instead: files without a name that processes still hold (deleted executables, "
		  "libraries and descriptors, memfds), each once; collect takes their content" },
	{ .name = "volumes",
	  .kind = OPT_FLAG,
	  WALK(volumes),
	  .help = "enter volumes and network mounts too" },
	{ .name = "format",
	  .kind = OPT_CHOICE,
	  WALK(format),
	  .arg = "FORMAT",
	  .help = "table, json (as --json); a list of regular files with paths from ./ on, to "
		  "check "
		  "a copy of the tree with: hashdeep (1.0, MD5 and SHA-256), sha256sum; times of "
		  "all "
		  "files for mactime: bodyfile, and as plaso reads it: bodyfile-plaso",
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
	struct filter filter;
};

static bool is_output_error(const struct walk_cmd *w, int r)
{
	return r < 0 && (r == out_error(w->run->out) || r == w->list.err);
}

/* 0 to go on, or -errno that ends the command. */
static int walk_path(struct walk_cmd *w, const struct seen_root *root, struct bytes path,
		     bool *headed)
{
	struct walk_show show = {
		.run = w->run, .list = w->list.on ? &w->list : NULL, .root = root, .headed = headed
	};
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

static void note_birth(const struct walk_cmd *w)
{
	if (w->opts.only_new && w->opts.birth.basis == BIRTH_NONE)
		cmd_note(w->run, "what is new cannot be told in this root: all of it is shown");
	else if (w->opts.only_new && w->opts.birth.stepped)
		cmd_note(w->run, "the clock was set since this container started: what cannot be "
				 "told to be old is shown");
}

static int walk_root(struct walk_cmd *w, const struct seen_root *root)
{
	AUTO_DONE(coverage_done) struct coverage coverage = { 0 };
	bool headed = false;
	int r = coverage_begin(&coverage, root->root);

	if (r < 0)
		return r;
	if (birth_reference(root->root, root->first_start, &w->opts.birth) < 0)
		w->opts.birth = (struct birth){ .basis = BIRTH_NONE };
	note_birth(w);
	w->opts.coverage = &coverage;
	if (w->npaths == 0)
		r = walk_path(w, root, bytes_str("/"), &headed);
	for (size_t i = 0; r == 0 && i < w->npaths && !atomic_load(&w->run->stop); i++)
		r = walk_path(w, root, bytes_str(w->paths[i]), &headed);
	w->opts.coverage = NULL;
	if (r < 0 || atomic_load(&w->run->stop))
		return r;
	/* Of paths that were asked for nobody expects more. */
	return w->npaths ? 0 : rows_coverage(w->run, root, &coverage);
}

static int walk_all(struct walk_cmd *w)
{
	int r = cmd_roots(w->run, &w->roots);

	if (r < 0 && w->list.on)
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
	w->list.on = walk_list_is(w->list.format);
	if (!w->list.on)
		return -1;
	w->list.hashes = walk_list_hashes(w->list.format);
	if (!w->list.hashes && (w->opts.hashes & ~(unsigned)HASH_MD5))
		return cmd_usage(self, "a bodyfile has room for MD5 alone: --hash=md5");
	if (!w->list.hashes)
		return -1;
	if (w->opts.hashes & ~w->list.hashes & ~(unsigned)HASH_SHA256)
		return cmd_usage(self, "this format has its own digests: leave out --md5, --sha1");
	w->opts.hashes = w->list.hashes;
	return -1;
}

/* --hash and its list, --sha1, --md5: -1 to go on, or EXIT_USAGE. */
static int choose_hashes(const struct command *self, struct walk_cmd *w, const struct walk_args *a)
{
	static const struct {
		const char *name;
		enum hash_kind kind;
	} kinds[] = { { "sha256", HASH_SHA256 }, { "sha1", HASH_SHA1 }, { "md5", HASH_MD5 } };

	w->opts.hashes = (a->sha1 ? (unsigned)HASH_SHA1 : 0u) | (a->md5 ? (unsigned)HASH_MD5 : 0u);
	if (a->hash && !*a->hash)
		w->opts.hashes |= (unsigned)HASH_SHA256;
	for (const char *p = a->hash; p && *p;) {
		size_t n = strcspn(p, ","), i = 0;

		while (i < ARRAY_LEN(kinds) && !bytes_eq(bytes_of(p, n), bytes_str(kinds[i].name)))
			i++;
		if (i == ARRAY_LEN(kinds))
			return cmd_usage(self, "--hash knows sha256, sha1 and md5");
		w->opts.hashes |= (unsigned)kinds[i].kind;
		p += n + (p[n] == ',');
	}
	return -1;
}

/* The conditions on files: -1 to go on, or EXIT_USAGE. */
static int choose_files(const struct command *self, struct walk_cmd *w, struct walk_args *a)
{
	struct filter *f = &w->filter;

	f->name = a->name;
	if (a->since && strcmp(a->since, "start") == 0)
		a->only_new = true;
	else if (a->since && filter_since(a->since, f) < 0)
		return cmd_usage(self, "--since wants start, a date such as 2026-11-28T12:00:00Z, "
				       "@SECONDS, or a time ago such as 2h");
	if (a->type && filter_types(a->type, f) < 0)
		return cmd_usage(self, "--type wants letters of f,d,l,p,s,c,b");
	if (a->perm && filter_mode(a->perm, f) < 0)
		return cmd_usage(self, "--perm wants an octal mode, with - or / before it");
	if (a->owner && filter_owner(a->owner, f) < 0)
		return cmd_usage(self, "--owner wants UID, UID:GID or :GID, as numbers");
	if (a->xdev && a->volumes)
		return cmd_usage(self, "--xdev and --volumes: choose one");
	w->opts.filter = f;
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

/* What chooses files by their place in a tree or by what they are. */
static bool has_conditions(const struct walk_args *a)
{
	return a->only_new || a->since || a->name || a->type || a->perm || a->owner || a->xdev ||
	       a->volumes;
}

static void set_options(struct walk_cmd *w, const struct walk_args *a)
{
	w->args = a;
	w->opts.jobs = (unsigned)a->common.jobs;
	/* A table has no room for them. */
	w->opts.xattrs = a->common.json;
	w->opts.only_new = a->only_new;
	w->opts.max_file = a->common.max_file;
	w->opts.limits.enter = (unsigned)WALK_MEMORY | (unsigned)WALK_BOUND;
	if (a->xdev)
		w->opts.limits.enter = 0;
	if (a->volumes)
		w->opts.limits.enter |= (unsigned)WALK_VOLUME | (unsigned)WALK_NETWORK;
	w->opts.limits.stop = &w->run->stop;
}

static size_t choose_columns(const struct walk_cmd *w, struct column ret[WALK_COLUMNS_MAX])
{
	if (w->list.on)
		return 0;
	return w->args->deleted ? walk_deleted_columns(w->opts.hashes, ret)
				: walk_columns(w->opts.hashes, ret);
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
		r = choose_hashes(self, &w, &args);
	if (r < 0)
		r = choose_files(self, &w, &args);
	if (r < 0)
		r = choose_format(self, &w, &args);
	if (r >= 0)
		return r;
	set_options(&w, &args);
	w.paths = argv + operands;
	w.npaths = (size_t)(argc - operands);
	if (args.deleted && (w.npaths || w.list.on || cmd_names_root(&args.common)))
		return cmd_usage(self, "--deleted has processes, and no PATH, list or --root");
	if (args.deleted && has_conditions(&args))
		return cmd_usage(self,
				 "--deleted shows all that is held: of the options that choose "
				 "files it takes -p alone");
	r = cmd_begin(&run, self, &args.common, columns, choose_columns(&w, columns));
	if (r >= 0)
		return r;
	run.exit = args.deleted ? walk_deleted(&run, &w.opts) : walk_all(&w);
	end_list(&w);
	roots_done(&w.roots);
	return cmd_end(&run);
}

const struct command cmd_walk = {
	.name = "walk",
	.summary = "files of the target: metadata, hashes, and what is new since it started",
	.usage = "[-p PID]... [--since WHEN] [--name GLOB] [--type TYPES] [--perm MODE] [--owner "
		 "UID] [--hash[=LIST]] [--xdev | --volumes] [--format FORMAT] [PATH...]",
	.example = "csi walk --since start --hash\n"
		   "csi walk -p 7 --hash=sha256,md5 --json /etc /tmp\n"
		   "csi walk --type f --perm /6000\n"
		   "csi walk --deleted --hash\n"
		   "csi walk -p 7 --format bodyfile > body; mactime -b body -d -z UTC\n"
		   "csi walk -p 7 --format hashdeep > list; cd COPY && hashdeep -rlak ../list .\n"
		   "csi walk -p 7 --format sha256sum > list; cd COPY && sha256sum -c ../list",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = walk_run,
};
