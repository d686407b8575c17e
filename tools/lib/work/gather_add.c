/* SPDX-License-Identifier: Apache-2.0 */
/* Into the bundle, or, for --plan, only counted: the one place where the two part. */
#include "work/gather.h"
#include "work/plan.h"

#include <errno.h>

int gather_add_bytes(struct gather *g, const struct bundle_entry *e, struct bytes content)
{
	return g->plan ? plan_bytes(g->plan, e, content.n)
		       : bundle_add_bytes(g->bundle, e, content);
}

int gather_add_node(struct gather *g, const struct bundle_entry *e)
{
	return g->plan ? plan_node(g->plan, e) : bundle_add_node(g->bundle, e);
}

int gather_add_missing(struct gather *g, const struct bundle_entry *e, enum bundle_outcome outcome,
		       int err)
{
	return g->plan ? plan_missing(g->plan, e, outcome, err)
		       : bundle_add_missing(g->bundle, e, outcome, err);
}

int gather_add_stream(struct gather *g, const struct bundle_entry *e, uint64_t size,
		      bundle_fill fill, void *ctx)
{
	return g->plan ? plan_bytes(g->plan, e, size)
		       : bundle_add_stream(g->bundle, e, size, fill, ctx);
}

int gather_add_pinned(struct gather *g, struct bundle_entry *e, int pin, bool xattrs)
{
	AUTO_DONE(file_xattrs_done) struct file_xattrs attributes = { 0 };
	AUTO_DONE(file_closep) struct file *f = NULL;
	int r;

	if (g->plan)
		return plan_file(g->plan, e);
	r = file_open_pinned(pin, &e->info, &f);
	if (r < 0)
		return gather_add_missing(g, e, OUTCOME_FAILED, r);
	r = xattrs ? file_xattrs_read(pin, true, &attributes) : 0;
	if (r < 0 && r != -EOPNOTSUPP)
		gather_tell(g, r, "read xattrs", 0, e->true_path);
	if (!file_noatime(f)) {
		e->noatime_refused = true;
		g->noatime_refused++;
	}
	e->xattrs = attributes.n ? &attributes : NULL;
	r = bundle_add_file(g->bundle, e, take_ptr(&f));
	e->xattrs = NULL;
	return r;
}
