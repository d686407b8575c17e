/* SPDX-License-Identifier: Apache-2.0 */
/* How much the kernel held the target back. */
#include "work/throttle.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Where the CPU controller is mounted: as of version 1, in both spellings, and the unified one. */
static const char *const mounts[] = { "sys/fs/cgroup/cpu,cpuacct", "sys/fs/cgroup/cpu",
				      "sys/fs/cgroup" };

/* DIR is taken. True: it tells CPU time. */
static bool add_group(void *ctx, int dir, pid_t pid)
{
	struct throttle *t = ctx;
	AUTO_CLOSE int mine = dir;
	struct throttle_group g = { .fd = -1, .pid = pid };
	struct stat st;

	if (t->n == THROTTLE_GROUPS_MAX || fstat(mine, &st) < 0)
		return false;
	g.dev = st.st_dev;
	g.ino = st.st_ino;
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].dev == g.dev && t->v[i].ino == g.ino)
			return true;
	if (cgroup_cpu_open(mine, &g.fd) < 0)
		return false;
	if (cgroup_cpu_read(g.fd, &g.before) < 0) {
		base_closep(&g.fd);
		return false;
	}
	t->v[t->n++] = g;
	return true;
}

static int tells_cpu(int dir)
{
	struct cgroup_cpu c;
	AUTO_CLOSE int fd = -1;
	int r = cgroup_cpu_open(dir, &fd);

	return r < 0 ? r : cgroup_cpu_read(fd, &c);
}

static void add_own(struct throttle *t)
{
	int fd = cgroup_open_own("cpu", tells_cpu);

	if (fd >= 0)
		(void)add_group(t, fd, 0);
}

void throttle_open(struct throttle *t, const struct targets *ts)
{
	*t = (struct throttle){ 0 };
	add_own(t);
	targets_each_dir(ts, mounts, ARRAY_LEN(mounts), add_group, t);
}

int throttle_read(const struct throttle *t, size_t i, struct cgroup_cpu *ret)
{
	return cgroup_cpu_read(t->v[i].fd, ret);
}

void throttle_done(struct throttle *t)
{
	for (size_t i = 0; i < t->n; i++)
		base_closep(&t->v[i].fd);
	t->n = 0;
}
