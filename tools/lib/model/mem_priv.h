/* SPDX-License-Identifier: Apache-2.0 */
/* An opened memory. Private to mem.c and mem_pages.c. */
#ifndef CSI_MODEL_MEM_PRIV_H
#define CSI_MODEL_MEM_PRIV_H

#include "model/mem.h"

enum {
	MEM_ENTRIES = 8192, /* of pagemap at a time: 64 KiB, 32 MiB of addresses */
	MEM_REGIONS = 1024, /* of PAGEMAP_SCAN at a time */
};

/* No run begins there. */
#define MEM_NOT_AHEAD UINT64_MAX

/* struct page_region of linux/fs.h */
struct mem_region {
	uint64_t start, end, categories;
};

struct mem {
	struct process *p; /* borrowed */
	int pagemap;
	int file;	   /* /proc/PID/mem, or -1 */
	bool vm_readv;	   /* allowed, as far as is known */
	bool scan;	   /* PAGEMAP_SCAN is there */
	uint64_t returned; /* categories that it may be asked for */
	uint64_t page;	   /* bytes */
	uint64_t next;	   /* where the last run ended: only there what was read ahead is used */
	uint64_t first, n; /* entries[0] is page number FIRST; of regions: how many, the next one */
	uint64_t covered;  /* regions say all up to here */
	union {
		uint64_t entries[MEM_ENTRIES];
		struct mem_region regions[MEM_REGIONS];
	};
};

/* Whether process_vm_readv(2) is allowed, which nothing is read for. */
bool mem_probe_vm_readv(const struct process *p);
/* Which way pagemap can be asked. */
void mem_pages_init(struct mem *m);

#endif
