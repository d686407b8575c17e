/* SPDX-License-Identifier: Apache-2.0 */
/* Ledger parts and sums parts: what was done, chained, and what every file's bytes add up to.
 * FORMAT.md. */
#ifndef CSI_WORK_LEDGER_H
#define CSI_WORK_LEDGER_H

#include "format/out.h"
#include "format/pax.h"
#include "work/item.h"

enum { LEDGER_PART_MAX = 1 << 20 };

/* One thread. Where parts are written: an archive, and the count of its entries, kept right as they
 * end. */
struct ledger_place {
	struct pax *pax;
	const char *top;	 /* "csi-RUNID/" */
	struct file_stamp mtime; /* of entries of our own making */
	uint64_t *entries;
};

struct ledger {
	struct out *out; /* renders into LINE */
	struct buf line, part, sums;
	uint64_t seq; /* of the part under way, from 1 */
	unsigned char previous[32];
	uint64_t gaps; /* gap records so far */
	struct ledger_place at;
};

/* SEQ and PREVIOUS as a verifier left them, or 1 and zeros. */
int ledger_init(struct ledger *l, const struct ledger_place *at, uint64_t seq,
		const unsigned char previous[32]);
void ledger_done(struct ledger *l);

/*
 * ledger_room - writes the part now if ITEM's record and sum might not fit any more. To be called
 * before the item's entry is written, so that an entry and its sum never part.
 */
int ledger_room(struct ledger *l, const struct item *item);
/* Bytes that ITEM's record, gap and sum add to the parts at most. */
size_t ledger_cost(const struct item *item);
/* Record (and gap record, if it has an errno) and sum of an item that has been archived or given
 * up. */
int ledger_item(struct ledger *l, const struct item *item);
/* What a gap says of an item. ON points into it. */
struct gap ledger_gap_of(const struct item *item);
/* Ready lines, each with its newline. -EFBIG for one that can never fit. */
int ledger_lines(struct ledger *l, struct bytes lines);
/* A line of the sums part alone. */
int ledger_sum(struct ledger *l, struct bytes name, const unsigned char sha256[32]);
/* Between the two the caller puts a record of its own into l->out: out_begin() and fields, STRINGS
 * bytes of them. */
int ledger_begin_record(struct ledger *l, size_t strings);
int ledger_end_record(struct ledger *l);

bool ledger_pending(const struct ledger *l);
/* Both parts as entries; nothing is pending then. */
int ledger_write(struct ledger *l);
/* The sums part alone: of a ledger part that is already there. */
int ledger_write_sums(struct ledger *l);

/* One line of GNU sha256sum: digest, two spaces, name; escaped where needed. */
int ledger_sum_line(struct buf *b, struct bytes name, const unsigned char sha256[32]);

#endif
