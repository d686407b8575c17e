/* SPDX-License-Identifier: Apache-2.0 */
/* mem/PID.core, the most suspicious process first. */
#include "work/coredump.h"
#include "work/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Kernel threads and zombies have no memory: their maps are empty or not there. */
static bool has_memory(const struct target *t)
{
	const struct proc_stat *st = process_stat(t->p);

	return !(st->flags & PROC_PF_KTHREAD) && st->vsize > 0;
}

static ssize_t fill(void *ctx, void *p, size_t n)
{
	return core_read(ctx, p, n);
}

static void show(struct gather *g, pid_t pid, uint64_t size)
{
	char text[64];

	snprintf(text, sizeof(text), "memory of %d: %" PRIu64 " MiB", (int)pid, size >> 20);
	if (g->progress)
		g->progress(g->progress_ctx, text);
}

static int add_core(struct gather *g, const struct target *t)
{
	AUTO_DONE(core_closep) struct core *core = NULL;
	struct process_id id = process_id(t->p);
	struct bundle_entry e = { .action = "collect memory", .pid = id.pid };
	char path[64], entity[96];
	int r;

	snprintf(path, sizeof(path), "mem/%d.core", (int)id.pid);
	process_entity_id(t->p, entity);
	e.path = bytes_str(path);
	e.entity_id = entity;
	r = core_plan(t->p, &g->ledger_gaps, NULL, &core);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return gather_add_missing(g, &e, r == -ESRCH ? OUTCOME_MISSING : OUTCOME_FAILED, r);
	show(g, id.pid, core_size(core));
	return gather_add_stream(g, &e, core_size(core), fill, core);
}

/* Few levels and one pass for each: no sorting, and equals stay in PID order. */
int gather_memory(struct gather *g)
{
	struct targets *ts = g->targets;
	int worst = -1, r = 0;

	for (size_t i = 0; i < ts->n; i++)
		worst = ts->v[i].suspicion > worst ? ts->v[i].suspicion : worst;
	for (int level = worst; r == 0 && level >= -1; level--)
		for (size_t i = 0; r == 0 && i < ts->n; i++)
			if (ts->v[i].suspicion == level && has_memory(&ts->v[i]))
				r = add_core(g, &ts->v[i]);
	return r;
}
