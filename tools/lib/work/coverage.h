/* SPDX-License-Identifier: Apache-2.0 */
/* Which mounts of a root a walk went through, which it left out and why: so that a separate /var is
 * never silently missed. */
#ifndef CSI_WORK_COVERAGE_H
#define CSI_WORK_COVERAGE_H

#include "model/root.h"

enum coverage_state {
	COVERAGE_UNREACHED, /* no name led there: covered by another mount, or outside of the root
			       or of the paths that were walked */
	COVERAGE_WALKED,
	COVERAGE_SKIPPED, /* its kind is not entered */
	COVERAGE_BELOW,	  /* it lies below a mount that was skipped */
};

struct coverage_row {
	uint64_t entries; /* seen on it */
	enum coverage_state state;
};

/* Zeroed, coverage_begin, walks, coverage_end, and then rows in the order of root_mount(). */
struct coverage {
	const struct root *root;
	struct coverage_row *v;
	size_t n;
	size_t last; /* row of the entry before: most are on the same mount */
};

/* 0 or -ENOMEM. */
int coverage_begin(struct coverage *c, const struct root *root);
void coverage_note(struct coverage *c, const struct walk_entry *e);
/* Whether a walk has come by any of the mounts. */
bool coverage_any(const struct coverage *c);
/* Tells what lies below what was skipped from what was not reached. */
void coverage_end(struct coverage *c);
void coverage_done(struct coverage *c);

/* "walked", "skipped", "below", "unreached" */
const char *coverage_name(enum coverage_state s);
/* Why it was not walked, for a person, or NULL: ours. */
const char *coverage_reason(enum coverage_state s, enum mount_kind kind);

#endif
