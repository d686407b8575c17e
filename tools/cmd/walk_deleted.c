/* SPDX-License-Identifier: Apache-2.0 */
/* csi walk --deleted: files that have no name any more and are still held, each (device, inode)
 * once. */
#include "cmd/walk.h"

#include "work/targets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct held {
	const struct target *target;
	int pin;
	const struct file_info *info;
	struct bytes name; /* what the link says: target bytes */
	const char *hold;  /* ours */
};

static int show(struct run *run, const struct hashwalk_options *opts, const struct held *h)
{
	struct hashwalk_item it = { .info = *h->info, .path = path_keep(h->name) };
	struct process_id id = process_id(h->target->p);
	struct out *o = run->out;
	char entity[96];
	int r = hashwalk_one(opts, h->pin, &it);

	if (r < 0)
		return r;
	process_entity_id(h->target->p, entity);
	out_begin(o, "state");
	out_str(o, F_CSI_DELETED_HOLD, h->hold);
	if (run->args->json) {
		out_str(o, F_PROCESS_ENTITY_ID, entity);
		out_file_info(o, h->info);
		if (!it.noatime)
			out_bool(o, F_CSI_READ_NOATIME, false);
	} else {
		rows_facts(o, h->info);
	}
	out_u64(o, F_PROCESS_PID, (uint64_t)id.pid);
	rows_hashes(o, &it.sums, it.extents);
	out_path(o, &it.path, 0);
	r = out_end(o);
	if (r < 0 || !it.gap.err)
		return r;
	it.gap.pid = id.pid;
	it.gap.on = h->name;
	return out_gap(o, &it.gap);
}

/* Whether an exe before this one is the same file. */
static bool shown(const struct targets *ts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (ts->v[k].exe_pin >= 0 && file_same(&ts->v[k].exe, &ts->v[i].exe))
			return true;
	return false;
}

static bool is_exe(const struct targets *ts, const struct file_info *info)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->v[i].exe_pin >= 0 && file_same(&ts->v[i].exe, info))
			return true;
	return false;
}

static int show_exes(struct run *run, const struct hashwalk_options *opts, const struct targets *ts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ts->n && !atomic_load(&run->stop); i++) {
		AUTO_DONE(buf_done) struct buf link = BUF_NONE;
		const struct target *t = &ts->v[i];

		if (t->exe_pin < 0 || (t->exe.nlink > 0 && !t->exe_memfd) || shown(ts, i))
			continue;
		(void)process_link(t->p, LINK_EXE, &link);
		r = show(run, opts,
			 &(struct held){ t, t->exe_pin, &t->exe, buf_bytes(&link), "exe" });
	}
	return r;
}

static int show_deleted(struct run *run, const struct hashwalk_options *opts,
			const struct targets *ts)
{
	char hold[40];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ts->ndeleted && !atomic_load(&run->stop); i++) {
		const struct target_deleted *d = &ts->deleted[i];

		if (is_exe(ts, &d->info))
			continue;
		if (d->fd >= 0)
			(void)snprintf(hold, sizeof(hold), "fd %d", d->fd);
		else
			(void)snprintf(hold, sizeof(hold), "map 0x%" PRIx64, d->map_start);
		r = show(run, opts,
			 &(struct held){ &ts->v[d->target], d->pin, &d->info, buf_bytes(&d->link),
					 hold });
	}
	return r;
}

size_t walk_deleted_columns(unsigned hashes, struct column ret[WALK_COLUMNS_MAX])
{
	static const struct column before[] = {
		{ F_PROCESS_PID, "PID", 6 },
		{ F_CSI_DELETED_HOLD, "HELD BY", -8 },
		ROWS_FACTS_COLUMNS,
	};
	size_t n = ARRAY_LEN(before);

	memcpy(ret, before, sizeof(before));
	n += rows_hash_columns(hashes, ret + n);
	ret[n++] = (struct column){ F_FILE_PATH, "NAME IT HAD", 0 };
	return n;
}

int walk_deleted(struct run *run, const struct hashwalk_options *opts)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	AUTO_DONE(targets_done) struct targets ts = { 0 };
	int r = cmd_select(run, &sel);

	if (r >= 0)
		return r;
	r = targets_pin(run->source, &sel, &run->gaps, &ts);
	if (r == 0)
		r = show_exes(run, opts, &ts);
	if (r == 0)
		r = show_deleted(run, opts, &ts);
	if (r == 0 || r == out_error(run->out))
		return EXIT_COMPLETE;
	cmd_fail(run, "look at what was deleted", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}
