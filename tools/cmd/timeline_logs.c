/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi timeline --logs. A log is in the order of its times already, so one line of each is enough to
 * merge them, and a pipe does as well as a file.
 */
#include "cmd/timeline_logs.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>

enum { READ_STEP = 16 << 10 };

int timeline_logs_open(struct timeline_logs *l, const struct opt_strings *names,
		       const char **ret_bad)
{
	for (size_t i = 0; i < names->n; i++) {
		struct timeline_log *g = &l->v[l->n];

		*ret_bad = names->v[i];
		if (l->n == TIMELINE_LOGS_MAX)
			return -E2BIG;
		*g = (struct timeline_log){ .name = names->v[i], .last = INT64_MIN };
		g->fd = strcmp(g->name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
						  : open(g->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (g->fd < 0)
			return -errno;
		l->n++;
	}
	return 0;
}

void timeline_logs_done(struct timeline_logs *l)
{
	for (size_t i = 0; i < l->n; i++) {
		base_closep(&l->v[i].fd);
		buf_done(&l->v[i].in);
		buf_done(&l->v[i].text);
	}
	l->n = 0;
}

/* More bytes behind those that are there. 0 or -errno. */
static int fill(struct timeline_log *g, const atomic_bool *stop)
{
	ssize_t n;

	if (g->at > 0) {
		memmove(g->in.p, g->in.p + g->at, g->in.n - g->at);
		g->in.n -= g->at;
		g->at = 0;
	}
	int r = buf_reserve(&g->in, READ_STEP);
	if (r < 0)
		return r;
	do {
		r = io_wait_input(g->fd, stop);
		if (r < 0)
			return r;
		n = read(g->fd, g->in.p + g->in.n, READ_STEP);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	g->in.n += (size_t)n;
	g->eof = n == 0;
	return 0;
}

/* The next line, cut at TIMELINE_LINE_MAX. 1, 0 at the end, -errno. */
static int next_line(struct timeline_log *g, const atomic_bool *stop, struct bytes *ret)
{
	for (;;) {
		struct bytes rest = bytes_of(g->in.p + g->at, g->in.n - g->at);
		const unsigned char *end = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		bool whole = end || (g->eof && rest.n > 0);

		if (!whole && !g->eof && n < TIMELINE_LINE_MAX) {
			int r = fill(g, stop);

			if (r < 0)
				return r;
			continue;
		}
		if (n == 0 && !end)
			return 0;
		g->at += n + (end ? 1 : 0);
		bool tail = g->skipping;

		g->skipping = !whole;
		if (tail)
			continue;
		g->cut += !whole;
		*ret = bytes_of(rest.p, n);
		return 1;
	}
}

/* The next line that has a time; what has none is counted. */
static void advance(struct timeline_log *g, const atomic_bool *stop)
{
	struct bytes line;
	int r = 0;

	g->has_next = false;
	while (!g->err && (r = next_line(g, stop, &line)) > 0) {
		r = logline_read(line, &g->text, &g->next);
		if (r == 0) {
			g->late += g->next.time < g->last;
			g->last = g->next.time > g->last ? g->next.time : g->last;
			g->has_next = true;
			return;
		}
		if (r == -ENOMEM)
			break;
		g->bad++;
		g->bad_bytes += line.n;
	}
	if (r < 0 && !g->err)
		g->err = r;
}

/* The log whose next line is the earliest, up to UNTIL. */
static struct timeline_log *earliest(struct timeline_logs *l, const atomic_bool *stop,
				     int64_t until)
{
	struct timeline_log *best = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct timeline_log *g = &l->v[i];

		if (!g->has_next && !g->err && !(g->eof && g->at == g->in.n))
			advance(g, stop);
		if (g->has_next && g->next.time <= until &&
		    (!best || g->next.time < best->next.time))
			best = g;
	}
	return best;
}

int timeline_logs_tell(struct timeline_logs *l, struct timeline_show *show, int64_t until)
{
	struct timeline_log *g;
	int r = 0;

	while (r == 0 && !atomic_load(&show->run->stop) &&
	       (g = earliest(l, &show->run->stop, until))) {
		const struct timeline_event e = { .time = g->next.time,
						  .source = TIMELINE_LOG,
						  .what = TIMELINE_LOGGED,
						  .text = g->next.text,
						  .stream = g->next.stream };

		if (e.time >= l->since && e.time <= l->until)
			r = timeline_show_event(show, &e);
		g->has_next = false;
	}
	return r;
}

static void tell(const struct timeline_log *g, const struct gap_sink *gaps, const char *what,
		 int err, uint64_t bytes)
{
	const struct gap gap = { .err = err, .what = what, .on = bytes_str(g->name), .len = bytes };

	gap_tell(gaps, &gap);
}

void timeline_logs_gaps(const struct timeline_logs *l, const struct gap_sink *gaps)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct timeline_log *g = &l->v[i];

		if (g->err)
			tell(g, gaps, "read the log", g->err, 0);
		if (g->bad)
			tell(g, gaps, "read lines of the log (no time is in them)", -EBADMSG,
			     g->bad_bytes);
		if (g->cut)
			tell(g, gaps, "read lines of the log (cut at 64 KiB)", -EFBIG, 0);
		if (g->late)
			tell(g, gaps, "order lines of the log (each after a later one)", -ERANGE,
			     0);
	}
}
