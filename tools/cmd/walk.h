/* SPDX-License-Identifier: Apache-2.0 */
/* What walk.c (which roots) and walk_rows.c (what is shown of a file) share. */
#ifndef CSI_CMD_WALK_H
#define CSI_CMD_WALK_H

#include "cmd/cmd.h"
#include "work/hashwalk.h"

/* One tree as some of the selected processes see it. */
struct walk_root {
	uint64_t ns_mnt;     /* 0 unknown, or a source without processes */
	struct buf link;     /* the root link's text: tells a chroot from the rest */
	pid_t pid;	     /* the process through which it was opened, 0 none */
	int64_t first_start; /* of the first process in the namespace; INT64_MIN unknown */
	struct root *root;
	struct buf container_id;
};

struct walk_show {
	struct run *run;
	const struct walk_root *root;
	bool *headed; /* the line above the root's rows was written */
	uint64_t files;
};

enum { WALK_COLUMNS_MAX = 10 };

/* The columns of a table with these hashes. Returns how many. */
size_t walk_columns(unsigned hashes, struct column ret[WALK_COLUMNS_MAX]);
/* A hashwalk_fn with struct walk_show: one record an item. */
int walk_show_item(void *show, const struct hashwalk_item *it);
#endif
