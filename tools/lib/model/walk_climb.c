/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going down with a window of open directories, and up again. Above the window a parent is reached
 * by
 * ".." of its child, and believed only if it is the directory that we came through: the target may
 * rename directories while we walk. If it is not, the way is gone down again from START.
 */
#include "model/walk_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t pack_dev(const struct file_info *info)
{
	return info->dev_major << 20 | (info->dev_minor & 0xfffff);
}

bool walk_frame_is(const struct frame *f, const struct file_info *info)
{
	return f->ino == info->ino && f->dev == pack_dev(info) &&
	       f->mnt == (uint32_t)info->mnt_id && S_ISDIR(info->mode);
}

static void close_frame(struct frame *f)
{
	if (f->fd >= 0)
		(void)close(take_fd(&f->fd));
}

void walk_push(struct walk *w, int fd, const struct file_info *info, enum mount_kind kind)
{
	struct frame *f = walk_frame(w, w->depth);

	*f = (struct frame){
		.ino = info->ino,
		.dev = pack_dev(info),
		.mnt = (uint32_t)info->mnt_id,
		.path_len = (uint32_t)w->path.n,
		.names = w->names_used,
		.fd = fd,
		.kind = (uint8_t)kind,
	};
	if ((w->depth == 0 || walk_top(w)->flags & FRAME_ABOVE) &&
	    mounts_below(&w->root->mounts, buf_bytes(&w->path)))
		f->flags = FRAME_ABOVE;
	/* The first frame stays open: from there the way down can be found again. */
	if (w->depth > WALK_WINDOW)
		close_frame(walk_frame(w, w->depth - WALK_WINDOW));
	w->depth++;
}

/* FD is the directory of frame INDEX if statx(2) says so: then it is the frame's. */
static int adopt(struct walk *w, uint32_t index, int fd)
{
	AUTO_CLOSE int pin = fd;
	struct frame *f = walk_frame(w, index);
	struct file_info info;
	bool noatime;
	int r;

	r = file_info_ask(pin, FILE_ASK_CACHED, &info);
	if (r < 0)
		return r;
	if (!walk_frame_is(f, &info))
		return -ESTALE;
	if (f->flags & FRAME_STREAM) { /* its names are still to be read */
		if (w->stream_owner == index + 1)
			w->stream_owner = 0;
		return file_reopen_dir(pin, &f->fd, &noatime);
	}
	f->fd = take_fd(&pin);
	return 0;
}

static int climb(struct walk *w, uint32_t to)
{
	int fd = openat(walk_frame(w, to + 1)->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : adopt(w, to, fd);
}

/*
 * One component down, from frame INDEX - 1 to INDEX. The name is copied out of the path, since it
 * is not NUL-terminated there.
 */
static int descend(struct walk *w, uint32_t index)
{
	const struct frame *up = walk_frame(w, index - 1);
	const struct frame *f = walk_frame(w, index);
	size_t len = f->path_len - up->path_len - 1;
	char name[WALK_LINK];

	if (w->steps++ >= WALK_DESCENT_STEPS)
		return -ESTALE;
	if (len >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, w->path.p + up->path_len + 1, len);
	name[len] = 0;
	int fd = openat(up->fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : adopt(w, index, fd);
}

/* Whether entries of this frame have not been seen yet, as far as is known. */
static bool has_rest(const struct frame *f)
{
	return f->flags & (FRAME_STREAM | FRAME_STALE) || f->at.sorted.next < f->at.sorted.count;
}

/*
 * The way to frame TARGET again from the first. Returns the last frame that was reached; those
 * between it and TARGET are gaps: the first of them moved, of the others what was not seen yet is
 * lost.
 */
static uint32_t descend_again(struct walk *w, uint32_t target)
{
	uint32_t i;
	int r = 0;

	for (i = 1; i <= target; i++) {
		close_frame(walk_frame(w, i));
		r = descend(w, i);
		if (r < 0)
			break;
		if (i > WALK_WINDOW)
			close_frame(walk_frame(w, i - WALK_WINDOW));
	}
	for (uint32_t lost = i; lost <= target; lost++) {
		if (lost == i || has_rest(walk_frame(w, lost)))
			walk_gap(w, lost == i && r != -ENOENT ? r : -ESTALE,
				 walk_frame(w, lost)->path_len);
	}
	return i - 1;
}

/* Whether the child is still where it was found: else what was told of it has a wrong path now. */
static void check_moved(struct walk *w, uint32_t index, size_t child_len)
{
	const struct frame *up = walk_frame(w, index - 1);
	const struct frame *f = walk_frame(w, index);
	struct file_info now;

	w->path.p[child_len] = 0; /* there is room: see walk.c */
	int r = file_info_at(up->fd, (const char *)w->path.p + up->path_len + 1, &now);
	if (r < 0 || !walk_frame_is(f, &now))
		walk_gap(w, -ESTALE, child_len);
}

void walk_pop(struct walk *w)
{
	uint32_t child = w->depth - 1;
	size_t child_len = walk_frame(w, child)->path_len;
	uint32_t parent = child - 1;

	if (child == 0) {
		close_frame(walk_frame(w, 0));
		w->depth = 0;
		return;
	}
	if (walk_frame(w, parent)->fd < 0 && climb(w, parent) < 0)
		parent = descend_again(w, parent);
	if (parent == child - 1)
		check_moved(w, child, child_len);
	for (uint32_t i = parent + 1; i <= child; i++)
		close_frame(walk_frame(w, i));
	w->names_used = walk_frame(w, parent + 1)->names;
	child_len = walk_frame(w, parent + 1)->path_len;
	w->depth = parent + 1;
	if (w->stream_owner > w->depth)
		w->stream_owner = 0;

	struct frame *top = walk_top(w);
	if (top->flags & FRAME_STALE) {
		int r = walk_reload_names(w, child_len);

		if (r < 0)
			walk_gap(w, r, top->path_len);
	}
}

void walk_close_all(struct walk *w)
{
	for (uint32_t i = 0; i < w->depth; i++)
		close_frame(walk_frame(w, i));
	w->depth = 0;
}
