/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of what the bundles of a case have: what each one has goes into a spool of its own, and
 * the spools are merged in walk order. Memory does not grow with the list.
 */
#ifndef CSI_WORK_HAVE_LIST_H
#define CSI_WORK_HAVE_LIST_H

#include "work/have_items.h"
#include "work/spool.h"

struct have_list;

/* SPOOLS: the directory where the spools may lie, copied. 0, -ENOMEM. */
int have_list_open(const char *spools, struct have_list **ret);
void have_list_closep(struct have_list **l);
/*
 * The next bundle begins; the earliest first. pass, content and settle of struct verify_options
 * follow.
 * -E2BIG: more than HAVE_RUNS_MAX; -errno of making a file.
 */
int have_list_bundle(struct have_list *l);
int have_list_entry(struct have_list *l, struct bytes path, uint64_t size,
		    const unsigned char sha256[32]);
int have_list_content(struct have_list *l, struct bytes name, struct bytes content);
int have_list_settle(struct have_list *l, bool proven);
/* The whole list to WRITE. *RET: how many files are on it. */
int have_list_end(struct have_list *l, int (*write)(void *ctx, struct bytes line), void *ctx,
		  uint64_t *ret);

#endif
