/* SPDX-License-Identifier: Apache-2.0 */
/* What walk.c (which roots), walk_rows.c (what is shown of a file) and walk_list.c share. */
#ifndef CSI_CMD_WALK_H
#define CSI_CMD_WALK_H

#include "cmd/cmd.h"
#include "cmd/rows.h"
#include "format/sink.h"
#include "work/hashwalk.h"
#include "work/roots.h"

enum walk_format {
	WALK_TABLE,
	WALK_JSON,
	WALK_HASHDEEP,
	WALK_SHA256SUM,
	WALK_BODYFILE,
	WALK_BODYFILE_PLASO,
};

/*
 * A list for another program, under way. Target bytes go into it raw: that is the format, so it
 * never goes to a terminal.
 */
struct walk_list {
	enum walk_format format;
	bool on;	 /* a list is asked for */
	unsigned hashes; /* walk_list_hashes() */
	int argc;	 /* the command line, for the list's head */
	char **argv;
	struct sink *sink;
	struct buf text; /* not yet written */
	int err;	 /* of writing; stays */
};

struct walk_show {
	struct run *run;
	struct walk_list *list; /* NULL: rows or records */
	const struct seen_root *root;
	bool *headed; /* the line above the root's rows was written */
	uint64_t files;
};

enum { WALK_COLUMNS_MAX = 12 };

/* The columns of a table with these hashes. Returns how many. */
size_t walk_columns(unsigned hashes, struct column ret[WALK_COLUMNS_MAX]);
/* A hashwalk_fn with struct walk_show: one record an item. */
int walk_show_item(void *show, const struct hashwalk_item *it);

/* --deleted: what has no name any more and is held; its columns, and an exit code. */
size_t walk_deleted_columns(unsigned hashes, struct column ret[WALK_COLUMNS_MAX]);
int walk_deleted(struct run *run, const struct hashwalk_options *opts);

/* Whether F is a list for another program. */
bool walk_list_is(enum walk_format f);
/* The digests that a format's lines must have (enum hash_kind). */
unsigned walk_list_hashes(enum walk_format f);
/*
 * A line of a bodyfile: MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime, for mactime(1)
 * of The Sleuth Kit (tools/timeline/mactime.base: every | splits, then %XX is decoded), or for
 * plaso (parsers/bodyfile.py: \\ escapes, fractions of seconds). Any type of file. 0, -ENOMEM,
 * -EFBIG.
 */
int walk_body_line(struct buf *b, struct bytes path, const struct hashwalk_item *it);
int walk_body_line_plaso(struct buf *b, struct bytes path, const struct hashwalk_item *it);

/* Opens -o or standard output and writes the head. -1 to go on, else an exit code, printed. */
int walk_list_begin(struct walk_list *l, struct run *run, const struct seen_root *roots, size_t n);
/*
 * The line of a regular file that was read whole and can be named in this format; of another one
 * RET says why there is none (err 0: it is not a regular file). 0, -ENOMEM, or l->err.
 */
int walk_list_file(struct walk_list *l, const struct hashwalk_item *it, struct gap *ret);
/* Writes what is left and closes. 0 or the first error. */
int walk_list_end(struct walk_list *l);

#endif
