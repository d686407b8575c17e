/* SPDX-License-Identifier: Apache-2.0 */
/* ELF cores: bytes of headers and notes, and a real child read back from its core. */
#include "format/elfcore.h"
#include "work/coredump.h"

#include "test.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE UINT64_C(4096)

static void test_headers(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	Elf64_Ehdr h;
	Elf64_Shdr sh;

	CHECK_INT(elfcore_ehdr(&b, ELFCORE_AARCH64, 3), 0);
	CHECK_INT(b.n, ELFCORE_EHDR_BYTES);
	memcpy(&h, b.p, sizeof(h));
	CHECK(memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 && h.e_ident[EI_CLASS] == ELFCLASS64);
	CHECK_INT(h.e_type, ET_CORE);
	CHECK_INT(h.e_machine, EM_AARCH64);
	CHECK_INT(h.e_phnum, 3);
	CHECK_INT(h.e_shnum, 0);
	CHECK_INT(elfcore_shdr(&b, 3), 0);
	CHECK_INT(b.n, ELFCORE_EHDR_BYTES);
	CHECK_INT(elfcore_notes_at(3), 64 + 3 * 56);
	OK("a small core has no section header");

	buf_clear(&b);
	CHECK_INT(elfcore_ehdr(&b, ELFCORE_X86_64, 65534), 0);
	memcpy(&h, b.p, sizeof(h));
	CHECK_INT(h.e_phnum, 65534);
	buf_clear(&b);
	CHECK_INT(elfcore_ehdr(&b, ELFCORE_X86_64, 65535), 0);
	memcpy(&h, b.p, sizeof(h));
	CHECK_INT(h.e_phnum, PN_XNUM);
	CHECK_INT(h.e_shnum, 1);
	CHECK_INT(h.e_shoff, 64 + 65535 * 56);
	buf_clear(&b);
	CHECK_INT(elfcore_shdr(&b, 70000), 0);
	memcpy(&sh, b.p, sizeof(sh));
	CHECK_INT(sh.sh_info, 70000);
	CHECK_INT(elfcore_notes_at(70000), 64 + 70000 * 56 + 64);
	OK("from 65,535 segments on the count stands in section header 0");
}

/* The note at AT: name, type, content; returns where the next is. */
static size_t note_at(struct bytes b, size_t at, const char *name, uint32_t type, struct bytes *ret)
{
	Elf64_Nhdr h;
	size_t names;

	CHECK(at + sizeof(h) <= b.n);
	memcpy(&h, b.p + at, sizeof(h));
	at += sizeof(h);
	names = (h.n_namesz + 3u) & ~3u;
	CHECK(at + names <= b.n && h.n_namesz == strlen(name) + 1);
	CHECK(memcmp(b.p + at, name, h.n_namesz) == 0);
	CHECK_INT(h.n_type, type);
	at += names;
	CHECK(at + h.n_descsz <= b.n);
	*ret = bytes_of(b.p + at, h.n_descsz);
	return at + ((h.n_descsz + 3u) & ~3u);
}

static void test_notes(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	static unsigned char regs[27 * 8];
	static const char long_args[] = "a\0b\0"
					"0123456789012345678901234567890123456789"
					"0123456789012345678901234567890123456789";
	struct elfcore_process p = { .pid = 7, .ppid = 1, .uid = 5, .state = 'S', .utime = 250 };
	struct bytes desc;
	size_t at;

	p.comm = bytes_str("a name of more than sixteen bytes");
	p.args = bytes_of(long_args, sizeof(long_args));
	memset(regs, 0x5a, sizeof(regs));
	p.registers = bytes_of(regs, sizeof(regs));
	CHECK_INT(elfcore_prstatus(&b, ELFCORE_X86_64, &p), 0);
	CHECK_INT(elfcore_prpsinfo(&b, &p), 0);
	p.registers.n--;
	CHECK_INT(elfcore_prstatus(&b, ELFCORE_AARCH64, &p), 0);
	CHECK_INT(elfcore_note(&b, "CSI", 1, bytes_str("12345")), 0);
	CHECK_INT(elfcore_note(&b, "a name that is too long", 1, bytes_str("")), -EFBIG);

	at = note_at(buf_bytes(&b), 0, "CORE", NT_PRSTATUS, &desc);
	CHECK_INT(desc.n, 336);
	CHECK_INT(desc.p[32], 7);
	CHECK_INT(desc.p[48], 2); /* 250 ticks of a hundredth: 2.5 s */
	CHECK(desc.p[111] == 0 && desc.p[112] == 0x5a && desc.p[327] == 0x5a && desc.p[328] == 0);
	at = note_at(buf_bytes(&b), at, "CORE", NT_PRPSINFO, &desc);
	CHECK_INT(desc.n, 136);
	CHECK(desc.p[1] == 'S' && desc.p[40 + 15] == 0 && desc.p[56 + 79] == 0);
	CHECK(memcmp(desc.p + 56, "a b 0123", 8) == 0);
	at = note_at(buf_bytes(&b), at, "CORE", NT_PRSTATUS, &desc);
	CHECK_INT(desc.n, 392);
	CHECK_INT(desc.p[112], 0);
	at = note_at(buf_bytes(&b), at, "CSI", 1, &desc);
	CHECK_BYTES(desc, "12345");
	CHECK_INT(at, b.n);
	OK("notes have the kernel's sizes; registers of another size are left zero");
}

static void test_files(void)
{
	AUTO_DONE(elfcore_files_done) struct elfcore_files f = { 0 };
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(8 << 20);
	static char name[4096];
	struct bytes desc;
	uint64_t v[5];
	int r = 0;

	CHECK_INT(elfcore_files_add(&f, 4096, 8192, 12288, 4096, bytes_str("/a\nb")), 0);
	CHECK_INT(elfcore_files_add(&f, 8192, 12288, 0, 4096, bytes_str("")), 0);
	CHECK_INT(elfcore_files_note(&b, &f, 4096), 0);
	CHECK_INT(note_at(buf_bytes(&b), 0, "CORE", 0x46494c45, &desc), b.n);
	memcpy(v, desc.p, sizeof(v));
	CHECK(v[0] == 2 && v[1] == 4096 && v[2] == 4096 && v[3] == 8192 && v[4] == 3);
	CHECK_BYTES(bytes_of(desc.p + 64, desc.n - 64), "/a\nb\0\0");
	OK("mapped files: offsets in pages, names one after the other");

	memset(name, 'x', sizeof(name));
	for (int i = 0; r == 0 && i < 2000; i++)
		r = elfcore_files_add(&f, 0, 0, 0, 4096, bytes_of(name, sizeof(name)));
	CHECK_INT(r, -EFBIG);
	buf_clear(&b);
	CHECK_INT(elfcore_files_note(&b, &f, 4096), 0);
	CHECK(b.n <= ELFCORE_FILE_NOTE_MAX);
	OK("the list of mapped files ends at the kernel's own limit, whole");
}

/* ---- a real child ------------------------------------------------------------------------------
 */

enum { HALF_PAGES = 512, LAZY = 64 << 20 };

struct child {
	pid_t pid;
	int command, answer;
	unsigned char *half; /* HALF_PAGES pages, each second one written */
	unsigned char *lazy; /* LAZY bytes, one page written */
};

static void run_child(struct child *c, int command, int answer)
{
	char b;

	for (unsigned i = 0; i < HALF_PAGES; i += 2)
		memset(c->half + i * PAGE, (int)(i / 2 & 0xff), PAGE);
	memset(c->lazy + 10 * PAGE, 'z', PAGE);
	if (write(answer, "r", 1) != 1)
		_exit(1);
	while (read(command, &b, 1) == 1) {
		madvise(c->half, HALF_PAGES / 2 * PAGE, MADV_DONTNEED);
		if (write(answer, "d", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void child_start(struct child *c)
{
	int command[2], answer[2];
	char b;

	c->half = mmap(NULL, HALF_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	c->lazy = mmap(NULL, LAZY, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(c->half != MAP_FAILED && c->lazy != MAP_FAILED);
	CHECK_INT(madvise(c->half, HALF_PAGES * PAGE, MADV_NOHUGEPAGE), 0);
	CHECK_INT(madvise(c->lazy, LAZY, MADV_NOHUGEPAGE), 0);
	CHECK(pipe(command) == 0 && pipe(answer) == 0);
	c->pid = fork();
	if (c->pid == 0) {
		close(command[1]);
		run_child(c, command[0], answer[1]);
	}
	close(command[0]);
	close(answer[1]);
	c->command = command[1];
	c->answer = answer[0];
	CHECK_INT(read(c->answer, &b, 1), 1);
}

static void child_end(struct child *c)
{
	close(c->command);
	close(c->answer);
	kill(c->pid, SIGKILL);
	CHECK_INT(waitpid(c->pid, NULL, 0), c->pid);
	munmap(c->half, HALF_PAGES * PAGE);
	munmap(c->lazy, LAZY);
}

struct told {
	unsigned n;
	int err;
	uint64_t offset, len;
};

static void keep_gap(void *ctx, const struct gap *gap)
{
	struct told *t = ctx;

	t->n++;
	t->err = gap->err;
	t->offset = gap->offset;
	t->len += gap->len;
}

struct opened {
	struct source *s;
	struct process *p;
	struct core *core;
	struct told told;
	struct gap_sink sink;
};

static void open_core(struct opened *o, pid_t pid)
{
	*o = (struct opened){ 0 };
	o->sink = (struct gap_sink){ keep_gap, &o->told };
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &o->s), 0);
	CHECK_INT(process_open(o->s, (struct process_id){ .pid = pid }, &o->p), 0);
	CHECK_INT(core_plan(o->p, &o->sink, NULL, &o->core), 0);
}

static void close_core(struct opened *o)
{
	core_closep(&o->core);
	process_closep(&o->p);
	source_closep(&o->s);
}

/* All of the core, read in pieces of odd sizes. */
static unsigned char *read_all(struct core *c)
{
	static const size_t sizes[] = { 1, 63, 4096, 7, 300000, 65536 };
	size_t size = (size_t)core_size(c), done = 0;
	unsigned char *all = malloc(size + 1);
	ssize_t n;

	CHECK(all);
	for (unsigned i = 0;
	     (n = core_read(c, all + done,
			    size - done < sizes[i % 6] ? size - done + 1 : sizes[i % 6])) > 0;
	     i++) {
		done += (size_t)n;
		CHECK(done <= size);
	}
	CHECK_INT(n, 0);
	CHECK_INT(done, size);
	return all;
}

/* Bytes of ADDR in the core; NULL in a hole. */
static const unsigned char *find(const unsigned char *all, uint64_t addr)
{
	Elf64_Ehdr h;
	Elf64_Phdr ph;

	memcpy(&h, all, sizeof(h));
	for (unsigned i = 0; i < h.e_phnum; i++) {
		memcpy(&ph, all + h.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_LOAD && addr >= ph.p_vaddr && addr < ph.p_vaddr + ph.p_filesz)
			return all + ph.p_offset + (addr - ph.p_vaddr);
	}
	return NULL;
}

static void check_layout(const unsigned char *all, uint64_t size)
{
	uint64_t offset = 0, addr = 0;
	Elf64_Ehdr h;
	Elf64_Phdr ph;

	memcpy(&h, all, sizeof(h));
	memcpy(&ph, all + h.e_phoff, sizeof(ph));
	CHECK_INT(ph.p_type, PT_NOTE);
	CHECK_INT(ph.p_offset, elfcore_notes_at(h.e_phnum));
	for (unsigned i = 1; i < h.e_phnum; i++) {
		memcpy(&ph, all + h.e_phoff + i * sizeof(ph), sizeof(ph));
		CHECK_INT(ph.p_type, PT_LOAD);
		CHECK(ph.p_vaddr >= addr && ph.p_vaddr == ph.p_paddr);
		CHECK(ph.p_filesz == 0 || ph.p_filesz == ph.p_memsz);
		CHECK(ph.p_offset % PAGE == 0 && (offset == 0 || ph.p_offset == offset));
		offset = ph.p_offset + ph.p_filesz;
		addr = ph.p_vaddr + ph.p_memsz;
	}
	CHECK_INT(offset, size);
}

static void test_child(void)
{
	struct child c = { 0 };
	struct core_totals t;
	struct opened o;

	child_start(&c);
	open_core(&o, c.pid);
	AUTO_FREE unsigned char *all = read_all(o.core);
	check_layout(all, core_size(o.core));
	OK("segments are in order, page-aligned, and end where the file ends");

	for (unsigned i = 0; i < HALF_PAGES; i++) {
		const unsigned char *at = find(all, (uintptr_t)c.half + i * PAGE);

		CHECK((at != NULL) == (i % 2 == 0));
		for (unsigned k = 0; at && k < PAGE; k++)
			CHECK(at[k] == (i / 2 & 0xff));
	}
	CHECK(find(all, (uintptr_t)c.lazy + 9 * PAGE) == NULL);
	CHECK(*find(all, (uintptr_t)c.lazy + 11 * PAGE - 1) == 'z');
	core_totals(o.core, &t);
	CHECK(t.absent >= LAZY - PAGE && t.vanished == 0 && t.threads >= 1);
	CHECK_INT(o.told.n, 0);
	OK("pages that are there have the child's bytes, others are holes and no gap");
	close_core(&o);
	child_end(&c);
}

static void test_vanished(void)
{
	struct child c = { 0 };
	struct core_totals t;
	struct opened o;
	char b;

	child_start(&c);
	open_core(&o, c.pid);
	CHECK_INT(write(c.command, "d", 1), 1);
	CHECK_INT(read(c.answer, &b, 1), 1);
	AUTO_FREE unsigned char *all = read_all(o.core);
	check_layout(all, core_size(o.core));
	const unsigned char *at = find(all, (uintptr_t)c.half + 2 * PAGE);
	CHECK(at && *at == 0);
	at = find(all, (uintptr_t)c.half + (HALF_PAGES / 2 + 2) * PAGE);
	CHECK(at && *at == ((HALF_PAGES / 4 + 1) & 0xff));
	core_totals(o.core, &t);
	CHECK_INT(t.vanished, HALF_PAGES / 4 * PAGE);
	CHECK_INT(o.told.len, HALF_PAGES / 4 * PAGE);
	OK("pages that went after the plan are zeroes and gaps of their length; the size holds");
	close_core(&o);
	child_end(&c);
}

static void test_gone(void)
{
	struct child c = { 0 };
	struct opened o;

	child_start(&c);
	open_core(&o, c.pid);
	CHECK_INT(kill(c.pid, SIGKILL), 0);
	CHECK_INT(waitpid(c.pid, NULL, 0), c.pid);
	AUTO_FREE unsigned char *all = read_all(o.core);
	check_layout(all, core_size(o.core));
	CHECK_INT(o.told.n, 1);
	CHECK_INT(o.told.err, -ESRCH);
	OK("a process that ended after the plan is one gap");
	close_core(&o);
	c.pid = fork();
	if (c.pid == 0)
		_exit(0);
	child_end(&c);
}

static void test_huge(void)
{
	struct child c = { 0 };
	struct opened o;

	/* Half a million pages of which each second one is written would be beyond the limit. */
	size_t size = (size_t)(CORE_RUNS_MAX + 4096) * PAGE;
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(p != MAP_FAILED);
	CHECK_INT(madvise(p, size, MADV_NOHUGEPAGE), 0);
	int shared[2];
	char b;
	CHECK_INT(pipe(shared), 0);
	c.pid = fork();
	if (c.pid == 0) {
		/* Reading maps the one zero page: present, and no memory is used for it. */
		unsigned sum = 0;

		for (size_t i = 0; i < size; i += 2 * PAGE)
			sum += ((volatile unsigned char *)p)[i];
		if (write(shared[1], "r", 1) != 1)
			_exit((int)sum);
		pause();
		_exit(0);
	}
	CHECK_INT(read(shared[0], &b, 1), 1);
	open_core(&o, c.pid);
	struct core_totals t;
	core_totals(o.core, &t);
	CHECK_INT(t.segments, CORE_RUNS_MAX);
	CHECK_INT(o.told.n, 1);
	CHECK_INT(o.told.err, -E2BIG);
	CHECK(o.told.len >= 4096 * PAGE);
	OK("runs beyond the limit are one gap with their length");
	close_core(&o);
	kill(c.pid, SIGKILL);
	CHECK_INT(waitpid(c.pid, NULL, 0), c.pid);
	close(shared[0]);
	close(shared[1]);
	munmap(p, size);
}

int main(void)
{
	test_headers();
	test_notes();
	test_files();
	test_child();
	test_vanished();
	test_gone();
	test_huge();
	TEST_END();
}
