/* SPDX-License-Identifier: Apache-2.0 */
/* A path resolved inside a root, one component at a time. */
#include "model/chase.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

struct chase {
	int root;	  /* borrowed */
	int at;		  /* what TRAIL leads to, owned; -1: the root itself */
	struct buf trail; /* names of directories, each with a NUL behind it */
	struct buf todo;  /* the rest of the path; USED bytes of it are behind us */
	size_t used;
	unsigned links, steps;
};

static void chase_done(struct chase *c)
{
	base_closep(&c->at);
	buf_done(&c->trail);
	buf_done(&c->todo);
}

/* To the root, or on to FD, which is taken. */
static void go_to(struct chase *c, int fd)
{
	base_closep(&c->at);
	c->at = fd;
}

static int here(const struct chase *c)
{
	return c->at < 0 ? c->root : c->at;
}

static int open_name(struct chase *c, int dir, const char *name, int flags)
{
	if (++c->steps > CHASE_STEPS_MAX)
		return -ELOOP;
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

/* The next component, without slashes; empty at the end. */
static struct bytes next_name(struct chase *c)
{
	const unsigned char *p = c->todo.p + c->used;
	size_t left = c->todo.n - c->used, n = 0;

	while (left && *p == '/') {
		p++;
		left--;
	}
	while (n < left && p[n] != '/')
		n++;
	c->used = c->todo.n - left + n;
	return bytes_of(p, n);
}

static bool more_to_come(const struct chase *c)
{
	return c->used < c->todo.n; /* a slash, at least: what is before it has to be a directory */
}

/* The trail again from the root, without its last name. All of it was directories a moment ago. */
static int go_up(struct chase *c)
{
	if (c->trail.n == 0)
		return 0;
	do
		c->trail.n--;
	while (c->trail.n && c->trail.p[c->trail.n - 1]);
	go_to(c, -1);
	for (size_t i = 0; i < c->trail.n;) {
		const char *name = (const char *)c->trail.p + i;
		int fd = open_name(c, here(c), name, O_DIRECTORY);

		if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
			return c->steps > CHASE_STEPS_MAX ? -ELOOP : -EAGAIN;
		if (fd < 0)
			return fd;
		go_to(c, fd);
		i += strlen(name) + 1;
	}
	return 0;
}

/*
 * Links of procfs that are text (self, thread-self, net, mounts) are relative and made of small
 * letters, digits and slashes. The others lead to an object, whatever they say: exe, root, fd/3.
 */
static bool is_magic(int link, struct bytes text)
{
	struct statfs fs;

	if (fstatfs(link, &fs) < 0)
		return true;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char ch = text.p[i];

		if (!(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9') && !(ch == '/' && i > 0))
			return true;
	}
	return false;
}

/* LINK's text comes before what is left to do. */
static int follow(struct chase *c, int link)
{
	AUTO_DONE(buf_done) struct buf todo = BUF_NONE;
	char text[PATH_MAX];
	ssize_t n;
	int r;

	if (++c->links > CHASE_LINKS_MAX)
		return -ELOOP;
	n = readlinkat(link, "", text, sizeof(text));
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	if ((size_t)n == sizeof(text))
		return -ENAMETOOLONG;
	if (is_magic(link, bytes_of(text, (size_t)n)))
		return -ELOOP;
	r = buf_add(&todo, text, (size_t)n);
	if (r == 0)
		r = buf_add(&todo, c->todo.p + c->used, c->todo.n - c->used);
	if (r < 0)
		return r;
	struct buf old = c->todo;
	c->todo = todo;
	todo = old;
	c->used = 0;
	if (text[0] == '/') {
		buf_clear(&c->trail);
		go_to(c, -1);
	}
	return 0;
}

/* 1: *RET_FD is what the path names. 0: there is more to come. */
static int take_name(struct chase *c, struct bytes name, int *ret_fd)
{
	char text[NAME_MAX + 1];
	struct stat st;

	if (name.n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	AUTO_CLOSE int fd = open_name(c, here(c), text, 0);
	if (fd < 0)
		return fd;
	if (!more_to_come(c)) {
		*ret_fd = take_fd(&fd);
		return 1;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow(c, fd);
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	int r = buf_add(&c->trail, text, name.n + 1);
	if (r < 0)
		return r;
	go_to(c, take_fd(&fd));
	return 0;
}

/* The path ended at a directory that is open already, or is the root. */
static int take_here(struct chase *c, int *ret_fd)
{
	if (c->at >= 0)
		*ret_fd = take_fd(&c->at);
	else
		*ret_fd = open_name(c, c->root, ".", O_DIRECTORY);
	return *ret_fd < 0 ? *ret_fd : 0;
}

int chase_in_root(int root, struct bytes path, int *ret_fd)
{
	AUTO_DONE(chase_done) struct chase c = { .root = root, .at = -1 };
	int fd = -1, r = buf_addb(&c.todo, path);

	while (r == 0) {
		struct bytes name = next_name(&c);

		if (name.n == 0) {
			r = take_here(&c, ret_fd);
			return r;
		}
		if (bytes_eq(name, bytes_str(".")))
			continue;
		r = bytes_eq(name, bytes_str("..")) ? go_up(&c) : take_name(&c, name, &fd);
	}
	if (r < 0)
		return r;
	*ret_fd = fd;
	return 0;
}
