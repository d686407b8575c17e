/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of the rules library: every allocation of it comes through these (image/deps/yara.sh),
 * so that what rules and an attacker's matches may take is one number. The library has no context
 * to hand down, so the count is the process's. In builds with the host's libyara they are not
 * called.
 */
#ifndef CSI_WORK_RULES_MEM_H
#define CSI_WORK_RULES_MEM_H

#include "base/base.h"

#define RULES_MEM_DEFAULT (UINT64_C(64) << 20)

/* From now on at most LIMIT bytes in all; more is as if memory were full. */
void rules_mem_limit(uint64_t limit);
/* Bytes in use, and the most there ever were. */
uint64_t rules_mem_used(void);
uint64_t rules_mem_peak(void);
/* Gives back what is kept for the next scan. */
void rules_mem_trim(void);

void *rules_mem_alloc(size_t n);
void *rules_mem_zero(size_t n, size_t size);
void *rules_mem_again(void *p, size_t n);
void rules_mem_free(void *p);
char *rules_mem_copy(const char *s);
char *rules_mem_copy_n(const char *s, size_t n);

#endif
