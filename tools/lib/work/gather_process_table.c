/* SPDX-License-Identifier: Apache-2.0 */
/* processes.jsonl with signs, and each finding into the ledger. */
#include "work/gather.h"
#include "work/plan.h"
#include "work/process_record.h"

#include <errno.h>

struct judged {
	struct gather *g;
	struct target *target;
	struct sign_about about;
	int err;
};

static void on_finding(void *ctx, const struct sign *s, const struct finding *f)
{
	struct judged *j = ctx;

	if ((int)f->level > j->target->suspicion)
		j->target->suspicion = (int)f->level;
	if (j->err == 0)
		j->err = gather_finding(j->g, &j->about, s, f, j->target->p);
}

static int put_process(struct gather_table *table, struct target *t, struct facts_shared *shared,
		       struct facts *facts)
{
	struct judged j = { .g = table->g, .target = t };
	unsigned needs = signs_needs(SUBJECT_PROCESS) | FACT_OWNER | FACT_CMDLINE | FACT_EXE_LINK;
	int r;

	facts_reset(facts);
	r = facts_gather(shared, t->p, needs, &table->g->ledger_gaps, facts);
	if (r == -ESRCH)
		return 0; /* it ended; what was pinned of it is still collected */
	if (r < 0)
		return r;
	r = process_record(table->out, t->p, facts, PROCESS_RECORD_SIGNS);
	if (r == 0)
		r = gather_table_step(table);
	if (r < 0)
		return r;
	sign_about_process(facts, &j.about);
	signs_judge_process(facts, on_finding, &j);
	return j.err;
}

int gather_processes(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table table;
	AUTO_DONE(facts_shared_closep) struct facts_shared *shared = NULL;
	struct facts facts = { 0 };
	int r = gather_table_open(g, "processes", &table);

	if (r == 0 && g->plan)
		return plan_processes(g);
	if (r == 0 && g->targets->n)
		r = facts_shared_open(g->source, &shared);
	for (size_t i = 0; r == 0 && i < g->targets->n; i++) {
		r = put_process(&table, &g->targets->v[i], shared, &facts);
		bundle_pace(g->bundle);
	}
	facts_done(&facts);
	return r < 0 ? r : gather_table_close(&table);
}
