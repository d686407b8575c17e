/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lists say should be there: a table of paths and digests that takes 32 bytes a path, however
 * long it is. A path is known by a keyed hash of 64 bits, so nobody who does not know the key makes
 * two of them meet.
 */
#ifndef CSI_WORK_LISTED_H
#define CSI_WORK_LISTED_H

#include "format/hash.h"

enum {
	LISTED_MAX = 393216, /* paths: 17 MB, and 25 MB while it grows to that */
	LISTED_NONE = 0xffffff,
};

enum listed_flag {
	LISTED_MD5 = 1 << 0,
	LISTED_SHA1 = 1 << 1,
	LISTED_CONFIG = 1 << 2, /* a file that an administrator may change */
	LISTED_LINK = 1 << 3,	/* the digest is that of the link's target, if it is one */
};

struct listed_entry {
	uint64_t key; /* 0: free */
	unsigned char digest[20];
	uint32_t owner : 24; /* the caller's number */
	uint32_t flags : 8;  /* enum listed_flag */
};

/* Zeroed, listed_open; listed_done. Found entries are valid until the next listed_add(). */
struct listed {
	unsigned char secret[16];
	struct listed_entry *v;
	uint64_t *seen; /* a bit an entry */
	size_t cap, n;
};

int listed_open(struct listed *l);
void listed_done(struct listed *l);
/*
 * PATH belongs to OWNER; SUMS (kinds 0: none) says what is in it. Of several one with a digest
 * wins, then the first. 0, -ENOMEM, -E2BIG (LISTED_MAX).
 */
int listed_add(struct listed *l, struct bytes path, const struct digests *sums, uint32_t owner,
	       unsigned flags);
const struct listed_entry *listed_find(const struct listed *l, struct bytes path);
/* False if it has been marked before. One thread; listed_find() may go on in others. */
bool listed_mark(struct listed *l, const struct listed_entry *e);
struct digests listed_sums(const struct listed_entry *e);

#endif
