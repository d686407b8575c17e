/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of another process: found, read, and not a page of it changed by that. */
#include "model/mem.h"

#include "mem_child.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

/* The VMA that begins at ADDR; its path is copied to PATH. */
static struct vma find_vma(struct process *p, const void *addr, struct buf *path, bool list)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	struct vma v;
	uint64_t last = 0;

	CHECK_INT(list ? vma_iter_open_list(p, &it) : vma_iter_open(p, &it), 0);
	buf_clear(path);
	for (;;) {
		CHECK_INT(vma_iter_next(it, &v), 1);
		CHECK(v.map.start >= last && v.map.end > v.map.start);
		last = v.map.end;
		if (v.map.start <= (uintptr_t)addr && v.map.end > (uintptr_t)addr)
			break;
	}
	CHECK_INT(buf_addb(path, v.map.path), 0);
	v.map.path = buf_bytes(path);
	return v;
}

static void vmas(struct process *p, const struct layout *at)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct vma v;

	for (int list = 0; list < 2; list++) {
		v = find_vma(p, at->half, &path, list);
		CHECK(v.flags & VMA_ANON && v.map.r && v.map.w && !v.map.x);
		v = find_vma(p, at->exec, &path, list);
		CHECK(v.flags & VMA_ANON && v.map.x && !v.map.w);
		v = find_vma(p, at->deleted, &path, list);
		CHECK_INT(v.flags, VMA_DELETED);
		CHECK(bytes_ends(v.map.path, "/gone (deleted)"));
		v = find_vma(p, at->memfd, &path, list);
		CHECK_INT(v.flags, VMA_MEMFD | VMA_DELETED);
		CHECK_BYTES(v.map.path, "/memfd:payload \n\033[2J (deleted)");
		v = find_vma(p, at->shared, &path, list);
		CHECK_INT(v.flags, 0);
		CHECK_BYTES(v.map.path, "/dev/zero (deleted)");
		v = find_vma(p, at->file, &path, list);
		CHECK_INT(v.flags, 0);
		CHECK(bytes_ends(v.map.path, "/untouched"));
		v = find_vma(p, &v, &path, list);
		CHECK(v.flags & VMA_STACK);
	}
	/* The kernel escapes the newline only: what looks like one more escape is taken for one. */
	v = find_vma(p, at->odd, &path, false);
	CHECK(bytes_ends(v.map.path, "/new\nline\n x"));
	OK("VMAs: anonymous, deleted, memfd, shared, stack, hostile names");
}

static void special(struct process *p)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	struct vma v;
	int r, vvar = 0;

	CHECK_INT(vma_iter_open(p, &it), 0);
	while ((r = vma_iter_next(it, &v)) == 1)
		if (bytes_starts(v.map.path, "[vvar") ||
		    bytes_eq(v.map.path, bytes_str("[vsyscall]"))) {
			CHECK(v.flags & VMA_SPECIAL);
			vvar++;
		} else {
			CHECK(!(v.flags & VMA_SPECIAL));
		}
	CHECK_INT(r, 0);
	CHECK(vvar > 0);
	OK("VMAs: the kernel's own pages are special, no others");
}

static void runs(struct process *p, const struct layout *at)
{
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	uint64_t start = (uintptr_t)at->half, addr = start;
	struct mem_usage usage;
	struct page_run run;
	struct vma v;
	int r;

	CHECK(page_size > 0);
	CHECK_INT(mem_open(p, &m), 0);
	CHECK_BYTES(bytes_str(mem_way(m)), "/proc/PID/mem");
	while ((r = mem_next_run(m, addr, start + BIG, &run)) == 1) {
		CHECK(run.start == addr && run.end == addr + page_size && !run.file_backed);
		CHECK_INT(run.state, (addr - start) / page_size % 2 ? PAGE_ABSENT : PAGE_PRESENT);
		addr = run.end;
	}
	CHECK_INT(r, 0);
	CHECK_INT(addr, start + BIG);
	/* From the middle of a page, and cut in the middle of one. */
	CHECK_INT(mem_next_run(m, start + 5, start + 9, &run), 1);
	CHECK(run.start == start + 5 && run.end == start + 9 && run.state == PAGE_PRESENT);
	CHECK_INT(mem_next_run(m, start + page_size - 1, start + 2 * page_size, &run), 1);
	CHECK_INT(run.end, start + page_size);
	CHECK_INT(mem_next_run(m, start, start, &run), 0);
	/* One run over more than one read of pagemap. */
	CHECK_INT(mem_next_run(m, (uintptr_t)at->file, (uintptr_t)at->file + BIG, &run), 1);
	CHECK(run.end - run.start == BIG && run.state == PAGE_ABSENT);
	v = find_vma(p, at->half, &path, true);
	CHECK_INT(mem_usage(m, &v, &usage), 0);
	CHECK(usage.present >= BIG / 2 && usage.present == usage.present_private &&
	      usage.swapped == 0);
	v = find_vma(p, at->shared, &path, true);
	CHECK_INT(mem_usage(m, &v, &usage), 0);
	CHECK(usage.present == MIB / 2 && usage.present_private == 0);
	v = find_vma(p, at->file, &path, true);
	CHECK_INT(mem_usage(m, &v, &usage), 0);
	CHECK_INT(usage.present, 0);
	CHECK_INT(mem_next_run(m, UINT64_C(0xffffffffff600000), UINT64_C(0xffffffffff601000), &run),
		  1);
	CHECK_INT(run.state, PAGE_ABSENT);
	OK("runs of pages and totals");
}

static void contents(struct process *p, const struct layout *at)
{
	const size_t page = page_size;
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	AUTO_FREE unsigned char *got = malloc(page * 2);

	CHECK(got && page > 0);
	CHECK_INT(mem_open(p, &m), 0);
	for (size_t i = 0; i < BIG / page; i += 512) {
		CHECK_INT(mem_read(m, (uintptr_t)at->half + i * page, got, page), page);
		for (size_t k = 0; k < page; k++)
			CHECK_INT(got[k], 1 + i % 250);
	}
	CHECK_INT(mem_read(m, (uintptr_t)at->half + 3, got, 5), 5);
	CHECK_INT(mem_read(m, (uintptr_t)at->exec, got, page_size), page_size);
	CHECK(got[0] == 0xcc && got[page_size - 1] == 0xcc);
	CHECK_INT(mem_read(m, (uintptr_t)at->memfd, got, 1), 1);
	CHECK_INT(got[0], 'm');
	/* Hidden from its own process by PROT_NONE, and still there. */
	CHECK_INT(mem_read(m, (uintptr_t)at->none, got, page_size), page_size);
	CHECK(got[0] == 'n' && got[page_size - 1] == 'n');
	CHECK_INT(mem_read(m, (uintptr_t)at->half, got, 0), 0);
	CHECK(mem_read(m, 0, got, 8) < 0);
	CHECK(mem_read(m, UINT64_MAX - 4, got, 8) < 0);
	OK("bytes of every kind of page, of one behind PROT_NONE too");
}

struct count {
	uint64_t addr, present, swapped;
};

static size_t count_pages(struct process *p, struct count *ret)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	struct mem_usage usage;
	struct vma v;
	size_t n = 0;

	CHECK_INT(mem_open(p, &m), 0);
	CHECK_INT(vma_iter_open(p, &it), 0);
	while (n < VMAS_MAX && vma_iter_next(it, &v) == 1) {
		if (v.map.end - v.map.start > SANE_VMA)
			continue;
		CHECK_INT(mem_usage(m, &v, &usage), 0);
		ret[n++] = (struct count){ v.map.start, usage.present, usage.swapped };
	}
	return n;
}

static uint64_t rss_kb(pid_t pid)
{
	struct process *p = NULL;
	const struct proc_status *st;
	uint64_t kb;

	CHECK_INT(process_open(source, (struct process_id){ .pid = pid }, &p), 0);
	CHECK_INT(process_status(p, &st), 0);
	kb = st->vm_rss_kb;
	process_close(p);
	return kb;
}

static void read_present(struct process *p)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	AUTO_FREE unsigned char *got = malloc(MIB);
	struct page_run run;
	struct vma v;

	CHECK_INT(mem_open(p, &m), 0);
	CHECK_INT(vma_iter_open(p, &it), 0);
	while (vma_iter_next(it, &v) == 1) {
		if (v.flags & VMA_SPECIAL || v.map.end - v.map.start > SANE_VMA)
			continue;
		for (uint64_t at = v.map.start; mem_next_run(m, at, v.map.end, &run) == 1;
		     at = run.end)
			for (uint64_t from = run.start;
			     run.state == PAGE_PRESENT && from < run.end;) {
				size_t n = run.end - from < MIB ? (size_t)(run.end - from) : MIB;

				CHECK_INT(mem_read(m, from, got, n), n);
				from += n;
			}
	}
}

static void harmless(struct process *p, pid_t pid)
{
	static struct count before[VMAS_MAX], after[VMAS_MAX];
	size_t n = count_pages(p, before);
	uint64_t rss = rss_kb(pid);

	read_present(p);
	CHECK_INT(count_pages(p, after), n);
	for (size_t i = 0; i < n; i++)
		CHECK(before[i].addr == after[i].addr && before[i].present == after[i].present &&
		      before[i].swapped == after[i].swapped);
	CHECK_INT(rss_kb(pid), rss);
	OK("all of it read, and no page became present, nor the RSS larger");
}

static void guards(struct process *p, const struct layout *at)
{
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	uint64_t start = (uintptr_t)at->guard, end = start + 16 * page_size;
	struct page_run run;

	if (!at->guarded) {
		SKIP("guard pages are absent, not swapped out", "needs Linux 6.13");
		return;
	}
	CHECK_INT(mem_open(p, &m), 0);
	CHECK_INT(mem_next_run(m, start, end, &run), 1);
	CHECK(run.end == start + 4 * page_size && run.state == PAGE_PRESENT);
	CHECK_INT(mem_next_run(m, run.end, end, &run), 1);
	CHECK(run.end == start + 6 * page_size && run.state == PAGE_ABSENT);
	CHECK_INT(mem_next_run(m, run.end, end, &run), 1);
	CHECK(run.end == end && run.state == PAGE_PRESENT);
	OK("guard pages are absent, not swapped out");
}

/* As on a kernel before 6.7: ioctl(2) of PAGEMAP_SCAN is ENOTTY from now on. 0 or -errno. */
static int without_scan(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc0606610, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_LEN(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return -errno;
	return 0;
}

/* Which way pagemap is asked; on this kernel, or forced. */
static void page_way(struct process *p, bool forced)
{
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	struct utsname u;
	char *dot;
	long major, minor;

	CHECK_INT(mem_open(p, &m), 0);
	if (forced) {
		CHECK_BYTES(bytes_str(mem_page_way(m)), "pagemap");
		OK("without PAGEMAP_SCAN pagemap is read");
		return;
	}
	CHECK_INT(uname(&u), 0);
	major = strtol(u.release, &dot, 10);
	CHECK(major > 0 && *dot == '.');
	minor = strtol(dot + 1, NULL, 10);
	if (major * 100 + minor >= 607)
		CHECK_BYTES(bytes_str(mem_page_way(m)), "PAGEMAP_SCAN");
	OK("PAGEMAP_SCAN is used where the kernel has it");
}

/* The child executes another program, then ends: its old memory is gone, never another's. */
static void gone(void)
{
	struct child c = child_start();
	AUTO_DONE(process_closep) struct process *p = open_child(&c);
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	struct page_run run;
	char got[8];

	CHECK_INT(mem_open(p, &m), 0);
	CHECK_INT(mem_read(m, (uintptr_t)c.at.half, got, sizeof(got)), sizeof(got));
	CHECK_INT(write(c.gate, "x", 1), 1);
	CHECK_INT(read(c.gate, got, 1), 1); /* the new program says so */
	CHECK_INT(process_verify(p), 0);
	CHECK_INT(mem_read(m, (uintptr_t)c.at.half, got, sizeof(got)), -ESRCH);
	CHECK_INT(mem_next_run(m, (uintptr_t)c.at.half, (uintptr_t)c.at.half + MIB, &run), -ESRCH);
	child_end(&c);
	CHECK_INT(mem_read(m, (uintptr_t)c.at.half, got, sizeof(got)), -ESRCH);
	struct mem *again = NULL;
	CHECK_INT(mem_open(p, &again), -ESRCH);
	OK("after execve and after exit memory is ESRCH");
}

/* With something in the way of /proc/PID/mem. 0, or 1 where this may not be arranged. */
static int without_mem_file(const struct child *c)
{
	AUTO_DONE(process_closep) struct process *p = open_child(c);
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	char over[64], from[TREE_PATH + 8];
	unsigned char got[8];

	snprintf(over, sizeof(over), "/proc/%d/mem", c->pid);
	snprintf(from, sizeof(from), "%s/fifo", dir_path);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 1;
	/* Opening a socket is ENXIO for anybody. */
	AUTO_CLOSE int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (mknod(from, S_IFSOCK | 0600, 0) < 0 || mount(from, over, NULL, MS_BIND, NULL) < 0)
		return 1;
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(process_closep) struct process *here = NULL;
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	CHECK_INT(process_open(s, (struct process_id){ .pid = c->pid }, &here), 0);
	CHECK_INT(mem_open(here, &m), 0);
	CHECK_BYTES(bytes_str(mem_way(m)), "process_vm_readv");
	CHECK_INT(mem_read(m, (uintptr_t)c->at.half, got, sizeof(got)), sizeof(got));
	CHECK_INT(got[0], 1);
	CHECK_INT(mem_read(m, (uintptr_t)c->at.half + BIG - 3, got, 0), 0);
	CHECK_INT(mem_read(m, 0, got, 8), -EFAULT);
	(void)kill(c->pid, SIGKILL);
	while (process_verify(here) == 0 && mem_read(m, (uintptr_t)c->at.half, got, 8) > 0)
		(void)sched_yield();
	CHECK(mem_read(m, (uintptr_t)c->at.half, got, 8) < 0);
	return 0;
}

static void other_way(void)
{
	struct child c = child_start();
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0)
		_exit(without_mem_file(&c));
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	child_end(&c);
	if (WEXITSTATUS(status) == 0)
		OK("where /proc/PID/mem is refused, process_vm_readv");
	else
		SKIP("where /proc/PID/mem is refused, process_vm_readv", "may not mount here");
}

int main(int argc, char **argv)
{
	char byte;

	if (argc > 1 && strcmp(argv[1], "sleep") == 0) {
		(void)!write(STDIN_FILENO, "", 1);
		(void)!read(STDIN_FILENO, &byte, 1);
		return 0;
	}
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	CHECK(page_size > 0);
	AUTO_CLOSE int dir = tree_make(NULL, dir_path);

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &source), 0);
	for (int forced = 0; forced < 2; forced++) {
		struct child c = child_start();
		struct process *p = open_child(&c);

		if (forced)
			CHECK_INT(without_scan(), 0);
		page_way(p, forced);
		vmas(p, &c.at);
		special(p);
		runs(p, &c.at);
		guards(p, &c.at);
		contents(p, &c.at);
		harmless(p, c.pid);
		process_close(p);
		child_end(&c);
		gone();
	}
	other_way();
	source_close(source);
	tree_remove(dir_path);
	TEST_END();
}
