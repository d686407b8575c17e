/* SPDX-License-Identifier: Apache-2.0 */
/* What the gatherers share: records into the ledger, tables of JSON lines. */
#include "work/gather.h"
#include "work/plan.h"

#include <errno.h>
#include <stdio.h>

static int append(void *ctx, struct bytes b)
{
	return buf_addb(ctx, b);
}

/* A gap reaches both the ledger and, through the command, a person and the exit code. */
static void on_gap(void *ctx, const struct gap *gap)
{
	struct gather *g = ctx;

	if (out_gap(g->record, gap) == 0)
		(void)gather_record_end(g);
	gap_tell(g->gaps, gap);
}

int gather_open(struct gather *g)
{
	struct out_options opts = { .mode = OUT_JSON };

	g->line = BUF_LIMIT(BUF_MAX_DEFAULT);
	opts.data = (struct out_target){ .write = append, .ctx = &g->line };
	g->ledger_gaps = (struct gap_sink){ .fn = on_gap, .ctx = g };
	g->started = (uint64_t)when_now(CLOCK_MONOTONIC);
	return out_open(&opts, &g->record);
}

void gather_done(struct gather *g)
{
	out_close(g->record);
	g->record = NULL;
	buf_done(&g->line);
}

int gather_record_end(struct gather *g)
{
	int r = out_flush(g->record);

	if (r == 0 && g->line.n)
		r = g->plan ? plan_record(g->plan, g->line.n)
			    : bundle_add_record(g->bundle, buf_bytes(&g->line));
	buf_clear(&g->line);
	return r;
}

void gather_tell(struct gather *g, int err, const char *what, pid_t pid, struct bytes on)
{
	gap_tell(&g->ledger_gaps, &(struct gap){ .err = err, .what = what, .pid = pid, .on = on });
}

int gather_table_open(struct gather *g, const char *stem, struct gather_table *ret)
{
	struct out_options opts = { .mode = OUT_JSON };

	*ret = (struct gather_table){ .g = g, .stem = stem, .text = BUF_LIMIT(BUF_MAX_DEFAULT) };
	opts.data = (struct out_target){ .write = append, .ctx = &ret->text };
	return out_open(&opts, &ret->out);
}

static int write_part(struct gather_table *t)
{
	struct bundle_entry e = { .action = "list" };
	char name[64];
	int r;

	t->part++;
	if (t->part == 1)
		snprintf(name, sizeof(name), "%s.jsonl", t->stem);
	else
		snprintf(name, sizeof(name), "%s.%u.jsonl", t->stem, t->part);
	e.path = bytes_str(name);
	r = gather_add_bytes(t->g, &e, buf_bytes(&t->text));
	buf_clear(&t->text);
	return r;
}

int gather_table_step(struct gather_table *t)
{
	int r = out_flush(t->out);

	if (r < 0)
		return r;
	return t->text.n >= GATHER_TABLE_PART ? write_part(t) : 0;
}

int gather_table_close(struct gather_table *t)
{
	int r = out_flush(t->out);

	if (r == 0 && (t->text.n || t->part == 0))
		r = write_part(t);
	return r;
}

void gather_table_done(struct gather_table *t)
{
	out_close(t->out);
	t->out = NULL;
	buf_done(&t->text);
}
