/* SPDX-License-Identifier: Apache-2.0 */
/* Which mappings a core has the bytes of: --filter. */
#ifndef CSI_WORK_CORE_FILTER_H
#define CSI_WORK_CORE_FILTER_H

#include "model/mem.h"

enum { CORE_FILTERS_MAX = 64 };

struct core_filter {
	size_t n;
	struct core_filter_rule {
		unsigned kinds;	     /* CORE_KIND_*: all of them; 0: not by kind */
		uint64_t start, end; /* addresses; end 0: not by address */
		struct bytes name;   /* pattern, of argv; n 0: not by name */
	} v[CORE_FILTERS_MAX];
};

/*
 * core_filter_add - one more rule: what any of them matches is kept. TEXT (borrowed) is words of
 * kinds joined by "+" (anon, file, exec, write, shared, private, heap, stack, memfd, deleted), a
 * range of addresses "0x1000-0x2000" (whole pages of it), or "name=PATTERN" over the whole path, in
 * which "*" is any bytes and "?" one byte. 0, -EINVAL, -E2BIG.
 */
int core_filter_add(struct core_filter *f, const char *text);
/*
 * Whether the byte of V at ADDR is kept, and to which address (at most V's end) the answer holds.
 * Without a rule, or without F, all is.
 */
bool core_filter_keeps(const struct core_filter *f, const struct vma *v, uint64_t addr,
		       uint64_t *ret_end);

#endif
