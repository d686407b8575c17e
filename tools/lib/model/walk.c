/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: pin, look, tell, enter. Bounded in memory, descriptors, depth and time whatever the
 * tree. */
#include "model/walk_priv.h"

#include "base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HANDLE_BYTES = 128,	/* MAX_HANDLE_SZ */
	HANDLE_FID = 0x200,	/* AT_HANDLE_FID, Linux 6.5: a handle that need not be openable */
	OVERLAY_TYPE = 0xf8,	/* fs/overlayfs/overlayfs.h OVL_FILEID_V1 */
	OVERLAY_FLAGS = 6,	/* offset of struct ovl_fh's flags */
	OVERLAY_UPPER = 1 << 2, /* OVL_FH_FLAG_PATH_UPPER */
	CLOCK_EVERY = 64,	/* entries between two looks at the deadline */
};

int walk_take_pin(struct walk_entry *e)
{
	return take_fd(&e->pin);
}

static struct bytes path_of(const struct walk *w, size_t len)
{
	return len ? bytes_of(w->path.p, len) : bytes_str("/");
}

void walk_gap(const struct walk *w, int err, size_t len)
{
	const struct gap gap = { .err = err, .what = "walk", .on = path_of(w, len) };

	gap_tell(w->limits.gaps, &gap);
}

/* Linux 6.18 answers for overlays; where it does not, nothing is known. */
static void ask_handle(struct walk_entry *e)
{
	union {
		struct file_handle h;
		unsigned char room[sizeof(struct file_handle) + HANDLE_BYTES];
	} u = { .h.handle_bytes = HANDLE_BYTES };
	int mount;

	if (name_to_handle_at(e->pin, "", &u.h, &mount, AT_EMPTY_PATH | HANDLE_FID) < 0)
		return;
	if (u.h.handle_type != OVERLAY_TYPE || u.h.handle_bytes <= OVERLAY_FLAGS)
		return;
	e->handle_known = true;
	e->handle_upper =
		u.room[sizeof(struct file_handle) + OVERLAY_FLAGS] & (unsigned)OVERLAY_UPPER;
}

/* Limits that end the walk. */
static int count_entry(struct walk *w)
{
	const struct walk_limits *l = &w->limits;

	if (l->stop && atomic_load_explicit(l->stop, memory_order_relaxed))
		return -ECANCELED;
	if (l->deadline && w->entries % CLOCK_EVERY == 0 &&
	    when_now(CLOCK_MONOTONIC) >= l->deadline)
		return -ETIMEDOUT;
	if (w->entries == l->entries)
		return -E2BIG;
	w->entries++;
	return 0;
}

/*
 * The facts of E->pin and the kind of its mount, seen from the directory UP. Of a network mount
 * that is not entered only what the kernel has cached: a dead server, or a FUSE daemon of the
 * intruder's, would hold us for ever. 0 or -errno.
 */
static int look(struct walk *w, const struct frame *up, struct walk_entry *e)
{
	struct file_info dir = {
		.have = FILE_MNT_ID,
		.mode = S_IFDIR,
		.dev_major = up->dev >> 20,
		.dev_minor = up->dev & 0xfffff,
		.mnt_id = up->mnt,
	};
	bool network = up->kind == MOUNT_NETWORK || (up->kind == MOUNT_ROOT && w->root_is_network);
	enum file_ask ask = network ? FILE_ASK_SYNC : FILE_ASK_CACHED;
	bool above = up->flags & FRAME_ABOVE;
	int r;

	r = file_info_ask(e->pin, above ? FILE_ASK_MOUNT : ask, &e->info);
	if (r < 0)
		return r;
	e->mount = (enum mount_kind)up->kind;
	if (!mounts_same(&dir, &e->info)) {
		e->mount = mounts_kind(&w->root->mounts, e->pin, &e->info);
		if (!(w->limits.enter & 1U << e->mount))
			e->event = WALK_SKIPPED;
		if (e->mount == MOUNT_NETWORK && e->event == WALK_SKIPPED)
			return 0;
		above = above || e->mount == MOUNT_NETWORK;
		ask = e->mount == MOUNT_NETWORK ? FILE_ASK_SYNC : FILE_ASK_CACHED;
	}
	return above ? file_info_ask(e->pin, ask, &e->info) : 0;
}

static void close_pin(struct walk_entry *e)
{
	if (e->pin >= 0)
		(void)close(take_fd(&e->pin));
}

/* 0 to go on, WALK_PRUNE, or what ends the walk. */
static int tell(struct walk *w, struct walk_entry *e)
{
	int r = count_entry(w);

	if (r < 0)
		return r;
	e->path = path_of(w, w->path.n);
	return w->fn(w->ctx, e);
}

/* readlink(2) has no O_NOATIME: the atime in e->info is from before. */
static void read_link(struct walk *w, struct walk_entry *e)
{
	ssize_t n = readlinkat(e->pin, "", w->link, sizeof(w->link));

	if (n < 0) {
		walk_gap(w, -errno, w->path.n);
		return;
	}
	if ((size_t)n == sizeof(w->link))
		walk_gap(w, -ENAMETOOLONG, w->path.n);
	e->link = bytes_of(w->link, (size_t)n);
}

/* The directory E, open for reading as DIR (taken), becomes the top frame. */
static int enter(struct walk *w, int dir, struct walk_entry *e)
{
	AUTO_CLOSE int fd = dir;
	int r;

	if (w->depth == w->limits.depth) {
		walk_gap(w, -E2BIG, w->path.n);
		return 0;
	}
	if (w->path.n + 1 + NAME_MAX > WALK_PATH) {
		walk_gap(w, -ENAMETOOLONG, w->path.n);
		return 0;
	}
	walk_make_room(w);
	walk_push(w, take_fd(&fd), &e->info, e->mount);
	r = walk_load_names(w);
	if (r < 0)
		walk_gap(w, r, w->path.n);
	if (!(walk_top(w)->flags & FRAME_STREAM))
		return 0;
	close_pin(e);
	e->event = WALK_UNSORTED;
	r = tell(w, e);
	if (r == WALK_PRUNE)
		walk_pop(w);
	return r;
}

/* Tells E, whose facts are known, and enters it if it is a directory. 0 or what ends the walk. */
static int show(struct walk *w, struct walk_entry *e)
{
	bool is_dir = S_ISDIR(e->info.mode) && e->event == WALK_ENTRY;
	AUTO_CLOSE int dir = -1;
	int opened = 0;
	int r;

	if (e->event == WALK_SKIPPED)
		close_pin(e);
	else if (S_ISLNK(e->info.mode) && !w->limits.no_links)
		read_link(w, e);
	if (w->limits.handles && e->pin >= 0)
		ask_handle(e);
	if (is_dir) /* before the callback, which may take the pin, and wants noatime */
		opened = file_reopen_dir(e->pin, &dir, &e->noatime);
	e->noatime = e->noatime || opened < 0;
	r = tell(w, e);
	if (r == 0 && is_dir && opened == 0)
		r = enter(w, take_fd(&dir), e);
	else if (r == 0 && opened < 0)
		walk_gap(w, opened, w->path.n);
	return r < 0 ? r : 0;
}

/* UP_LEN bytes of w->path, "/" and NAME; with room for a NUL behind it. */
static int set_path(struct walk *w, size_t up_len, const char *name)
{
	size_t len = strlen(name);
	int r;

	w->path.n = up_len;
	r = buf_reserve(&w->path, len + 2);
	if (r < 0)
		return r == -EFBIG ? -ENAMETOOLONG : r;
	w->path.p[up_len] = '/';
	memcpy(w->path.p + up_len + 1, name, len);
	w->path.n += len + 1;
	return 0;
}

/*
 * open(2): O_PATH does not trigger an automount at the last component, opens no device, blocks on
 * no FIFO, and needs no permission on the object.
 */
static int visit(struct walk *w, const char *name)
{
	AUTO_DONE(close_pin)
	struct walk_entry e = { .event = WALK_ENTRY, .pin = -1, .noatime = true };
	const struct frame *up = walk_top(w);
	int r;

	r = set_path(w, up->path_len, name);
	if (r < 0) {
		walk_gap(w, r, up->path_len);
		return r == -ENOMEM ? r : 0;
	}
	e.parent_ino = up->ino;
	e.pin = openat(up->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	r = e.pin < 0 ? -errno : look(w, up, &e);
	if (r < 0) {
		walk_gap(w, r, w->path.n);
		return 0;
	}
	return show(w, &e);
}

/* START, without empty and "." components and slashes at its end, is where paths begin. */
static int set_start(struct walk *w, struct bytes start)
{
	char name[PATH_MAX];
	int r = buf_reserve(&w->path, PATH_MAX);

	for (size_t at = 0; r == 0 && at < start.n;) {
		const unsigned char *slash = memchr(start.p + at, '/', start.n - at);
		size_t len = (slash ? (size_t)(slash - start.p) : start.n) - at;
		bool dot = len == 1 && start.p[at] == '.';

		if (len > 0 && !dot) { /* root_pin() has seen that it is shorter than PATH_MAX */
			memcpy(name, start.p + at, len);
			name[len] = 0;
			r = set_path(w, w->path.n, name);
		}
		at += len + 1;
	}
	return r;
}

static int begin(struct walk *w, struct bytes start)
{
	AUTO_DONE(close_pin)
	struct walk_entry e = { .event = WALK_ENTRY, .pin = -1, .noatime = true };
	struct file_info top;
	int r;

	r = root_pin(w->root, start, &e.pin, &e.info);
	if (r < 0)
		return r;
	r = root_info(w->root, &top);
	if (r < 0)
		return r;
	e.mount = mounts_kind(&w->root->mounts, e.pin, &e.info);
	if (e.mount == MOUNT_PSEUDO)
		return -EINVAL;
	w->root_is_network = mounts_kind(&w->root->mounts, w->root->fd, &top) == MOUNT_NETWORK;
	if (mounts_same(&top, &e.info))
		e.mount = MOUNT_ROOT;
	r = set_start(w, start);
	return r < 0 ? r : show(w, &e);
}

static int run(struct walk *w)
{
	while (w->depth) {
		const char *name;
		int r = walk_next_name(w, &name);

		if (r > 0) {
			r = visit(w, name);
			if (r < 0)
				return r;
			continue;
		}
		if (r < 0)
			walk_gap(w, r, walk_top(w)->path_len);
		walk_pop(w);
	}
	return 0;
}

static int prepare(struct walk *w)
{
	w->path.max = WALK_PATH + 1;
	w->arena = malloc(WALK_ARENA); /* touched only as far as it is used */
	w->load = malloc(WALK_DENTS);
	w->stream = malloc(WALK_DENTS);
	if (w->limits.depth == 0 || w->limits.depth > WALK_DEPTH)
		w->limits.depth = WALK_DEPTH;
	if (w->limits.entries == 0)
		w->limits.entries = WALK_ENTRIES;
	if (w->limits.sort_names == 0)
		w->limits.sort_names = WALK_SORT;
	return w->arena && w->load && w->stream ? 0 : -ENOMEM;
}

int root_walk(struct root *r, struct bytes start, const struct walk_limits *limits, walk_fn fn,
	      void *ctx)
{
	struct walk w = { .root = r, .limits = *limits, .fn = fn, .ctx = ctx };
	int err = prepare(&w);

	if (err == 0)
		err = begin(&w, start);
	if (err == 0)
		err = run(&w);
	walk_close_all(&w);
	buf_done(&w.path);
	free(w.arena);
	free(w.load);
	free(w.stream);
	return err;
}
