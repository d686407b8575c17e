/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a process: VMAs, which of their pages are there, and their bytes. No page is asked for
 * that pagemap does not show present (Documentation/admin-guide/mm/pagemap.rst), so nothing is
 * faulted in. Bytes come from /proc/PID/mem, which holds on to the address space that it was opened
 * on: it cannot answer for a program executed since, nor for another process with the same PID, and
 * it reads PROT_NONE pages. process_vm_readv(2) is half as fast again and can do none of that: it
 * is the way where the file is refused.
 */
#ifndef CSI_MODEL_MEM_H
#define CSI_MODEL_MEM_H

#include "model/source.h"

enum vma_flag {
	VMA_ANON = 1 << 0,    /* no file: inode 0 */
	VMA_DELETED = 1 << 1, /* so says the path; not the kernel's own shared memory */
	VMA_MEMFD = 1 << 2,   /* "/memfd:" */
	VMA_SPECIAL = 1 << 3, /* vvar, vsyscall, VM_IO, VM_PFNMAP, VM_MIXEDMAP: never read */
	VMA_STACK = 1 << 4,
	VMA_HEAP = 1 << 5,
	VMA_VDSO = 1 << 6,
};

struct vma {
	struct proc_map map; /* map.path is unmangled target bytes, valid until the next step */
	unsigned flags;
};

/*
 * VMAs in address order, streamed. From smaps, for its VmFlags; where it cannot be read, from maps.
 * vma_iter_open_list reads maps alone: smaps walks the page tables under the target's lock, which a
 * list of a large process need not pay. Of maps alone every mapping of a path below /dev but zero
 * and shm is VMA_SPECIAL, which an intruder may earn by a name: whoever reads memory wants the
 * first.
 */
struct vma_iter;
int vma_iter_open(struct process *p, struct vma_iter **ret);
int vma_iter_open_list(struct process *p, struct vma_iter **ret);
/* The same over the text of maps, taken before; TEXT is borrowed. */
int vma_iter_open_text(struct process *p, struct bytes text, struct vma_iter **ret);
/* 1, 0, -EBADMSG for a line that cannot be (the next call goes on after it), or another -errno: the
 * end. */
int vma_iter_next(struct vma_iter *it, struct vma *ret);
void vma_iter_close(struct vma_iter *it);
void vma_iter_closep(struct vma_iter **it);

struct mem;
/* Opens pagemap and finds a way to read. -EACCES: without pagemap nothing is read. -EOPNOTSUPP: a
 * fixture. */
int mem_open(struct process *p, struct mem **ret);
void mem_close(struct mem *m);
void mem_closep(struct mem **m);
/* "process_vm_readv", "/proc/PID/mem" or "none" (pagemap only). */
const char *mem_way(const struct mem *m);
/* "PAGEMAP_SCAN" (Linux 6.7), or "pagemap", read entry by entry, where the kernel has it not. */
const char *mem_page_way(const struct mem *m);

enum page_state { PAGE_ABSENT, PAGE_PRESENT, PAGE_SWAPPED };

/*
 * A run of pages in one state, from pagemap; FILE_BACKED is bit 61. A guard page
 * (MADV_GUARD_INSTALL) is absent: pagemap calls it swapped, and touching it would be a fault.
 */
struct page_run {
	uint64_t start, end;
	enum page_state state;
	bool file_backed;
};

/*
 * mem_next_run - the run of pages that holds ADDR, cut at END. 1 with the run, 0 when addr >= end,
 * -errno (-ESRCH: the address space is gone: exit or execve). Splits where state or file_backed
 * changes. Pagemap is read ahead for calls that go on where the last one ended, anew for any other.
 */
int mem_next_run(struct mem *m, uint64_t addr, uint64_t end, struct page_run *ret);

/* Totals of a VMA in bytes. */
struct mem_usage {
	uint64_t present, swapped, present_private; /* present_private: present, bit 61 clear */
};
int mem_usage(struct mem *m, const struct vma *v, struct mem_usage *ret);

/*
 * mem_read - N bytes at ADDR, which the caller knows to be present and not VMA_SPECIAL. Returns
 * bytes read (may be short at a page that cannot be read) or -errno when not even one; -ESRCH as
 * above.
 */
ssize_t mem_read(struct mem *m, uint64_t addr, void *p, size_t n);

/* Bytes of the address space; N is whole pages. */
struct mem_piece {
	uint64_t addr, n;
};
enum { MEM_PIECES_MAX = 256 };
/*
 * mem_read_held - the same for a process that the caller holds stopped (model/stop.h): it cannot
 * execute another program, so process_vm_readv(2) goes first, which is faster, and the file for
 * what that refuses (PROT_NONE). N pieces, at most MEM_PIECES_MAX, one behind the other to P. Bytes
 * from the first piece on that are there; short at a page that cannot be read. Any thread.
 */
size_t mem_read_held(struct mem *m, const struct mem_piece *v, size_t n, void *p);

#endif
