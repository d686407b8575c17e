/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor as an intake. */
#include "format/intake.h"

#include "base/io.h"

#include <errno.h>
#include <unistd.h>

struct intake_of_fd {
	struct intake in;
	int fd;
	off_t start; /* -1: a pipe */
	const atomic_bool *stop;
};

static ssize_t fd_read(struct intake *in, void *p, size_t n)
{
	const struct intake_of_fd *f = (struct intake_of_fd *)in;
	ssize_t r;

	do {
		int ready = f->stop ? io_wait_input(f->fd, f->stop) : 0;

		if (ready < 0)
			return ready;
		r = read(f->fd, p, n);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static int fd_rewind(struct intake *in)
{
	const struct intake_of_fd *f = (struct intake_of_fd *)in;

	if (f->start < 0)
		return -ESPIPE;
	return lseek(f->fd, f->start, SEEK_SET) < 0 ? -errno : 0;
}

static void fd_close(struct intake *in)
{
	free(in);
}

int intake_fd(int fd, struct intake **ret)
{
	return intake_fd_until(fd, NULL, ret);
}

int intake_fd_until(int fd, const atomic_bool *stop, struct intake **ret)
{
	static const struct intake_ops ops = { .read = fd_read,
					       .rewind = fd_rewind,
					       .close = fd_close };
	struct intake_of_fd *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->in.ops = &ops;
	f->fd = fd;
	f->stop = stop;
	f->start = lseek(fd, 0, SEEK_CUR);
	*ret = &f->in;
	return 0;
}
