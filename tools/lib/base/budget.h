/* SPDX-License-Identifier: Apache-2.0 */
/* A memory budget: every large buffer of a pipeline is taken from one, so its limit is a number. */
#ifndef CSI_BASE_BUDGET_H
#define CSI_BASE_BUDGET_H

#include "base/base.h"

#include <stdatomic.h>

struct budget {
	atomic_size_t used;
	size_t limit;
};

void budget_init(struct budget *b, size_t limit);

/* Memory of N bytes, page-aligned for N >= 64 KiB, or NULL (out of budget or memory). Thread-safe.
 */
void *budget_alloc(struct budget *b, size_t n);
/* P may be NULL; N is what was asked for. Large buffers go back to the kernel at once. */
void budget_free(struct budget *b, void *p, size_t n);

#endif
