/* SPDX-License-Identifier: Apache-2.0 */
/* Patched code pages: candidates by pagemap, judged by their bytes. */
#include "model/patched.h"

#include "model/backing.h"
#include "model/textrel.h"

#include <errno.h>

enum { PAGE_MOST = 64 << 10 };

static const char *const names[PATCHED_KINDS] = { "none",	"same",	   "textrel",
						  "breakpoint", "unknown", "code" };

/* One mapping while it is looked at. */
struct check {
	struct process *p;
	struct mem *m;
	const struct vma *v;
	patched_fn fn;
	void *ctx;
	struct patched_totals *t;
	size_t page;
	uint64_t looked;
	bool asked; /* for the file; NULL then is T->file_err */
	struct file *f;
	bool textrel_asked;
	int textrel_err;
	struct textrel textrel;
	unsigned char *mem, *file; /* a page of each */
};

const char *patched_kind_name(enum patched_kind k)
{
	return (unsigned)k < PATCHED_KINDS ? names[k] : "unknown";
}

bool patched_asks(const struct vma *v)
{
	return v->map.x && !v->map.shared && v->map.inode != 0 && !(v->flags & VMA_SPECIAL);
}

/* A page of the file at OFFSET; what lies behind its end is zero, as in memory. 0 or -errno. */
static int read_file(struct check *c, uint64_t offset)
{
	size_t done = 0;

	if (!c->asked) {
		c->asked = true;
		c->t->file_err = backing_open(c->p, c->v, &c->f);
	}
	if (!c->f)
		return c->t->file_err;
	file_cache_note(c->f, offset, offset + c->page);
	while (done < c->page) {
		ssize_t got = file_read_at(c->f, c->file + done, c->page - done, offset + done);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	memset(c->file + done, 0, c->page - done);
	file_cache_drop(c->f, offset, offset + c->page);
	return 0;
}

/* Whether the bytes that differ around I are a breakpoint instruction and nothing else. */
#if defined(__aarch64__)
static bool is_trap(const struct check *c, size_t i)
{
	uint32_t word;

	memcpy(&word, c->mem + i - i % sizeof(word), sizeof(word));
	return (word & 0xffe0001fu) == 0xd4200000u; /* BRK #imm16 */
}
#else
static bool is_trap(const struct check *c, size_t i)
{
	return c->mem[i] == 0xcc && (i == 0 || c->mem[i - 1] == c->file[i - 1]) &&
	       (i + 1 == c->page || c->mem[i + 1] == c->file[i + 1]);
}
#endif

static void add_run(struct patched_page *page, size_t i)
{
	struct patched_run *last = page->nruns ? &page->runs[page->nruns - 1] : NULL;

	page->differ++;
	if (last && last->addr + last->len == page->addr + i) {
		last->len++;
		return;
	}
	if (page->nruns < PATCHED_RUNS_MAX)
		page->runs[page->nruns++] = (struct patched_run){ .addr = page->addr + i,
								  .len = 1,
								  .offset = page->offset + i };
}

static void learn_textrel(struct check *c)
{
	uint64_t from = c->v->map.offset;

	if (c->textrel_asked)
		return;
	c->textrel_asked = true;
	c->textrel_err =
		textrel_read(c->f, from, from + (c->v->map.end - c->v->map.start), &c->textrel);
}

static bool only_relocations(struct check *c, const struct patched_page *page)
{
	learn_textrel(c);
	for (size_t i = 0; i < c->page; i++)
		if (c->mem[i] != c->file[i] && !textrel_covers(&c->textrel, page->offset + i))
			return false;
	return true;
}

static void compare(struct check *c, struct patched_page *page)
{
	bool traps = true;

	for (size_t i = 0; i < c->page; i++) {
		if (c->mem[i] == c->file[i])
			continue;
		add_run(page, i);
		traps = traps && is_trap(c, i);
	}
	if (page->differ == 0)
		page->kind = PATCHED_SAME;
	else if (traps)
		page->kind = PATCHED_TRAP;
	else
		page->kind = only_relocations(c, page) ? PATCHED_TEXTREL : PATCHED_CODE;
	/* There may be more of them than are kept: then nobody knows. */
	if (page->kind == PATCHED_CODE && c->textrel_err == -E2BIG) {
		page->kind = PATCHED_UNKNOWN;
		page->err = -E2BIG;
	}
}

/* -ESRCH: the address space is gone. */
static int judge(struct check *c, struct patched_page *page, bool swapped)
{
	ssize_t got;
	int r;

	page->kind = PATCHED_UNKNOWN;
	page->err = -ENODATA;
	if (swapped)
		return 0;
	got = mem_read(c->m, page->addr, c->mem, c->page);
	if (got == -ESRCH)
		return -ESRCH;
	if (got != (ssize_t)c->page) {
		page->err = got < 0 ? (int)got : -ENODATA;
		return 0;
	}
	r = read_file(c, page->offset);
	page->err = r;
	if (r == 0)
		compare(c, page);
	return 0;
}

static void count(struct check *c, enum patched_kind kind, uint64_t n)
{
	c->t->pages[kind] += n;
	if (kind > c->t->worst)
		c->t->worst = kind;
}

static int look(struct check *c, const struct page_run *run)
{
	for (uint64_t at = run->start; at < run->end; at += c->page) {
		struct patched_page page = { .addr = at,
					     .offset = c->v->map.offset + (at - c->v->map.start) };
		int r;

		if (c->looked == PATCHED_PAGES_MAX) {
			c->t->left_out += (run->end - at) / c->page;
			count(c, PATCHED_UNKNOWN, (run->end - at) / c->page);
			return 0;
		}
		c->looked++;
		r = judge(c, &page, run->state == PAGE_SWAPPED);
		if (r < 0)
			return r;
		count(c, page.kind, 1);
		r = c->fn ? c->fn(c->ctx, &page) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int look_at_all(struct check *c)
{
	uint64_t at = c->v->map.start;
	struct page_run run;
	int r;

	while ((r = mem_next_run(c->m, at, c->v->map.end, &run)) == 1) {
		if (run.state == PAGE_SWAPPED || (run.state == PAGE_PRESENT && !run.file_backed)) {
			r = look(c, &run);
			if (r < 0)
				return r;
		}
		at = run.end;
	}
	return r;
}

int patched_check(struct process *p, struct mem *m, const struct vma *v, patched_fn fn, void *ctx,
		  struct patched_totals *ret)
{
	AUTO_FREE unsigned char *pages = NULL;
	long page = sysconf(_SC_PAGESIZE);
	struct check c = { .p = p, .m = m, .v = v, .fn = fn, .ctx = ctx, .t = ret };
	int r;

	*ret = (struct patched_totals){ 0 };
	if (!patched_asks(v))
		return 0;
	c.page = page > 0 && page <= PAGE_MOST ? (size_t)page : 4096;
	pages = malloc(2 * c.page);
	if (!pages)
		return -ENOMEM;
	c.mem = pages;
	c.file = pages + c.page;
	r = look_at_all(&c);
	textrel_done(&c.textrel);
	file_close(c.f);
	return r;
}
