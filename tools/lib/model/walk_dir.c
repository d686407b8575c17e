/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a directory: sorted in the arena where they fit, streamed in kernel order where not. */
#include "model/walk_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct linux_dirent64, getdents(2): a name begins at this offset and ends with a NUL. */
enum { DENT_OFF = 8, DENT_RECLEN = 16, DENT_NAME = 19 };

/* Where an array of 32-bit numbers may begin. */
static uint32_t aligned(uint32_t n)
{
	return (n + 3) & ~UINT32_C(3);
}

/* Bytes of the arena that names may use now. */
static uint32_t names_end(const struct walk *w)
{
	return WALK_ARENA - w->depth * (uint32_t)sizeof(struct frame);
}

static int read_dents(int fd, unsigned char *p)
{
	for (;;) {
		long n = syscall(SYS_getdents64, fd, p, WALK_DENTS);

		if (n >= 0)
			return (int)n;
		if (errno != EINTR)
			return -errno;
	}
}

/* One record at *AT of N bytes: 1 with its name and cookie, 0 at the end (or a record no kernel
 * writes). */
static int next_dent(const unsigned char *p, uint32_t n, uint32_t *at, const char **ret_name,
		     int64_t *ret_cookie)
{
	while (*at < n && n - *at > DENT_NAME) {
		const unsigned char *d = p + *at;
		uint16_t len;

		memcpy(&len, d + DENT_RECLEN, sizeof(len));
		if (len <= DENT_NAME || len > n - *at || !memchr(d + DENT_NAME, 0, len - DENT_NAME))
			return 0;
		*at += len;
		memcpy(ret_cookie, d + DENT_OFF, sizeof(*ret_cookie));
		*ret_name = (const char *)d + DENT_NAME;
		if (strcmp(*ret_name, ".") != 0 && strcmp(*ret_name, "..") != 0)
			return 1;
	}
	return 0;
}

/* Only of the top frame: its offsets are the last thing in the arena. See keep_names(). */
static uint32_t *offsets_of(const struct walk *w, const struct frame *f)
{
	return (uint32_t *)(void *)(w->arena + w->names_used) - f->at.sorted.count;
}

static int compare_names(const void *a, const void *b, void *arena)
{
	const uint32_t *x = a;
	const uint32_t *y = b;

	return strcmp((const char *)arena + *x, (const char *)arena + *y);
}

/* COUNT names lie one after the other from f->names to END: sort them, by offsets put behind them.
 */
static void keep_names(struct walk *w, struct frame *f, uint32_t end, uint32_t count)
{
	uint32_t *offsets = (uint32_t *)(void *)(w->arena + aligned(end));
	uint32_t at = f->names;

	for (uint32_t i = 0; i < count; i++) {
		offsets[i] = at;
		at += (uint32_t)strlen((const char *)w->arena + at) + 1;
	}
	qsort_r(offsets, count, sizeof(*offsets), compare_names, w->arena);
	f->at.sorted.next = 0;
	f->at.sorted.count = count;
	w->names_used = aligned(end) + count * (uint32_t)sizeof(*offsets);
}

/*
 * Where the names of the top frame must end. A large directory leaves room, so that names seldom
 * give way (walk_make_room) and it is not read again for each of its children. A small one always
 * fits.
 */
static uint32_t names_limit(const struct walk *w)
{
	uint32_t large = names_end(w) - 3 * WALK_SPARE;
	uint32_t small = w->names_used + WALK_SPARE;

	return large > small ? large : small;
}

/*
 * All names of the directory into the arena: 0, -EFBIG when there are more than are sorted, or
 * -errno of reading, with the names that came before it kept.
 */
static int load(struct walk *w, struct frame *f)
{
	uint32_t most = names_limit(w);
	uint32_t end = w->names_used;
	uint32_t count = 0;
	int n;

	f->names = w->names_used;
	while ((n = read_dents(f->fd, w->load)) > 0) {
		const char *name;
		int64_t cookie;
		uint32_t at = 0;

		while (next_dent(w->load, (uint32_t)n, &at, &name, &cookie)) {
			size_t len = strlen(name) + 1;

			/* With its offset, and up to 3 bytes to align those. */
			if (count == w->limits.sort_names ||
			    end + len + 4 * ((size_t)count + 1) + 3 > most)
				return -EFBIG;
			memcpy(w->arena + end, name, len);
			end += (uint32_t)len;
			count++;
		}
	}
	keep_names(w, f, end, count);
	return n;
}

int walk_load_names(struct walk *w)
{
	struct frame *f = walk_top(w);
	int r = load(w, f);

	if (r != -EFBIG)
		return r;
	f->flags |= FRAME_STREAM;
	f->at.cookie = 0;
	return 0;
}

int walk_reload_names(struct walk *w, size_t child_len)
{
	struct frame *f = walk_top(w);
	int fd;
	bool noatime;
	int r;

	f->flags &= (uint8_t)~FRAME_STALE;
	f->at.sorted.next = 0;
	f->at.sorted.count = 0;
	r = file_reopen_dir(f->fd, &fd, &noatime); /* it may be O_PATH, or read to its end */
	if (r < 0)
		return r;
	(void)close(f->fd);
	f->fd = fd;
	r = load(w, f);
	if (r == -EFBIG)
		return -ESTALE;

	/* The child's name ends where its path does; the buffer has room for one byte more. */
	const uint32_t *offsets = offsets_of(w, f);
	const char *last = (const char *)w->path.p + f->path_len + 1;
	uint32_t lo = 0;
	uint32_t hi = f->at.sorted.count;

	w->path.p[child_len] = 0;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (strcmp((const char *)w->arena + offsets[mid], last) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	f->at.sorted.next = lo;
	return r;
}

/* The stream buffer is one: who comes back to it seeks to behind the last name it was given. */
static int take_stream(struct walk *w, const struct frame *f)
{
	if (w->stream_owner == w->depth)
		return 0;
	w->stream_at = 0;
	w->stream_n = 0;
	if (lseek(f->fd, (off_t)f->at.cookie, SEEK_SET) < 0)
		return -errno;
	w->stream_owner = w->depth;
	return 0;
}

static int next_streamed(struct walk *w, struct frame *f, const char **ret)
{
	int r = take_stream(w, f);

	if (r < 0)
		return r;
	for (;;) {
		if (next_dent(w->stream, w->stream_n, &w->stream_at, ret, &f->at.cookie))
			return 1;
		r = read_dents(f->fd, w->stream);
		if (r <= 0)
			return r;
		w->stream_at = 0;
		w->stream_n = (uint32_t)r;
	}
}

int walk_next_name(struct walk *w, const char **ret)
{
	struct frame *f = walk_top(w);

	if (f->flags & FRAME_STREAM)
		return next_streamed(w, f, ret);
	if (f->at.sorted.next == f->at.sorted.count)
		return 0;
	*ret = (const char *)w->arena + offsets_of(w, f)[f->at.sorted.next++];
	return 1;
}

void walk_make_room(struct walk *w)
{
	if (names_end(w) - w->names_used >= 2 * WALK_SPARE)
		return;
	for (uint32_t i = 0; i < w->depth; i++) {
		struct frame *f = walk_frame(w, i);

		if (!(f->flags & FRAME_STREAM))
			f->flags |= FRAME_STALE;
	}
	w->names_used = 0;
}
