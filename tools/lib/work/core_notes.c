/* SPDX-License-Identifier: Apache-2.0 */
/* The notes of a core: what the kernel would write, as far as /proc tells it, and one of our own.
 */
#include "work/core_priv.h"

#include "base/when.h"
#include "format/json.h"

#include <errno.h>
#include <inttypes.h>

enum {
	AUXV_MAX = 64 << 10,
	ARGS_MAX = 4096,
	NOTE_CSI = 0x43534931,	  /* "CSI1": one JSON object */
	NOTE_RANGES = 0x43534932, /* "CSI2": JSON lines, what is as it was under the stop */
};

static int add_thread(struct core *c, const struct elfcore_process *ep, pid_t tid)
{
	struct elfcore_process thread = *ep;

	thread.pid = tid;
	c->totals.threads++;
	return elfcore_prstatus(&c->notes, c->machine, &thread);
}

/* Of the stop: thread I, all its sets. */
static int add_stopped(struct core *c, const struct elfcore_process *ep, size_t i)
{
	struct elfcore_process thread = *ep;
	struct stop_set set;
	int r;

	if (stop_set(c->opts.stop, i, 0, &set))
		thread.registers = set.regs;
	r = add_thread(c, &thread, stop_tid(c->opts.stop, i));
	for (size_t k = 1; r == 0 && k < STOP_SETS_MAX; k++)
		if (stop_set(c->opts.stop, i, k, &set))
			r = elfcore_note(&c->notes, set.owner, set.type, set.regs);
	return r;
}

static bool is_first(const struct core *c, const struct elfcore_process *ep, size_t i)
{
	return stop_tid(c->opts.stop, i) == ep->pid;
}

/* The process's own thread, or its place. */
static int add_first(struct core *c, const struct elfcore_process *ep)
{
	for (size_t i = 0; c->opts.stop && i < stop_threads(c->opts.stop); i++)
		if (is_first(c, ep, i))
			return add_stopped(c, ep, i);
	/* It may have ended before the others. */
	return c->opts.stop ? 0 : add_thread(c, ep, ep->pid);
}

static int add_all_stopped(struct core *c, const struct elfcore_process *ep)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < stop_threads(c->opts.stop); i++)
		if (!is_first(c, ep, i))
			r = add_stopped(c, ep, i);
	return r;
}

static int add_threads(struct core *c, const struct elfcore_process *ep)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r;

	if (c->opts.stop)
		return add_all_stopped(c, ep);
	r = thread_iter_init(c->p, &it);
	if (r < 0) {
		core_tell(c, r, "list threads", 0, 0);
		return 0;
	}
	while ((r = process_iter_next(&it, &id)) > 0) {
		if (id.pid == ep->pid)
			continue;
		if (c->totals.threads == CORE_THREADS_MAX) {
			core_tell(c, -E2BIG, "list threads", 0, 0);
			return 0;
		}
		r = add_thread(c, ep, id.pid);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_auxv(struct core *c)
{
	AUTO_DONE(buf_done) struct buf auxv = BUF_NONE;
	int r = process_text(c->p, TEXT_AUXV, &auxv, AUXV_MAX);

	if (r < 0 && r != -EFBIG) {
		core_tell(c, r, "read auxv", 0, 0);
		return 0;
	}
	return elfcore_auxv(&c->notes, buf_bytes(&auxv));
}

static void put_u64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

static void put_stop(struct json *j, const struct core *c)
{
	struct stop_effects e;

	stop_effects(c->opts.stop, &e);
	json_key(j, "stop");
	json_object(j);
	json_key(j, "mode");
	json_str(j, c->opts.held ? "hold" : "buffer");
	/* Under hold it is not over yet: csi says it on standard error. */
	if (!c->opts.held)
		put_u64(j, "ns", (uint64_t)e.ns);
	put_u64(j, "threads", e.threads);
	put_u64(j, "was_stopped", e.was_stopped);
	put_u64(j, "signals_passed_on", e.signals);
	put_u64(j, "calls_restarted", e.restarted);
	put_u64(j, "calls_eintr", e.interrupted);
	json_object_end(j);
	put_u64(j, "frozen_bytes", c->opts.held ? c->totals.saved : c->totals.frozen);
	put_u64(j, "later_bytes", c->opts.held ? 0 : c->totals.saved - c->totals.frozen);
}

static int put_range(struct buf *text, uint64_t start, uint64_t end)
{
	return buf_addf(text,
			"{\"csi\":\"range\",\"frozen\":true,\"start\":\"0x%" PRIx64
			"\",\"end\":\"0x%" PRIx64 "\"}\n",
			start, end);
}

/* All else that the core has was read after the stop, and so says the last line. */
static int add_ranges(struct core *c)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct frozen *z = c->opts.frozen;
	uint64_t start = 0, end = 0;
	size_t told = 0;
	int r = 0;

	if (!z || c->opts.held)
		return 0;
	for (size_t i = 0; r == 0 && i <= frozen_extents(z) && told < CORE_RANGES_MAX; i++) {
		const struct frozen_extent *e = i < frozen_extents(z) ? frozen_extent(z, i) : NULL;

		if (e && e->addr == end) {
			end += e->n;
			continue;
		}
		if (end > start) {
			r = put_range(&text, start, end);
			told++;
		}
		start = e ? e->addr : 0;
		end = e ? e->addr + e->n : 0;
	}
	if (r == 0)
		r = buf_adds(&text, told < CORE_RANGES_MAX
					    ? "{\"csi\":\"range\",\"frozen\":false,\"rest\":true}\n"
					    : "{\"csi\":\"range\",\"cut\":true}\n");
	return r < 0 ? r : elfcore_note(&c->notes, "CSI", NOTE_RANGES, buf_bytes(&text));
}

/* For a reader who wonders why registers are zero and where the holes come from. */
static int add_own(struct core *c)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	char when[WHEN_TEXT_MAX], entity[96];
	struct json j;

	when_text(when_now(CLOCK_REALTIME), when);
	process_entity_id(c->p, entity);
	json_init(&j, &text);
	json_object(&j);
	json_key(&j, "csi");
	json_str(&j, "core");
	put_u64(&j, "v", 1);
	json_key(&j, "frozen");
	json_bool(&j, c->opts.held || c->totals.frozen > 0);
	json_key(&j, "registers");
	json_str(&j, c->opts.stop ? "of the stop" : "zero: no thread was stopped");
	if (c->opts.stop)
		put_stop(&j, c);
	json_key(&j, "time");
	json_str(&j, when);
	json_key(&j, "entity_id");
	json_str(&j, entity);
	put_u64(&j, "saved", c->totals.saved);
	put_u64(&j, "absent", c->totals.absent);
	put_u64(&j, "vdso_from_kernel", c->totals.vdso);
	put_u64(&j, "swapped", c->totals.swapped);
	put_u64(&j, "special", c->totals.special);
	put_u64(&j, "left_out", c->left_out);
	put_u64(&j, "filtered", c->totals.filtered);
	put_u64(&j, "faulted_in", c->totals.faulted);
	json_object_end(&j);
	if (j.err < 0)
		return j.err;
	return elfcore_note(&c->notes, "CSI", NOTE_CSI, buf_bytes(&text));
}

/* Order and content as fs/binfmt_elf.c has them: debuggers take the first thread for the current
 * one. */
int core_make_notes(struct core *c)
{
	AUTO_DONE(buf_done) struct buf args = BUF_NONE;
	const struct proc_stat *st = process_stat(c->p);
	const struct proc_status *status = NULL;
	struct elfcore_process ep = {
		.pid = st->pid,
		.ppid = st->ppid,
		.pgrp = st->pgrp,
		.sid = st->session,
		.state = st->state,
		.flags = st->flags,
		.utime = st->utime,
		.stime = st->stime,
		.ticks = (uint64_t)sysconf(_SC_CLK_TCK),
		.comm = bytes_of(st->comm, st->comm_len),
	};
	int r;

	if (process_status(c->p, &status) == 0) {
		ep.uid = status->uid[0];
		ep.gid = status->gid[0];
	}
	r = process_text(c->p, TEXT_CMDLINE, &args, ARGS_MAX);
	if (r == 0 || r == -EFBIG)
		ep.args = buf_bytes(&args);
	r = add_first(c, &ep);
	if (r == 0)
		r = elfcore_prpsinfo(&c->notes, &ep);
	if (r == 0)
		r = add_auxv(c);
	if (r == 0)
		r = elfcore_files_note(&c->notes, &c->files, c->page);
	if (r == 0)
		r = add_threads(c, &ep);
	if (r == 0)
		r = add_own(c);
	return r < 0 ? r : add_ranges(c);
}
