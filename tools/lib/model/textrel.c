/* SPDX-License-Identifier: Apache-2.0 */
/* Text relocations of an ELF file: program headers, the dynamic section, then its tables. */
#include "model/textrel.h"

#include <elf.h>
#include <errno.h>

enum { CHUNK = 64 << 10, TABLES = 3 };

/* The same facts of both classes. */
struct segment {
	uint64_t offset, addr, file_bytes;
	uint32_t type;
};

struct table {
	uint64_t addr, size, entry;
};

struct elf {
	struct file *f;
	bool wide; /* ELFCLASS64 */
	uint64_t phoff;
	size_t nsegments;
	struct segment segments[TEXTREL_PHDRS_MAX];
	struct table tables[TABLES]; /* rela, rel, jmprel */
	uint64_t plt_type;	     /* DT_RELA or DT_REL: of the third */
	bool textrel;
};

static int read_all(struct file *f, void *p, size_t n, uint64_t offset)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = file_read_at(f, (char *)p + done, n - done, offset + done);

		if (got < 0)
			return (int)got;
		if (got == 0)
			return -EBADMSG;
		done += (size_t)got;
	}
	return 0;
}

/* The same, and the page cache is afterwards as it was. */
static int read_once(struct file *f, void *p, size_t n, uint64_t offset)
{
	int r;

	file_cache_note(f, offset, offset + n);
	r = read_all(f, p, n, offset);
	file_cache_drop(f, offset, offset + n);
	return r;
}

static bool is_native(const unsigned char *ident)
{
	const uint16_t one = 1;
	bool little = *(const unsigned char *)&one == 1;

	return memcmp(ident, ELFMAG, SELFMAG) == 0 &&
	       (ident[EI_CLASS] == ELFCLASS64 || ident[EI_CLASS] == ELFCLASS32) &&
	       ident[EI_DATA] == (little ? ELFDATA2LSB : ELFDATA2MSB);
}

static int read_header(struct elf *e)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} h;
	size_t entry;
	int r = read_once(e->f, &h, sizeof(h), 0);

	if (r < 0)
		return r;
	if (!is_native(h.ident))
		return -EBADMSG;
	e->wide = h.ident[EI_CLASS] == ELFCLASS64;
	e->phoff = e->wide ? h.wide.e_phoff : h.narrow.e_phoff;
	e->nsegments = e->wide ? h.wide.e_phnum : h.narrow.e_phnum;
	entry = e->wide ? h.wide.e_phentsize : h.narrow.e_phentsize;
	if (entry != (e->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return -EBADMSG;
	return e->nsegments > TEXTREL_PHDRS_MAX ? -E2BIG : 0;
}

static int read_segments(struct elf *e)
{
	for (size_t i = 0; i < e->nsegments; i++) {
		struct segment *s = &e->segments[i];
		Elf64_Phdr wide;
		Elf32_Phdr narrow;
		int r = e->wide ? read_all(e->f, &wide, sizeof(wide), e->phoff + i * sizeof(wide))
				: read_all(e->f, &narrow, sizeof(narrow),
					   e->phoff + i * sizeof(narrow));

		if (r < 0)
			return r;
		if (e->wide)
			*s = (struct segment){ wide.p_offset, wide.p_vaddr, wide.p_filesz,
					       wide.p_type };
		else
			*s = (struct segment){ narrow.p_offset, narrow.p_vaddr, narrow.p_filesz,
					       narrow.p_type };
	}
	return 0;
}

/* Where the byte at ADDR lies in the file: 0 or -ENODATA. */
static int to_offset(const struct elf *e, uint64_t addr, uint64_t *ret)
{
	for (size_t i = 0; i < e->nsegments; i++) {
		const struct segment *s = &e->segments[i];

		if (s->type != PT_LOAD || addr < s->addr || addr - s->addr >= s->file_bytes)
			continue;
		*ret = s->offset + (addr - s->addr);
		return 0;
	}
	return -ENODATA;
}

static void take_dynamic(struct elf *e, uint64_t tag, uint64_t value)
{
	static const struct {
		uint64_t tag;
		unsigned table;
		size_t member;
	} known[] = {
		{ DT_RELA, 0, offsetof(struct table, addr) },
		{ DT_RELASZ, 0, offsetof(struct table, size) },
		{ DT_REL, 1, offsetof(struct table, addr) },
		{ DT_RELSZ, 1, offsetof(struct table, size) },
		{ DT_JMPREL, 2, offsetof(struct table, addr) },
		{ DT_PLTRELSZ, 2, offsetof(struct table, size) },
	};

	if (tag == DT_TEXTREL || (tag == DT_FLAGS && (value & DF_TEXTREL)))
		e->textrel = true;
	if (tag == DT_PLTREL)
		e->plt_type = value;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].tag == tag)
			memcpy((char *)&e->tables[known[i].table] + known[i].member, &value,
			       sizeof(value));
}

static int read_entries(struct elf *e, const struct segment *dynamic)
{
	size_t entry = e->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);

	for (uint64_t at = 0; at + entry <= dynamic->file_bytes; at += entry) {
		Elf64_Dyn wide = { 0 };
		Elf32_Dyn narrow = { 0 };
		int r = read_all(e->f, e->wide ? (void *)&wide : (void *)&narrow, entry,
				 dynamic->offset + at);
		uint64_t tag = e->wide ? (uint64_t)wide.d_tag : (uint32_t)narrow.d_tag;

		if (r < 0)
			return r;
		if (tag == DT_NULL)
			break;
		take_dynamic(e, tag, e->wide ? wide.d_un.d_val : narrow.d_un.d_val);
	}
	return 0;
}

static int read_dynamic(struct elf *e)
{
	const struct segment *dynamic = NULL;
	int r;

	for (size_t i = 0; i < e->nsegments; i++)
		if (e->segments[i].type == PT_DYNAMIC)
			dynamic = &e->segments[i];
	if (!dynamic)
		return 0;
	if (dynamic->file_bytes > TEXTREL_DYNAMIC_MAX)
		return -E2BIG;
	file_cache_note(e->f, dynamic->offset, dynamic->offset + dynamic->file_bytes);
	r = read_entries(e, dynamic);
	file_cache_drop(e->f, dynamic->offset, dynamic->offset + dynamic->file_bytes);
	return r;
}

static int keep(struct textrel *t, uint64_t offset)
{
	if (t->n == TEXTREL_RELOCATIONS_MAX)
		return -E2BIG;
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 1024;
		uint64_t *grown = realloc(t->at, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->at = grown;
		t->cap = cap;
	}
	t->at[t->n++] = offset;
	return 0;
}

/* The first member of each kind of relocation is its address. */
static int read_table(struct elf *e, const struct table *table, uint64_t start, uint64_t end,
		      struct textrel *t)
{
	AUTO_FREE unsigned char *chunk = malloc(CHUNK);
	uint64_t from, whole = table->size - table->size % table->entry;
	size_t step = CHUNK - CHUNK % (size_t)table->entry;
	int r = chunk ? to_offset(e, table->addr, &from) : -ENOMEM;

	if (r < 0 || table->size > TEXTREL_TABLE_MAX)
		return r < 0 ? r : -E2BIG;
	for (uint64_t at = 0; at < whole; at += step) {
		size_t n = whole - at < step ? (size_t)(whole - at) : step;

		r = read_once(e->f, chunk, n, from + at);
		for (size_t i = 0; r == 0 && i < n; i += (size_t)table->entry) {
			uint64_t addr = 0, offset;

			memcpy(&addr, chunk + i, e->wide ? 8 : 4);
			if (to_offset(e, addr, &offset) == 0 && offset >= start && offset < end)
				r = keep(t, offset);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static void size_entries(struct elf *e)
{
	const uint64_t rela = e->wide ? sizeof(Elf64_Rela) : sizeof(Elf32_Rela);
	const uint64_t rel = e->wide ? sizeof(Elf64_Rel) : sizeof(Elf32_Rel);

	e->tables[0].entry = rela;
	e->tables[1].entry = rel;
	e->tables[2].entry = e->plt_type == DT_REL ? rel : rela;
}

int textrel_read(struct file *f, uint64_t start, uint64_t end, struct textrel *ret)
{
	AUTO_FREE struct elf *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->f = f;
	r = read_header(e);
	if (r == 0) {
		const uint64_t n = e->nsegments * sizeof(Elf64_Phdr); /* or less: the same pages */

		file_cache_note(f, e->phoff, e->phoff + n);
		r = read_segments(e);
		file_cache_drop(f, e->phoff, e->phoff + n);
	}
	if (r == 0)
		r = read_dynamic(e);
	if (r < 0 || !e->textrel)
		return r;
	size_entries(e);
	ret->width = e->wide ? 8 : 4;
	/* One that begins before START may reach into the range. */
	start = start > ret->width ? start - ret->width : 0;
	for (size_t i = 0; r == 0 && i < TABLES; i++)
		if (e->tables[i].size >= e->tables[i].entry)
			r = read_table(e, &e->tables[i], start, end, ret);
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(ret->at[0]), compare);
	return r;
}

bool textrel_covers(const struct textrel *t, uint64_t offset)
{
	size_t low = 0, high = t->n;

	/* The last one at or before OFFSET. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->at[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && offset - t->at[low - 1] < t->width;
}

void textrel_done(struct textrel *t)
{
	free(t->at);
	*t = (struct textrel){ 0 };
}
