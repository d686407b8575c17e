/* SPDX-License-Identifier: Apache-2.0 */
/* Giving out a planned core in order: headers, notes, then each page looked up again and read. */
#include "work/core_priv.h"

#include <errno.h>

enum { PHDRS_A_PIECE = 256 };

static int add_phdr(struct core *c)
{
	struct elfcore_segment s = { 0 };

	if (c->phdr == 0) {
		s.note = true;
		s.r = true;
		s.offset = elfcore_notes_at(c->nruns + 1);
		s.file_bytes = c->notes.n;
	} else {
		const struct core_run *run = &c->runs[c->phdr - 1];

		s.addr = run_start(run);
		s.mem_bytes = run->end - s.addr;
		s.offset = c->phdr_offset;
		s.r = run->start & RUN_R;
		s.w = run->start & RUN_W;
		s.x = run->start & RUN_X;
		if (run_saved(run)) {
			s.file_bytes = s.mem_bytes;
			c->phdr_offset += s.mem_bytes;
		}
	}
	c->phdr++;
	return elfcore_phdr(&c->piece, &s);
}

/* The next few headers. Called while C->at is before the notes. */
static int next_piece(struct core *c)
{
	int r = 0;

	buf_clear(&c->piece);
	c->piece_at = 0;
	if (c->at == 0)
		return elfcore_ehdr(&c->piece, c->machine, c->nruns + 1);
	for (int i = 0; r == 0 && i < PHDRS_A_PIECE && c->phdr <= c->nruns; i++)
		r = add_phdr(c);
	if (r == 0 && c->piece.n == 0)
		r = elfcore_shdr(&c->piece, c->nruns + 1);
	return r;
}

static ssize_t read_headers(struct core *c, unsigned char *p, size_t n)
{
	size_t left = c->piece.n - c->piece_at;

	if (left == 0) {
		int r = next_piece(c);

		if (r < 0)
			return r;
		left = c->piece.n;
		if (left == 0)
			return -EIO;
	}
	n = n < left ? n : left;
	memcpy(p, c->piece.p + c->piece_at, n);
	c->piece_at += n;
	return (ssize_t)n;
}

static ssize_t read_notes(struct core *c, unsigned char *p, size_t n, uint64_t notes_at)
{
	uint64_t off = c->at - notes_at;

	if (off < c->notes.n) {
		size_t left = c->notes.n - (size_t)off;

		n = n < left ? n : left;
		memcpy(p, c->notes.p + off, n);
		return (ssize_t)n;
	}
	n = n < c->data_at - c->at ? n : (size_t)(c->data_at - c->at);
	memset(p, 0, n);
	return (ssize_t)n;
}

static void tell_lost(struct core *c)
{
	if (c->lost_end > c->lost_start)
		core_tell(c, c->lost_err, "read memory", c->lost_start,
			  c->lost_end - c->lost_start);
	c->lost_start = c->lost_end = 0;
}

/* [addr, addr + n) became zeroes: neighbours make one gap. */
static void lose(struct core *c, uint64_t n, int err)
{
	c->totals.vanished += n;
	c->totals.saved -= n;
	if (c->gone)
		return;
	if (c->lost_end != c->addr || c->lost_err != err)
		tell_lost(c);
	if (c->lost_start == c->lost_end)
		c->lost_start = c->addr;
	c->lost_end = c->addr + n;
	c->lost_err = err;
}

/* The process ended: what is left is one gap, told now. */
static void lose_rest(struct core *c)
{
	tell_lost(c);
	core_tell(c, -ESRCH, "read memory", c->addr, c->size - c->at);
	c->gone = true;
}

/* Looks up again the pages at C->addr: what went away since the plan must not be faulted in. */
static int look_again(struct core *c, uint64_t end)
{
	uint64_t page = c->addr - c->addr % c->page;
	uint64_t stop = page + CORE_CHUNK < end ? page + CORE_CHUNK : end;
	int r = mem_next_run(c->mem, page, stop, &c->seen);

	if (r > 0)
		return 0;
	c->seen = (struct page_run){ .start = page, .end = page + c->page, .state = PAGE_ABSENT };
	return r < 0 ? r : -ENODATA;
}

static size_t to_page_end(const struct core *c, size_t n)
{
	size_t left = (size_t)(c->page - c->addr % c->page);

	return n < left ? n : left;
}

/* Bytes of the copy that was made under the stop; 0: none at C->addr, and *N is cut before some. */
static size_t read_frozen(const struct core *c, unsigned char *p, size_t *n)
{
	size_t i = c->opts.frozen ? frozen_find(c->opts.frozen, c->addr) : 0;
	const struct frozen_extent *e;

	if (!c->opts.frozen || i == frozen_extents(c->opts.frozen))
		return 0;
	e = frozen_extent(c->opts.frozen, i);
	if (e->addr > c->addr) {
		*n = *n < e->addr - c->addr ? *n : (size_t)(e->addr - c->addr);
		return 0;
	}
	*n = *n < e->addr + e->n - c->addr ? *n : (size_t)(e->addr + e->n - c->addr);
	memcpy(p, frozen_data(c->opts.frozen, e) + (c->addr - e->addr), *n);
	return *n;
}

/* The process was let go before all was read: told once. */
static void watch_stop(struct core *c)
{
	if (!c->opts.held || stop_holds(c->opts.stop))
		return;
	c->opts.held = false;
	core_tell(c, -ETIMEDOUT, "keep the process stopped", c->addr, c->size - c->at);
}

static ssize_t read_present(struct core *c, unsigned char *p, size_t n)
{
	const struct mem_piece one = { c->addr, n };

	if (c->opts.held && c->addr % c->page == 0 && n % c->page == 0) {
		size_t got = mem_read_held(c->mem, &one, 1, p);

		if (got > 0)
			return (ssize_t)got;
	}
	return mem_read(c->mem, c->addr, p, n);
}

static bool is_there(const struct core *c)
{
	return c->seen.state == PAGE_PRESENT || (c->opts.swapped && c->seen.state == PAGE_SWAPPED);
}

/* At most N bytes of the run at C->addr. */
static size_t read_run(struct core *c, unsigned char *p, size_t n, uint64_t end)
{
	ssize_t got = -ENODATA;
	int r;

	if (read_frozen(c, p, &n) > 0)
		return n;
	watch_stop(c);
	if (!c->gone && (c->addr < c->seen.start || c->addr >= c->seen.end)) {
		r = look_again(c, end);
		if (r == -ESRCH || (r < 0 && process_verify(c->p) < 0))
			lose_rest(c);
	}
	if (!c->gone && n > c->seen.end - c->addr)
		n = (size_t)(c->seen.end - c->addr);
	if (!c->gone && is_there(c)) {
		got = read_present(c, p, n);
		if (got > 0)
			return (size_t)got;
		if (got == -ESRCH || process_verify(c->p) < 0)
			lose_rest(c);
		n = to_page_end(c, n);
	}
	memset(p, 0, n);
	lose(c, n, got < 0 ? (int)got : -ENODATA);
	return n;
}

static ssize_t read_pages(struct core *c, unsigned char *p, size_t n)
{
	const struct core_run *run = &c->runs[c->run];

	while (!run_saved(run) || c->addr == run->end) {
		if (++c->run == c->nruns)
			return -EIO;
		run++;
		c->addr = run_start(run);
		c->seen = (struct page_run){ 0 };
	}
	n = n < CORE_CHUNK ? n : CORE_CHUNK;
	n = n < run->end - c->addr ? n : (size_t)(run->end - c->addr);
	if (run->start & RUN_VDSO)
		memcpy(p, c->vdso + (c->addr - c->vdso_at), n);
	else
		n = read_run(c, p, n, run->end);
	c->addr += n;
	return (ssize_t)n;
}

ssize_t core_read(struct core *c, void *p, size_t n)
{
	uint64_t notes_at = elfcore_notes_at(c->nruns + 1);
	unsigned char *to = p;
	size_t done = 0;

	while (done < n && c->at < c->size) {
		size_t want = n - done;
		ssize_t got;

		if (c->at < notes_at)
			got = read_headers(c, to + done, want);
		else if (c->at < c->data_at)
			got = read_notes(c, to + done, want, notes_at);
		else
			got = read_pages(c, to + done, want);
		if (got < 0)
			return got;
		done += (size_t)got;
		c->at += (uint64_t)got;
	}
	if (c->at == c->size)
		tell_lost(c);
	return (ssize_t)done;
}
