/* SPDX-License-Identifier: Apache-2.0 */
/* The headroom guard. */
#include "work/headroom.h"

#include "base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { POLL_NS = 100 * 1000 * 1000 };

/* Where the memory controller is mounted: as of version 1, and the unified hierarchy. */
static const char *const mounts[] = { "sys/fs/cgroup/memory", "sys/fs/cgroup" };

uint64_t headroom_floor(uint64_t floor, uint64_t limit)
{
	uint64_t part = limit / HEADROOM_PART;

	return floor > part ? floor : part;
}

bool headroom_judge(struct headroom_group *g, const struct cgroup_memory *m)
{
	uint64_t left = cgroup_headroom(m);

	g->m = *m;
	if (left < g->lowest)
		g->lowest = left;
	return left < g->floor;
}

/* FD is taken. A group that is there already is that of whoever was first: our own. */
static bool add_group(struct headroom *h, int fd, pid_t pid)
{
	AUTO_CLOSE int mine = fd;
	AUTO_DONE(cgroup_files_done) struct cgroup_files files = CGROUP_FILES_NONE;
	struct headroom_group g = { .pid = pid, .lowest = CGROUP_NO_LIMIT };
	struct stat st;

	if (h->n == HEADROOM_GROUPS_MAX || fstat(mine, &st) < 0 ||
	    cgroup_files_open(mine, &files) < 0 || cgroup_files_read(&files, &g.m) < 0)
		return false;
	g.dev = st.st_dev;
	g.ino = st.st_ino;
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].dev == g.dev && h->v[i].ino == g.ino)
			return false;
	g.files = files;
	files = (struct cgroup_files)CGROUP_FILES_NONE;
	h->v[h->n++] = g;
	return true;
}

/*
 * A limit from above our own group is the pod's; what the pod uses is told nowhere, so the groups
 * of it that can be seen are added up.
 */
static int read_group(const struct headroom *h, size_t i, struct cgroup_memory *ret)
{
	int r = cgroup_files_read(&h->v[i].files, ret);

	if (r < 0 || h->v[i].pid || !ret->from_above)
		return r;
	for (size_t k = 0; k < h->n; k++)
		if (h->v[k].pid)
			ret->usage += cgroup_working_set(&h->v[k].m);
	return 0;
}

static void judge_first(struct headroom *h, size_t i)
{
	struct headroom_group *g = &h->v[i];
	uint64_t left;

	(void)read_group(h, i, &g->m);
	left = cgroup_headroom(&g->m);
	g->lowest = left;
	if (g->m.limit == CGROUP_NO_LIMIT)
		return;
	if (g->pid == 0)
		h->known = true;
	g->floor = headroom_floor(h->floor, g->m.limit);
	if (left >= g->floor)
		return;
	g->floor = left / 2;
	if (g->pid == 0 && !h->short_from_start) {
		h->short_from_start = true;
		h->low = i;
		h->at = g->m;
	}
}

static int tells_memory(int dir)
{
	struct cgroup_memory m;

	return cgroup_memory_read(dir, &m);
}

/* Every limit above counts too. Above the mount is another file system, where it ends. */
static void add_own(struct headroom *h)
{
	int fd = cgroup_open_own("memory", tells_memory);

	for (int i = 0; i < HEADROOM_CLIMB_MAX && fd >= 0; i++) {
		int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (!add_group(h, fd, 0)) {
			if (up >= 0)
				(void)close(up);
			return;
		}
		fd = up;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* Every hierarchy that tells memory counts. */
static bool add_target(void *ctx, int dir, pid_t pid)
{
	(void)add_group(ctx, dir, pid);
	return false;
}

void headroom_open(struct headroom *h, uint64_t floor, const struct targets *ts, atomic_bool *stop)
{
	*h = (struct headroom){ .floor = floor, .stop = stop };
	add_own(h);
	targets_each_dir(ts, mounts, ARRAY_LEN(mounts), add_target, h);
	for (size_t i = 0; i < h->n && floor; i++)
		judge_first(h, i);
}

void headroom_check(struct headroom *h)
{
	if (h->floor == 0 || atomic_load(&h->tripped))
		return;
	for (size_t i = 0; i < h->n; i++) {
		struct cgroup_memory m;

		if (h->v[i].m.limit == CGROUP_NO_LIMIT && h->v[i].floor == 0)
			continue;
		/* A group that ended with its processes cannot be in need. */
		if (read_group(h, i, &m) < 0 || !headroom_judge(&h->v[i], &m))
			continue;
		h->low = i;
		h->at = m;
		atomic_store(&h->tripped, true);
		if (h->stop)
			atomic_store(h->stop, true);
		return;
	}
}

void headroom_poll(struct headroom *h)
{
	int64_t now = when_now(CLOCK_MONOTONIC);

	if (now - h->polled < POLL_NS)
		return;
	h->polled = now;
	headroom_check(h);
}

void headroom_done(struct headroom *h)
{
	for (size_t i = 0; i < h->n; i++)
		cgroup_files_done(&h->v[i].files);
	h->n = 0;
}
