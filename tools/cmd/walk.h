/* SPDX-License-Identifier: Apache-2.0 */
/* What walk.c (which roots), walk_rows.c (what is shown of a file) and walk_list.c share. */
#ifndef CSI_CMD_WALK_H
#define CSI_CMD_WALK_H

#include "cmd/cmd.h"
#include "cmd/rows.h"
#include "format/sink.h"
#include "work/hashwalk.h"
#include "work/roots.h"

enum walk_format { WALK_TABLE, WALK_JSON, WALK_HASHDEEP, WALK_SHA256SUM };

/*
 * A list for another program, under way. Target bytes go into it raw: that is the format, so it
 * never goes to a terminal.
 */
struct walk_list {
	enum walk_format format;
	unsigned hashes; /* walk_list_hashes(); 0: no list is asked for */
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

enum { WALK_COLUMNS_MAX = 10 };

/* The columns of a table with these hashes. Returns how many. */
size_t walk_columns(unsigned hashes, struct column ret[WALK_COLUMNS_MAX]);
/* A hashwalk_fn with struct walk_show: one record an item. */
int walk_show_item(void *show, const struct hashwalk_item *it);

/* The digests that a format's lines have (enum hash_kind); 0: it is no list. */
unsigned walk_list_hashes(enum walk_format f);
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
