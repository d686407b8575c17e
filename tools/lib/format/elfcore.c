/* SPDX-License-Identifier: Apache-2.0 */
/* Headers and notes of an ELF64 core file. */
#include "format/elfcore.h"

#include <elf.h>
#include <errno.h>
#include <sys/utsname.h>

enum {
	PRPSINFO_COMM = 16,
	PRPSINFO_ARGS = 80,
	REGS_X86_64 = 27 * 8,
	REGS_AARCH64 = 34 * 8,
	NOTE_NAME_MAX = 15,
};

/* struct elf_prpsinfo of 64-bit Linux, all its padding named. */
struct prpsinfo {
	unsigned char state;
	char sname;
	unsigned char zomb, nice;
	uint32_t pad;
	uint64_t flag;
	uint32_t uid, gid;
	int32_t pid, ppid, pgrp, sid;
	char fname[PRPSINFO_COMM];
	char psargs[PRPSINFO_ARGS];
};
_Static_assert(sizeof(struct prpsinfo) == 136, "elf_prpsinfo");

/* struct elf_prstatus of 64-bit Linux up to the registers. */
struct prstatus_head {
	int32_t signo, code, err;
	int16_t cursig;
	uint16_t pad;
	uint64_t sigpend, sighold;
	int32_t pid, ppid, pgrp, sid;
	struct {
		int64_t sec, usec;
	} utime, stime, cutime, cstime;
};
_Static_assert(sizeof(struct prstatus_head) == 112, "elf_prstatus");

static const struct machine {
	enum elfcore_machine m;
	size_t registers;
} machines[] = {
	{ ELFCORE_X86_64, REGS_X86_64 },
	{ ELFCORE_AARCH64, REGS_AARCH64 },
};

static size_t register_bytes(enum elfcore_machine m)
{
	for (size_t i = 0; i < ARRAY_LEN(machines); i++)
		if (machines[i].m == m)
			return machines[i].registers;
	return REGS_X86_64;
}

enum elfcore_machine elfcore_native(void)
{
	struct utsname u;

	if (uname(&u) == 0 && memcmp(u.machine, "aarch64", sizeof("aarch64")) == 0)
		return ELFCORE_AARCH64;
	return ELFCORE_X86_64;
}

static bool is_extended(uint64_t segments)
{
	return segments >= PN_XNUM;
}

uint64_t elfcore_notes_at(uint64_t segments)
{
	return ELFCORE_EHDR_BYTES + segments * ELFCORE_PHDR_BYTES +
	       (is_extended(segments) ? ELFCORE_SHDR_BYTES : 0);
}

int elfcore_ehdr(struct buf *b, enum elfcore_machine m, uint64_t segments)
{
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = (Elf64_Half)m,
		.e_version = EV_CURRENT,
		.e_phoff = ELFCORE_EHDR_BYTES,
		.e_ehsize = ELFCORE_EHDR_BYTES,
		.e_phentsize = ELFCORE_PHDR_BYTES,
		.e_phnum = (Elf64_Half)segments,
	};

	_Static_assert(sizeof(h) == ELFCORE_EHDR_BYTES, "Elf64_Ehdr");
	if (is_extended(segments)) {
		h.e_phnum = PN_XNUM;
		h.e_shoff = ELFCORE_EHDR_BYTES + segments * ELFCORE_PHDR_BYTES;
		h.e_shentsize = ELFCORE_SHDR_BYTES;
		h.e_shnum = 1;
	}
	return buf_add(b, &h, sizeof(h));
}

int elfcore_phdr(struct buf *b, const struct elfcore_segment *s)
{
	Elf64_Phdr h = {
		.p_type = s->note ? PT_NOTE : PT_LOAD,
		.p_flags = (s->r ? PF_R : 0u) | (s->w ? PF_W : 0u) | (s->x ? PF_X : 0u),
		.p_offset = s->offset,
		.p_vaddr = s->addr,
		/* Readers that look for physical addresses (Volatility) find the virtual ones. */
		.p_paddr = s->addr,
		.p_filesz = s->file_bytes,
		.p_memsz = s->mem_bytes,
		.p_align = s->note ? 4 : 4096,
	};

	_Static_assert(sizeof(h) == ELFCORE_PHDR_BYTES, "Elf64_Phdr");
	return buf_add(b, &h, sizeof(h));
}

int elfcore_shdr(struct buf *b, uint64_t segments)
{
	Elf64_Shdr h = { .sh_type = SHT_NULL, .sh_info = (Elf64_Word)segments };

	_Static_assert(sizeof(h) == ELFCORE_SHDR_BYTES, "Elf64_Shdr");
	return is_extended(segments) ? buf_add(b, &h, sizeof(h)) : 0;
}

static int pad4(struct buf *b, size_t n)
{
	static const char zero[4];

	return n % 4 ? buf_add(b, zero, 4 - n % 4) : 0;
}

static int note_header(struct buf *b, const char *name, uint32_t type, size_t size)
{
	size_t n = strlen(name) + 1;
	Elf64_Nhdr h = { .n_namesz = (Elf64_Word)n, .n_descsz = (Elf64_Word)size, .n_type = type };
	int r;

	if (n > NOTE_NAME_MAX + 1 || size > UINT32_MAX)
		return -EFBIG;
	r = buf_add(b, &h, sizeof(h));
	if (r == 0)
		r = buf_add(b, name, n);
	return r < 0 ? r : pad4(b, n);
}

int elfcore_note(struct buf *b, const char *name, uint32_t type, struct bytes desc)
{
	int r = note_header(b, name, type, desc.n);

	if (r == 0)
		r = buf_addb(b, desc);
	return r < 0 ? r : pad4(b, desc.n);
}

/* Copies at most SIZE - 1 bytes; NULs between arguments become blanks, as the kernel does. */
static void copy_text(char *to, size_t size, struct bytes from)
{
	size_t n = from.n < size - 1 ? from.n : size - 1;

	while (n > 0 && from.p[n - 1] == '\0')
		n--;
	if (n)
		memcpy(to, from.p, n);
	for (size_t i = 0; i < n; i++)
		if (to[i] == '\0')
			to[i] = ' ';
}

int elfcore_prpsinfo(struct buf *b, const struct elfcore_process *p)
{
	static const char states[] = "RSDTZW";
	const char *at = p->state ? strchr(states, p->state) : NULL;
	const unsigned char state = (unsigned char)(at ? at - states : 1);
	struct prpsinfo i = {
		.state = state,
		.sname = p->state,
		.zomb = p->state == 'Z',
		.flag = p->flags,
		.uid = p->uid,
		.gid = p->gid,
		.pid = p->pid,
		.ppid = p->ppid,
		.pgrp = p->pgrp,
		.sid = p->sid,
	};

	copy_text(i.fname, sizeof(i.fname), p->comm);
	copy_text(i.psargs, sizeof(i.psargs), p->args);
	return elfcore_note(b, "CORE", NT_PRPSINFO, bytes_of(&i, sizeof(i)));
}

int elfcore_prstatus(struct buf *b, enum elfcore_machine m, const struct elfcore_process *p)
{
	struct prstatus_head h = { .pid = p->pid, .ppid = p->ppid, .pgrp = p->pgrp, .sid = p->sid };
	unsigned char desc[sizeof(h) + REGS_AARCH64 + 8] = { 0 };
	size_t regs = register_bytes(m);
	uint64_t ticks = p->ticks ? p->ticks : 100;

	h.utime.sec = (int64_t)(p->utime / ticks);
	h.utime.usec = (int64_t)(p->utime % ticks * 1000000 / ticks);
	h.stime.sec = (int64_t)(p->stime / ticks);
	h.stime.usec = (int64_t)(p->stime % ticks * 1000000 / ticks);
	memcpy(desc, &h, sizeof(h));
	if (p->registers.n == regs)
		memcpy(desc + sizeof(h), p->registers.p, regs);
	return elfcore_note(b, "CORE", NT_PRSTATUS, bytes_of(desc, sizeof(h) + regs + 8));
}

int elfcore_auxv(struct buf *b, struct bytes auxv)
{
	return elfcore_note(b, "CORE", NT_AUXV, auxv);
}

int elfcore_files_add(struct elfcore_files *f, uint64_t start, uint64_t end, uint64_t offset,
		      uint64_t page, struct bytes path)
{
	const uint64_t row[3] = { start, end, offset / page };
	size_t names = f->names.n;
	int r;

	if (f->rows.n + f->names.n + sizeof(row) + path.n + 1 > ELFCORE_FILE_NOTE_MAX - 64)
		return -EFBIG;
	r = buf_addb(&f->names, path);
	if (r == 0)
		r = buf_addc(&f->names, '\0');
	if (r == 0)
		r = buf_add(&f->rows, row, sizeof(row));
	if (r < 0) {
		f->names.n = names;
		return r;
	}
	f->n++;
	return 0;
}

int elfcore_files_note(struct buf *b, const struct elfcore_files *f, uint64_t page)
{
	const uint64_t head[2] = { f->n, page };
	size_t size = sizeof(head) + f->rows.n + f->names.n;
	int r = note_header(b, "CORE", NT_FILE, size);

	if (r == 0)
		r = buf_add(b, head, sizeof(head));
	if (r == 0)
		r = buf_addb(b, buf_bytes(&f->rows));
	if (r == 0)
		r = buf_addb(b, buf_bytes(&f->names));
	return r < 0 ? r : pad4(b, size);
}

void elfcore_files_done(struct elfcore_files *f)
{
	buf_done(&f->rows);
	buf_done(&f->names);
	f->n = 0;
}
