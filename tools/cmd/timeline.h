/* SPDX-License-Identifier: Apache-2.0 */
/* What timeline.c (what is asked) and timeline_rows.c (what is shown) share. */
#ifndef CSI_CMD_TIMELINE_H
#define CSI_CMD_TIMELINE_H

#include "cmd/rows.h"
#include "cmd/walk.h"
#include "work/timeline.h"

enum timeline_format {
	TIMELINE_TABLE,
	TIMELINE_JSON,
	TIMELINE_TIMESKETCH,
	TIMELINE_BODYFILE,
	TIMELINE_BODYFILE_PLASO,
};

enum { TIMELINE_COLUMNS = 7 };
extern const struct column timeline_columns[TIMELINE_COLUMNS];

struct timeline_show {
	struct run *run;
	const struct roots *roots;
	enum timeline_format format;
	struct sink *sink; /* of a list for another program; NULL: rows or records */
	struct buf text;   /* of it, not yet written */
	uint64_t told;
	int64_t since, until;
	int err; /* of writing; stays */
};

bool timeline_is_list(enum timeline_format f);
/* A timeline_fn with struct timeline_show. */
int timeline_show_event(void *show, const struct timeline_event *e);
/* A timeline_file_fn with it, for a bodyfile: one line with all times of a file of which any lies
 * between SINCE and UNTIL. */
int timeline_show_file(void *show, const struct timeline_event *e, const struct file_info *info);
bool timeline_is_body(enum timeline_format f);
/* A timeline_counted_fn with it: bars above a table on a terminal. */
int timeline_show_bars(void *show, const struct timeline *t);
/* Writes what is left and closes. 0 or the first error. */
int timeline_show_end(struct timeline_show *show);

#endif
