/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tar of a bundle says of itself, checked while it passes by: names, sums, the ledger's
 * chain. FORMAT.md sections 2 to 4. Bounded memory.
 */
#ifndef CSI_WORK_TARCHECK_H
#define CSI_WORK_TARCHECK_H

#include "format/hash.h"
#include "format/untar.h"

/* One complete entry. The digest is of its content, or of its extents; only of a regular file. */
struct tarcheck_entry {
	struct bytes path, name; /* whole, and below the top directory */
	enum untar_type type;
	uint64_t size;
	bool extents;
	bool own; /* a ledger or sums part */
	unsigned char sha256[32];
	bool kept; /* CONTENT is all of it: a ledger or sums part, or WANT asked for it */
	struct bytes content; /* valid during the call */
};

enum { TARCHECK_KEEP_MAX = 1 << 20 };

enum tarcheck_part { TARCHECK_OTHER, TARCHECK_LEDGER, TARCHECK_SUMS };

struct tarcheck {
	struct untar *untar;
	struct buf top; /* "csi-RUNID/" once it is known */
	struct hash hash;
	uint64_t entries;      /* complete */
	uint64_t entries_end;  /* tar bytes up to the end of the last of them */
	uint64_t sums_checked; /* files whose sum agreed */
	uint64_t gaps;	       /* gap records in the ledger so far */

	/* The entry under way. */
	enum tarcheck_part part;
	struct bytes name;
	uint64_t hashed; /* content behind us */
	bool extents;
	bool kept; /* TEXT has its content: a ledger or sums part, or WANT asked for it */
	struct buf text;

	/* The chain. */
	uint64_t seq;	/* of the next pair */
	bool sums_next; /* ledger part SEQ is there, its sums part is not */
	unsigned char previous[32];
	struct buf sums; /* what sums part SEQ has to say */
	uint64_t nsums;
	struct buf open; /* entries since the last ledger part: see tarcheck_open_next */
	bool last_is_sums;

	const char *why;
	const struct tarcheck_ops *ops;
	void *ctx;
};

/* Either may be NULL. */
struct tarcheck_ops {
	/* Told of each complete entry. */
	int (*entry)(void *ctx, const struct tarcheck_entry *e);
	/* Whether the content of the regular file NAME of at most TARCHECK_KEEP_MAX bytes is to be
	 * kept. */
	bool (*want)(void *ctx, struct bytes name);
};

/* OPS is borrowed; NULL: nobody is told. */
int tarcheck_init(struct tarcheck *t, const struct tarcheck_ops *ops, void *ctx);
void tarcheck_done(struct tarcheck *t);
/* 0, -EBADMSG (tarcheck_why), -ENOMEM, or what entry returned. */
int tarcheck_feed(struct tarcheck *t, struct bytes b);
const char *tarcheck_why(const struct tarcheck *t);
/* The tar is whole, and ends as it must. */
bool tarcheck_complete(const struct tarcheck *t);

/* Entries since the last ledger part, which lack their record: 1 and the next one from *AT on, or
 * 0. */
int tarcheck_open_next(const struct tarcheck *t, size_t *at, struct tarcheck_entry *ret);

#endif
