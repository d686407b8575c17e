/* SPDX-License-Identifier: Apache-2.0 */
/* Names of errors, and gaps: what could not be read, where, and why. */
#ifndef CSI_BASE_ERR_H
#define CSI_BASE_ERR_H

#include "base/base.h"

#include <errno.h>
#include <sys/types.h>

/* Exit codes of every command (DESIGN section 3); precedence usage, failed, findings, partial,
 * complete. */
enum exit_code {
	EXIT_COMPLETE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PARTIAL = 3,
	EXIT_FINDINGS = 4,
};

/* The worse of two codes by that precedence. */
enum exit_code exit_worse(enum exit_code a, enum exit_code b);

/* "EACCES" for EACCES or -EACCES; "E<number>" from a static table entry "EUNKNOWN" otherwise. */
const char *err_name(int err);
/* A short English sentence part for the same, ours and not locale-dependent: "permission denied".
 */
const char *err_text(int err);

/*
 * Whether ERR says that a process, or what it had, has ended since it was listed: no gap in the
 * evidence.
 */
static inline bool err_is_gone(int err)
{
	return err == -ESRCH || err == -ENOENT;
}

/*
 * One thing that could not be read. Every gap becomes a record (event.kind pipeline_error):
 * silence means complete. The strings are literals of ours; ON is target data.
 */
struct gap {
	int err;	  /* positive or negative errno */
	const char *what; /* what was being done: "open exe", "read maps", "walk" */
	pid_t pid;	  /* process, or 0 */
	struct bytes on;  /* path, or empty */
	const char *mend; /* what to do about it, or NULL: "--max-file 4G", "--profile=general" */
	uint64_t offset;  /* where in the object it began, if LEN is not 0 */
	uint64_t len;	  /* bytes missing, or 0 if not counted */
};

/* Where gaps go. FN may be called from the thread that found the gap; it must not keep ON. */
struct gap_sink {
	void (*fn)(void *ctx, const struct gap *gap);
	void *ctx;
};

static inline void gap_tell(const struct gap_sink *sink, const struct gap *gap)
{
	if (sink && sink->fn)
		sink->fn(sink->ctx, gap);
}

/*
 * A sink that passes on to TO, which it borrows, only what a limit of ours left out (E2BIG, EFBIG,
 * ENOMEM): for a second look at what another one has told the refusals of.
 */
struct gap_sink gap_limits_only(const struct gap_sink *to);

#endif
