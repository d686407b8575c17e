/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of a process are there. PAGEMAP_SCAN (Documentation/admin-guide/mm/pagemap.rst)
 * returns runs and passes over what has no page tables at once; else one entry a page is read.
 */
#include "model/mem_priv.h"

#include "sys/pagemap.h"

#include <errno.h>
#include <sys/syscall.h>

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PRESENT   (UINT64_C(1) << 63)
#define PM_SWAP	     (UINT64_C(1) << 62)
#define PM_FILE	     (UINT64_C(1) << 61) /* file page or shared anonymous */
#define PM_GUARD     (UINT64_C(1) << 58)

#define SCAN_FILE    (UINT64_C(1) << 2)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)
#define SCAN_GUARD   (UINT64_C(1) << 8) /* since 6.15 */

/* Addresses in one call: it holds the target's lock for reading, which delays its mmap(2). */
#define SCAN_STEP (UINT64_C(4) << 30)
/* Above are the kernel's own addresses (vsyscall), which cannot be asked for. */
#define SCAN_END (UINT64_C(1) << 56)

static int scan(struct mem *m, uint64_t start, uint64_t end, uint64_t *ret_end)
{
	struct pagemap_scan arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)m->regions,
		.vec_len = MEM_REGIONS,
		.any_of = SCAN_PRESENT | SCAN_SWAPPED,
		.returned = m->returned,
	};
	int n;

	do
		n = (int)syscall(SYS_ioctl, m->pagemap, PAGEMAP_SCAN_CALL, &arg); /* libcs differ */
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_end = arg.walk_end;
	return n;
}

void mem_pages_init(struct mem *m)
{
	uint64_t at;

	m->first = m->n = m->covered = 0;
	m->next = MEM_NOT_AHEAD;
	/* Nothing is looked at in an empty range, but all else is judged. */
	m->returned = SCAN_PRESENT | SCAN_SWAPPED | SCAN_FILE | SCAN_GUARD;
	m->scan = scan(m, 0, 0, &at) == 0;
	if (m->scan)
		return;
	m->returned &= ~SCAN_GUARD;
	m->scan = scan(m, 0, 0, &at) == 0;
}

const char *mem_page_way(const struct mem *m)
{
	return m->scan ? "PAGEMAP_SCAN" : "pagemap";
}

/* Pages of an address space that is gone all look absent to PAGEMAP_SCAN; pagemap has an end. */
static bool is_gone(const struct mem *m)
{
	uint64_t entry;
	ssize_t got;

	do
		got = pread(m->pagemap, &entry, sizeof(entry), 0);
	while (got < 0 && errno == EINTR);
	return got == 0;
}

static int fill_regions(struct mem *m, uint64_t at, uint64_t end)
{
	uint64_t walked = at;
	int n = scan(m, at, end - at < SCAN_STEP ? end : at + SCAN_STEP, &walked);

	if (n < 0)
		return n;
	if (n == 0 && is_gone(m))
		return -ESRCH;
	m->first = 0;
	m->n = (uint64_t)n;
	m->covered = walked;
	/* It stops where the list is full; not to move on would be no end. */
	return walked > at ? 0 : -EIO;
}

static void judge_region(uint64_t categories, struct page_run *run)
{
	run->state = PAGE_ABSENT;
	if (categories & SCAN_PRESENT)
		run->state = PAGE_PRESENT;
	else if ((categories & SCAN_SWAPPED) && !(categories & SCAN_GUARD))
		run->state = PAGE_SWAPPED;
	run->file_backed = run->state != PAGE_ABSENT && (categories & SCAN_FILE);
}

/* What is known of the pages from AT, which is below COVERED, on. */
static void region_at(struct mem *m, uint64_t at, struct page_run *ret)
{
	while (m->first < m->n && m->regions[m->first].end <= at)
		m->first++;
	*ret = (struct page_run){ .start = at, .end = m->covered };
	if (m->first == m->n)
		return;
	const struct mem_region *r = &m->regions[m->first];

	if (r->start > at) {
		ret->end = r->start;
		return;
	}
	ret->end = r->end;
	judge_region(r->categories, ret);
}

static bool is_like(const struct page_run *a, const struct page_run *b)
{
	return a->state == b->state && a->file_backed == b->file_backed;
}

static int next_region(struct mem *m, uint64_t addr, uint64_t end, struct page_run *ret)
{
	struct page_run run = { .start = addr }, here;
	uint64_t last = (end - 1) / m->page * m->page + m->page;
	uint64_t at = addr / m->page * m->page;
	bool ahead = addr == m->next, first = true;

	while (at < last) {
		if (!ahead || at >= m->covered) {
			int r = fill_regions(m, at, last);

			if (r < 0)
				return r;
			ahead = true;
		}
		region_at(m, at, &here);
		if (first) {
			run.state = here.state;
			run.file_backed = here.file_backed;
			first = false;
		} else if (!is_like(&here, &run)) {
			break;
		}
		at = here.end;
	}
	run.end = at < end ? at : end;
	m->next = run.end;
	*ret = run;
	return 1;
}

/* Entries from page number PAGE, at most up to page LAST (not included). */
static int fill(struct mem *m, uint64_t page, uint64_t last)
{
	uint64_t want = last - page < MEM_ENTRIES ? last - page : MEM_ENTRIES;
	ssize_t got;

	m->first = page;
	m->n = 0;
	do
		got = pread(m->pagemap, m->entries, want * sizeof(m->entries[0]),
			    (off_t)(page * sizeof(m->entries[0])));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got == 0) {
		/* Above what a process may map (vsyscall) pagemap ends; below, the space is gone.
		 */
		if (page * m->page >> 63 == 0)
			return -ESRCH;
		memset(m->entries, 0, want * sizeof(m->entries[0]));
		got = (ssize_t)(want * sizeof(m->entries[0]));
	}
	m->n = (uint64_t)got / sizeof(m->entries[0]);
	return m->n ? 0 : -EIO;
}

static void judge(uint64_t entry, struct page_run *run)
{
	run->state = PAGE_ABSENT;
	if (entry & PM_PRESENT)
		run->state = PAGE_PRESENT;
	else if ((entry & PM_SWAP) && !(entry & PM_GUARD))
		run->state = PAGE_SWAPPED;
	run->file_backed = run->state != PAGE_ABSENT && (entry & PM_FILE);
}

static int next_entries(struct mem *m, uint64_t addr, uint64_t end, struct page_run *ret)
{
	struct page_run run = { .start = addr }, here;
	uint64_t page, last;
	bool ahead = addr == m->next;

	last = (end - 1) / m->page + 1;
	for (page = addr / m->page; page < last; page++) {
		if (!ahead || page < m->first || page - m->first >= m->n) {
			int r = fill(m, page, last);

			if (r < 0)
				return r;
			ahead = true;
		}
		judge(m->entries[page - m->first], &here);
		if (page == addr / m->page) {
			run.state = here.state;
			run.file_backed = here.file_backed;
		} else if (here.state != run.state || here.file_backed != run.file_backed) {
			break;
		}
	}
	run.end = page < last ? page * m->page : end;
	m->next = run.end;
	*ret = run;
	return 1;
}

int mem_next_run(struct mem *m, uint64_t addr, uint64_t end, struct page_run *ret)
{
	if (addr >= end)
		return 0;
	if (end > SCAN_END || !m->scan) {
		/* What the other way read ahead is in the same place. */
		if (m->scan)
			m->next = MEM_NOT_AHEAD;
		m->covered = 0;
		return next_entries(m, addr, end, ret);
	}
	return next_region(m, addr, end, ret);
}
