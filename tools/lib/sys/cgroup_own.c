/* SPDX-License-Identifier: Apache-2.0 */
/* Our own control group. */
#include "sys/cgroup.h"

#include "base/buf.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { OWN_TEXT_MAX = 64 << 10, OWN_PATH_MAX = 4096, MOUNT_MAX = 255 };

/* Whether LIST ("cpu,cpuacct") holds NAME. */
static bool lists(struct bytes list, const char *name)
{
	while (list.n) {
		const unsigned char *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;

		if (bytes_eq(bytes_of(list.p, n), bytes_str(name)))
			return true;
		n += comma ? 1 : 0;
		list = bytes_of(list.p + n, list.n - n);
	}
	return false;
}

/* A line is "ID:CONTROLLERS:PATH". Of the controller's line, or of "0::" (no controllers). */
struct own {
	struct bytes controllers, path;
};

static struct own find_own(struct bytes text, const char *controller)
{
	struct own unified = { 0 };
	struct bytes line;

	while (proc_next_line(&text, &line)) {
		const unsigned char *a = memchr(line.p, ':', line.n);
		const unsigned char *b =
			a ? memchr(a + 1, ':', (size_t)(line.p + line.n - a - 1)) : NULL;

		if (!b)
			continue;
		const struct own here = {
			.controllers = bytes_of(a + 1, (size_t)(b - a - 1)),
			.path = bytes_of(b + 1, (size_t)(line.p + line.n - b - 1)),
		};
		if (lists(here.controllers, controller))
			return here;
		if (here.controllers.n == 0)
			unified = here;
	}
	return unified;
}

/* Below MOUNT (a part of /sys/fs/cgroup, or none), then MOUNT itself. */
static int try_mount(struct bytes mount, struct bytes own, int (*wanted)(int dir))
{
	char path[OWN_PATH_MAX + MOUNT_MAX + 64];

	for (int k = 0; k < 2; k++) {
		size_t n = k == 0 && own.n < OWN_PATH_MAX ? own.n : 0;

		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/%.*s%.*s", (int)mount.n,
			       mount.n ? (const char *)mount.p : "", (int)n,
			       n ? (const char *)own.p : "");
		AUTO_CLOSE int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && wanted(fd) == 0)
			return take_fd(&fd);
	}
	return -ENOENT;
}

int cgroup_open_own(const char *controller, int (*wanted)(int dir))
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_CLOSE int self = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	int r = -ENOENT;

	if (self < 0 || buf_read_fd(&text, self, OWN_TEXT_MAX) < 0)
		return -ENOENT;
	/* Mounted as "cpu,cpuacct", or as "cpu", often a link to it, or all of it in one. */
	const struct own own = find_own(buf_bytes(&text), controller);
	const struct bytes mounts[] = { own.controllers, bytes_str(controller), bytes_of(NULL, 0) };
	for (size_t i = 0; r < 0 && i < ARRAY_LEN(mounts); i++)
		if (mounts[i].n <= MOUNT_MAX)
			r = try_mount(mounts[i], own.path, wanted);
	return r;
}
