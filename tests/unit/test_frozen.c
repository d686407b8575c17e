/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a stop: the pages as they were, in order, within the buffer; and filters. */
#include "work/coredump.h"
#include "work/frozen.h"

#include "mem_child.h"

#include <signal.h>

enum { COUNTERS = 64 };

static struct vma vma_of(uint64_t start, uint64_t end, unsigned flags, const char *path)
{
	return (struct vma){ .map = { .start = start,
				      .end = end,
				      .r = true,
				      .w = true,
				      .inode = path[0] == '/',
				      .path = bytes_str(path) },
			     .flags = flags };
}

static bool keeps(const char *text, const struct vma *v, uint64_t addr, uint64_t end)
{
	struct core_filter f = { 0 };
	uint64_t got;
	bool r;

	CHECK_INT(core_filter_add(&f, text), 0);
	r = core_filter_keeps(&f, v, addr, &got);
	CHECK_INT(got, end);
	return r;
}

static void filters(void)
{
	const struct vma heap = vma_of(0x10000, 0x90000, VMA_ANON | VMA_HEAP, "[heap]");
	const struct vma lib = vma_of(0x10000, 0x90000, 0, "/usr/lib/libc.so.6");
	static const char *const bad[] = {
		"",	 "anon+",     "+anon",	   "anon,exec", "name=",
		"0x10-", "0x20-0x10", "0x10-0x10", "16-32",	"0x-0x5"
	};
	struct core_filter f = { 0 };
	uint64_t end;

	CHECK(core_filter_keeps(NULL, &heap, 0x10000, &end) && end == 0x90000);
	CHECK(core_filter_keeps(&f, &heap, 0x10000, &end) && end == 0x90000);
	CHECK(keeps("anon", &heap, 0x10000, 0x90000) && !keeps("anon", &lib, 0x10000, 0x90000));
	CHECK(keeps("anon+heap+write", &heap, 0x10000, 0x90000));
	CHECK(!keeps("anon+exec", &heap, 0x10000, 0x90000));
	CHECK(keeps("name=/usr/*.so.?", &lib, 0x10000, 0x90000));
	CHECK(keeps("name=*c*so*6", &lib, 0x10000, 0x90000));
	CHECK(!keeps("name=libc*", &lib, 0x10000, 0x90000));
	CHECK(keeps("name=[heap]", &heap, 0x10000, 0x90000));
	CHECK(!keeps("0x20000-0x30000", &lib, 0x10000, 0x20000));
	CHECK(keeps("0x20000-0x30000", &lib, 0x20000, 0x30000));
	CHECK(!keeps("0x20000-0x30000", &lib, 0x30000, 0x90000));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(core_filter_add(&f, bad[i]), -EINVAL);
	CHECK_INT(core_filter_add(&f, "heap"), 0);
	CHECK_INT(core_filter_add(&f, "0x20000-0x30000"), 0);
	CHECK(core_filter_keeps(&f, &lib, 0x20000, &end) && end == 0x30000);
	while (f.n < CORE_FILTERS_MAX)
		CHECK_INT(core_filter_add(&f, "anon"), 0);
	CHECK_INT(core_filter_add(&f, "anon"), -E2BIG);
	OK("filters: kinds, names, addresses, and what is none");
}

/* Extents are whole pages, by address, apart, within the buffer. */
static void check_extents(const struct frozen *z, uint64_t most)
{
	uint64_t last = 0, sum = 0;

	for (size_t i = 0; i < frozen_extents(z); i++) {
		const struct frozen_extent *e = frozen_extent(z, i);

		CHECK(e->n > 0 && e->addr % page_size == 0 && e->n % page_size == 0);
		CHECK(e->addr >= last);
		last = e->addr + e->n;
		sum += e->n;
		CHECK_INT(frozen_find(z, e->addr), i);
		CHECK_INT(frozen_find(z, last - 1), i);
	}
	CHECK_INT(sum, frozen_bytes(z));
	CHECK(sum <= most);
}

static const unsigned char *frozen_at(const struct frozen *z, const void *addr)
{
	size_t i = frozen_find(z, (uintptr_t)addr);
	const struct frozen_extent *e;

	if (i == frozen_extents(z))
		return NULL;
	e = frozen_extent(z, i);
	return e->addr <= (uintptr_t)addr ? frozen_data(z, e) + ((uintptr_t)addr - e->addr) : NULL;
}

static struct frozen *capture(struct process *p, uint64_t size, const struct core_filter *f)
{
	struct stop_refusal why;
	struct frozen *z = NULL;
	struct stop *s = NULL;

	CHECK_INT(frozen_prepare(p, size, f, &z), 0);
	CHECK_INT(stop_begin(p, &s, &why), 0);
	CHECK_INT(frozen_capture(z, s), 0);
	stop_close(s);
	frozen_sort(z);
	return z;
}

static void all_of_it(struct process *p, const struct layout *at)
{
	struct core_filter f = { 0 };
	const unsigned char *got;
	struct frozen *z;

	/* A sanitizer's shadow is large: the child's own is named. */
	CHECK_INT(core_filter_add(&f, "exec+anon"), 0);
	f.v[f.n++] = (struct core_filter_rule){ .start = (uintptr_t)at->half,
						.end = (uintptr_t)at->half + BIG };
	f.v[f.n++] = (struct core_filter_rule){ .start = (uintptr_t)at->none,
						.end = (uintptr_t)at->none + MIB };
	f.v[f.n++] = (struct core_filter_rule){ .start = (uintptr_t)at->memfd,
						.end = (uintptr_t)at->memfd + MIB };
	f.v[f.n++] = (struct core_filter_rule){ .start = (uintptr_t)at->file,
						.end = (uintptr_t)at->file + BIG };
	z = capture(p, UINT64_C(2) * BIG, &f);
	check_extents(z, UINT64_C(2) * BIG);
	for (size_t i = 0; i < BIG / page_size; i++) {
		got = frozen_at(z, at->half + i * page_size);
		CHECK(i % 2 ? !got : got && got[0] == 1 + i % 250 && got[page_size - 1] == got[0]);
	}
	got = frozen_at(z, at->exec);
	CHECK(got && got[0] == 0xcc);
	/* PROT_NONE: process_vm_readv(2) refuses it. */
	got = frozen_at(z, at->none);
	CHECK(got && got[0] == 'n' && !frozen_at(z, at->none + page_size));
	got = frozen_at(z, at->memfd);
	CHECK(got && got[0] == 'm');
	CHECK(!frozen_at(z, at->file));
	CHECK(!frozen_at(z, at->odd));
	frozen_close(z);
	OK("every present page that the filter keeps, and no other");
}

static void bounded(struct process *p, const struct layout *at)
{
	struct core_filter f = { 0 };
	struct frozen *z;

	CHECK_INT(core_filter_add(&f, "anon+private"), 0);
	z = capture(p, 20 * page_size, &f);
	check_extents(z, 20 * page_size);
	CHECK_INT(frozen_bytes(z), 20 * page_size);
	/* Code first, before all the data. */
	CHECK(frozen_at(z, at->exec));
	frozen_close(z);
	z = capture(p, 0, &f);
	CHECK(frozen_bytes(z) == 0 && frozen_extents(z) == 0);
	frozen_close(z);
	OK("within the buffer, the most telling first");
}

int main(void)
{
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	AUTO_CLOSE int dir = tree_make(NULL, dir_path);

	filters();
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &source), 0);
	struct child c = child_start();
	struct process *p = open_child(&c);

	all_of_it(p, &c.at);
	bounded(p, &c.at);
	process_close(p);
	child_end(&c);
	source_close(source);
	tree_remove(dir_path);
	TEST_END();
}
