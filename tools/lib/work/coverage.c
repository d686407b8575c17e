/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage of mounts, by the mount id of each entry. */
#include "work/coverage.h"

#include <errno.h>

int coverage_begin(struct coverage *c, const struct root *root)
{
	size_t n = root_mounts(root);

	*c = (struct coverage){ .root = root, .n = n, .last = n };
	c->v = calloc(n ? n : 1, sizeof(*c->v));
	return c->v ? 0 : -ENOMEM;
}

void coverage_note(struct coverage *c, const struct walk_entry *e)
{
	if (e->event == WALK_UNSORTED || c->n == 0 || !(e->info.have & FILE_MNT_ID))
		return;
	if (c->last == c->n || root_mount(c->root, c->last).id != e->info.mnt_id)
		c->last = root_mount_index(c->root, e->info.mnt_id);
	if (c->last == c->n) /* mountinfo does not have it */
		return;
	struct coverage_row *row = &c->v[c->last];

	if (e->event == WALK_SKIPPED) {
		if (row->state == COVERAGE_UNREACHED)
			row->state = COVERAGE_SKIPPED;
		return;
	}
	row->state = COVERAGE_WALKED;
	row->entries++;
}

bool coverage_any(const struct coverage *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].state != COVERAGE_UNREACHED)
			return true;
	return false;
}

static bool is_below(struct bytes path, struct bytes dir)
{
	if (dir.n == 1)
		return path.n > 1;
	return path.n > dir.n && path.p[dir.n] == '/' && memcmp(path.p, dir.p, dir.n) == 0;
}

/* A mount is skipped because its kind is, so this is N * number of skipped ones: those are few, but
 * not if the target chooses so. */
enum { SKIPPED_MAX = 1024 };

void coverage_end(struct coverage *c)
{
	size_t looked = 0;

	for (size_t i = 0; i < c->n && looked < SKIPPED_MAX; i++) {
		if (c->v[i].state != COVERAGE_SKIPPED)
			continue;
		struct bytes dir = root_mount(c->root, i).point;

		looked++;
		for (size_t k = 0; k < c->n; k++)
			if (c->v[k].state == COVERAGE_UNREACHED &&
			    is_below(root_mount(c->root, k).point, dir))
				c->v[k].state = COVERAGE_BELOW;
	}
}

void coverage_done(struct coverage *c)
{
	free(c->v);
	*c = (struct coverage){ 0 };
}

const char *coverage_name(enum coverage_state s)
{
	static const char *const names[] = {
		[COVERAGE_UNREACHED] = "unreached",
		[COVERAGE_WALKED] = "walked",
		[COVERAGE_SKIPPED] = "skipped",
		[COVERAGE_BELOW] = "below",
	};

	return names[s];
}

const char *coverage_reason(enum coverage_state s, enum mount_kind kind)
{
	switch (s) {
	case COVERAGE_WALKED:
		return NULL;
	case COVERAGE_BELOW:
		return "below a mount that was skipped";
	case COVERAGE_UNREACHED:
		return "no walked name leads there: outside of what was walked, or covered by "
		       "another mount";
	case COVERAGE_SKIPPED:
		break;
	}
	if (kind == MOUNT_PSEUDO)
		return "the kernel's own, no files";
	return "--volumes enters it";
}
