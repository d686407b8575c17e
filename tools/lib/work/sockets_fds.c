/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds which socket: the descriptors of every process, sorted by inode. */
#include "work/sockets_priv.h"

#include "sys/scan.h"

#include <errno.h>

void sockets_tell(const struct sockets *s, int err, const char *what, pid_t pid, struct bytes on)
{
	const struct gap gap = { .err = err, .what = what, .pid = pid, .on = on };

	if (!s->again)
		gap_tell(s->opts->gaps, &gap);
}

bool sockets_stopped(const struct sockets *s)
{
	return s->opts->stop && atomic_load(s->opts->stop);
}

int sockets_room(void *v, size_t n, size_t size)
{
	void *old, *grown;

	if (n & (n - 1))
		return 0;
	memcpy(&old, v, sizeof(old));
	grown = realloc(old, (n ? 2 * n : 1) * size);
	if (!grown)
		return -ENOMEM;
	memcpy(v, &grown, sizeof(grown));
	return 0;
}

static bool is_selected(const struct sockets *s, struct process_id id)
{
	size_t low = 0, high = s->opts->nids;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct process_id *at = &s->opts->ids[middle];

		if (at->pid == id.pid)
			return !at->start_ticks || at->start_ticks == id.start_ticks;
		if (at->pid < id.pid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static uint64_t table_inode(struct process *p, int *ret_err)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	struct file_info info;

	*ret_err = process_text_open(p, TEXT_NET_NETLINK, &f);
	if (*ret_err == 0)
		*ret_err = file_info(f, &info);
	return *ret_err == 0 ? info.ino : 0;
}

/* Without the right to read ns/net, a table's own inode tells namespaces apart. */
static int find_space(struct sockets *s, struct process *p, size_t *ret)
{
	struct space found = { 0 };
	int err = 0, r;

	*ret = SIZE_MAX;
	if (process_ns(p, LINK_NS_NET, &found.ns_net) < 0)
		found.ns_net = 0;
	for (size_t i = 0; i < s->nspaces && *ret == SIZE_MAX; i++)
		if (found.ns_net && s->spaces[i].ns_net == found.ns_net)
			*ret = i;
	if (*ret != SIZE_MAX)
		return 0;
	found.table = table_inode(p, &err);
	for (size_t i = 0; i < s->nspaces && *ret == SIZE_MAX; i++)
		if (found.table && s->spaces[i].table == found.table)
			*ret = i;
	if (*ret != SIZE_MAX) {
		if (found.ns_net)
			s->spaces[*ret].ns_net = found.ns_net;
		return 0;
	}
	if (!found.table || s->nspaces == SOCKETS_SPACES_MAX) {
		if (!err_is_gone(err) || process_verify(p) == 0)
			sockets_tell(s, err ? err : -E2BIG, "read sockets", process_id(p).pid,
				     bytes_str(""));
		s->tables_partial = true;
		return 0;
	}
	r = sockets_room(&s->spaces, s->nspaces, sizeof(*s->spaces));
	if (r < 0)
		return r;
	s->spaces[s->nspaces] = found;
	*ret = s->nspaces++;
	return 0;
}

/* "socket:[123]" */
static bool socket_inode(struct bytes link, uint64_t *ret)
{
	static const char prefix[] = "socket:[";

	if (!bytes_starts(link, prefix))
		return false;
	scan_skip(&link, sizeof(prefix) - 1);
	return scan_dec(&link, ret) == 0 && bytes_eq(link, bytes_str("]"));
}

static int read_descriptors(struct sockets *s, struct process *p)
{
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	struct fd_entry e;
	int r = fd_iter_open(p, &it);

	while (r == 0 && (r = fd_iter_next(it, &e)) > 0) {
		struct held h = { .process = (uint32_t)s->n, .fd = (uint32_t)e.fd & HELD_FD };

		r = 0;
		if (!socket_inode(e.link, &h.inode))
			continue;
		if (s->nheld == SOCKETS_FDS_MAX)
			return -E2BIG;
		r = sockets_room(&s->held, s->nheld, sizeof(*s->held));
		if (r == 0)
			s->held[s->nheld++] = h;
	}
	return r;
}

static int look_at(struct sockets *s, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	struct socket_process *to;
	gid_t gid;
	int r = process_open(s->source, id, &p);

	if (r < 0 || proc_is_bare(process_stat(p)))
		return r;
	if (s->n == SOCKETS_PROCESSES_MAX)
		return -E2BIG;
	r = sockets_room(&s->v, s->n, sizeof(*s->v));
	if (r < 0)
		return r;
	to = &s->v[s->n];
	*to = (struct socket_process){ .id = process_id(p), .space = SIZE_MAX };
	to->selected = is_selected(s, to->id);
	to->comm_len = process_stat(p)->comm_len;
	if (to->comm_len > sizeof(to->comm))
		to->comm_len = sizeof(to->comm);
	memcpy(to->comm, process_stat(p)->comm, to->comm_len);
	if (process_owner(p, &to->uid, &gid) < 0)
		to->uid = (uid_t)-1;
	r = to->selected ? find_space(s, p, &to->space) : 0;
	if (r == 0)
		r = read_descriptors(s, p);
	s->n++;
	return r;
}

static int by_inode(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

/* What cannot be read of one process leaves sockets without a holder unexplained. */
static int note(struct sockets *s, struct process_id id, int r)
{
	if (r >= 0 || err_is_gone(r))
		return 0;
	if (r == -ENOMEM)
		return r;
	sockets_tell(s, r, "read fd", id.pid, bytes_str(""));
	s->unreadable = true;
	return 0;
}

int sockets_look(struct sockets *s)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r = 0;

	s->n = s->nheld = 0;
	if (s->opts->held_only) {
		for (size_t i = 0; r == 0 && i < s->opts->nids; i++)
			r = note(s, s->opts->ids[i], look_at(s, s->opts->ids[i]));
	} else {
		r = process_iter_init(s->source, &it);
		while (r == 0 && (r = process_iter_next(&it, &id)) > 0)
			r = sockets_stopped(s) ? -ECANCELED : note(s, id, look_at(s, id));
	}
	if (r < 0)
		return r;
	if (s->nheld)
		qsort(s->held, s->nheld, sizeof(*s->held), by_inode);
	return 0;
}

void sockets_done(struct sockets *s)
{
	free(s->v);
	free(s->held);
	free(s->spaces);
	free(s->unheld);
}

struct held *sockets_find(const struct sockets *s, uint64_t inode, size_t *ret_n)
{
	size_t low = 0, high = s->nheld;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->held[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low; high < s->nheld && s->held[high].inode == inode; high++)
		s->held[high].fd |= HELD_SEEN;
	*ret_n = high - low;
	return *ret_n ? &s->held[low] : NULL;
}

int sockets_give_held(struct sockets *s, struct socket_row *row, const struct held *h, size_t n)
{
	struct socket_holder holders[SOCKETS_HOLDERS_TOLD];
	bool selected = false;
	size_t told = 0;

	row->owner = SOCKET_HELD;
	row->holders_in_all = 0;
	for (size_t i = 0; i < n; i++) {
		const struct socket_process *p = &s->v[h[i].process];

		if (i > 0 && h[i].process == h[i - 1].process)
			continue;
		selected |= p->selected;
		row->holders_in_all++;
		if (told < SOCKETS_HOLDERS_TOLD)
			holders[told++] = (struct socket_holder){ p, (int)(h[i].fd & HELD_FD) };
	}
	if (!selected)
		return 0;
	row->holders = holders;
	row->nholders = told;
	return s->fn(s->ctx, row);
}
