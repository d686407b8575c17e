/* SPDX-License-Identifier: Apache-2.0 */
/* csi scan: YARA rules over executables, deleted files, memfds, memory and files. */
#include "cmd/scan.h"

#include "base/when.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	MEGABYTE = 1 << 20,
	EACH_MAX = 1 << 20,
	PARTS_MAX = 64, /* listings of one process: 8 million runs of pages */
};

static const char *const level_words[] = { "info", "low", "medium", "high", "critical", NULL };

#define OWN(member) .offset = offsetof(struct scan_args, member)

static const struct opt scan_opts[] = {
	{ .name = "rules",
	  .kind = OPT_STRINGS,
	  OWN(rules),
	  .arg = "FILE|DIR|-",
	  .help = "these rules, source or compiled, instead of those in the program; may be given "
		  "again" },
	{ .name = "ioc-hashes",
	  .kind = OPT_STRINGS,
	  OWN(ioc_hashes),
	  .arg = "FILE",
	  .help = "digests of files that are bad: HASH;COMMENT, one a line" },
	{ .name = "ioc-names",
	  .kind = OPT_STRINGS,
	  OWN(ioc_names),
	  .arg = "FILE",
	  .help = "paths that are bad: REGEX;SCORE[;REGEX OF HARMLESS ONES]" },
	{ .name = "ioc-network",
	  .kind = OPT_STRINGS,
	  OWN(ioc_network),
	  .arg = "FILE",
	  .help = "names and addresses to look for in files, memory and connections: "
		  "NAME;COMMENT; compiled, for files and memory alone" },
	{ .name = "exe",
	  .kind = OPT_FLAG,
	  OWN(exe),
	  .help = "only executables of processes, their deleted files and memfds" },
	{ .name = "memory",
	  .kind = OPT_FLAG,
	  OWN(memory),
	  .help = "only memory: the pages that are there, none is brought in" },
	{ .name = "files", .kind = OPT_FLAG, OWN(files), .help = "only files of their roots" },
	{ .name = "volumes",
	  .kind = OPT_FLAG,
	  OWN(volumes),
	  .help = "enter volumes and network mounts too" },
	{ .name = "fail-on",
	  .kind = OPT_CHOICE,
	  OWN(fail_on),
	  .arg = "LEVEL",
	  .help = "exit 4 if a match is at or above LEVEL: info, low, medium, high, critical",
	  .choices = level_words },
	{ .name = "timeout-each",
	  .kind = OPT_NUMBER,
	  OWN(each),
	  .arg = "SECONDS",
	  .help = "for one file or process, 600 by default; more is a gap record",
	  .min = 1,
	  .max = EACH_MAX },
	{ .name = "rules-memory",
	  .kind = OPT_SIZE,
	  OWN(rules_memory),
	  .arg = "SIZE",
	  .help = "memory for rules and their matches, 64M by default, beside the 32M of csi",
	  .min = MEGABYTE },
	{ .name = "compile",
	  .kind = OPT_FLAG,
	  OWN(compile),
	  .help = "write the rules compiled, for --rules of the same version, and scan nothing" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),	OPT_TABLE(common_source_opts),
	OPT_TABLE(scan_opts),		OPT_TABLE(common_headroom_opts),
	OPT_TABLE(common_output_opts),	OPT_TABLE(common_max_file_opts),
	OPT_TABLE(common_timeout_opts), OPT_TABLE(common_jobs_opts),
	OPT_TABLE(common_talk_opts),
};

static void tell(struct scan *s, const char *what, int err, pid_t pid, struct bytes on)
{
	gap_tell(&s->run->gaps, &(struct gap){ .err = err, .what = what, .pid = pid, .on = on });
}

static bool stopped(struct scan *s)
{
	headroom_poll(&s->headroom);
	return atomic_load(&s->run->stop);
}

/* ---- processes ------------------------------------------------------------------------------- */

static const struct target_root *root_of(const struct scan *s, const struct target *t)
{
	return t->root == TARGET_NO_ROOT ? NULL : &s->targets.roots[t->root];
}

static struct sweep_job *process_job(const struct scan *s, const struct target *t,
				     enum sweep_kind kind, struct bytes path)
{
	const struct proc_stat *st = process_stat(t->p);
	struct sweep_job *j = sweep_job_new(kind, path, bytes_of(st->comm, st->comm_len));

	if (!j)
		return NULL;
	j->pid = st->pid;
	process_entity_id(t->p, j->entity);
	j->tag = root_of(s, t);
	return j;
}

/* What is pinned, opened and handed over. 0 or -errno that ends the command. */
static int push_pin(struct scan *s, const struct target *t, enum sweep_kind kind, int pin,
		    const struct file_info *info, struct bytes path)
{
	struct sweep_job *j;
	int r;

	if (!S_ISREG(info->mode) || fileset_has(&s->clean, info))
		return 0;
	j = process_job(s, t, kind, path);
	if (!j)
		return -ENOMEM;
	j->info = *info;
	scan_owner_of(s, root_of(s, t), info->uid, j->owner);
	r = file_open_pinned(pin, info, &j->file);
	if (r < 0) {
		tell(s, kind == SWEEP_EXE ? "open exe" : "open deleted file", r, j->pid, path);
		sweep_job_closep(&j);
		return 0;
	}
	return sweep_push(s->sweep, j);
}

static int scan_exes(struct scan *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->targets.n && !stopped(s); i++) {
		const struct target *t = &s->targets.v[i];
		AUTO_DONE(buf_done) struct buf link = BUF_NONE;

		if (t->exe_pin < 0)
			continue;
		(void)process_link(t->p, LINK_EXE, &link);
		r = push_pin(s, t, t->exe_memfd ? SWEEP_MEMFD : SWEEP_EXE, t->exe_pin, &t->exe,
			     buf_bytes(&link));
	}
	for (size_t i = 0; r == 0 && i < s->targets.ndeleted && !stopped(s); i++) {
		const struct target_deleted *d = &s->targets.deleted[i];
		struct bytes link = buf_bytes(&d->link);

		r = push_pin(s, &s->targets.v[d->target],
			     bytes_starts(link, "/memfd:") ? SWEEP_MEMFD : SWEEP_DELETED, d->pin,
			     &d->info, link);
	}
	return r;
}

static void tell_unread(struct scan *s, pid_t pid, int err)
{
	if (err_is_gone(err)) /* it ended */
		return;
	if (err != -EOPNOTSUPP) {
		tell(s, "read memory", err, pid, bytes_of(NULL, 0));
	} else if (!s->told_no_memory) { /* what a source has not for any is said once */
		tell(s, "read memory", err, 0, bytes_of(NULL, 0));
		s->told_no_memory = true;
	}
}

/* What lies at *FROM and above, as far as one listing goes; *FROM is where to go on, or 0. */
static int push_part(struct scan *s, const struct target *t, struct bytes exe, uint64_t *from)
{
	struct sweep_job *j = process_job(s, t, SWEEP_MEMORY, exe);
	uint64_t next = 0;
	int r;

	if (!j)
		return -ENOMEM;
	sweep_wait(s->sweep);
	r = process_open(s->run->source, process_id(t->p), &j->process);
	if (r == 0)
		r = sweep_memory_open(j->process, *from, &j->memory, &next);
	*from = next;
	if (r == 0)
		return sweep_push(s->sweep, j);
	tell_unread(s, j->pid, r);
	sweep_job_closep(&j);
	return r == -ENOMEM ? r : 0;
}

static int push_memory(struct scan *s, const struct target *t)
{
	AUTO_DONE(buf_done) struct buf link = BUF_NONE;
	const pid_t pid = process_stat(t->p)->pid;
	uint64_t from = 0;
	int r, parts = 0;

	(void)process_link(t->p, LINK_EXE, &link);
	do
		r = push_part(s, t, buf_bytes(&link), &from);
	while (r == 0 && from && ++parts < PARTS_MAX && !stopped(s));
	if (parts)
		tell(s, "look at memory as a whole (rules see parts of it)", -E2BIG, pid,
		     bytes_of(NULL, 0));
	if (parts == PARTS_MAX)
		tell(s, "list memory", -E2BIG, pid, bytes_of(NULL, 0));
	return r;
}

static int scan_memory(struct scan *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->targets.n && !stopped(s); i++)
		if (!proc_is_bare(process_stat(s->targets.v[i].p)))
			r = push_memory(s, &s->targets.v[i]);
	return r;
}

/* ---- files ----------------------------------------------------------------------------------- */

struct tree {
	struct scan *s;
	const struct target_root *root;
	uint64_t files;
};

static int on_entry(void *ctx, struct walk_entry *e)
{
	struct tree *t = ctx;
	struct scan *s = t->s;
	struct sweep_job *j;
	char text[48];
	int r;

	if (e->event == WALK_UNSORTED || stopped(s))
		return stopped(s) ? -ECANCELED : 0;
	if (e->event == WALK_SKIPPED) {
		if (e->mount != MOUNT_PSEUDO)
			gap_tell(&s->run->gaps, &(struct gap){ .err = -EXDEV,
							       .what = "enter mount",
							       .on = e->path,
							       .mend = "--volumes" });
		return 0;
	}
	r = scan_judge_name(s, t->root, e);
	if (r < 0)
		return r;
	if (!S_ISREG(e->info.mode) || (e->info.nlink > 1 && fileset_has(&s->clean, &e->info)))
		return 0;
	(void)snprintf(text, sizeof(text), "%llu files", (unsigned long long)++t->files);
	cmd_progress(s->run, text);
	j = sweep_job_new(SWEEP_FILE, e->path, bytes_of(NULL, 0));
	if (!j)
		return -ENOMEM;
	j->info = e->info;
	j->parent_ino = e->parent_ino;
	j->tag = t->root;
	scan_owner_of(s, t->root, e->info.uid, j->owner);
	r = file_open_pinned(e->pin, &e->info, &j->file);
	if (r < 0) {
		tell(s, "open", r, 0, e->path);
		sweep_job_closep(&j);
		return 0;
	}
	return sweep_push(s->sweep, j);
}

static int walk_path(struct scan *s, const struct target_root *root, struct bytes path)
{
	struct tree t = { .s = s, .root = root };
	struct walk_limits limits = { .enter = (unsigned)WALK_MEMORY | (unsigned)WALK_BOUND,
				      .no_links = true,
				      .stop = &s->run->stop,
				      .gaps = &s->run->gaps };
	int r;

	if (s->args->volumes)
		limits.enter |= (unsigned)WALK_VOLUME | (unsigned)WALK_NETWORK;
	r = root_walk(root->root, path, &limits, on_entry, &t);
	/* One container need not have what another has; in none it is told at the end. */
	if (r == -ENOENT && s->npaths)
		return 0;
	s->found_paths++;
	if (r == 0 || r == -ECANCELED || r == -ENOMEM || r == out_error(s->run->out))
		return r == -ECANCELED ? 0 : r;
	tell(s, "walk", r, 0, path);
	return 0;
}

static int scan_files(struct scan *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->targets.nroots && !stopped(s); i++) {
		const struct target_root *root = &s->targets.roots[i];

		if (!root->root)
			continue;
		if (s->npaths == 0)
			r = walk_path(s, root, bytes_str("/"));
		for (size_t k = 0; r == 0 && k < s->npaths && !stopped(s); k++)
			r = walk_path(s, root, bytes_str(s->paths[k]));
	}
	cmd_progress(s->run, NULL);
	return r;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int scan_all(struct scan *s)
{
	const struct scan_args *a = s->args;
	bool all = !a->exe && !a->memory && !a->files && s->npaths == 0;
	int r = 0;

	/* By volatility: connections and processes end, memory changes, files stay. */
	if (all || a->exe || a->memory)
		r = scan_sockets(s);
	if (r == 0 && (all || a->exe))
		r = scan_exes(s);
	if (r == 0 && (all || a->memory))
		r = scan_memory(s);
	if (r == 0 && (all || a->files || s->npaths))
		r = scan_files(s);
	return r;
}

static int pin_targets(struct scan *s)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	int r = -1;

	if (source_kind(s->run->source) != SOURCE_ROOT)
		r = cmd_select(s->run, &sel);
	if (r >= 0)
		return r;
	r = targets_pin(s->run->source, &sel, &s->run->gaps, &s->targets);
	if (r == 0)
		return -1;
	cmd_fail(s->run, "pin what is to be scanned", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int sweep(struct scan *s)
{
	const struct sweep_options o = { .rules = s->rules,
					 .jobs = (unsigned)s->args->common.jobs,
					 .timeout = (unsigned)s->args->each,
					 .max_file = s->args->common.max_file,
					 .stop = &s->run->stop,
					 .gaps = &s->run->gaps,
					 .clean = &s->clean,
					 .hashes = s->hashes.kinds,
					 .hashed = scan_judge_hashes,
					 .found = scan_show_match,
					 .ctx = s };
	int r, end;

	scan_guard_open(s);
	r = sweep_start(&o, &s->sweep);
	if (r == 0)
		r = scan_all(s);
	end = sweep_end(&s->sweep);
	scan_guard_done(s);
	if (r == 0)
		r = end;
	/* What failed in writing is said by cmd_end. */
	if (r < 0 && r != out_error(s->run->out)) {
		cmd_fail(s->run, "scan", bytes_of(NULL, 0), r, NULL);
		return EXIT_FAILED;
	}
	if (r == 0 && s->npaths && !s->found_paths && !stopped(s)) {
		cmd_fail(s->run, "scan", bytes_str(s->paths[0]), -ENOENT, "in no root");
		return EXIT_FAILED;
	}
	return EXIT_COMPLETE;
}

static int scan(struct scan *s)
{
	int r = scan_load_rules(s);

	if (r >= 0)
		return r;
	if (s->args->compile)
		return scan_write_rules(s);
	r = pin_targets(s);
	return r < 0 ? sweep(s) : r;
}

/* What would be left out without a word: -1 to go on, or EXIT_USAGE. */
static int check_options(const struct command *self, const struct scan_args *a)
{
	if (a->compile && (a->ioc_hashes.n || a->ioc_names.n))
		return cmd_usage(self,
				 "--compile writes rules and --ioc-network: give --ioc-hashes "
				 "and --ioc-names with each scan");
	if (a->compile && (a->exe || a->memory || a->files || a->volumes || a->fail_on >= 0 ||
			   a->common.json || a->common.pids.n))
		return cmd_usage(self, "--compile scans nothing: leave out what chooses or shows");
	if (cmd_names_root(&a->common) && (a->exe || a->memory))
		return cmd_usage(self, "a root has no processes: leave out --exe and --memory");
	return -1;
}

static int scan_run(const struct command *self, int argc, char **argv)
{
	struct scan_args args = { .fail_on = -1, .common.headroom = HEADROOM_FLOOR_DEFAULT };
	struct run run = { 0 };
	struct scan s = { .run = &run, .args = &args, .lock = PTHREAD_MUTEX_INITIALIZER };
	int operands, r;

	r = cmd_parse(self, argc, argv, &args, &operands);
	if (r < 0 && args.compile)
		r = cmd_no_operands(self, argc, argv, operands);
	if (r < 0)
		r = check_options(self, &args);
	if (r >= 0)
		return r;
	s.paths = argv + operands;
	s.npaths = (size_t)(argc - operands);
	r = cmd_begin(&run, self, &args.common, scan_columns, args.compile ? 0 : SCAN_COLUMNS);
	if (r >= 0)
		return r;
	fileset_init(&s.clean);
	r = scan(&s);
	run.exit = (int)exit_worse((enum exit_code)run.exit, (enum exit_code)r);
	targets_done(&s.targets);
	scan_owner_done(&s);
	scan_rules_done(&s);
	fileset_done(&s.clean);
	return cmd_end(&run);
}

const struct command cmd_scan = {
	.name = "scan",
	.summary = "look into executables, memory, memfds, deleted and other files with YARA rules",
	.usage = "[-p PID]... [--exe] [--memory] [--files] [--rules FILE|DIR|-]... [PATH...]",
	.example = "csi scan\n"
		   "csi scan -p 7 --memory --json\n"
		   "csi scan --rules rules/ --fail-on high /tmp /var/www\n"
		   "csi scan --compile --rules rules/ -o pack.yarc && csi scan --rules pack.yarc",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = scan_run,
};
