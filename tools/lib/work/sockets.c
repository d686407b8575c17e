/* SPDX-License-Identifier: Apache-2.0 */
/* The socket tables of each network namespace, streamed past the descriptors. */
#include "model/lines.h"
#include "work/sockets_priv.h"

#include <errno.h>
#include <sys/stat.h>

const char *socket_owner_name(enum socket_owner o)
{
	static const char *const names[] = { "process", "kernel", "none", "unknown" };

	return names[o];
}

/* A netlink socket with port 0 is the kernel's end: a process cannot bind to it. */
static bool is_kernels(const struct sock *k)
{
	return k->inode == 0 || (k->table == TABLE_NETLINK && k->port_id == 0);
}

static int give(struct sockets *s, struct socket_row *row, enum socket_owner owner)
{
	row->owner = owner;
	return s->opts->held_only ? 0 : s->fn(s->ctx, row);
}

/* The first look: what has no holder is left for the second. */
static int first_look(struct sockets *s, struct socket_row *row)
{
	size_t n = 0;
	const struct held *h = row->inode ? sockets_find(s, row->inode, &n) : NULL;
	int r;

	if (h)
		return sockets_give_held(s, row, h, n);
	if (is_kernels(row->sock))
		return give(s, row, SOCKET_KERNEL);
	if (s->opts->held_only)
		return 0;
	if (s->unreadable)
		return give(s, row, SOCKET_UNKNOWN);
	if (s->nunheld == SOCKETS_UNHELD_MAX) {
		if (!s->unheld_cut)
			sockets_tell(s, -E2BIG, "look twice at sockets without a process", 0,
				     bytes_str(""));
		s->unheld_cut = true;
		return give(s, row, SOCKET_UNKNOWN);
	}
	r = sockets_room(&s->unheld, s->nunheld, sizeof(*s->unheld));
	if (r == 0)
		s->unheld[s->nunheld++] = row->inode;
	return r;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static int second_look(struct sockets *s, struct socket_row *row)
{
	const struct held *h;
	size_t n;

	if (!bsearch(&row->inode, s->unheld, s->nunheld, sizeof(*s->unheld), by_value) ||
	    is_kernels(row->sock))
		return 0;
	h = sockets_find(s, row->inode, &n);
	if (h)
		return sockets_give_held(s, row, h, n);
	return give(s, row, s->unreadable ? SOCKET_UNKNOWN : SOCKET_UNOWNED);
}

static int take_line(struct sockets *s, size_t space, enum sock_table t, struct bytes line)
{
	struct sock k;
	struct socket_row row = { .ns_net = s->spaces[space].ns_net, .sock = &k };
	int r = sock_parse(t, line, &k);

	if (r < 0)
		sockets_tell(s, r, "parse sockets", 0, line);
	if (r <= 0)
		return 0;
	row.inode = k.inode;
	return s->again ? second_look(s, &row) : first_look(s, &row);
}

static int take_lines(struct sockets *s, size_t space, enum sock_table t, struct lines *l)
{
	struct bytes line;
	int r;

	for (size_t n = 0; (r = lines_next(l, &line)) != 0; n++) {
		if (r == 1 && n == SOCKETS_LINES_MAX)
			r = -E2BIG;
		if (r < 0) {
			sockets_tell(s, r, "read sockets", 0, bytes_str(sock_table_path(t)));
			s->tables_partial = true;
			if (r == -EFBIG)
				continue;
			return 0;
		}
		if (sockets_stopped(s))
			return -ECANCELED;
		r = take_line(s, space, t, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * By the first process of the namespace that is still there; a table that is open stays readable.
 * TEXT_NET_TCP and its followers stand in the order of enum sock_table.
 */
static int read_table(struct sockets *s, size_t space, enum sock_table t)
{
	AUTO_DONE(lines_closep) struct lines *l = NULL;
	pid_t pid = 0;
	int r = -ESRCH;

	for (size_t i = 0; r == -ESRCH && i < s->n; i++) {
		AUTO_DONE(process_closep) struct process *p = NULL;

		if (s->v[i].space != space)
			continue;
		pid = s->v[i].id.pid;
		r = process_open(s->source, s->v[i].id, &p);
		if (r == 0)
			r = lines_open(p, (enum proc_text)(TEXT_NET_TCP + (int)t), &l);
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		/* No such table in this kernel, or nobody is left to ask. */
		if (!err_is_gone(r)) {
			sockets_tell(s, r, "read sockets", pid, bytes_str(sock_table_path(t)));
			s->tables_partial = true;
		}
		return 0;
	}
	return take_lines(s, space, t, l);
}

static int read_tables(struct sockets *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->nspaces; i++)
		for (int t = 0; r == 0 && t < SOCK_TABLES; t++)
			r = read_table(s, i, (enum sock_table)t);
	return r;
}

/* "system.sockprotoname" of the descriptor, which must still lead to the same socket (socket(2) in
 * net/socket.c). */
static int protocol_of(struct sockets *s, const struct held *h, struct file_xattrs *x,
		       struct bytes *ret)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_CLOSE int pin = -1;
	struct file_info info = { 0 };
	int r = process_open(s->source, s->v[h->process].id, &p);

	*ret = bytes_of("", 0);
	if (r == 0)
		r = process_pin(p, FILE_FD, (int)(h->fd & HELD_FD), &pin, &info);
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : r;
	if (!S_ISSOCK(info.mode) || info.ino != h->inode)
		return -ENOENT;
	if (file_xattrs_read(pin, true, x) < 0)
		return 0;
	for (size_t i = 0; i < x->n; i++)
		if (bytes_eq(x->v[i].name, bytes_str("system.sockprotoname")))
			*ret = x->v[i].value;
	while (ret->n && ret->p[ret->n - 1] == '\0')
		ret->n--;
	return 0;
}

/* Descriptors whose socket was in no table. */
static int give_unlisted(struct sockets *s)
{
	for (size_t i = 0, n; i < s->nheld; i += n) {
		AUTO_DONE(file_xattrs_done) struct file_xattrs x = { 0 };
		const struct held *h = &s->held[i];
		struct socket_row row = { .inode = h->inode, .untold = s->tables_partial };
		bool seen = h->fd & HELD_SEEN;
		int r;

		for (n = 1; i + n < s->nheld && h[n].inode == h->inode;)
			n++;
		if (seen)
			continue;
		if (sockets_stopped(s))
			return -ECANCELED;
		r = protocol_of(s, h, &x, &row.kind);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			continue; /* closed since */
		r = sockets_give_held(s, &row, h, n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int look_again(struct sockets *s)
{
	int r;

	if (s->nunheld == 0)
		return 0;
	qsort(s->unheld, s->nunheld, sizeof(*s->unheld), by_value);
	s->again = true;
	r = sockets_look(s);
	return r < 0 ? r : read_tables(s);
}

int sockets_each(struct source *source, const struct sockets_options *opts, socket_fn fn, void *ctx)
{
	AUTO_DONE(sockets_done)
	struct sockets s = { .source = source, .opts = opts, .fn = fn, .ctx = ctx };
	int r = sockets_look(&s);

	if (r == 0)
		r = read_tables(&s);
	if (r == 0)
		r = give_unlisted(&s);
	return r == 0 ? look_again(&s) : r;
}
