/* SPDX-License-Identifier: Apache-2.0 */
/* Findings into the ledger: of all subjects one by one, and those about files by a walk. */
#include "work/finding_record.h"
#include "work/gather.h"
#include "work/minimise.h"

#include <errno.h>

int gather_finding(struct gather *g, const struct sign_about *about, const struct sign *s,
		   const struct finding *f, struct process *p)
{
	struct finding kept = *f;
	bool less = g->minimise && minimise_finding(&kept);
	int r;

	bundle_pace(g->bundle);
	r = finding_record(g->record, about, s, &kept);
	if (r == 0)
		r = gather_record_end(g);
	if (r == 0 && less)
		r = minimise_tell(g, "leave out values", OMIT_FINDING, p);
	return r;
}

struct telling {
	struct gather *g;
	int err;
};

static void on_finding(void *ctx, const struct sign_about *about, const struct sign *s,
		       const struct finding *f)
{
	struct telling *t = ctx;

	if (t->err == 0)
		t->err = gather_finding(t->g, about, s, f, NULL);
}

static int judge(struct gather *g, const struct process_id *ids, size_t n)
{
	AUTO_DONE(facts_shared_closep) struct facts_shared *shared = NULL;
	const atomic_bool never = false;
	/* gather_files looks at the same, and tells what cannot be read. */
	const struct gap_sink limits = gap_limits_only(&g->ledger_gaps);
	struct telling t = { .g = g };
	struct judging j = {
		.source = g->source,
		.ids = ids,
		.nids = n,
		.whole = true,
		.gaps = &limits,
		.stop = g->stop ? g->stop : &never,
		.fn = on_finding,
		.ctx = &t,
	};
	int r = facts_shared_open(g->source, &shared);

	j.shared = shared;
	if (r == 0)
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
