/* SPDX-License-Identifier: Apache-2.0 */
/* csi timeline --logs: container logs, merged into the events as they come. */
#ifndef CSI_CMD_TIMELINE_LOGS_H
#define CSI_CMD_TIMELINE_LOGS_H

#include "cmd/timeline.h"
#include "format/logline.h"

enum { TIMELINE_LOGS_MAX = 64, TIMELINE_LINE_MAX = 64 << 10 };

/* One log: its next line is kept, and nothing else. */
struct timeline_log {
	int fd;
	const char *name; /* the operator's */
	struct buf in, text;
	size_t at;
	bool eof, has_next, skipping; /* the rest of a line that was too long */
	struct logline next;
	int64_t last;
	uint64_t bad, bad_bytes, late, cut; /* lines without a time, out of order, cut */
	int err;
};

struct timeline_logs {
	struct timeline_log v[TIMELINE_LOGS_MAX];
	size_t n;
	int64_t since, until;
};

/* Opens NAMES ("-" is standard input). 0, or -errno and *ret_bad. */
int timeline_logs_open(struct timeline_logs *l, const struct opt_strings *names,
		       const char **ret_bad);
void timeline_logs_done(struct timeline_logs *l);
/*
 * Shows all lines with a time up to UNTIL. A line that comes after a later one of its own log is
 * shown when it is read: its place is lost, it is not. 0 or what showing says.
 */
int timeline_logs_tell(struct timeline_logs *l, struct timeline_show *show, int64_t until);
/* What of the logs was not a line, as gaps. */
void timeline_logs_gaps(const struct timeline_logs *l, const struct gap_sink *gaps);

#endif
