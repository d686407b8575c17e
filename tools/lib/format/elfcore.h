/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers and notes of an ELF64 core file, from plain values (elf(5); Linux fs/binfmt_elf.c,
 * include/uapi/linux/elfcore.h, arch elf_prstatus layouts). Knows nothing of processes.
 *
 *	ELF header | program headers | section header 0 if PN_XNUM | notes | padding | memory
 */
#ifndef CSI_FORMAT_ELFCORE_H
#define CSI_FORMAT_ELFCORE_H

#include "base/buf.h"

#include <sys/types.h>

enum {
	ELFCORE_EHDR_BYTES = 64,
	ELFCORE_PHDR_BYTES = 56,
	ELFCORE_SHDR_BYTES = 64,
	ELFCORE_FILE_NOTE_MAX =
		4 << 20, /* NT_FILE; the kernel's own limit, core_file_note_size_limit */
};

enum elfcore_machine { ELFCORE_X86_64 = 62, ELFCORE_AARCH64 = 183 };
/* The machine that this program was built for. */
enum elfcore_machine elfcore_native(void);

/* One program header: PT_LOAD, or PT_NOTE with only OFFSET and FILE_BYTES. */
struct elfcore_segment {
	uint64_t offset, addr, file_bytes, mem_bytes;
	bool note;
	bool r, w, x;
};

/* Where things lie in a core of SEGMENTS program headers (the note's among them). */
uint64_t elfcore_notes_at(uint64_t segments);

/* Each appends its bytes to B. 0, -ENOMEM or -EFBIG. */
int elfcore_ehdr(struct buf *b, enum elfcore_machine m, uint64_t segments);
int elfcore_phdr(struct buf *b, const struct elfcore_segment *s);
/* Section header 0, which holds the count when there are PN_XNUM segments or more; else nothing. */
int elfcore_shdr(struct buf *b, uint64_t segments);

/* What NT_PRSTATUS and NT_PRPSINFO say of a process or thread. */
struct elfcore_process {
	pid_t pid, ppid, pgrp, sid;
	uid_t uid;
	gid_t gid;
	char state; /* "RSDTZW" letter */
	uint64_t flags;
	uint64_t utime, stime; /* clock ticks */
	uint64_t ticks;	       /* a second */
	struct bytes comm;     /* target bytes; 16 are kept */
	struct bytes args;     /* NUL-separated; 80 are kept */
	/* As ptrace(PTRACE_GETREGSET, NT_PRSTATUS) gives them, or empty: zero, nothing was stopped.
	 */
	struct bytes registers;
};
int elfcore_prpsinfo(struct buf *b, const struct elfcore_process *p);
int elfcore_prstatus(struct buf *b, enum elfcore_machine m, const struct elfcore_process *p);
int elfcore_auxv(struct buf *b, struct bytes auxv);
/* A note of another owner: NAME is ours, at most 15 bytes. */
int elfcore_note(struct buf *b, const char *name, uint32_t type, struct bytes desc);

/* NT_FILE is built row by row: rows and names are kept apart until the end. */
struct elfcore_files {
	struct buf rows, names;
	uint64_t n;
};
/* PATH is target bytes without NUL; OFFSET in bytes. -EFBIG beyond ELFCORE_FILE_NOTE_MAX. */
int elfcore_files_add(struct elfcore_files *f, uint64_t start, uint64_t end, uint64_t offset,
		      uint64_t page, struct bytes path);
int elfcore_files_note(struct buf *b, const struct elfcore_files *f, uint64_t page);
void elfcore_files_done(struct elfcore_files *f);

#endif
