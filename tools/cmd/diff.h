/* SPDX-License-Identifier: Apache-2.0 */
/* What diff.c (which baselines) and diff_rows.c (what is shown of a difference) share. */
#ifndef CSI_CMD_DIFF_H
#define CSI_CMD_DIFF_H

#include "cmd/rows.h"
#include "work/diff.h"

enum { DIFF_COLUMNS_MAX = 10 + ROWS_HASHES };

/* The columns of a table with these digests. Returns how many. */
size_t diff_columns(unsigned hashes, struct column ret[DIFF_COLUMNS_MAX]);

struct diff_show {
	struct run *run;
	const struct seen_root *root;
	const char *baseline;
	bool headed;
	uint64_t files;
	uint64_t quiet[DIFF_KINDS]; /* rows that a table leaves out */
};
/* A diff_fn with struct diff_show: one record a difference. */
int diff_show_change(void *show, const struct diff_change *c);
/* After the last one of a root: says what the table left out. 0 or -errno. */
void diff_show_end(struct diff_show *show);

#endif
