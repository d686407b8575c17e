/* SPDX-License-Identifier: Apache-2.0 */
/* csi ps: processes of the target, grouped by container, with signs. */
#include "cmd/cmd.h"
#include "signs/signs.h"

#include "base/when.h"

#include <errno.h>
#include <stdio.h>

enum {
	SHOWN_SIGNS_MAX = 32,  /* of one process; the catalogue is shorter */
	SHOWN_ARGS_MAX = 4096, /* arguments of one process */
	TABLE_ARGS_MAX = 8192, /* bytes of them in a table; JSON has them all */
};

struct ps_args {
	struct common_args common;
	bool no_signs;
};

static const struct opt ps_opts[] = {
	{ .name = "no-signs",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct ps_args, no_signs),
	  .help = "the bare list: neither signs nor containers, fewest reads" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),    OPT_TABLE(common_source_opts),  OPT_TABLE(ps_opts),
	OPT_TABLE(common_output_opts), OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

/* The column of signs has no width of its own: rows without any lose nothing to it. */
static const struct column columns[] = {
	{ F_PROCESS_PID, "PID", 7 },
	{ F_PROCESS_PARENT_PID, "PPID", 7 },
	{ F_PROCESS_USER_ID, "UID", 6 },
	{ F_CSI_STATE, "S", -1 },
	{ F_PROCESS_START, "START (UTC)", -14 },
	{ F_CSI_SIGNS, "SIGNS", 0 },
	{ F_PROCESS_ARGS, "COMMAND", 0 },
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
	pid_t group; /* lowest PID of its mount namespace: the order of groups */
};

struct shown_signs {
	size_t n;
	struct {
		const char *id, *level;
	} v[SHOWN_SIGNS_MAX];
};

struct ps {
	struct run *run;
	bool signs;
	struct facts_shared *shared;
	struct facts facts;
	struct row *rows;
	size_t nrows;
	size_t group_at; /* first row of the group whose heading was printed, or SIZE_MAX */
};

static void keep_sign(void *ctx, const struct sign *s, const struct finding *f)
{
	struct shown_signs *shown = ctx;

	if (shown->n == SHOWN_SIGNS_MAX)
		return;
	shown->v[shown->n].id = s->id;
	shown->v[shown->n].level = sign_level_name(f->level);
	shown->n++;
}

static void put_signs(struct out *o, const struct facts *f)
{
	struct shown_signs shown = { 0 };

	signs_judge(f, keep_sign, &shown);
	out_pairs(o, F_CSI_SIGNS, "id", "level");
	for (size_t i = 0; i < shown.n; i++)
		out_pair_add(o, bytes_str(shown.v[i].id), bytes_str(shown.v[i].level));
}

static void put_id(struct out *o, enum field f, unsigned id)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", id);

	out_bytes(o, f, bytes_of(text, (size_t)n));
}

/* A process without arguments is shown as ps(1) shows it: its comm in brackets. */
static void put_name_in_brackets(struct out *o, const struct proc_stat *st)
{
	unsigned char text[PROC_COMM_MAX + 2];

	text[0] = '[';
	memcpy(text + 1, st->comm, st->comm_len);
	text[st->comm_len + 1] = ']';
	out_bytes(o, F_PROCESS_ARGS, bytes_of(text, st->comm_len + 2));
}

static void put_args(struct ps *ps, const struct facts *f)
{
	struct bytes rest = buf_bytes(&f->cmdline);
	struct bytes arg;
	bool table = !ps->run->args->json;

	if (table && rest.n == 0) {
		put_name_in_brackets(ps->run->out, f->stat);
		return;
	}
	if (table && rest.n > TABLE_ARGS_MAX)
		rest.n = TABLE_ARGS_MAX;
	out_list(ps->run->out, F_PROCESS_ARGS);
	for (int n = 0; n < SHOWN_ARGS_MAX && proc_next_string(&rest, &arg) > 0; n++)
		out_list_add(ps->run->out, arg);
}

/* A table's line is short: month, day and second. */
static void put_start(struct ps *ps, int64_t start)
{
	char text[WHEN_TEXT_MAX];

	if (ps->run->args->json || start < 0) {
		out_time(ps->run->out, F_PROCESS_START, start);
		return;
	}
	when_text(start, text);
	text[10] = ' ';
	out_bytes(ps->run->out, F_PROCESS_START, bytes_of(text + 5, 14));
}

static void put_containers(struct out *o, const struct facts *f)
{
	if (f->container_id.n)
		out_bytes(o, F_CONTAINER_ID, buf_bytes(&f->container_id));
	if (f->ns_mnt)
		out_u64(o, F_CSI_NS_MNT, f->ns_mnt);
	if (f->ns_pid)
		out_u64(o, F_CSI_NS_PID, f->ns_pid);
}

static int put_row(struct ps *ps, struct process *p)
{
	const struct facts *f = &ps->facts;
	struct out *o = ps->run->out;
	char entity[96];

	out_begin(o, "state");
	put_containers(o, f);
	if (ps->signs)
		put_signs(o, f);
	out_bytes(o, F_CSI_STATE, bytes_of(&f->stat->state, 1));
	put_args(ps, f);
	process_entity_id(p, entity);
	out_str(o, F_PROCESS_ENTITY_ID, entity);
	if (f->known & FACT_EXE_LINK)
		out_bytes(o, F_PROCESS_EXECUTABLE, buf_bytes(&f->exe_link));
	out_bytes(o, F_PROCESS_NAME, bytes_of(f->stat->comm, f->stat->comm_len));
	out_u64(o, F_PROCESS_PARENT_PID, (uint64_t)f->stat->ppid);
	out_u64(o, F_PROCESS_PID, (uint64_t)f->stat->pid);
	put_start(ps, process_start(p));
	out_u64(o, F_PROCESS_THREADS, f->stat->threads);
	if (f->known & FACT_OWNER) {
		put_id(o, F_PROCESS_USER_ID, f->uid);
		put_id(o, F_PROCESS_GROUP_ID, f->gid);
	}
	return out_end(o);
}

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
	unsigned needs = ps->signs ? signs_needs() | FACT_CGROUP | FACT_NS | FACT_OWNER
				   : (unsigned)(FACT_OWNER | FACT_CMDLINE);
	int r = process_open(ps->run->source, ps->rows[at].id, &p);

	if (r == 0) {
		facts_reset(&ps->facts);
		r = facts_gather(ps->shared, p, needs, &ps->run->gaps, &ps->facts);
	}
	/* Ended since it was listed: not a gap in the evidence. */
	if (r == -ESRCH || r == -ENOENT)
		return 0;
	if (r < 0) {
		const struct gap gap = { .err = r,
					 .what = "open process",
					 .pid = ps->rows[at].id.pid };

		gap_tell(&ps->run->gaps, &gap);
		return r == -ENOMEM ? r : 0;
	}
	r = put_heading(ps, at);
	return r < 0 ? r : put_row(ps, p);
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

static int take_rows(struct ps *ps, const struct selection *sel)
{
	ps->rows = calloc(sel->n ? sel->n : 1, sizeof(*ps->rows));
	if (!ps->rows)
		return -ENOMEM;
	ps->nrows = sel->n;
	for (size_t i = 0; i < sel->n; i++)
		ps->rows[i].id = sel->ids[i];
	if (!ps->signs)
		return 0;
	int r = facts_shared_open(ps->run->source, &ps->shared);
	if (r < 0)
		return r;
	/* Lines of JSON say where each belongs, and stay in the order of PIDs. */
	if (!ps->run->args->json)
		group_rows(ps);
	return 0;
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
	int operands, r;

	r = cmd_parse(self, argc, argv, &args, &operands);
	if (r < 0)
		r = cmd_operands(self, argc, argv, operands, 0);
	if (r >= 0)
		return r;
	ps.signs = !args.no_signs;
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
	.usage = "[-p PID]... [--no-signs] [--json] [-o FILE]",
	.example = "csi ps\ncsi ps --json | grep '\"level\":\"high\"'",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = ps_run,
};
