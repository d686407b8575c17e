/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the memory limits around a collection. */
#include "work/gather.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static int tell_text(struct gather *g, const char *key, const char *text)
{
	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, "headroom");
	out_str(g->record, F_CSI_KEY, key);
	out_str(g->record, F_CSI_TEXT, text);
	return out_end(g->record) < 0 ? -ENOMEM : gather_record_end(g);
}

static const char *group_name(const struct headroom_group *v)
{
	return v->pid ? "cgroup of a process" : "own cgroup";
}

/* M: as of now, or as of when it became too little. */
static int tell_group(struct gather *g, const struct headroom_group *v,
		      const struct cgroup_memory *m, const char *text)
{
	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, "headroom");
	out_str(g->record, F_CSI_KEY, group_name(v));
	out_u64(g->record, F_CSI_LIMIT_BYTES, m->limit);
	out_u64(g->record, F_CSI_LIMIT_USED, cgroup_working_set(m));
	out_u64(g->record, F_CSI_LIMIT_FLOOR, v->floor);
	out_u64(g->record, F_CSI_LIMIT_LOWEST, v->lowest);
	out_str(g->record, F_CSI_TEXT, text);
	if (v->pid)
		out_u64(g->record, F_PROCESS_PID, (uint64_t)v->pid);
	return out_end(g->record) < 0 ? -ENOMEM : gather_record_end(g);
}

static int tell_groups(struct gather *g, const char *text)
{
	const struct headroom *h = g->headroom;
	int r = 0;

	for (size_t i = 0; r == 0 && i < h->n; i++)
		if (h->v[i].m.limit != CGROUP_NO_LIMIT)
			r = tell_group(g, &h->v[i], &h->v[i].m, text);
	return r;
}

static int tell_oom_score(struct gather *g)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	AUTO_CLOSE int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || buf_read_fd(&b, fd, 64) < 0 || buf_addc(&b, '\0') < 0)
		return tell_text(g, "own oom_score_adj", "unknown");
	b.p[strcspn((const char *)b.p, "\n")] = '\0';
	return tell_text(g, "own oom_score_adj", (const char *)b.p);
}

int gather_headroom(struct gather *g)
{
	const struct headroom *h = g->headroom;
	int r = tell_oom_score(g);

	if (r == 0 && h->floor == 0)
		r = tell_text(g, "guard", "off: --headroom 0");
	else if (r == 0 && !h->known)
		r = tell_text(g, "guard", "unknown: no memory limit over csi can be seen");
	return r == 0 ? tell_groups(g, "at the start") : r;
}

int gather_headroom_end(struct gather *g)
{
	const struct headroom *h = g->headroom;
	bool tripped = atomic_load(&h->tripped);
	int r = tell_groups(g, "at the end");

	if (r < 0 || !(tripped || h->short_from_start))
		return r;
	const struct headroom_group *v = &h->v[h->low];
	r = tell_group(g, v, &h->at,
		       tripped ? "too little left: stopped"
			       : "too little left from the start: only tables were collected");
	if (r == 0)
		gather_tell(g, -ENOMEM, "keep headroom", v->pid, bytes_str(group_name(v)));
	return r;
}
