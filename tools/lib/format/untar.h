/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of the tar inside a bundle (FORMAT.md, section 2), written apart from the library
 * that writes it. Bytes are pushed in, in pieces of any size; entries come out. Bounded memory.
 */
#ifndef CSI_FORMAT_UNTAR_H
#define CSI_FORMAT_UNTAR_H

#include "base/buf.h"

enum {
	UNTAR_RECORDS_MAX =
		8 << 20, /* of one extended header: 64 attributes of 64 KiB, names, and more */
	UNTAR_EXTENTS_MAX = 8192,
};

enum untar_type { UNTAR_FILE, UNTAR_DIR, UNTAR_LINK };

struct untar_extent {
	uint64_t offset, length;
};

/* Valid from begin() to end(). */
struct untar_entry {
	enum untar_type type;
	struct bytes path; /* a directory's with its slash */
	struct bytes link;
	uint64_t size; /* of the content, holes included */
	bool sparse;
	const struct untar_extent *extents;
	size_t nextents;
};

/* 0, or a negative errno that untar_feed() returns. */
struct untar_ops {
	int (*begin)(void *ctx, const struct untar_entry *e);
	/* Content in order; what lies between two offsets is a hole. LENGTH is the extent's at its
	 * first byte, else 0. */
	int (*data)(void *ctx, uint64_t offset, struct bytes p, uint64_t length);
	/* The last byte of its padding is there. */
	int (*end)(void *ctx, const struct untar_entry *e);
};

struct untar;
int untar_open(const struct untar_ops *ops, void *ctx, struct untar **ret);
void untar_closep(struct untar **u);

/* 0; -EBADMSG: no tar that a bundle may hold (untar_why); -ENOMEM; or what a callback returned. */
int untar_feed(struct untar *u, struct bytes b);
/* Ours, a sentence part. */
const char *untar_why(const struct untar *u);
/* Between two entries, or after the end. */
bool untar_between(const struct untar *u);
/* The 1,024 zero bytes are there, all of them. */
bool untar_ended(const struct untar *u);
/* Bytes taken in all; inside a callback up to where the reader is. */
uint64_t untar_bytes(const struct untar *u);

#endif
