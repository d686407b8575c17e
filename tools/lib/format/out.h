/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records, as a table on a terminal or as JSON lines. A record is whole or absent: fields are
 * gathered first, written by out_end. One thread owns it; only out_gap() may be called from any.
 */
#ifndef CSI_FORMAT_OUT_H
#define CSI_FORMAT_OUT_H

#include "base/err.h"
#include "base/path.h"
#include "base/when.h"
#include "format/fields.h"
#include "model/file.h"

#include <stdio.h>

struct out;

enum out_mode { OUT_TABLE, OUT_JSON };

/* Added to the width of a right-aligned column: bytes, shown as KiB (rounded up). */
enum { COLUMN_KIB = 1 << 10 };

/* One column of a table: which field, its heading, width (negative: left-aligned; the last one is
 * free). */
struct column {
	enum field field;
	const char *heading;
	int width;
};

/* Appends to ctx; 0 or -errno. */
struct out_target {
	int (*write)(void *ctx, struct bytes b);
	void *ctx;
};

struct out_options {
	enum out_mode mode;
	const struct column *columns; /* borrowed, for OUT_TABLE */
	size_t ncolumns;	      /* 0: records make no rows in OUT_TABLE mode */
	bool no_heading;
	bool color;		/* signs and levels coloured */
	int terminal;		/* columns of the terminal, 0: not a terminal, nothing is cut */
	struct out_target data; /* standard output, or a bundle's entry */
	struct out_target diag; /* gaps in OUT_TABLE mode: standard error */
};

int out_open(const struct out_options *opts, struct out **ret);
/* Flushes what is pending. */
void out_close(struct out *o);
void out_closep(struct out **o);

/* @timestamp (now) and csi.schema are put in by itself; KIND is "state", "event", "alert". */
void out_begin(struct out *o, const char *kind);
void out_bytes(struct out *o, enum field f, struct bytes v); /* target data */
void out_str(struct out *o, enum field f, const char *ours);
void out_u64(struct out *o, enum field f, uint64_t v);
/* A user or group id: ECS has them as keywords. */
void out_id(struct out *o, enum field f, uint64_t id);
void out_i64(struct out *o, enum field f, int64_t v);
void out_hex(struct out *o, enum field f, uint64_t v); /* "0x7f..." */
void out_bool(struct out *o, enum field f, bool v);
/* A date; outside 1970 to 2262 it goes to csi.time.raw. INT64_MIN: absent. */
void out_time(struct out *o, enum field f, int64_t ns);
void out_stamp(struct out *o, enum field f, const struct file_stamp *t);
/* A list of strings: in a table joined by spaces. out_list_add may be called 0 or more times. */
void out_list(struct out *o, enum field f);
void out_list_add(struct out *o, struct bytes v);
/* A list of objects of two strings each, {"k1":v1,"k2":v2}: signs (id, level), evidence (field,
 * value), xattrs. */
void out_pairs(struct out *o, enum field f, const char *k1, const char *k2);
void out_pair_add(struct out *o, struct bytes v1, struct bytes v2);
/*
 * Writes the record. 0, or -errno: of memory, or of the target (-EPIPE), which then stays and is
 * returned by all later calls.
 */
int out_end(struct out *o);

/* All facts of a file under file.*, csi.time.raw as needed; not path, hash or birth. */
void out_file_info(struct out *o, const struct file_info *info);

/* file.path; of a long one also csi.length, file.name and csi.parent.inode. */
void out_path(struct out *o, const struct kept_path *path, uint64_t parent_ino);

/* A gap: a record with OUT_JSON, a line on DIAG with OUT_TABLE. Counted. */
int out_gap(struct out *o, const struct gap *gap);
uint64_t out_gaps(struct out *o);
/*
 * One line of text between the rows of a table: ours, with target bytes already escaped; no
 * newline. Nothing with OUT_JSON: there it belongs into a record.
 */
int out_text(struct out *o, struct bytes escaped);
/* Hands on what is buffered: after it, DATA has every record whole. 0 or the sticky error. */
int out_flush(struct out *o);
/* Records written so far. */
uint64_t out_records(struct out *o);
/* First error met, 0 if none. */
int out_error(struct out *o);

/* "file", "dir", "symlink", "fifo", "socket", "char", "block" for a mode; "unknown". */
const char *file_type_name(uint32_t mode);

#endif
