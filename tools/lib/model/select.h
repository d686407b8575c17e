/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes a command looks at. Without -p: every process but csi's own, as far as these
 * rules prove one to be ours. What cannot be read proves nothing: then the process is shown.
 *
 *  - Our ancestors, up to the first without a parent in this PID namespace (a `kubectl exec` starts
 *    one), but PID 1 only when it runs our executable.
 *  - What runs our executable (same device and inode) in our mount namespace, such as `csi init`;
 *    looked for among the processes whose name begins with "csi".
 *  - The descendants, in our mount namespace, of both.
 *
 * But where our ancestors lead up to a PID 1 that is not csi and whose mount namespace is ours or
 * cannot be read, we run plainly on a host, or in the target itself: there our descendants and our
 * mounts are everything, and only the ancestors are ours.
 *
 * On a fixture, and on a /proc where this process cannot be seen, nothing is ours.
 */
#ifndef CSI_MODEL_SELECT_H
#define CSI_MODEL_SELECT_H

#include "model/source.h"

struct selection {
	struct process_id *ids; /* ascending; start_ticks 0 where it was not needed or readable */
	size_t n;
	bool alone; /* nothing but csi's own can be seen: say so and name --target */
	size_t own; /* how many were left out as our own */
};

/*
 * selection_make - PIDS (operator's -p, npids of them) or, with none, everything but our own.
 * Processes that vanish meanwhile are not gaps. A -p that does not exist is -ESRCH and
 * *ret_missing.
 */
int selection_make(struct source *s, const pid_t *pids, size_t npids, struct selection *ret,
		   pid_t *ret_missing);
void selection_done(struct selection *sel);

#endif
