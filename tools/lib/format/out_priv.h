/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `out` share: the record being gathered, and its two ways of being written. */
#ifndef CSI_FORMAT_OUT_PRIV_H
#define CSI_FORMAT_OUT_PRIV_H

#include "format/out.h"

#include <pthread.h>

enum {
	OUT_RECORD_MAX = 64 << 20, /* bytes of one record, escaped and encoded */
	OUT_PENDING = 64 << 10,	   /* written out from here on */
	OUT_NESTING_MAX = 4,	   /* dots in a field's name */
	OUT_REFS_MAX = FIELD_COUNT + 8,
};

/* Between the two strings of a pair, and after each pair, in table mode: escaped text has no
 * controls. */
#define OUT_PAIR_MIDDLE '\x01'
#define OUT_PAIR_END	'\x02'

/* A field that was given: where its text lies. JSON is ready-made, table text is escaped. */
struct field_ref {
	enum field field;
	size_t at, n;
};

struct record {
	struct buf text;
	struct field_ref v[OUT_REFS_MAX];
	size_t n;
	int err;	/* the record is then dropped */
	bool list_open; /* v[n - 1] is a list that may still grow */
	bool list_some;
	const char *k1, *k2;  /* of out_pairs */
	struct buf odd_times; /* items of csi.time.raw, joined as a list's */
};

/* Where the dots are: parents of a record's object. */
struct layout {
	const char *name;
	size_t len;
	unsigned ndots;
	size_t dot[OUT_NESTING_MAX];
};

struct out {
	struct out_options opts;
	struct record rec;
	struct layout layout[FIELD_COUNT];

	pthread_mutex_t lock; /* of all below: gaps come from any thread */
	struct record gap;
	struct buf pending;
	bool headed;
	int dead; /* the target's error, sticky */
	int err;  /* the first error of all */
	uint64_t gaps, records;
};

/* Adders to any record. */
void record_begin(struct record *r);
void record_done(struct record *r);
void record_seal(struct record *r, enum out_mode mode);
void record_bytes(struct record *r, enum out_mode mode, enum field f, struct bytes v);
void record_str(struct record *r, enum out_mode mode, enum field f, const char *ours);
void record_u64(struct record *r, enum field f, uint64_t v);
void record_hex(struct record *r, enum out_mode mode, enum field f, uint64_t v);
void record_stamp(struct record *r, enum out_mode mode, enum field f, const struct file_stamp *t);
void record_now(struct record *r, enum out_mode mode);
/* Sorts by field; of one given twice the last stays. */
void record_sort(struct record *r);

/* Append R, sorted and sealed, to B as one line. 0 or -errno. */
int out_json_line(const struct layout *layout, const struct record *r, struct buf *b);
int out_table_line(const struct out *o, const struct record *r, struct buf *b);
int out_table_heading(const struct out *o, struct buf *b);

#endif
