/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a process: opening it, totals, and bytes. */
#include "model/mem_priv.h"

#include "model/source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

/*
 * Whether process_vm_readv(2) would be allowed: permission is checked before the address, and the
 * last page of the address space is nobody's, so that nothing is read. It goes by PID: only where
 * PIDs are those of our system calls.
 */
bool mem_probe_vm_readv(const struct process *p)
{
	unsigned char byte;
	struct iovec to = { .iov_base = &byte, .iov_len = 1 };
	struct iovec from = { .iov_base = (void *)(UINTPTR_MAX - 4095), .iov_len = 1 };

	if (!p->source->own_pids)
		return false;
	return process_vm_readv(p->id.pid, &to, 1, &from, 1, 0) < 0 && errno == EFAULT;
}

int mem_open(struct process *p, struct mem **ret)
{
	AUTO_DONE(mem_closep) struct mem *m = NULL;
	long page = sysconf(_SC_PAGESIZE);

	if (!p->source->procfs)
		return -EOPNOTSUPP;
	m = malloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->p = p;
	m->page = page > 0 ? (uint64_t)page : 4096;
	m->file = -1;
	m->pagemap = process_openat(p, "pagemap", O_RDONLY);
	if (m->pagemap < 0)
		return m->pagemap == -ENOENT ? -EOPNOTSUPP : m->pagemap;
	mem_pages_init(m);
	m->file = process_openat(p, "mem", O_RDONLY);
	if (m->file == -ESRCH)
		return -ESRCH;
	m->vm_readv = m->file < 0 && mem_probe_vm_readv(p);
	*ret = take_ptr(&m);
	return 0;
}

void mem_close(struct mem *m)
{
	if (!m)
		return;
	base_closep(&m->pagemap);
	base_closep(&m->file);
	free(m);
}

void mem_closep(struct mem **m)
{
	mem_close(*m);
}

const char *mem_way(const struct mem *m)
{
	if (m->file >= 0)
		return "/proc/PID/mem";
	return m->vm_readv ? "process_vm_readv" : "none";
}

int mem_usage(struct mem *m, const struct vma *v, struct mem_usage *ret)
{
	struct mem_usage usage = { 0 };
	struct page_run run;
	uint64_t at = v->map.start;
	int r;

	m->next = MEM_NOT_AHEAD; /* what pagemap says now, not what was read ahead */
	while ((r = mem_next_run(m, at, v->map.end, &run)) == 1) {
		uint64_t size = run.end - run.start;

		if (run.state == PAGE_PRESENT)
			usage.present += size;
		if (run.state == PAGE_PRESENT && !run.file_backed)
			usage.present_private += size;
		if (run.state == PAGE_SWAPPED)
			usage.swapped += size;
		at = run.end;
	}
	if (r == 0)
		*ret = usage;
	return r;
}

static ssize_t read_file(struct mem *m, uint64_t addr, void *p, size_t n)
{
	size_t done = 0;

	if (addr > (uint64_t)INT64_MAX - n)
		return -EFAULT;
	while (done < n) {
		ssize_t got = pread(m->file, (char *)p + done, n - done, (off_t)(addr + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return done ? (ssize_t)done : -errno;
		if (got == 0)
			return done ? (ssize_t)done : -ESRCH;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static ssize_t read_vm(struct mem *m, uint64_t addr, void *p, size_t n)
{
	struct iovec to = { .iov_base = p, .iov_len = n };
	struct iovec from = { .iov_base = (void *)(uintptr_t)addr, .iov_len = n };
	ssize_t got = process_vm_readv(m->p->id.pid, &to, 1, &from, 1, 0);
	int r = got < 0 ? -errno : 0;

	/* The pinned directory tells whether the PID was still the same process. */
	if (faccessat(m->p->fd, "stat", F_OK, 0) < 0)
		return -ESRCH;
	return r ? r : got;
}

ssize_t mem_read(struct mem *m, uint64_t addr, void *p, size_t n)
{
	if (n == 0)
		return 0;
	if (m->file >= 0)
		return read_file(m, addr, p, n);
	return m->vm_readv ? read_vm(m, addr, p, n) : -EACCES;
}

/* As many bytes as process_vm_readv(2) gives. */
static size_t read_pieces(struct mem *m, const struct mem_piece *v, size_t n, void *p)
{
	struct iovec from[MEM_PIECES_MAX], to = { .iov_base = p };
	ssize_t got;

	for (size_t i = 0; i < n; i++) {
		from[i] = (struct iovec){ .iov_base = (void *)(uintptr_t)v[i].addr,
					  .iov_len = (size_t)v[i].n };
		to.iov_len += (size_t)v[i].n;
	}
	got = process_vm_readv(m->p->id.pid, &to, 1, from, n, 0);
	return got > 0 ? (size_t)got : 0;
}

size_t mem_read_held(struct mem *m, const struct mem_piece *v, size_t n, void *p)
{
	size_t done = read_pieces(m, v, n, p), before = 0;

	/* From where that ended, piece by piece through the file. */
	for (size_t i = 0; i < n && m->file >= 0; i++) {
		size_t size = (size_t)v[i].n, skip = done > before ? done - before : 0;

		if (skip < size) {
			ssize_t got = read_file(m, v[i].addr + skip, (char *)p + done, size - skip);

			done += got > 0 ? (size_t)got : 0;
			if (got != (ssize_t)(size - skip))
				break;
		}
		before += size;
	}
	return done;
}
