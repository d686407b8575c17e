/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that a walk of a root did not come to: covered by another one, or gone meanwhile. */
#include "work/gather_left.h"

#include <errno.h>

enum { LEFT_TEXT_MAX = 64 << 20 }; /* fs.mount-max is 100,000 lines */

/* Marks in THERE, one byte a mount of ROOT, which ids mountinfo has now. 0 or -errno. */
static int mark_present(struct process *p, const struct root *root, unsigned char *there)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bytes rest, line;
	int r = process_text(p, TEXT_MOUNTINFO, &text, LEFT_TEXT_MAX);

	if (r < 0)
		return r;
	rest = buf_bytes(&text);
	while (proc_next_line(&rest, &line)) {
		struct proc_mount m;

		if (proc_parse_mount(line, &m) < 0)
			continue;
		size_t i = root_mount_index(root, m.id);
		if (i < root_mounts(root))
			there[i] = 1;
	}
	return 0;
}

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
	AUTO_FREE unsigned char *there = calloc(c->n ? c->n : 1, 1);
	bool asked = false;
	int r = 0;

	if (!there)
		return -ENOMEM;
	coverage_end(c);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		struct root_mount m = root_mount(c->root, i);

		if (c->v[i].state != COVERAGE_UNREACHED)
			continue;
		/* Where it cannot be asked any more, its process has ended, and mounts may have. */
		if (!asked && g->targets->n)
			r = mark_present(g->targets->v[root->first].p, c->root, there);
		asked = true;
		if (r == -ENOMEM)
			return r;
		r = 0;
		if (there[i])
			r = tell_covered(g, m.point, m.kind);
		else
			gather_tell(g, -ENOENT, "walk mount", 0, m.point);
	}
	return r;
}
