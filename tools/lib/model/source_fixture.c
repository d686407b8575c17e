/* SPDX-License-Identifier: Apache-2.0 */
/* Opening below a fixture of /proc: a hostile directory in which nothing is ever followed. */
#include "model/source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { COMPONENT_MAX = 32 };

/* The directory that holds the last component of NAME: a new O_PATH descriptor. */
static int open_parent(int dirfd, const char *name, const char **ret_last)
{
	AUTO_CLOSE int at = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (at >= 0 && (slash = strchr(name, '/'))) {
		char component[COMPONENT_MAX];
		size_t n = (size_t)(slash - name);
		int next;

		if (n >= sizeof(component))
			return -ENAMETOOLONG;
		memcpy(component, name, n);
		component[n] = '\0';
		next = openat(at, component, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		(void)close(at);
		at = next;
		name = slash + 1;
	}
	if (at < 0)
		return -errno;
	*ret_last = name;
	return take_fd(&at);
}

/* Pinned and seen to be a regular file before it is opened: no FIFO blocks, no driver sees an open.
 */
static int open_regular(int dirfd, const char *name, int flags)
{
	AUTO_CLOSE int pin = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char self[32];
	struct stat st;
	int fd;

	if (pin < 0)
		return -errno;
	if (fstat(pin, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode) ? -ELOOP : -EINVAL;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", pin);
	fd = open(self, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int fixture_openat(int dirfd, const char *name, int flags)
{
	const char *last = name;
	AUTO_CLOSE int parent = open_parent(dirfd, name, &last);
	int fd;

	if (parent < 0)
		return parent;
	if (!(flags & (O_PATH | O_DIRECTORY)))
		return open_regular(parent, last, flags);
	fd = openat(parent, last, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t fixture_readlinkat(int dirfd, const char *name, char *ret, size_t size)
{
	const char *last = name;
	AUTO_CLOSE int parent = open_parent(dirfd, name, &last);
	ssize_t n;

	if (parent < 0)
		return parent;
	n = readlinkat(parent, last, ret, size);
	return n < 0 ? -errno : n;
}
