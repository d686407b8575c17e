/* SPDX-License-Identifier: Apache-2.0 */
/* Signs in what a process maps. */
#include "signs/match.h"

static void add_map(const struct first *m, struct finding *ret)
{
	finding_add_hex(ret, "csi.map.start", m->start);
	finding_add_hex(ret, "csi.map.end", m->end);
	if (m->text.n)
		finding_add(ret, "file.path", buf_bytes(&m->text));
	if (m->n > 1)
		finding_add_u64(ret, "csi.map.number", m->n);
}

/* Whoever translates code writes code: their memory proves nothing by itself. */
static void weigh_by_jit(const struct facts *f, struct finding *ret)
{
	if (f->maps.jit != JIT_NONE)
		ret->level = LEVEL_INFO;
}

static bool anonymous_code(const struct facts *f, enum map_kind kind, struct finding *ret)
{
	const struct first *m = &f->maps.v[kind];

	if (!m->n)
		return false;
	weigh_by_jit(f, ret);
	add_map(m, ret);
	return true;
}

bool match_rwx_memory(const struct facts *f, struct finding *ret)
{
	return anonymous_code(f, MAP_RWX, ret);
}

bool match_rx_memory(const struct facts *f, struct finding *ret)
{
	return anonymous_code(f, MAP_RX, ret);
}

bool match_elf_memory(const struct facts *f, struct finding *ret)
{
	const struct first *x = &f->maps.v[MAP_ELF_X];
	const struct first *m = x->n ? x : &f->maps.v[MAP_ELF];

	if (!m->n)
		return false;
	/* A linker or a debugger holds images as data. */
	if (!x->n)
		ret->level = LEVEL_LOW;
	add_map(m, ret);
	return true;
}

bool match_memfd_map(const struct facts *f, struct finding *ret)
{
	const struct first *m = &f->maps.v[MAP_MEMFD_X];

	if (!m->n || exe_is_memfd(f))
		return false;
	/* .NET and Erlang map their own code twice this way. */
	weigh_by_jit(f, ret);
	add_map(m, ret);
	return true;
}

bool match_memfd_elf(const struct facts *f, struct finding *ret)
{
	const struct first *d = &f->fds.v[FD_MEMFD_ELF];

	if (!d->n)
		return false;
	finding_add(ret, "file.path", buf_bytes(&d->text));
	finding_add_u64(ret, "csi.fd", d->start);
	return true;
}

/* Its exe is mapped nowhere in it: something took the place of the program (DDexec, a packer). */
bool match_exe_unmapped(const struct facts *f, struct finding *ret)
{
	/* What is missing from half a list proves nothing, nor does a name without its file. */
	if (f->maps.exe_mapped || !f->maps.whole || f->exe_link.n == 0 || f->stat->vsize == 0)
		return false;
	finding_add(ret, "process.executable", buf_bytes(&f->exe_link));
	return true;
}

bool match_patched_code(const struct facts *f, struct finding *ret)
{
	static const enum sign_level levels[PATCHED_KINDS] = {
		[PATCHED_SAME] = LEVEL_INFO, [PATCHED_TEXTREL] = LEVEL_INFO,
		[PATCHED_TRAP] = LEVEL_LOW,  [PATCHED_UNKNOWN] = LEVEL_MEDIUM,
		[PATCHED_CODE] = LEVEL_HIGH,
	};
	const struct fact_patched *p = &f->patched;

	if (p->worst == PATCHED_NONE || (size_t)p->worst >= ARRAY_LEN(levels))
		return false;
	ret->level = levels[p->worst];
	finding_add(ret, "csi.patched", bytes_str(patched_kind_name(p->worst)));
	finding_add_hex(ret, "csi.map.patched",
			p->page.nruns ? p->page.runs[0].addr : p->page.addr);
	finding_add(ret, "file.path", buf_bytes(&p->path));
	finding_add_u64(ret, "csi.patched.pages", p->pages);
	finding_add_u64(ret, "csi.patched.bytes", p->page.differ);
	return true;
}
