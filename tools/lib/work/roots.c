/* SPDX-License-Identifier: Apache-2.0 */
/* Distinct roots: by mount namespace and the text of the root link. */
#include "work/roots.h"

#include <errno.h>

enum { CGROUP_MAX = 64 << 10 };

static void tell(const struct gap_sink *gaps, const char *what, pid_t pid, int err)
{
	gap_tell(gaps, &(struct gap){ .err = err, .what = what, .pid = pid });
}

static bool known(const struct roots *rs, uint64_t ns_mnt, struct bytes link)
{
	for (size_t i = 0; i < rs->n; i++)
		if (rs->v[i].ns_mnt == ns_mnt && bytes_eq(buf_bytes(&rs->v[i].link), link))
			return true;
	return false;
}

static void root_done(struct seen_root *r)
{
	root_closep(&r->root);
	buf_done(&r->link);
	buf_done(&r->container_id);
}

static int keep_root(struct roots *rs, struct seen_root *r, const struct gap_sink *gaps)
{
	struct seen_root *grown;

	if (rs->n == ROOTS_MAX) {
		tell(gaps, "open root", r->pid, -E2BIG);
		root_done(r);
		return 0;
	}
	grown = realloc(rs->v, (rs->n + 1) * sizeof(*grown));
	if (!grown) {
		root_done(r);
		return -ENOMEM;
	}
	rs->v = grown;
	rs->v[rs->n++] = *r;
	return 0;
}

static void read_container_id(struct process *p, struct buf *ret)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	int r = process_text(p, TEXT_CGROUP, &text, CGROUP_MAX);

	if (r == 0 || r == -EFBIG)
		(void)buf_addb(ret, proc_container_id(buf_bytes(&text)));
}

static int add_root_of(struct roots *rs, struct source *s, struct process_id id,
		       const struct gap_sink *gaps)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	struct seen_root r = { .pid = id.pid, .first_start = INT64_MIN };
	int err = process_open(s, id, &p);

	if (err < 0)
		return err == -ENOMEM ? err : 0;
	if (proc_is_bare(process_stat(p)))
		return 0;
	err = process_link(p, LINK_ROOT, &r.link);
	if (process_ns(p, LINK_NS_MNT, &r.ns_mnt) < 0)
		r.ns_mnt = 0;
	if (err == 0 && r.ns_mnt && known(rs, r.ns_mnt, buf_bytes(&r.link))) {
		root_done(&r);
		return 0;
	}
	if (err == 0)
		err = process_root(p, &r.root);
	if (err < 0) {
		if (!err_is_gone(err) || process_verify(p) == 0)
			tell(gaps, "open root", id.pid, err);
		root_done(&r);
		return 0;
	}
	read_container_id(p, &r.container_id);
	return keep_root(rs, &r, gaps);
}

/* The first process of a namespace dates its container, whether it was selected or not. */
static int find_first_starts(struct roots *rs, struct source *s)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r = process_iter_init(s, &it);

	while (r == 0 && process_iter_next(&it, &id) > 0) {
		AUTO_DONE(process_closep) struct process *p = NULL;
		uint64_t ns;

		if (process_open(s, id, &p) < 0 || proc_is_bare(process_stat(p)) ||
		    process_ns(p, LINK_NS_MNT, &ns) < 0)
			continue;
		for (size_t i = 0; i < rs->n; i++) {
			struct seen_root *root = &rs->v[i];

			if (root->ns_mnt != ns || process_start(p) == INT64_MIN)
				continue;
			if (root->first_start == INT64_MIN || process_start(p) < root->first_start)
				root->first_start = process_start(p);
		}
	}
	return r;
}

int roots_find(struct source *s, const struct selection *sel, const struct gap_sink *gaps,
	       struct roots *ret)
{
	struct seen_root only = { .first_start = INT64_MIN };
	int r = 0;

	if (source_kind(s) == SOURCE_ROOT) {
		r = source_root(s, &only.root);
		return r < 0 ? r : keep_root(ret, &only, gaps);
	}
	for (size_t i = 0; r == 0 && i < sel->n; i++)
		r = add_root_of(ret, s, sel->ids[i], gaps);
	return r < 0 ? r : find_first_starts(ret, s);
}

void roots_done(struct roots *r)
{
	for (size_t i = 0; i < r->n; i++)
		root_done(&r->v[i]);
	free(r->v);
	*r = (struct roots){ 0 };
}
