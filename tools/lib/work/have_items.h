/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle has and what it cites, from its entries and ledger parts as verify_stream() hands
 * them on: whether they are proven is for its user to wait for. Constant memory but for the names
 * of the entries of one ledger part.
 */
#ifndef CSI_WORK_HAVE_ITEMS_H
#define CSI_WORK_HAVE_ITEMS_H

#include "work/have.h"

/* A regular file below files/ whose record is ok, and agrees with its bytes. */
struct have_item {
	const char *run;
	struct have_place at;
	struct bytes name; /* "files/" root path */
	uint64_t size;
	struct have_digest digest;
	struct bytes record; /* its ledger record */
};

/* Valid during the call; any may be NULL. 0 or -errno, which ends the verifying. */
struct have_items_ops {
	int (*item)(void *ctx, const struct have_item *item);
	/* The record "cite file": NAME is the item that RUN holds. */
	int (*cite)(void *ctx, const char *run, struct bytes name, const struct have_digest *d);
	/* The record "resume": the run was made with what RUN has. */
	int (*resume)(void *ctx, const char *run);
	/* What comes below DIR comes in the kernel's order. */
	int (*unsorted)(void *ctx, struct have_place dir);
};

struct have_items {
	const struct have_items_ops *ops;
	void *ctx;
	char run[HAVE_RUN_MAX + 1]; /* of the bundle, from its first entry on */
	struct buf pending;	    /* files without record yet */
	struct buf name, path;
};

/* OPS is borrowed. */
void have_items_init(struct have_items *h, const struct have_items_ops *ops, void *ctx);
void have_items_done(struct have_items *h);
/* pass, want and content of struct verify_options. */
int have_items_entry(struct have_items *h, struct bytes path, uint64_t size,
		     const unsigned char sha256[32]);
bool have_items_want(struct bytes name);
int have_items_content(struct have_items *h, struct bytes name, struct bytes content);

#endif
