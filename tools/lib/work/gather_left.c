/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that a walk of a root did not come to: covered by another one, or gone meanwhile. */
#include "work/gather_left.h"

#include <errno.h>

static int tell_covered(struct gather *g, struct bytes point, enum mount_kind kind)
{
	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, "skip mount");
	out_str(g->record, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_SKIPPED));
	out_str(g->record, F_CSI_MOUNT_KIND, mount_kind_name(kind));
	out_str(g->record, F_CSI_TEXT, "no name leads to it");
	out_bytes(g->record, F_FILE_PATH, point);
	if (out_end(g->record) < 0)
		return -ENOMEM;
	return gather_record_end(g);
}

int gather_mounts_left(struct gather *g, const struct target_root *root, struct coverage *c)
{
	AUTO_DONE(root_closep) struct root *now = NULL;
	bool asked = false;
	int err = -ENOENT, r = 0;

	coverage_end(c);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		struct root_mount m = root_mount(c->root, i);

		if (c->v[i].state != COVERAGE_UNREACHED)
			continue;
		if (!asked && g->targets->n)
			err = process_root(g->targets->v[root->first].p, &now);
		asked = true;
		if (err == -ENOMEM)
			return err;
		if (now && root_mount_index(now, m.id) < root_mounts(now)) {
			r = tell_covered(g, m.point, m.kind);
			continue;
		}
		/* Its process has ended, and mounts may have with it; or it cannot be asked. */
		gather_tell(g, err == 0 || err == -ESRCH ? -ENOENT : err, "walk mount", 0, m.point);
	}
	return r;
}
