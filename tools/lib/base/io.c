/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing to the end. */
#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { STEP_MS = 200 }; /* how soon a stop is seen */

static int wait_for(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n;
}

int io_write_all(int fd, const void *p, size_t n)
{
	const unsigned char *at = p;

	while (n > 0) {
		ssize_t w = write(fd, at, n);
		int r = w == 0 ? -EIO : w < 0 ? -errno : 0;

		if (r == -EAGAIN)
			r = wait_for(fd, POLLOUT, -1);
		if (r < 0 && r != -EINTR)
			return r;
		if (w > 0) {
			at += w;
			n -= (size_t)w;
		}
	}
	return 0;
}

int io_wait_input(int fd, const atomic_bool *stop)
{
	int r = 0;

	while (r == 0) {
		if (stop && atomic_load_explicit(stop, memory_order_relaxed))
			return -ECANCELED;
		r = wait_for(fd, POLLIN, stop ? STEP_MS : -1);
	}
	return r < 0 ? r : 0;
}
