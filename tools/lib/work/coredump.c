/* SPDX-License-Identifier: Apache-2.0 */
/* Planning a core: which pages of which mappings are there to be saved. */
#include "work/coredump.h"
#include "work/core_priv.h"

#include <errno.h>
#include <stdlib.h>

void core_tell(const struct core *c, int err, const char *what, uint64_t offset, uint64_t len)
{
	const struct gap gap = {
		.err = err, .what = what, .pid = process_id(c->p).pid, .offset = offset, .len = len
	};

	gap_tell(c->gaps, &gap);
}

static int grow(struct core *c)
{
	size_t cap = c->cap ? c->cap * 2 : 256;
	struct core_run *grown = realloc(c->runs, cap * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	c->runs = grown;
	c->cap = cap;
	return 0;
}

/* FLAGS of two neighbours that agree make one run; FRESH: a new mapping begins. */
static int add_run(struct core *c, uint64_t start, uint64_t end, unsigned flags, bool fresh)
{
	struct core_run *last = c->nruns ? &c->runs[c->nruns - 1] : NULL;

	if (!fresh && last && last->end == start && (last->start & RUN_FLAGS) == flags) {
		last->end = end;
		return 0;
	}
	if (c->nruns == CORE_RUNS_MAX) {
		c->left_out += end - start;
		return 0;
	}
	if (c->nruns == c->cap) {
		int r = grow(c);

		if (r < 0)
			return r;
	}
	c->runs[c->nruns++] = (struct core_run){ .start = start | flags, .end = end };
	return 0;
}

/* What becomes of pages. */
enum fate {
	FATE_SAVED,
	FATE_FROZEN,
	FATE_FAULTED,
	FATE_VDSO,
	FATE_SWAPPED,
	FATE_ABSENT,
	FATE_FILTERED
};

/* Pages of one fate. */
struct piece {
	uint64_t end;
	enum fate fate;
};

/* Counts only what a run was kept for. */
static void count(struct core *c, uint64_t n, enum fate fate, uint64_t *swapped)
{
	struct core_totals *t = &c->totals;
	uint64_t *const by_fate[] = { &t->saved, &t->frozen, &t->faulted, &t->vdso,
				      swapped,	 &t->absent, &t->filtered };

	*by_fate[fate] += n;
	if (fate == FATE_FROZEN || fate == FATE_FAULTED)
		t->saved += n;
}

static unsigned saved_flag(enum fate fate)
{
	if (fate == FATE_VDSO)
		return (unsigned)RUN_SAVED | RUN_VDSO;
	return fate < FATE_VDSO ? RUN_SAVED : 0;
}

static enum fate fate_of(const struct core *c, enum page_state state)
{
	if (state == PAGE_PRESENT)
		return FATE_SAVED;
	if (c->in_vdso)
		return FATE_VDSO;
	if (state == PAGE_SWAPPED)
		return c->opts.swapped ? FATE_FAULTED : FATE_SWAPPED;
	return FATE_ABSENT;
}

/* From ADDR on. 1, or what mem_next_run() says. */
static int next_piece(struct core *c, const struct vma *v, uint64_t addr, struct piece *ret)
{
	const struct frozen_extent *e = NULL;
	struct page_run pr;
	int r;

	ret->fate = FATE_FILTERED;
	if (!core_filter_keeps(c->opts.filter, v, addr, &ret->end))
		return 1;
	if (c->opts.frozen) {
		size_t i = frozen_find(c->opts.frozen, addr);

		e = i < frozen_extents(c->opts.frozen) ? frozen_extent(c->opts.frozen, i) : NULL;
	}
	if (e && e->addr <= addr) {
		ret->fate = FATE_FROZEN;
		ret->end = e->addr + e->n < ret->end ? e->addr + e->n : ret->end;
		return 1;
	}
	r = mem_next_run(c->mem, addr, e && e->addr < ret->end ? e->addr : ret->end, &pr);
	if (r <= 0)
		return r;
	ret->fate = fate_of(c, pr.state);
	ret->end = pr.end;
	return pr.end > addr;
}

static int plan_pages(struct core *c, const struct vma *v, unsigned flags)
{
	uint64_t addr = v->map.start, swapped = 0;
	bool fresh = true;
	int r = 0;

	while (addr < v->map.end) {
		uint64_t before = c->left_out;
		struct piece piece;

		r = next_piece(c, v, addr, &piece);
		if (r <= 0)
			break;
		r = add_run(c, addr, piece.end, flags | saved_flag(piece.fate), fresh);
		if (r < 0)
			return r;
		if (c->left_out == before)
			count(c, piece.end - addr, piece.fate, &swapped);
		fresh = false;
		addr = piece.end;
	}
	if (swapped)
		core_tell(c, -ENODATA, "read memory (swapped out)", v->map.start, swapped);
	c->totals.swapped += swapped;
	if (addr >= v->map.end)
		return 0;
	core_tell(c, r < 0 ? r : -ENODATA, "read pagemap", addr, v->map.end - addr);
	return add_run(c, addr, v->map.end, flags, fresh);
}

static int plan_file(struct core *c, const struct vma *v)
{
	int r;

	if (v->map.inode == 0 || v->map.path.n == 0 || c->files_cut)
		return 0;
	r = elfcore_files_add(&c->files, v->map.start, v->map.end, v->map.offset, c->page,
			      v->map.path);
	if (r != -EFBIG)
		return r;
	c->files_cut = true;
	core_tell(c, r, "list mapped files", v->map.start, 0);
	return 0;
}

static int plan_vma(struct core *c, const struct vma *v)
{
	unsigned flags =
		(v->map.r ? RUN_R : 0u) | (v->map.w ? RUN_W : 0u) | (v->map.x ? RUN_X : 0u);
	int r = plan_file(c, v);

	if (r < 0)
		return r;
	c->in_vdso = (v->flags & VMA_VDSO) && !c->vdso && core_match_vdso(c, v);
	if (!(v->flags & VMA_SPECIAL))
		return plan_pages(c, v, flags);
	c->totals.special += v->map.end - v->map.start;
	return add_run(c, v->map.start, v->map.end, flags, true);
}

static int plan_vmas(struct core *c)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	size_t n = 0;
	struct vma v;
	int r = c->opts.frozen ? frozen_vmas(c->opts.frozen, &it) : vma_iter_open(c->p, &it);

	if (r < 0)
		return r;
	while ((r = vma_iter_next(it, &v)) > 0) {
		if (c->opts.frozen)
			frozen_judge(c->opts.frozen, &v);
		if (++n > CORE_VMAS_MAX) {
			core_tell(c, -E2BIG, "list mappings", v.map.start, 0);
			return 0;
		}
		r = plan_vma(c, &v);
		if (r < 0)
			return r;
	}
	return r;
}

/* Offsets follow from sizes: headers, notes, then whole pages at a page boundary. */
static void lay_out(struct core *c)
{
	uint64_t at = elfcore_notes_at(c->nruns + 1) + c->notes.n;

	c->data_at = (at + c->page - 1) / c->page * c->page;
	c->size = c->data_at;
	for (size_t i = 0; i < c->nruns; i++)
		if (run_saved(&c->runs[i]))
			c->size += c->runs[i].end - run_start(&c->runs[i]);
	c->phdr_offset = c->data_at;
	c->totals.segments = c->nruns;
	c->addr = c->nruns ? run_start(&c->runs[0]) : 0;
}

static void tell_frozen(const struct core *c)
{
	const struct mem_piece *lost;
	size_t n = c->opts.frozen ? frozen_lost(c->opts.frozen, &lost) : 0;

	for (size_t i = 0; i < n; i++)
		core_tell(c, -EIO, "read memory", lost[i].addr, lost[i].n);
	if (c->opts.frozen && frozen_maps_cut(c->opts.frozen))
		core_tell(c, -EFBIG, "list mappings", 0, 0);
}

int core_plan(struct process *p, const struct gap_sink *gaps, const struct core_options *options,
	      struct core **ret)
{
	AUTO_DONE(core_closep) struct core *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->p = p;
	c->gaps = gaps;
	if (options)
		c->opts = *options;
	c->machine = elfcore_native();
	c->page = (uint64_t)sysconf(_SC_PAGESIZE);
	c->notes = BUF_LIMIT(CORE_NOTES_MAX);
	r = mem_open(p, &c->mem);
	if (r < 0)
		return r;
	r = plan_vmas(c);
	if (r < 0)
		return r;
	tell_frozen(c);
	if (c->nruns == 0)
		return -ENODATA;
	if (c->left_out)
		core_tell(c, -E2BIG, "list runs of pages", run_start(&c->runs[c->nruns - 1]),
			  c->left_out);
	r = core_make_notes(c);
	if (r < 0)
		return r;
	lay_out(c);
	*ret = take_ptr(&c);
	return 0;
}

void core_close(struct core *c)
{
	if (!c)
		return;
	mem_close(c->mem);
	free(c->runs);
	elfcore_files_done(&c->files);
	buf_done(&c->notes);
	buf_done(&c->piece);
	free(c);
}

void core_closep(struct core **c)
{
	core_close(*c);
	*c = NULL;
}

uint64_t core_size(const struct core *c)
{
	return c->size;
}

void core_totals(const struct core *c, struct core_totals *ret)
{
	*ret = c->totals;
}
