/* SPDX-License-Identifier: Apache-2.0 */
/* proc/PID/..., exe/..., deleted/...: what belongs to one process. */
#include "work/gather.h"
#include "work/minimise.h"
#include "work/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

/* Taken of every process, in this order. */
static const enum proc_text texts[] = {
	TEXT_STATUS,	    TEXT_STAT,	  TEXT_CMDLINE,	 TEXT_ENVIRON,	 TEXT_MAPS,
	TEXT_MOUNTINFO,	    TEXT_LIMITS,  TEXT_CGROUP,	 TEXT_IO,	 TEXT_COMM,
	TEXT_OOM_SCORE_ADJ, TEXT_UID_MAP, TEXT_LOGINUID, TEXT_SCHEDSTAT,
};

/* Kernels are built without some of these; then there is nothing that could have been read. */
static bool optional_text(enum proc_text t)
{
	return t == TEXT_IO || t == TEXT_LOGINUID || t == TEXT_SCHEDSTAT || t == TEXT_UID_MAP;
}

/* The text, or of an environment only the names. */
static int add_kept(struct gather *g, struct process *p, enum proc_text t,
		    const struct bundle_entry *e, struct bytes text)
{
	AUTO_DONE(buf_done) struct buf names = BUF_LIMIT(GATHER_TEXT_MAX + 1);
	int r;

	if (t != TEXT_ENVIRON || !g->minimise)
		return gather_add_bytes(g, e, text);
	r = minimise_environ(text, &names);
	if (r == 0)
		r = gather_add_bytes(g, e, buf_bytes(&names));
	return r < 0 ? r : minimise_tell(g, "leave out values", OMIT_ENVIRON, p);
}

static int add_text(struct gather *g, struct process *p, enum proc_text t)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(GATHER_TEXT_MAX + 1);
	struct bundle_entry e = { .action = "read proc text", .pid = process_id(p).pid };
	char path[64], entity[96];
	int r;

	snprintf(path, sizeof(path), "proc/%d/%s", (int)e.pid, proc_text_name(t));
	process_entity_id(p, entity);
	e.path = bytes_str(path);
	e.entity_id = entity;
	if (g->plan && (t == TEXT_ENVIRON || t == TEXT_CMDLINE))
		return plan_bytes(g->plan, &e, plan_text_size(p, t));
	r = process_text(p, t, &text, GATHER_TEXT_MAX);
	if (r == -EFBIG)
		gather_tell(g, r, "read proc text", e.pid, e.path);
	else if (r == -ESRCH)
		return gather_add_missing(g, &e, OUTCOME_MISSING, r);
	else if (r == -ENOENT && optional_text(t))
		return 0;
	else if (r < 0)
		return gather_add_missing(g, &e, OUTCOME_FAILED, r);
	return add_kept(g, p, t, &e, buf_bytes(&text));
}

int gather_texts(struct gather *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->targets->n; i++)
		for (size_t k = 0; r == 0 && k < ARRAY_LEN(texts); k++)
			r = add_text(g, g->targets->v[i].p, texts[k]);
	return r;
}

/* Without a path of its own: an executable or a deleted descriptor. */
static int add_pinned(struct gather *g, struct bundle_entry *e, const struct target *t, int pin)
{
	if (g->minimise && !minimise_keeps_pinned(g->minimise, t->root, &e->info)) {
		e->omit = OMIT_VOLUME;
		return gather_add_missing(g, e, OUTCOME_SKIPPED, 0);
	}
	return gather_add_pinned(g, e, pin, false);
}

/* The first target with the same executable, which is the one that is stored. */
static size_t first_with_exe(const struct targets *ts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (ts->v[k].exe_pin >= 0 && file_same(&ts->v[k].exe, &ts->v[i].exe))
			return k;
	return i;
}

static void exe_path(const struct target *t, char ret[64])
{
	struct process_id id = process_id(t->p);

	snprintf(ret, 64, "exe/%d-%" PRIu64, (int)id.pid, id.start_ticks);
}

/* "the executable of this process is stored as that entry" */
static int tell_same_exe(struct gather *g, const struct target *t, const struct target *stored)
{
	char path[64], entity[96];

	exe_path(stored, path);
	process_entity_id(t->p, entity);
	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, "same executable");
	out_str(g->record, F_CSI_ITEM, path);
	out_str(g->record, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_OK));
	out_str(g->record, F_PROCESS_ENTITY_ID, entity);
	out_u64(g->record, F_PROCESS_PID, (uint64_t)process_id(t->p).pid);
	if (out_end(g->record) < 0)
		return -ENOMEM;
	return gather_record_end(g);
}

/* Then there is no entry that another record could point to. */
static bool left_out(const struct gather *g, const struct target *t)
{
	return g->minimise && !minimise_keeps_pinned(g->minimise, t->root, &t->exe);
}

static int add_exe(struct gather *g, size_t i)
{
	AUTO_DONE(buf_done) struct buf link = BUF_NONE;
	struct target *t = &g->targets->v[i];
	struct bundle_entry e = { .action = "collect exe", .info = t->exe, .has_info = true };
	size_t first = first_with_exe(g->targets, i);
	char path[64], entity[96];

	if (first != i && !left_out(g, t))
		return tell_same_exe(g, t, &g->targets->v[first]);
	exe_path(t, path);
	process_entity_id(t->p, entity);
	e.path = bytes_str(path);
	e.pid = process_id(t->p).pid;
	e.entity_id = entity;
	if (process_link(t->p, LINK_EXE, &link) == 0)
		e.true_path = buf_bytes(&link);
	return add_pinned(g, &e, t, t->exe_pin);
}

static bool exe_without_name(const struct target *t)
{
	return t->exe_pin >= 0 && (t->exe.nlink == 0 || t->exe_memfd);
}

/* Of a process that ended since csi came: it has no process, and no root whose mounts could tell.
 */
static int add_held(struct gather *g, const struct target_held *h)
{
	struct bundle_entry e = {
		.action = "collect held exe", .info = h->info, .has_info = true, .pid = h->id.pid
	};
	char path[64];

	snprintf(path, sizeof(path), "exe/%d-%" PRIu64, (int)h->id.pid, h->id.start_ticks);
	e.path = bytes_str(path);
	if (g->minimise && !minimise_keeps_pinned(g->minimise, TARGET_NO_ROOT, &h->info)) {
		e.omit = OMIT_VOLUME;
		return gather_add_missing(g, &e, OUTCOME_SKIPPED, 0);
	}
	return gather_add_pinned(g, &e, h->pin, false);
}

int gather_exes(struct gather *g)
{
	int r = 0;

	for (int pass = 0; pass < 2; pass++) {
		bool nameless = pass == 0;

		for (size_t i = 0; r == 0 && i < g->targets->n; i++) {
			const struct target *t = &g->targets->v[i];

			if (t->exe_pin >= 0 && exe_without_name(t) == nameless)
				r = add_exe(g, i);
		}
	}
	for (size_t i = 0; r == 0 && i < g->targets->nheld; i++)
		r = add_held(g, &g->targets->held[i]);
	return r;
}

static bool stored_as_exe(const struct targets *ts, const struct file_info *info)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->v[i].exe_pin >= 0 && file_same(&ts->v[i].exe, info))
			return true;
	return false;
}

static int add_deleted(struct gather *g, const struct target_deleted *d)
{
	const struct target *t = &g->targets->v[d->target];
	struct process_id id = process_id(t->p);
	struct bundle_entry e = {
		.action = "collect deleted file",
		.info = d->info,
		.has_info = true,
		.true_path = buf_bytes(&d->link),
		.pid = id.pid,
	};
	char path[64], entity[96];

	if (d->fd >= 0)
		snprintf(path, sizeof(path), "deleted/%d-%" PRIu64 "/%d", (int)id.pid,
			 id.start_ticks, d->fd);
	else
		snprintf(path, sizeof(path), "deleted/%d-%" PRIu64 "/map-%" PRIx64, (int)id.pid,
			 id.start_ticks, d->map_start);
	process_entity_id(t->p, entity);
	e.path = bytes_str(path);
	e.entity_id = entity;
	if (g->scope == SCOPE_QUICK && d->info.size > GATHER_QUICK_FILE_MAX)
		return gather_add_missing(g, &e, OUTCOME_SKIPPED, -EFBIG);
	return add_pinned(g, &e, t, d->pin);
}

int gather_deleted(struct gather *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->targets->ndeleted; i++)
		if (!stored_as_exe(g->targets, &g->targets->deleted[i].info))
			r = add_deleted(g, &g->targets->deleted[i]);
	return r;
}
