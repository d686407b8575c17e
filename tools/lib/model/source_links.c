/* SPDX-License-Identifier: Apache-2.0 */
/* What a process points at: links, executables, descriptors, threads, its root. */
#include "model/source_priv.h"

#include "sys/creds.h"
#include "sys/numdir.h"
#include "sys/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { MOUNTINFO_MAX = 4 << 20 };

/* By enum proc_link. */
static const char *const link_names[] = { "exe",    "cwd",    "root",	 "ns/mnt",
					  "ns/pid", "ns/net", "ns/user", "ns/cgroup" };

/* A fixture on a file system without symlinks has the text of a link as a plain file. */
static int link_as_text(const struct process *p, const char *name, struct buf *ret)
{
	AUTO_CLOSE int fd = process_openat(p, name, O_RDONLY);
	size_t before = ret->n;
	int r;

	if (fd < 0)
		return -EOPNOTSUPP;
	r = buf_read_fd(ret, fd, SOURCE_LINK_MAX);
	if (r == 0 && ret->n > before && ret->p[ret->n - 1] == '\n')
		ret->n--;
	return r;
}

int process_link(struct process *p, enum proc_link l, struct buf *ret)
{
	char text[SOURCE_LINK_MAX];
	ssize_t n = process_readlinkat(p, p->fd, link_names[l], text, sizeof(text));

	if (n >= 0)
		return buf_add(ret, text, (size_t)n);
	if (n != -EINVAL || p->source->procfs)
		return (int)n;
	/* Not a symlink. An exe that is a plain file is the program itself. */
	return l == LINK_EXE ? -EOPNOTSUPP : link_as_text(p, link_names[l], ret);
}

/* "mnt:[4026531840]" */
int process_ns(struct process *p, enum proc_link ns, uint64_t *ret)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	const unsigned char *open_bracket;
	struct bytes rest;
	uint64_t inode;
	int r;

	*ret = 0;
	if (ns < LINK_NS_MNT)
		return -EINVAL;
	r = process_link(p, ns, &text);
	if (r < 0)
		return r;
	rest = buf_bytes(&text);
	open_bracket = rest.n ? memchr(rest.p, '[', rest.n) : NULL;
	if (!open_bracket)
		return -EBADMSG;
	scan_skip(&rest, (size_t)(open_bracket - rest.p) + 1);
	if (scan_dec(&rest, &inode) < 0 || !bytes_eq(rest, bytes_str("]")))
		return -EBADMSG;
	*ret = inode;
	return 0;
}

int process_pin(struct process *p, enum file_kind k, int n, int *ret_fd, struct file_info *ret)
{
	AUTO_CLOSE int fd = -1;
	char name[24] = "exe";
	int r;

	if (k == FILE_FD)
		(void)snprintf(name, sizeof(name), "fd/%d", n);
	/* On procfs the link is magic: it leads to the object itself, not along its text. */
	fd = process_openat(p, name, O_PATH);
	if (fd < 0)
		return fd;
	r = file_info_fd(fd, ret);
	if (r < 0)
		return r;
	if (!p->source->procfs && !S_ISREG(ret->mode))
		return -EOPNOTSUPP;
	*ret_fd = take_fd(&fd);
	return 0;
}

int process_pin_map(struct process *p, uint64_t start, uint64_t end, int *ret_fd,
		    struct file_info *ret)
{
	AUTO_CLOSE int fd = -1;
	char name[64];
	int r;

	if (!p->source->procfs)
		return -EOPNOTSUPP;
	(void)snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, start, end);
	fd = process_openat(p, name, O_PATH);
	if (fd < 0)
		return fd;
	r = file_info_fd(fd, ret);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

int process_open_pinned(struct process *p, int pin, const struct file_info *info, struct file **ret)
{
	int r = file_open_pinned(pin, info, ret);
	int again;

	if (!process_refused(r) || process_borrow(p) < 0)
		return r;
	again = file_open_pinned(pin, info, ret);
	creds_leave();
	return again == 0 ? 0 : r;
}

int process_file(struct process *p, enum file_kind k, int n, struct file **ret)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r = process_pin(p, k, n, &pin, &info);

	return r < 0 ? r : process_open_pinned(p, pin, &info, ret);
}

struct fd_iter {
	struct process *p; /* borrowed */
	int dirfd;	   /* /proc/PID/fd */
	int *fds;
	size_t n, next;
	char link[SOURCE_LINK_MAX];
};

int fd_iter_open(struct process *p, struct fd_iter **ret)
{
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = malloc(sizeof(*it));
	int r;

	if (!it)
		return -ENOMEM;
	*it = (struct fd_iter){ .p = p, .dirfd = process_openat(p, "fd", O_RDONLY | O_DIRECTORY) };
	if (it->dirfd < 0)
		return it->dirfd;
	r = numdir_read(it->dirfd, SOURCE_FDS_MAX, &it->fds, &it->n);
	if (r < 0)
		return process_gone(p, r);
	*ret = take_ptr(&it);
	return 0;
}

/* A fixture's fd/N that is no symlink: the file itself, whose name is not known. */
static ssize_t fd_link(struct fd_iter *it, const char *name)
{
	ssize_t n = process_readlinkat(it->p, it->dirfd, name, it->link, sizeof(it->link));

	return n == -EINVAL && !it->p->source->procfs ? 0 : n;
}

int fd_iter_next(struct fd_iter *it, struct fd_entry *ret)
{
	while (it->next < it->n) {
		int fd = it->fds[it->next++];
		char name[16];
		ssize_t n;

		(void)snprintf(name, sizeof(name), "%d", fd);
		n = fd_link(it, name);
		if (n == -ENOENT)
			continue; /* closed since it was listed */
		if (n < 0)
			return (int)n;
		ret->fd = fd;
		ret->link = bytes_of(it->link, (size_t)n);
		return 1;
	}
	return 0;
}

void fd_iter_close(struct fd_iter *it)
{
	if (!it)
		return;
	base_closep(&it->dirfd);
	free(it->fds);
	free(it);
}

void fd_iter_closep(struct fd_iter **it)
{
	fd_iter_close(*it);
}

int thread_iter_init(struct process *p, struct process_iter *ret)
{
	AUTO_CLOSE int fd = process_openat(p, "task", O_RDONLY | O_DIRECTORY);
	int *tids;
	size_t n;
	int r;

	if (fd < 0)
		return fd;
	r = numdir_read(fd, SOURCE_THREADS_MAX, &tids, &n);
	if (r < 0)
		return process_gone(p, r);
	*ret = (struct process_iter){ .source = p->source, .pids = tids, .n = n };
	return 0;
}

int process_root(struct process *p, struct root **ret)
{
	AUTO_DONE(buf_done) struct buf mountinfo = BUF_NONE;
	AUTO_CLOSE int fd = process_openat(p, "root", O_PATH | O_DIRECTORY);
	int r;

	if (fd < 0)
		return fd == -ENOTDIR || fd == -ELOOP ? -EOPNOTSUPP : fd;
	/* Without its table, mounts are classed by statfs(2) alone; a cut one still says something.
	 */
	r = process_text(p, TEXT_MOUNTINFO, &mountinfo, MOUNTINFO_MAX);
	if (r < 0 && r != -EFBIG)
		buf_clear(&mountinfo);
	if (r == -ESRCH)
		return r;
	return root_from_fd(take_fd(&fd), buf_bytes(&mountinfo), ret);
}
