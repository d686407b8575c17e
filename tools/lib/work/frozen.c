/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken under a stop: chosen in order of what it tells, until the buffer is full. */
#include "work/frozen_priv.h"

#include <errno.h>
#include <sys/mman.h>

enum {
	REDZONE = 128,	      /* below the stack pointer (x86-64 ABI) */
	LOOK_STEP = 32 << 20, /* addresses looked at in one go: not far beyond what still fits */
	LOOK_MORE = 8,	      /* times as many where nothing was there */
};

#define LOOK_MOST (UINT64_C(1) << 40)

/* What is taken after stacks and anonymous code, in this order. */
enum pass { PASS_DATA, PASS_ANON, PASS_SHARED, PASSES };

static void *map_memory(uint64_t n, bool touched)
{
	void *at = mmap(NULL, (size_t)n, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	/* Large pages are made, and copied to, several times as fast. */
	(void)madvise(at, (size_t)n, MADV_HUGEPAGE);
	for (uint64_t i = 0; touched && i < n; i += 4096)
		((volatile unsigned char *)at)[i] = 0;
	return at;
}

static int keep_known(struct frozen *z, const struct vma *v)
{
	if (z->nknown == FROZEN_KNOWN_MAX)
		return 0;
	if (z->nknown == z->known_cap) {
		size_t cap = z->known_cap ? z->known_cap * 2 : 256;
		struct frozen_known *grown = realloc(z->known, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		z->known = grown;
		z->known_cap = cap;
	}
	z->known[z->nknown++] = (struct frozen_known){ v->map.start, v->map.end, v->flags };
	return 0;
}

static int learn_known(struct frozen *z)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	struct vma v;
	int r = vma_iter_open(z->p, &it);

	while (r >= 0 && (r = vma_iter_next(it, &v)) != 0) {
		if (r > 0)
			r = keep_known(z, &v);
		else if (r == -EBADMSG)
			r = 0;
	}
	return r;
}

static int make_buffer(struct frozen *z, uint64_t size)
{
	z->size = size - size % z->page;
	z->max = (size_t)(z->size / z->page);
	if (z->max > FROZEN_EXTENTS_MAX)
		z->max = FROZEN_EXTENTS_MAX;
	if (z->max == 0)
		return 0;
	z->buffer = map_memory(z->size, true);
	z->v = map_memory(z->max * sizeof(*z->v), false);
	return z->buffer && z->v ? 0 : -ENOMEM;
}

int frozen_prepare(struct process *p, uint64_t size, const struct core_filter *filter,
		   struct frozen **ret)
{
	AUTO_DONE(frozen_closep) struct frozen *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return -ENOMEM;
	(void)pthread_mutex_init(&z->lock, NULL);
	(void)pthread_cond_init(&z->more, NULL);
	z->p = p;
	z->filter = filter;
	z->page = (uint64_t)sysconf(_SC_PAGESIZE);
	z->maps = BUF_LIMIT(FROZEN_MAPS_MAX);
	r = mem_open(p, &z->mem);
	if (r == 0)
		r = learn_known(z);
	if (r == 0)
		r = make_buffer(z, size);
	if (r == 0)
		*ret = take_ptr(&z);
	return r;
}

void frozen_close(struct frozen *z)
{
	if (!z)
		return;
	mem_close(z->mem);
	free(z->known);
	buf_done(&z->maps);
	if (z->buffer)
		(void)munmap(z->buffer, (size_t)z->size);
	if (z->v)
		(void)munmap(z->v, z->max * sizeof(*z->v));
	(void)pthread_cond_destroy(&z->more);
	(void)pthread_mutex_destroy(&z->lock);
	free(z);
}

void frozen_closep(struct frozen **z)
{
	frozen_close(*z);
	*z = NULL;
}

int frozen_vmas(struct frozen *z, struct vma_iter **ret)
{
	return vma_iter_open_text(z->p, buf_bytes(&z->maps), ret);
}

/* The first mapping known from before that ends behind ADDR. */
static const struct frozen_known *find_known(const struct frozen *z, uint64_t addr)
{
	size_t low = 0, high = z->nknown;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (z->known[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < z->nknown ? &z->known[low] : NULL;
}

/*
 * maps has no flags. What was there before the stop is what smaps said of it; what is new, and
 * could be a device (of another file than one that is in the root: "anon_inode:"), is not touched.
 */
void frozen_judge(const struct frozen *z, struct vma *v)
{
	const struct frozen_known *k = find_known(z, v->map.start);

	if (k && k->start <= v->map.start && k->end >= v->map.end) {
		v->flags = (v->flags & ~(unsigned)VMA_SPECIAL) | (k->flags & VMA_SPECIAL);
		return;
	}
	for (; k && k < z->known + z->nknown && k->start < v->map.end; k++)
		v->flags |= k->flags & VMA_SPECIAL;
	if (bytes_starts(v->map.path, "anon_inode:"))
		v->flags |= VMA_SPECIAL;
}

/* -ENOSPC: the buffer, or the list, is full. */
static int append(struct frozen *z, uint64_t addr, uint64_t end)
{
	while (addr < end) {
		uint64_t n = end - addr < FROZEN_BATCH ? end - addr : FROZEN_BATCH;

		if (n > z->size - z->used)
			n = z->size - z->used;
		if (n == 0 || z->n == z->max)
			return -ENOSPC;
		frozen_add(z, &(struct frozen_extent){ addr, n, z->used });
		z->used += n;
		addr += n;
	}
	return 0;
}

/* The first of N ranges, which are by address, that ends after ADDR; N if none does. */
static size_t first_after(const struct frozen *z, size_t n, uint64_t addr)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (z->v[middle].addr + z->v[middle].n <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* [addr, end) without what is taken already: the early ones, which are by address. */
static int append_rest(struct frozen *z, uint64_t addr, uint64_t end)
{
	size_t low = first_after(z, z->early, addr);
	int r = 0;

	for (; r == 0 && low < z->early && z->v[low].addr < end; low++) {
		const struct frozen_extent *e = &z->v[low];

		if (e->addr > addr)
			r = append(z, addr, e->addr);
		addr = e->addr + e->n;
	}
	return r == 0 && addr < end ? append(z, addr, end) : r;
}

/* Present pages of V in [addr, end) that the filter keeps; PRIVATE: none that are the file's own.
 */
static int take_pages(struct frozen *z, const struct vma *v, uint64_t addr, uint64_t end,
		      bool private)
{
	uint64_t step = LOOK_STEP;
	struct page_run run;
	int r = 0;

	while (r >= 0 && addr < end) {
		uint64_t same;
		bool keeps = core_filter_keeps(z->filter, v, addr, &same);

		same = same < end ? same : end;
		if (keeps && same - addr > step)
			same = addr + step;
		if (!keeps) {
			addr = same;
			continue;
		}
		r = mem_next_run(z->mem, addr, same, &run);
		if (r <= 0)
			break;
		addr = run.end;
		step = run.state == PAGE_ABSENT && step < LOOK_MOST ? step * LOOK_MORE : LOOK_STEP;
		r = 0;
		if (run.state == PAGE_PRESENT && !(private && run.file_backed))
			r = append_rest(z, run.start, run.end);
	}
	return r;
}

static int compare_pointers(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

/* Of the stack pointers, which are by address, those in V; each takes what lies above it. */
static int take_stacks(struct frozen *z, const struct vma *v, const uint64_t *sp, size_t n,
		       size_t *next)
{
	uint64_t taken = v->map.start;
	int r = 0;

	for (; r == 0 && *next < n && sp[*next] < v->map.end; ++*next) {
		uint64_t from = sp[*next] > REDZONE ? sp[*next] - REDZONE : 0, to;

		if (sp[*next] < v->map.start)
			continue;
		from -= from % z->page;
		from = from > taken ? from : taken;
		to = v->map.end - from > FROZEN_STACK_MOST ? from + FROZEN_STACK_MOST : v->map.end;
		if (to <= from)
			continue;
		r = take_pages(z, v, from, to, false);
		taken = to;
	}
	return r;
}

static bool is_code(const struct vma *v)
{
	return v->map.x && (v->flags & VMA_ANON) && !(v->flags & VMA_VDSO);
}

static int next_vma(struct frozen *z, struct vma_iter *it, struct vma *v)
{
	int r;

	do
		r = vma_iter_next(it, v);
	while (r == -EBADMSG);
	if (r > 0)
		frozen_judge(z, v);
	return r;
}

/* Stacks and anonymous code, in one pass by address. */
static int take_early(struct frozen *z, const struct stop *s)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	size_t n = stop_threads(s), next = 0;
	AUTO_FREE uint64_t *sp = calloc(n ? n : 1, sizeof(*sp));
	struct vma v;
	int r = sp ? frozen_vmas(z, &it) : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		sp[i] = stop_pointer(s, i);
	qsort(sp, n, sizeof(*sp), compare_pointers);
	while (r >= 0 && (r = next_vma(z, it, &v)) > 0) {
		if (v.flags & VMA_SPECIAL)
			continue;
		if (is_code(&v))
			r = take_pages(z, &v, v.map.start, v.map.end, false);
		else
			r = take_stacks(z, &v, sp, n, &next);
	}
	z->early = z->n;
	return r;
}

static enum pass pass_of(const struct vma *v)
{
	if ((v->flags & VMA_SPECIAL) || is_code(v) || (v->map.shared && !v->map.w))
		return PASSES;
	if (v->map.shared)
		return PASS_SHARED;
	return v->flags & VMA_ANON ? PASS_ANON : PASS_DATA;
}

static int take_pass(struct frozen *z, enum pass pass)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	struct vma v;
	int r = frozen_vmas(z, &it);

	while (r >= 0 && (r = next_vma(z, it, &v)) > 0)
		if (pass_of(&v) == pass)
			r = take_pages(z, &v, v.map.start, v.map.end, pass == PASS_DATA);
	return r;
}

static int by_address(const void *a, const void *b)
{
	const struct frozen_extent *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

int frozen_capture(struct frozen *z, const struct stop *s)
{
	int r = process_text(z->p, TEXT_MAPS, &z->maps, FROZEN_MAPS_MAX - 1);

	z->maps_cut = r == -EFBIG;
	if (r < 0 && r != -EFBIG)
		return r;
	if (z->max == 0)
		return 0;
	frozen_copy_start(z);
	r = take_early(z, s);
	for (int pass = 0; r == 0 && pass < PASSES; pass++)
		r = take_pass(z, (enum pass)pass);
	frozen_copy_end(z);
	return r == -ENOSPC ? 0 : r;
}

void frozen_sort(struct frozen *z)
{
	if (z->n)
		qsort(z->v, z->n, sizeof(z->v[0]), by_address);
}

uint64_t frozen_bytes(const struct frozen *z)
{
	return z->used;
}

size_t frozen_extents(const struct frozen *z)
{
	return z->n;
}

const struct frozen_extent *frozen_extent(const struct frozen *z, size_t i)
{
	return &z->v[i];
}

size_t frozen_find(const struct frozen *z, uint64_t addr)
{
	return first_after(z, z->n, addr);
}

const unsigned char *frozen_data(const struct frozen *z, const struct frozen_extent *e)
{
	return z->buffer + e->at;
}

size_t frozen_lost(const struct frozen *z, const struct mem_piece **ret)
{
	*ret = z->lost;
	return z->nlost;
}

bool frozen_maps_cut(const struct frozen *z)
{
	return z->maps_cut;
}
