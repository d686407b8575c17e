/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about containers and files into the ledger; those about processes went with their table.
 */
#include "work/finding_record.h"
#include "work/gather.h"
#include "work/minimise.h"

#include <errno.h>

struct telling {
	struct gather *g;
	int err;
};

static void on_finding(void *ctx, const struct sign_about *about, const struct sign *s,
		       const struct finding *f)
{
	struct telling *t = ctx;
	struct finding kept = *f;
	bool less = t->g->minimise && minimise_finding(&kept);

	bundle_pace(t->g->bundle);
	if (t->err == 0)
		t->err = finding_record(t->g->record, about, s, &kept);
	if (t->err == 0)
		t->err = gather_record_end(t->g);
	if (t->err == 0 && less)
		t->err = minimise_tell(t->g, "leave out values", OMIT_FINDING, NULL);
}

/* The walk of the files that follows tells what of them cannot be read: it looks at the same. */
static int judge(struct gather *g, const struct process_id *ids, size_t n)
{
	AUTO_DONE(facts_shared_closep) struct facts_shared *shared = NULL;
	const atomic_bool never = false;
	struct telling t = { .g = g };
	struct judging j = {
		.source = g->source,
		.ids = ids,
		.nids = n,
		.whole = true,
		.gaps = &g->ledger_gaps,
		.stop = g->stop ? g->stop : &never,
		.fn = on_finding,
		.ctx = &t,
	};
	int r = facts_shared_open(g->source, &shared);

	j.shared = shared;
	if (r == 0)
		r = judge_containers(&j);
	j.gaps = NULL;
	if (r == 0 && t.err == 0)
		r = judge_files(&j);
	return r < 0 ? r : t.err;
}

int gather_findings(struct gather *g)
{
	AUTO_FREE struct process_id *ids = NULL;

	/* Files of a source without processes are judged by nothing yet. */
	if (g->plan || g->targets->n == 0)
		return 0;
	ids = calloc(g->targets->n, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < g->targets->n; i++)
		ids[i] = process_id(g->targets->v[i].p);
	return judge(g, ids, g->targets->n);
}
