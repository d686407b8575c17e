/* SPDX-License-Identifier: Apache-2.0 */
/* csi ps: processes of the target, grouped by container, with signs. */
#include "cmd/cmd.h"
#include "signs/signs.h"
#include "work/process_record.h"
#include "work/tree.h"

#include "base/when.h"

#include <errno.h>
#include <stdio.h>

struct ps_args {
	struct common_args common;
	bool no_signs;
	bool tree;
};

static const struct opt ps_opts[] = {
	{ .name = "no-signs",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct ps_args, no_signs),
	  .help = "the bare list: neither signs nor containers, fewest reads" },
	{ .name = "tree",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct ps_args, tree),
	  .help = "each process below its parent, within its container (a table, not --json)" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),    OPT_TABLE(common_proc_opts),    OPT_TABLE(ps_opts),
	OPT_TABLE(common_output_opts), OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

/* The column of signs has no width of its own: rows without any lose nothing to it. */
static const struct column columns[] = {
	{ F_PROCESS_PID, "PID", 7 },	 { F_PROCESS_PARENT_PID, "PPID", 7 },
	{ F_PROCESS_USER_ID, "UID", 6 }, { F_PROCESS_USER_NAME, "USER", -8 },
	{ F_CSI_STATE, "S", -1 },	 { F_PROCESS_START, "START (UTC)", -14 },
	{ F_CSI_SIGNS, "SIGNS", 0 },	 { F_PROCESS_ARGS, "COMMAND", 0 },
};

static const struct column bare_columns[] = {
	{ F_PROCESS_PID, "PID", 7 },
	{ F_PROCESS_PARENT_PID, "PPID", 7 },
	{ F_PROCESS_USER_ID, "UID", 6 },
	{ F_CSI_STATE, "S", -1 },
	{ F_PROCESS_START, "START (UTC)", -14 },
	{ F_PROCESS_ARGS, "COMMAND", 0 },
};

/* A selected process and the group that it is shown in. */
struct row {
	struct process_id id;
	uint64_t ns_mnt;
	pid_t group;	/* lowest PID of its mount namespace: the order of groups */
	unsigned depth; /* in the tree */
};

struct ps {
	struct run *run;
	bool signs, tree;
	unsigned form; /* of the records */
	struct facts_shared *shared;
	struct facts facts;
	struct row *rows;
	size_t nrows;
	size_t group_at; /* first row of the group whose heading was printed, or SIZE_MAX */
};

/* Once before the first row of each group: rows of one mount namespace stand together. */
static int put_heading(struct ps *ps, size_t at)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	const struct facts *f = &ps->facts;
	size_t first = at, end = at;
	int r;

	while (first > 0 && ps->rows[first - 1].group == ps->rows[at].group)
		first--;
	if (!ps->signs || ps->run->args->json || ps->group_at == first)
		return 0;
	while (end < ps->nrows && ps->rows[end].group == ps->rows[at].group)
		end++;
	ps->group_at = first;
	if (f->container_id.n)
		r = buf_addf(&b, "container %.12s, ", (const char *)f->container_id.p);
	else
		r = 0;
	if (r == 0 && ps->rows[at].ns_mnt)
		r = buf_addf(&b, "mount namespace %llu, ", (unsigned long long)ps->rows[at].ns_mnt);
	else if (r == 0)
		r = buf_adds(&b, "mount namespace unknown, ");
	if (r == 0)
		r = buf_addf(&b, "%zu process%s:", end - first, end - first == 1 ? "" : "es");
	return r < 0 ? r : out_text(ps->run->out, buf_bytes(&b));
}

static int show(struct ps *ps, size_t at)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	unsigned needs = ps->signs ? signs_needs(SUBJECT_PROCESS) | FACT_OWNER | FACT_USER
				   : (unsigned)(FACT_OWNER | FACT_CMDLINE);
	int r = process_open(ps->run->source, ps->rows[at].id, &p);

	if (r == 0) {
		facts_reset(&ps->facts);
		r = facts_gather(ps->shared, p, needs, &ps->run->gaps, &ps->facts);
	}
	/* Ended since it was listed: not a gap in the evidence. */
	if (err_is_gone(r))
		return 0;
	if (r < 0) {
		const struct gap gap = { .err = r,
					 .what = "open process",
					 .pid = ps->rows[at].id.pid };

		gap_tell(&ps->run->gaps, &gap);
		return r == -ENOMEM ? r : 0;
	}
	r = put_heading(ps, at);
	return r < 0 ? r
		     : process_record_below(ps->run->out, p, &ps->facts, ps->form,
					    ps->rows[at].depth);
}

static int by_group(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

static int by_namespace(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->ns_mnt != y->ns_mnt)
		return x->ns_mnt < y->ns_mnt ? -1 : 1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

/* Groups in the order of their first process; those of unknown namespace are one, at the end. */
static void group_rows(struct ps *ps)
{
	enum { LAST_GROUP = 0x7fffffff };

	for (size_t i = 0; i < ps->nrows; i++)
		ps->rows[i].ns_mnt = facts_shared_ns(ps->shared, ps->rows[i].id);
	qsort(ps->rows, ps->nrows, sizeof(*ps->rows), by_namespace);
	for (size_t i = 0; i < ps->nrows; i++) {
		bool same = i > 0 && ps->rows[i].ns_mnt == ps->rows[i - 1].ns_mnt;

		if (ps->rows[i].ns_mnt == 0)
			ps->rows[i].group = LAST_GROUP;
		else
			ps->rows[i].group = same ? ps->rows[i - 1].group : ps->rows[i].id.pid;
	}
	qsort(ps->rows, ps->nrows, sizeof(*ps->rows), by_group);
}

/* 0 for one that ended, or that cannot be opened: it stands alone then. */
static pid_t parent_of(struct ps *ps, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;

	return process_open(ps->run->source, id, &p) == 0 ? process_stat(p)->ppid : 0;
}

/* The rows of one group, which stand at ROWS by PID, become a tree. */
static int grow_tree(struct ps *ps, struct row *rows, size_t n)
{
	AUTO_FREE struct tree_node *nodes = calloc(n, sizeof(*nodes));
	AUTO_FREE struct row *kept = calloc(n, sizeof(*kept));
	int r;

	if (!nodes || !kept)
		return -ENOMEM;
	memcpy(kept, rows, n * sizeof(*rows));
	for (size_t i = 0; i < n; i++)
		nodes[i] = (struct tree_node){ .pid = rows[i].id.pid,
					       .parent = parent_of(ps, rows[i].id),
					       .at = i };
	r = tree_order(nodes, n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		rows[i] = kept[nodes[i].at];
		rows[i].depth = nodes[i].depth;
	}
	return r;
}

static int grow_trees(struct ps *ps)
{
	size_t end;
	int r = 0;

	for (size_t at = 0; r == 0 && at < ps->nrows; at = end) {
		for (end = at + 1; end < ps->nrows; end++)
			if (ps->rows[end].group != ps->rows[at].group)
				break;
		r = grow_tree(ps, ps->rows + at, end - at);
	}
	return r;
}

static int take_rows(struct ps *ps, const struct selection *sel)
{
	ps->rows = calloc(sel->n ? sel->n : 1, sizeof(*ps->rows));
	if (!ps->rows)
		return -ENOMEM;
	ps->nrows = sel->n;
	for (size_t i = 0; i < sel->n; i++)
		ps->rows[i].id = sel->ids[i];
	int r = ps->signs ? facts_shared_open(ps->run->source, &ps->shared) : 0;
	/* Lines of JSON say where each belongs, and stay in the order of PIDs. */
	if (r < 0 || ps->run->args->json)
		return r;
	if (ps->signs)
		group_rows(ps);
	return ps->tree ? grow_trees(ps) : 0;
}

static int list(struct ps *ps)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	int r = cmd_select(ps->run, &sel);

	if (r >= 0)
		return r;
	r = take_rows(ps, &sel);
	for (size_t i = 0; r == 0 && i < ps->nrows && !atomic_load(&ps->run->stop); i++)
		r = show(ps, i);
	if (r == 0 && ps->signs && ps->run->args->pids.n == 0)
		facts_shared_unseen(ps->shared, &ps->run->gaps);
	/* What failed in writing is said by cmd_end. */
	if (r == 0 || r == out_error(ps->run->out))
		return EXIT_COMPLETE;
	cmd_fail(ps->run, "list processes", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int ps_run(const struct command *self, int argc, char **argv)
{
	struct ps_args args = { 0 };
	struct run run = { 0 };
	struct ps ps = { .run = &run, .group_at = SIZE_MAX };
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0 && args.tree && args.common.json)
		r = cmd_usage(self, "--tree is a table: leave out --json, whose records say their "
				    "parent");
	if (r >= 0)
		return r;
	ps.signs = !args.no_signs;
	ps.tree = args.tree;
	ps.form = (ps.signs ? PROCESS_RECORD_SIGNS : 0U) |
		  (args.common.json ? 0U : PROCESS_RECORD_TABLE);
	r = cmd_begin(&run, self, &args.common, ps.signs ? columns : bare_columns,
		      ps.signs ? ARRAY_LEN(columns) : ARRAY_LEN(bare_columns));
	if (r >= 0)
		return r;
	run.exit = list(&ps);
	facts_done(&ps.facts);
	facts_shared_closep(&ps.shared);
	free(ps.rows);
	return cmd_end(&run);
}

const struct command cmd_ps = {
	.name = "ps",
	.summary = "processes of the target, grouped by container, with signs of intrusion",
	.usage = "[-p PID]... [--tree] [--no-signs] [--json] [-o FILE]",
	.example = "csi ps --tree\ncsi ps --json | grep '\"level\":\"high\"'",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = ps_run,
};
