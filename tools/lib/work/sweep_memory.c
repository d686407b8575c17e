/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages of a process there are to scan. */
#include "work/sweep_memory.h"

#include <errno.h>

enum { FIRST_ROOM = 256 };

static int add_room_for_blocks(struct sweep_memory *m)
{
	size_t room = m->blocks_room ? 2 * m->blocks_room : FIRST_ROOM;
	struct rules_block *v;

	if (m->blocks && m->nblocks < m->blocks_room)
		return 0;
	v = realloc(m->blocks, room * sizeof(*v));
	if (!v)
		return -ENOMEM;
	m->blocks = v;
	m->blocks_room = room;
	return 0;
}

static int add_room_for_vmas(struct sweep_memory *m)
{
	size_t room = m->vmas_room ? 2 * m->vmas_room : FIRST_ROOM;
	struct sweep_vma *v;

	if (m->vmas && m->nvmas < m->vmas_room)
		return 0;
	v = realloc(m->vmas, room * sizeof(*v));
	if (!v)
		return -ENOMEM;
	m->vmas = v;
	m->vmas_room = room;
	return 0;
}

static int add_block(struct sweep_memory *m, uint64_t start, uint64_t end)
{
	struct rules_block *last = m->nblocks ? &m->blocks[m->nblocks - 1] : NULL;
	int r;

	/* One run: what is file-backed and what is not lie side by side. */
	if (last && last->base + last->size == start && m->vmas[m->nvmas - 1].start < start) {
		last->size += end - start;
		return 0;
	}
	if (m->nblocks == SWEEP_BLOCKS_MAX)
		return -E2BIG;
	r = add_room_for_blocks(m);
	if (r == 0)
		m->blocks[m->nblocks++] =
			(struct rules_block){ .base = start, .size = end - start };
	return r;
}

/* Maps of one file lie side by side: its path is kept once. No room: it has none. */
static void add_path(struct sweep_memory *m, struct bytes path, struct sweep_vma *v)
{
	const struct sweep_vma *last = m->vmas && m->nvmas ? &m->vmas[m->nvmas - 1] : NULL;

	v->path = (uint32_t)m->paths.n;
	if (last && last->npath && bytes_eq(bytes_of(m->paths.p + last->path, last->npath), path))
		v->path = last->path;
	else if (buf_addb(&m->paths, path) < 0)
		return;
	v->npath = (uint32_t)path.n;
}

static int add_vma(struct sweep_memory *m, const struct vma *v)
{
	const struct proc_map *map = &v->map;
	struct sweep_vma add = { .start = map->start,
				 .end = map->end,
				 .perms = { map->r ? 'r' : '-', map->w ? 'w' : '-',
					    map->x ? 'x' : '-', map->shared ? 's' : 'p' } };
	int r;

	if (m->nvmas == SWEEP_VMAS_MAX)
		return -E2BIG;
	add_path(m, map->path, &add);
	r = add_room_for_vmas(m);
	if (r < 0)
		return r;
	m->vmas[m->nvmas++] = add;
	return 0;
}

/* -E2BIG: *RET_NEXT is where there was no room any more. */
static int add_pages(struct sweep_memory *m, const struct vma *v, uint64_t from, uint64_t *ret_next)
{
	uint64_t at = v->map.start > from ? v->map.start : from;
	struct page_run run;
	int r;

	while ((r = mem_next_run(m->mem, at, v->map.end, &run)) == 1) {
		uint64_t size = run.end - run.start;

		at = run.end;
		if (run.state == PAGE_SWAPPED)
			m->swapped += size;
		if (run.state != PAGE_PRESENT)
			continue;
		r = add_block(m, run.start, run.end);
		if (r == -E2BIG)
			*ret_next = run.start;
		if (r < 0)
			return r;
	}
	return r;
}

static int add_all(struct process *p, struct sweep_memory *m, uint64_t from, uint64_t *ret_next)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	struct vma v;
	int r = vma_iter_open(p, &it);

	if (r < 0)
		return r;
	while ((r = vma_iter_next(it, &v)) != 0) {
		if (r < 0 && r != -EBADMSG)
			return r;
		if (r < 0 || v.map.end <= from || v.flags & VMA_SPECIAL)
			continue;
		*ret_next = v.map.start;
		r = add_vma(m, &v);
		if (r == 0)
			r = add_pages(m, &v, from, ret_next);
		if (r < 0)
			return r;
	}
	return 0;
}

int sweep_memory_open(struct process *p, uint64_t from, struct sweep_memory *ret,
		      uint64_t *ret_next)
{
	struct sweep_memory m = { .paths = BUF_LIMIT(SWEEP_PATHS_MAX) };
	int r = mem_open(p, &m.mem);

	if (r == 0 && strcmp(mem_way(m.mem), "none") == 0)
		r = -EACCES;
	if (r == 0)
		r = add_all(p, &m, from, ret_next);
	if (r != -E2BIG)
		*ret_next = 0;
	if (r < 0 && r != -E2BIG) {
		sweep_memory_done(&m);
		return r;
	}
	*ret = m;
	return 0;
}

size_t sweep_memory_bytes(const struct sweep_memory *m)
{
	return m->blocks_room * sizeof(*m->blocks) + m->vmas_room * sizeof(*m->vmas) + m->paths.cap;
}

void sweep_memory_done(struct sweep_memory *m)
{
	mem_closep(&m->mem);
	free(m->blocks);
	free(m->vmas);
	buf_done(&m->paths);
	*m = (struct sweep_memory){ 0 };
}

const struct sweep_vma *sweep_memory_vma(const struct sweep_memory *m, uint64_t at)
{
	size_t low = 0, high = m->nvmas;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (m->vmas[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->nvmas && m->vmas[low].start <= at ? &m->vmas[low] : NULL;
}
