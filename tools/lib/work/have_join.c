/* SPDX-License-Identifier: Apache-2.0 */
/* The list beside the walk. */
#include "work/have_join.h"

#include "base/when.h"

#include <errno.h>
#include <poll.h>

enum {
	IN_SIZE = 2 * HAVE_LINE_MAX,
	POLL_MS = 200, /* how long a stop may go unseen */
};

struct have_join {
	int fd;
	const atomic_bool *stop;
	unsigned char *in;
	size_t at, n; /* what of IN was read and not looked at yet */
	bool eof;
	uint64_t line, files; /* lines, and lines of files, so far */
	int err;

	char (*runs)[HAVE_RUN_MAX + 1];
	size_t nruns, last_run;

	struct have_line head; /* the next line */
	bool has_head, over;
	struct have_line found; /* what have_join_find() gave */

	/* Within DIR of root DIR_ROOT, walked in the kernel's order. The oldest line is first. */
	bool unsorted;
	char dir_root[HAVE_ROOT_MAX + 1];
	struct buf dir;
	struct have_line *ring;
	size_t nring;
	uint64_t far; /* number of the furthest line that was found there */

	struct have_totals totals;
};

/* ---- reading ------------------------------------------------------------------------------- */

/* Waits for input, in steps that see a stop. */
static int wait_input(const struct have_join *j)
{
	struct pollfd p = { .fd = j->fd, .events = POLLIN };
	int64_t until = when_now(CLOCK_MONOTONIC) + HAVE_WAIT_S * (int64_t)NS_PER_SEC;

	for (;;) {
		if (j->stop && atomic_load(j->stop))
			return -ECANCELED;
		int n = poll(&p, 1, POLL_MS);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (when_now(CLOCK_MONOTONIC) > until)
			return -ETIMEDOUT;
	}
}

static int fill(struct have_join *j)
{
	ssize_t got;
	int r;

	memmove(j->in, j->in + j->at, j->n);
	j->at = 0;
	do {
		r = wait_input(j);
		if (r < 0)
			return r;
		got = read(j->fd, j->in + j->n, IN_SIZE - j->n);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got < 0)
		return -errno;
	j->eof = got == 0;
	j->n += (size_t)got;
	return 0;
}

/* 1 with a line, valid until the next call; 0 at the end. A last line must have its newline too. */
static int next_line(struct have_join *j, struct bytes *ret)
{
	for (;;) {
		const unsigned char *p = j->in + j->at;
		const unsigned char *end = memchr(p, '\n', j->n);

		if (end) {
			*ret = bytes_of(p, (size_t)(end - p));
			j->at += ret->n + 1;
			j->n -= ret->n + 1;
			j->line++;
			return 1;
		}
		if (j->eof)
			return j->n ? -EBADMSG : 0;
		if (j->n > HAVE_LINE_MAX)
			return -EBADMSG;
		int r = fill(j);
		if (r < 0)
			return r;
	}
}

/* Nothing more of the list is believed. */
static void give_up(struct have_join *j, int err)
{
	j->over = true;
	j->has_head = false;
	if (err != -ECANCELED) /* a stop is told by who stops */
		j->err = err;
}

/* The next line of any kind into j->head. 1, 0 when the list is over, -ENOMEM. */
static int parse_next(struct have_join *j)
{
	struct bytes line;
	int r = j->over ? 0 : next_line(j, &line);

	if (j->over)
		return 0;
	if (r == 0)
		r = -ENODATA; /* its last line says that it is the last */
	else if (r > 0)
		r = have_parse(line, &j->head);
	if (r == 0 && j->head.kind == HAVE_END) {
		j->over = true;
		if (j->head.lines != j->files)
			give_up(j, -EBADMSG);
		return 0;
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		give_up(j, r);
		return 0;
	}
	return 1;
}

/* Whether the list began with this run. Lines of one run often follow each other. */
static bool run_known(struct have_join *j, const char *run)
{
	for (size_t i = 0; i < j->nruns; i++) {
		size_t at = (j->last_run + i) % j->nruns;

		if (strcmp(j->runs[at], run) == 0) {
			j->last_run = at;
			return true;
		}
	}
	return false;
}

/* j->head was read: only a file may stand behind the runs. */
static void take_file(struct have_join *j)
{
	if (j->head.kind != HAVE_FILE || !run_known(j, j->head.run)) {
		give_up(j, -EBADMSG);
		return;
	}
	j->head.number = ++j->files;
	j->has_head = true;
}

/* j->head becomes the next file. 0 or -ENOMEM. */
static int advance(struct have_join *j)
{
	j->has_head = false;
	int r = parse_next(j);

	if (r <= 0)
		return r;
	take_file(j);
	return 0;
}

static int skip_head(struct have_join *j)
{
	j->totals.unused++;
	return advance(j);
}

/* ---- opening ------------------------------------------------------------------------------- */

static int add_run(struct have_join *j)
{
	if (j->nruns == HAVE_RUNS_MAX)
		return -EBADMSG;
	char(*v)[HAVE_RUN_MAX + 1] = realloc(j->runs, (j->nruns + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	j->runs = v;
	memcpy(v[j->nruns++], j->head.run, sizeof(*v));
	return 0;
}

/* The runs and the first file. */
static int read_front(struct have_join *j)
{
	int r;

	while ((r = parse_next(j)) > 0 && j->head.kind == HAVE_RUN) {
		r = add_run(j);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (r > 0)
		take_file(j);
	if (j->line == 0 && j->err == -ENODATA)
		return -ENODATA;
	if (j->line <= 1 && j->err)
		return j->err;
	if (j->stop && atomic_load(j->stop))
		return -ECANCELED;
	return 0;
}

int have_join_open(int fd, const atomic_bool *stop, struct have_join **ret)
{
	AUTO_DONE(have_join_closep) struct have_join *j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	j->fd = fd;
	j->stop = stop;
	j->in = malloc(IN_SIZE);
	j->ring = calloc(HAVE_RING, sizeof(*j->ring));
	if (!j->in || !j->ring)
		return -ENOMEM;
	int r = read_front(j);
	if (r < 0)
		return r;
	*ret = take_ptr(&j);
	return 0;
}

void have_join_closep(struct have_join **jp)
{
	struct have_join *j = *jp;

	if (!j)
		return;
	for (size_t i = 0; j->ring && i < HAVE_RING; i++)
		have_line_done(&j->ring[i]);
	have_line_done(&j->head);
	have_line_done(&j->found);
	buf_done(&j->dir);
	free(j->ring);
	free(j->runs);
	free(j->in);
	free(j);
	*jp = NULL;
}

const char *have_join_run(const struct have_join *j, size_t i)
{
	return i < j->nruns ? j->runs[i] : NULL;
}

int have_join_error(const struct have_join *j, uint64_t *ret_line)
{
	*ret_line = j->line;
	return j->err;
}

/* ---- joining ------------------------------------------------------------------------------- */

static struct have_place place(const struct have_line *l)
{
	return (struct have_place){ .root = bytes_str(l->root), .path = buf_bytes(&l->path) };
}

static struct have_place dir_of(const struct have_join *j)
{
	return (struct have_place){ .root = bytes_str(j->dir_root), .path = buf_bytes(&j->dir) };
}

static void swap(struct have_line *a, struct have_line *b)
{
	struct have_line t = *a;

	*a = *b;
	*b = t;
}

static int cite(struct have_join *j, const struct have_line **ret)
{
	j->totals.cited++;
	j->totals.bytes += j->found.size;
	*ret = &j->found;
	return 1;
}

/* The head was what the walk is at. */
static int cite_head(struct have_join *j, const struct have_line **ret)
{
	swap(&j->head, &j->found);
	j->far = j->found.number;
	int r = advance(j);
	return r < 0 ? r : cite(j, ret);
}

static int find_sorted(struct have_join *j, struct have_place at, const struct have_ident *ident,
		       const struct have_line **ret)
{
	while (j->has_head) {
		int order = have_compare(place(&j->head), at);

		if (order > 0)
			return 0;
		if (order == 0 && have_ident_eq(&j->head.ident, ident))
			return cite_head(j, ret);
		int r = skip_head(j);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Takes line I out; its memory goes to the end, to be used again. */
static void ring_take(struct have_join *j, size_t i)
{
	for (; i + 1 < j->nring; i++)
		swap(&j->ring[i], &j->ring[i + 1]);
	j->nring--;
}

static int find_in_ring(struct have_join *j, struct have_place at, const struct have_ident *ident,
			const struct have_line **ret)
{
	for (size_t i = 0; i < j->nring; i++) {
		struct have_line *l = &j->ring[i];

		if (!bytes_eq(buf_bytes(&l->path), at.path) || !have_ident_eq(&l->ident, ident))
			continue;
		swap(l, &j->found);
		ring_take(j, i);
		if (j->found.number > j->far)
			j->far = j->found.number;
		return cite(j, ret);
	}
	return 0;
}

/* The oldest line gives way once lines far behind it were found: it will hardly come any more. */
static bool ring_room(struct have_join *j)
{
	if (j->nring < HAVE_RING)
		return true;
	if (j->ring[0].number + HAVE_RING / 2 > j->far)
		return false;
	ring_take(j, 0);
	j->totals.unused++;
	return true;
}

static int find_unsorted(struct have_join *j, struct have_place at, const struct have_ident *ident,
			 const struct have_line **ret)
{
	int r = find_in_ring(j, at, ident, ret);

	while (r == 0 && j->has_head && have_below(place(&j->head), dir_of(j))) {
		if (bytes_eq(buf_bytes(&j->head.path), at.path) &&
		    have_ident_eq(&j->head.ident, ident))
			return cite_head(j, ret);
		if (!ring_room(j))
			break;
		swap(&j->head, &j->ring[j->nring++]);
		r = advance(j);
	}
	return r;
}

static void leave_unsorted(struct have_join *j)
{
	j->totals.unused += j->nring;
	j->nring = 0;
	j->far = 0;
	j->unsorted = false;
}

int have_join_unsorted(struct have_join *j, struct have_place dir)
{
	int r = 0;

	if (j->unsorted && have_below(dir, dir_of(j)))
		return 0; /* the one above covers it */
	leave_unsorted(j);
	if (dir.root.n > HAVE_ROOT_MAX || dir.path.n > PATH_KEPT)
		return 0;
	while (r == 0 && j->has_head && have_compare(place(&j->head), dir) <= 0)
		r = skip_head(j);
	memcpy(j->dir_root, dir.root.p, dir.root.n);
	j->dir_root[dir.root.n] = '\0';
	buf_clear(&j->dir);
	if (r == 0)
		r = buf_addb(&j->dir, dir.path);
	j->unsorted = r == 0;
	return r;
}

int have_join_find(struct have_join *j, struct have_place at, const struct have_ident *ident,
		   const struct have_line **ret)
{
	if (at.path.n > PATH_KEPT)
		return 0;
	if (j->unsorted && !have_below(at, dir_of(j)))
		leave_unsorted(j);
	return j->unsorted ? find_unsorted(j, at, ident, ret) : find_sorted(j, at, ident, ret);
}

int have_join_end(struct have_join *j, struct have_totals *ret)
{
	int r = 0;

	leave_unsorted(j);
	while (r == 0 && j->has_head)
		r = skip_head(j);
	*ret = j->totals;
	return r;
}
