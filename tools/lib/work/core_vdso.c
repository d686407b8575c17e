/* SPDX-License-Identifier: Apache-2.0 */
/* The vDSO of a core: one file of the kernel, mapped into every process, ours too (vdso(7)). */
#include "work/core_priv.h"

#include "model/mem.h"

#include <elf.h>
#include <sys/auxv.h>

enum { VDSO_MAX = 1 << 20, PAGE_MAX = 64 << 10 };

/* Bytes of the image at P, whose section headers come last; 0: not what we know. */
static uint64_t image_bytes(const unsigned char *p)
{
	Elf64_Ehdr h;

	memcpy(&h, p, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_ident[EI_CLASS] != ELFCLASS64)
		return 0;
	if (h.e_shoff > VDSO_MAX || h.e_shentsize != sizeof(Elf64_Shdr))
		return 0;
	return h.e_shoff + (uint64_t)h.e_shnum * h.e_shentsize;
}

/* Every page that the target has must be the same as ours. */
static bool same_pages(struct core *c, const struct vma *v, const unsigned char *ours)
{
	AUTO_FREE unsigned char *page = malloc(PAGE_MAX);
	bool any = false;

	if (!page || c->page > PAGE_MAX)
		return false;
	for (uint64_t at = v->map.start; at < v->map.end; at += c->page) {
		struct page_run pr;

		if (mem_next_run(c->mem, at, at + c->page, &pr) <= 0)
			return false;
		if (pr.state != PAGE_PRESENT)
			continue;
		if (mem_read(c->mem, at, page, (size_t)c->page) != (ssize_t)c->page ||
		    memcmp(page, ours + (at - v->map.start), (size_t)c->page) != 0)
			return false;
		any = true;
	}
	return any;
}

bool core_match_vdso(struct core *c, const struct vma *v)
{
	const unsigned char *ours = (const unsigned char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);
	uint64_t size = v->map.end - v->map.start;
	uint64_t have;

	if (!ours || size > VDSO_MAX)
		return false;
	have = (image_bytes(ours) + c->page - 1) / c->page * c->page;
	if (have != size || !same_pages(c, v, ours))
		return false;
	c->vdso = ours;
	c->vdso_at = v->map.start;
	return true;
}
