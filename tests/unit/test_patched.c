/* SPDX-License-Identifier: Apache-2.0 */
/* Patched code: what a child did to its own pages, told apart by their bytes. */
#include "model/backing.h"
#include "model/patched.h"
#include "model/textrel.h"

#include "test.h"
#include "tree.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { PAGES = 8, SEEN_MAX = 32, NOBODY = 65534 };

static size_t page_size;
static char dir_path[TREE_PATH];
static struct source *source;

/* What the child does to a private, executable mapping of a file. */
struct job {
	const char *file; /* below dir_path; NULL: its own program */
	void (*patch)(unsigned char *at);
	bool remove;
};

struct child {
	pid_t pid;
	int gate;
	unsigned char *at;
};

struct seen {
	size_t n;
	struct patched_page v[SEEN_MAX];
	struct patched_totals totals;
};

static unsigned char *map_code(const struct job *j)
{
	char path[TREE_PATH + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir_path, j->file);
	fd = open(j->file ? path : "/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *at = mmap(NULL, PAGES * page_size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE,
			fd, 0);

	if (fd < 0 || at == MAP_FAILED)
		_exit(2);
	if (j->remove)
		(void)unlink(path);
	return at;
}

static void child_main(const struct job *j, int gate)
{
	unsigned char *at = map_code(j), byte;

	/* Every page is there, clean. */
	for (size_t i = 0; i < PAGES; i++)
		byte = *(volatile unsigned char *)(at + i * page_size);
	j->patch(at);
	(void)mprotect(at, PAGES * page_size, PROT_READ | PROT_EXEC);
	(void)prctl(PR_SET_DUMPABLE, 1);
	if (write(gate, &at, sizeof(at)) == sizeof(at))
		(void)!read(gate, &byte, 1);
	_exit(0);
}

static struct child start(const struct job *j)
{
	struct child c;
	int gate[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate), 0);
	c.pid = fork();
	CHECK(c.pid >= 0);
	if (c.pid == 0) {
		(void)close(gate[0]);
		child_main(j, gate[1]);
	}
	(void)close(gate[1]);
	c.gate = gate[0];
	CHECK_INT(read(c.gate, &c.at, sizeof(c.at)), sizeof(c.at));
	return c;
}

static int keep(void *ctx, const struct patched_page *page)
{
	struct seen *s = ctx;

	CHECK(s->n < SEEN_MAX);
	s->v[s->n++] = *page;
	return 0;
}

static void look(struct child *c, struct seen *ret)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	struct vma v;

	*ret = (struct seen){ .n = 0 };
	CHECK_INT(process_open(source, (struct process_id){ .pid = c->pid }, &p), 0);
	CHECK_INT(mem_open(p, &m), 0);
	CHECK_INT(vma_iter_open(p, &it), 0);
	do
		CHECK_INT(vma_iter_next(it, &v), 1);
	while (v.map.start != (uintptr_t)c->at);
	CHECK(patched_asks(&v));
	CHECK_INT(patched_check(p, m, &v, keep, ret, &ret->totals), 0);
	(void)close(c->gate);
	CHECK_INT(waitpid(c->pid, NULL, 0), c->pid);
}

static void run(const struct job *j, struct seen *ret)
{
	struct child c = start(j);

	look(&c, ret);
	for (size_t i = 0; i < ret->n; i++) {
		ret->v[i].addr -= (uintptr_t)c.at;
		for (size_t k = 0; k < ret->v[i].nruns; k++)
			ret->v[i].runs[k].addr -= (uintptr_t)c.at;
	}
}

static void touch_nothing(unsigned char *at)
{
	(void)at;
}

static void patch_all_ways(unsigned char *at)
{
	unsigned char *page = at + page_size;

	*(volatile unsigned char *)page =
		*(volatile unsigned char *)page; /* written and restored */
	page += page_size;
	page[0] = page[100] = page[page_size - 1] = 0xcc;
	page += page_size;
	memset(page + 16, 0xe9, 5);
	page[64] = 0xcc;
	page += page_size;
	page[8] = page[9] = 0xcc; /* two in a row: no breakpoint */
}

static void make_plain(int dir, const char *name)
{
	AUTO_FREE unsigned char *bytes = malloc(PAGES * page_size);

	CHECK(bytes);
	memset(bytes, 0x90, PAGES * page_size);
	/* The last page is there in part: what lies behind the end is zero in memory. */
	tree_file(dir, name, bytes, PAGES * page_size - 100);
}

static void verdicts(int dir)
{
	struct seen s;

	make_plain(dir, "plain");
	run(&(struct job){ .file = "plain", .patch = touch_nothing }, &s);
	CHECK_INT(s.n, 0);
	CHECK_INT(s.totals.worst, PATCHED_NONE);
	OK("pages that are only read are no candidates");
	run(&(struct job){ .file = "plain", .patch = patch_all_ways }, &s);
	CHECK_INT(s.n, 4);
	CHECK_INT(s.v[0].kind, PATCHED_SAME);
	CHECK(s.v[0].addr == page_size && s.v[0].differ == 0 && s.v[0].nruns == 0);
	OK("the same bytes written back: same");
#if defined(__x86_64__)
	CHECK_INT(s.v[1].kind, PATCHED_TRAP);
	CHECK(s.v[1].addr == 2 * page_size && s.v[1].differ == 3 && s.v[1].nruns == 3);
	CHECK_INT(s.v[1].runs[1].addr, 2 * page_size + 100);
	OK("single bytes changed to 0xCC: breakpoint");
#endif
	CHECK_INT(s.v[2].kind, PATCHED_CODE);
	CHECK(s.v[2].differ == 6 && s.v[2].nruns == 2);
	CHECK(s.v[2].runs[0].addr == 3 * page_size + 16 && s.v[2].runs[0].len == 5);
	CHECK_INT(s.v[2].runs[0].offset, 3 * page_size + 16);
	CHECK_INT(s.v[3].kind, PATCHED_CODE);
	CHECK_INT(s.totals.worst, PATCHED_CODE);
	CHECK(s.totals.pages[PATCHED_CODE] == 2 && s.totals.pages[PATCHED_SAME] == 1);
	OK("anything else: code, with its addresses");
}

static void patch_last(unsigned char *at)
{
	unsigned char *last = at + (PAGES - 1) * page_size;

	*(volatile unsigned char *)last = *(volatile unsigned char *)last;
}

static void own_program(void)
{
	struct seen s;

	run(&(struct job){ .patch = patch_all_ways }, &s);
	CHECK_INT(s.n, 4);
	CHECK_INT(s.v[0].kind, PATCHED_SAME);
	CHECK_INT(s.v[2].kind, PATCHED_CODE);
	OK("the process's own program, as libraries are");
	run(&(struct job){ .file = "plain", .patch = patch_last }, &s);
	CHECK_INT(s.n, 1);
	CHECK_INT(s.v[0].kind, PATCHED_SAME);
	OK("a page that the file ends in");
}

/* One PT_LOAD of all of the file, and relocations at 0x1010, 0x1ffc (over a border), 0x9000. */
static void make_textrel(int dir, const char *name, bool textrel)
{
	static const uint64_t at[] = { 0x1010, 0x1ffc, 0x9000 };
	AUTO_FREE unsigned char *bytes = calloc(PAGES, page_size);
	Elf64_Ehdr h = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
			 .e_phoff = sizeof(h),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2 };
	Elf64_Phdr ph[2] = {
		{ .p_type = PT_LOAD, .p_filesz = PAGES * page_size, .p_memsz = PAGES * page_size },
		{ .p_type = PT_DYNAMIC, .p_offset = 0x200, .p_vaddr = 0x200, .p_filesz = 0x100 },
	};
	Elf64_Dyn d[5] = {
		{ .d_tag = textrel ? DT_TEXTREL : DT_DEBUG },
		{ .d_tag = DT_RELA, .d_un.d_val = 0x400 },
		{ .d_tag = DT_RELASZ, .d_un.d_val = sizeof(Elf64_Rela) * ARRAY_LEN(at) },
	};

	CHECK(bytes);
	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), ph, sizeof(ph));
	memcpy(bytes + 0x200, d, sizeof(d));
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		memcpy(bytes + 0x400 + i * sizeof(Elf64_Rela), &at[i], sizeof(at[i]));
	tree_file(dir, name, bytes, PAGES * page_size);
}

static void relocate(unsigned char *at)
{
	memset(at + 0x1010, 'r', 8);
	memset(at + 0x1ffc, 'r', 8);
}

static void relocate_more(unsigned char *at)
{
	relocate(at);
	at[0x1018] = 'x';
}

static void relocations(int dir)
{
	struct seen s;

	make_textrel(dir, "textrel", true);
	run(&(struct job){ .file = "textrel", .patch = relocate }, &s);
	for (size_t i = 0; i < s.n; i++)
		CHECK_INT(s.v[i].kind, PATCHED_TEXTREL);
	CHECK_INT(s.n, page_size == 4096 ? 2 : 1);
	OK("differences at text relocations only: textrel");
	run(&(struct job){ .file = "textrel", .patch = relocate_more }, &s);
	CHECK_INT(s.v[0].kind, PATCHED_CODE);
	OK("one byte beside them: code");
	make_textrel(dir, "no-textrel", false);
	run(&(struct job){ .file = "no-textrel", .patch = relocate }, &s);
	CHECK_INT(s.totals.worst, PATCHED_CODE);
	OK("relocations without DT_TEXTREL excuse nothing");
}

static void damaged(int dir)
{
	AUTO_FREE unsigned char *bytes = malloc(PAGES * page_size);
	AUTO_CLOSE int was = openat(dir, "textrel", O_RDONLY | O_CLOEXEC);
	int refused = 0;

	CHECK(bytes);
	CHECK_INT(read(was, bytes, PAGES * page_size), PAGES * page_size);
	for (size_t i = 0; i < 0x460; i++) {
		AUTO_DONE(file_closep) struct file *f = NULL;
		struct textrel t = { 0 };
		unsigned char old = bytes[i];

		bytes[i] = (unsigned char)(old ^ 0xff);
		tree_file(dir, "damaged", bytes, 0x500);
		bytes[i] = old;
		CHECK_INT(file_from_fd(openat(dir, "damaged", O_RDONLY | O_CLOEXEC), &f), 0);
		refused += textrel_read(f, 0, PAGES * page_size, &t) < 0;
		CHECK(t.n <= PAGES * page_size);
		textrel_done(&t);
	}
	CHECK(refused > 10);
	OK("damaged ELF headers are refused or harmless");
}

/* Deleted: map_files leads to it, for those who may follow it. */
static void removed(int dir)
{
	struct seen s;

	make_plain(dir, "plain");
	if (geteuid() == 0) {
		run(&(struct job){ .file = "plain", .patch = patch_all_ways, .remove = true }, &s);
		CHECK_INT(s.v[2].kind, PATCHED_CODE);
		OK("a deleted file is compared with all the same");
		make_plain(dir, "plain");
	} else {
		SKIP("a deleted file is compared with all the same", "needs root");
	}
	CHECK_INT(fchmod(dir, 0777), 0);
	(void)fflush(stdout);
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (syscall(SYS_setgroups, 0, NULL) < 0 ||
				       syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) < 0 ||
				       syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY) < 0))
			_exit(1);
		run(&(struct job){ .file = "plain", .patch = patch_all_ways, .remove = true }, &s);
		CHECK_INT(s.n, 4);
		CHECK_INT(s.v[0].kind, PATCHED_UNKNOWN);
		CHECK(s.v[0].err == -ENOENT && s.totals.file_err == -ENOENT);
		CHECK_INT(s.totals.pages[PATCHED_UNKNOWN], 4);
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	OK("without the file: unknown, and why");
}

int main(void)
{
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	AUTO_CLOSE int dir = tree_make(NULL, dir_path);

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &source), 0);
	verdicts(dir);
	own_program();
	relocations(dir);
	damaged(dir);
	removed(dir);
	source_close(source);
	tree_remove(dir_path);
	TEST_END();
}
