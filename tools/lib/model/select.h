/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes a command looks at. Without -p: every process but csi's own, proven by ancestry:
 * our ancestors up to the first without a parent in this PID namespace, their descendants, and the
 * tree of `csi init` (whose exe is our own exe: same device and inode, or whose mount namespace and
 * exe say so). A namespace or link that cannot be read means that the process is shown.
 */
#ifndef CSI_MODEL_SELECT_H
#define CSI_MODEL_SELECT_H

#include "model/source.h"

struct selection {
	struct process_id *ids; /* ascending, start_ticks known where readable */
	size_t n;
	bool alone;             /* nothing but csi's own can be seen: say so and name --target */
	size_t own;             /* how many were left out as our own */
};

/*
 * selection_make - PIDS (operator's -p, npids of them) or, with none, everything but our own.
 * Processes that vanish meanwhile are not gaps. A -p that does not exist is -ESRCH and *ret_missing.
 */
int selection_make(struct source *s, const pid_t *pids, size_t npids, struct selection *ret, pid_t *ret_missing);
void selection_done(struct selection *sel);

#endif
