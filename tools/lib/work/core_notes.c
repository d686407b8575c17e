/* SPDX-License-Identifier: Apache-2.0 */
/* The notes of a core: what the kernel would write, as far as /proc tells it, and one of our own.
 */
#include "work/core_priv.h"

#include "base/when.h"
#include "format/json.h"

#include <errno.h>

enum { AUXV_MAX = 64 << 10, ARGS_MAX = 4096, NOTE_CSI = 0x43534931 }; /* "CSI1" */

static int add_thread(struct core *c, const struct elfcore_process *ep, pid_t tid)
{
	struct elfcore_process thread = *ep;

	thread.pid = tid;
	c->totals.threads++;
	return elfcore_prstatus(&c->notes, c->machine, &thread);
}

static int add_threads(struct core *c, const struct elfcore_process *ep)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r = thread_iter_init(c->p, &it);

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
	json_bool(&j, false);
	json_key(&j, "registers");
	json_str(&j, "zero: no thread was stopped");
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
	r = add_thread(c, &ep, ep.pid);
	if (r == 0)
		r = elfcore_prpsinfo(&c->notes, &ep);
	if (r == 0)
		r = add_auxv(c);
	if (r == 0)
		r = elfcore_files_note(&c->notes, &c->files, c->page);
	if (r == 0)
		r = add_threads(c, &ep);
	return r < 0 ? r : add_own(c);
}
