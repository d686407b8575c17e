/* SPDX-License-Identifier: Apache-2.0 */
/* Our own control group. */
#include "sys/cgroup.h"

#include "base/buf.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { OWN_TEXT_MAX = 64 << 10, OWN_PATH_MAX = 4096 };

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

/* A line is "ID:CONTROLLERS:PATH". Of the controller's line, or of "0::". */
static struct bytes own_path(struct bytes text, const char *controller)
{
	struct bytes unified = { 0 }, line;

	while (proc_next_line(&text, &line)) {
		const unsigned char *a = memchr(line.p, ':', line.n);
		const unsigned char *b =
			a ? memchr(a + 1, ':', (size_t)(line.p + line.n - a - 1)) : NULL;

		if (!b)
			continue;
		struct bytes kind = bytes_of(a + 1, (size_t)(b - a - 1));
		struct bytes path = bytes_of(b + 1, (size_t)(line.p + line.n - b - 1));
		if (lists(kind, controller))
			return path;
		if (kind.n == 0)
			unified = path;
	}
	return unified;
}

/* Below MOUNT, then MOUNT itself. */
static int try_mount(const char *mount, struct bytes own, int (*wanted)(int dir))
{
	char path[OWN_PATH_MAX + 64];

	for (int k = 0; k < 2; k++) {
		size_t n = k == 0 && own.n < OWN_PATH_MAX ? own.n : 0;

		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s%.*s", mount, (int)n,
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
	char mount[32];

	if (self < 0 || buf_read_fd(&text, self, OWN_TEXT_MAX) < 0)
		return -ENOENT;
	struct bytes own = own_path(buf_bytes(&text), controller);
	(void)snprintf(mount, sizeof(mount), "/%s", controller);
	int r = try_mount(mount, own, wanted);
	return r >= 0 ? r : try_mount("", own, wanted);
}
