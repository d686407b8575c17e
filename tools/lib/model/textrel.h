/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a dynamic linker writes into code: the relocations of an ELF file with DT_TEXTREL that lie
 * in read-only segments (elf(5)). Both classes, the byte order of this machine.
 */
#ifndef CSI_MODEL_TEXTREL_H
#define CSI_MODEL_TEXTREL_H

#include "model/file.h"

enum {
	TEXTREL_PHDRS_MAX = 256,
	TEXTREL_DYNAMIC_MAX = 64 << 10,	     /* bytes of PT_DYNAMIC */
	TEXTREL_TABLE_MAX = 64 << 20,	     /* bytes of a relocation table */
	TEXTREL_RELOCATIONS_MAX = 256 << 10, /* in the range asked for */
};

struct textrel {
	uint64_t *at; /* file offsets, ascending, owned */
	size_t n, cap;
	unsigned width; /* bytes that one of them may change */
};

/*
 * textrel_read - relocations of F whose place in the file is in [START, END). RET starts zeroed;
 * textrel_done in any case. 0, also without any; -EBADMSG: no such ELF file; -E2BIG beyond a limit;
 * -ENOMEM, -errno.
 */
int textrel_read(struct file *f, uint64_t start, uint64_t end, struct textrel *ret);
/* Whether the byte at file offset OFFSET belongs to one. */
bool textrel_covers(const struct textrel *t, uint64_t offset);
void textrel_done(struct textrel *t);

#endif
