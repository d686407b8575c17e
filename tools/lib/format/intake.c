/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor as an intake. */
#include "format/intake.h"

#include <errno.h>
#include <unistd.h>

struct intake_of_fd {
	struct intake in;
	int fd;
	off_t start; /* -1: a pipe */
};

static ssize_t fd_read(struct intake *in, void *p, size_t n)
{
	const struct intake_of_fd *f = (struct intake_of_fd *)in;
	ssize_t r;

	do
		r = read(f->fd, p, n);
	while (r < 0 && errno == EINTR);
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
	static const struct intake_ops ops = { .read = fd_read,
					       .rewind = fd_rewind,
					       .close = fd_close };
	struct intake_of_fd *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->in.ops = &ops;
	f->fd = fd;
	f->start = lseek(fd, 0, SEEK_CUR);
	*ret = &f->in;
	return 0;
}
