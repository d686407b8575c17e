/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of VMAs from a fixture: what a hostile one may hold, and what smaps adds. */
#include "model/mem.h"

#include "test.h"
#include "tree.h"

#define LINE_MAX_TESTED 33000

static void tree_text(int dir, const char *name, const char *text)
{
	tree_file(dir, name, text, strlen(text));
}

/* maps and smaps of a fixture: 43's lines are what a hostile one may hold. */
static void fixture_files(int dir)
{
	static char text[3 * LINE_MAX_TESTED];
	int p = tree_dir(dir, "43");
	int n;

	tree_text(p, "stat", "43 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7\n");
	n = snprintf(text, sizeof(text),
		     "1000-2000 r-xp 00000000 08:01 5 /a\n"
		     "garbage\n"
		     "3000-4000 r-xp 00000000 08:01 5 /%*s\n"
		     "\n"
		     "5000-6000 r-xp 00000000 08:01 5 /%*s\n"
		     "5800-7000 r-xp 00000000 08:01 5 /one\n"
		     "6800-7800 r-xp 00001000 08:01 5 /overlap\n"
		     "1000-2000 r-xp 00000000 08:01 5 /back\n"
		     "8000-9000 rw-p 00000000 00:07 5 /dev/dri/card0\n"
		     "9000-a000 rw-p 00000000 00:07 5 /dev/shm/x\n"
		     "a000-b000 r--p 00000000 00:00 0 [vvar]\n"
		     "b000-c000 r--p 00000000 00:00 0 [heap]\n"
		     "c000-d000 r--p 00000000 00:0",
		     30000, "x", LINE_MAX_TESTED, "x");
	CHECK(n > 0 && n < (int)sizeof(text));
	tree_file(p, "maps", text, (size_t)n);
	(void)close(p);
	p = tree_dir(dir, "44");
	tree_text(p, "stat", "44 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7\n");
	static const char smaps[] =
		"Size: 4 kB\n"
		"8000-9000 rw-p 00000000 00:07 5 /dev/plain\nSize: 4 kB\nVmFlags: rd wr mr\n"
		"9000-a000 rw-p 00000000 00:07 5 /dev/dri/card0\nVmFlags: rd io mr\n"
		"a000-b000 rw-p 00000000 00:07 5 /x\nVmFlags: rd pf\n"
		"b000-c000 rw-p 00000000 00:07 5 /x\nVmFlags: rd mm\n"
		"c000-d000 rw-p 00000000 00:07 5 /dev/x\nVmFlags: mm\n"
		"d000-e000 rw-p 00000000 00:07 5 /x\nVmFlags: xio iox\n"
		"e000-f000 rw-p 00000000 00:07 5 /y\n"
		"f000-10000 rw-p 00000000 00:07 5 /z\nVmFlags: i";
	tree_file(p, "smaps", smaps, sizeof(smaps) - 1);
	(void)close(p);
}

static void hostile_lists(struct source *s)
{
	static const struct {
		uint64_t start;
		int want;
		unsigned flags;
	} rows[] = {
		{ 0x1000, 1, 0 },
		{ 0, -EBADMSG, 0 },
		{ 0x3000, 1, 0 },
		{ 0, -EBADMSG, 0 },
		{ 0, -EBADMSG, 0 },
		{ 0x5800, 1, 0 },
		{ 0x7000, 1, 0 },
		{ 0, -EBADMSG, 0 },
		{ 0x8000, 1, VMA_SPECIAL },
		{ 0x9000, 1, 0 },
		{ 0xa000, 1, VMA_ANON | VMA_SPECIAL },
		{ 0xb000, 1, VMA_ANON | VMA_HEAP },
		{ 0, -EBADMSG, 0 },
		{ 0, 0, 0 },
		{ 0, 0, 0 },
	};
	static const unsigned flags[] = { 0, VMA_SPECIAL, VMA_SPECIAL, 0, VMA_SPECIAL, 0, 0, 0 };
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(process_closep) struct process *q = NULL;
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	AUTO_DONE(vma_iter_closep) struct vma_iter *smaps = NULL;
	struct vma v;

	CHECK_INT(process_open(s, (struct process_id){ .pid = 43 }, &p), 0);
	CHECK_INT(vma_iter_open(p, &it), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(vma_iter_next(it, &v), rows[i].want);
		if (rows[i].want == 1)
			CHECK(v.map.start == rows[i].start && v.flags == rows[i].flags);
	}
	OK("hostile maps: garbage, endless lines, overlaps, a cut end; the rest is told");

	CHECK_INT(process_open(s, (struct process_id){ .pid = 44 }, &q), 0);
	CHECK_INT(vma_iter_open(q, &smaps), 0);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		CHECK_INT(vma_iter_next(smaps, &v), 1);
		CHECK_INT(v.map.start, 0x8000 + i * 0x1000);
		CHECK_INT(v.flags, flags[i]);
	}
	CHECK_INT(vma_iter_next(smaps, &v), -EBADMSG);
	CHECK_INT(vma_iter_next(smaps, &v), 0);
	struct mem *m = NULL;
	CHECK_INT(mem_open(q, &m), -EOPNOTSUPP);
	OK("smaps: flags decide what is special, not a name below /dev");
}

int main(void)
{
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);
	AUTO_DONE(source_closep) struct source *s = NULL;

	fixture_files(dir);
	CHECK_INT(source_open(SOURCE_PROC, path, &s), 0);
	hostile_lists(s);
	tree_remove(path);
	TEST_END();
}
