/* SPDX-License-Identifier: Apache-2.0 */
/* One path in a root that nobody vouches for. */
#include "model/root.h"
#include "model/root_priv.h"

#include "model/chase.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* Renames racing with us answer EAGAIN; give up after this many. */
enum { RESOLVE_TRIES = 16 };

int root_from_fd(int fd, struct bytes mountinfo, struct root **ret)
{
	AUTO_DONE(root_closep) struct root *root = calloc(1, sizeof(*root));
	int r;

	if (!root) {
		(void)close(fd);
		return -ENOMEM;
	}
	root->fd = fd;
	r = mounts_parse(&root->mounts, mountinfo);
	if (r < 0)
		return r;
	*ret = take_ptr(&root);
	return 0;
}

void root_close(struct root *r)
{
	if (!r)
		return;
	mounts_done(&r->mounts);
	(void)close(r->fd);
	free(r);
}

void root_closep(struct root **r)
{
	root_close(*r);
}

int root_info(struct root *r, struct file_info *ret)
{
	return file_info_fd(r->fd, ret);
}

static int resolve(int rootfd, struct bytes path, int *ret_fd)
{
	int r = -EAGAIN;

	for (int i = 0; i < RESOLVE_TRIES && (r == -EAGAIN || r == -EINTR); i++)
		r = chase_in_root(rootfd, path, ret_fd);
	return r == -EINTR ? -EAGAIN : r;
}

int root_pin(struct root *r, struct bytes path, int *ret_fd, struct file_info *ret_info)
{
	AUTO_CLOSE int fd = -1;
	int err;

	if (path.n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (path.n && memchr(path.p, 0, path.n))
		return -EINVAL;
	err = resolve(r->fd, path, &fd);
	if (err < 0)
		return err;
	err = file_info_fd(fd, ret_info);
	if (err < 0)
		return err;
	*ret_fd = take_fd(&fd);
	return 0;
}

int root_open(struct root *r, struct bytes path, struct file **ret)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int err;

	err = root_pin(r, path, &pin, &info);
	return err < 0 ? err : file_open_pinned(pin, &info, ret);
}

int root_read(struct root *r, struct bytes path, struct buf *ret, size_t max)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	size_t got = 0;
	int err;

	err = root_open(r, path, &f);
	if (err < 0)
		return err;
	file_cache_note(f, 0, max);
	for (;;) {
		unsigned char more[4096];
		ssize_t n = file_read_at(f, more, sizeof(more), got);

		if (n <= 0)
			return (int)n;
		size_t take = (size_t)n < max - got ? (size_t)n : max - got;
		err = buf_add(ret, more, take);
		if (err < 0)
			return err;
		got += take;
		if (take < (size_t)n)
			return -EFBIG;
	}
}

int root_passwd(struct root *r, struct buf *ret)
{
	*ret = BUF_LIMIT(ROOT_PASSWD_MAX);
	int err = root_read(r, bytes_str("/etc/passwd"), ret, ROOT_PASSWD_MAX);

	return err == -ENOENT || err == -ENOTDIR ? 0 : err;
}
