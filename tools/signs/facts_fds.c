/* SPDX-License-Identifier: Apache-2.0 */
/* Facts from the descriptors of a process, and what its sockets are. */
#include "signs/facts_priv.h"
#include "signs/match.h"

#include "sys/sock.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
	FDS_MAX = 1 << 16,   /* descriptors looked at, a process */
	MEMFDS_MAX = 64,     /* whose first bytes are read, a process */
	INSPECT_PORT = 9229, /* node --inspect */
	PEER_TEXT_MAX = 64,
};

struct fd_look {
	struct gathering *g;
	unsigned memfds;
	bool memfds_told;
};

/* "socket:[123]": 123; 0 for anything else. */
static uint64_t socket_inode(struct bytes link)
{
	static const char start[] = "socket:[";
	uint64_t n = 0;

	if (!bytes_starts(link, start) || !bytes_ends(link, "]"))
		return 0;
	for (size_t i = sizeof(start) - 1; i + 1 < link.n; i++) {
		if (link.p[i] < '0' || link.p[i] > '9' || n > UINT64_MAX / 10 - 1)
			return 0;
		n = n * 10 + (uint64_t)(link.p[i] - '0');
	}
	return n;
}

static enum stdio_kind stdio_of(struct gathering *g, int fd, struct bytes link)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;

	if (bytes_starts(link, "socket:["))
		return STDIO_SOCKET;
	if (bytes_starts(link, "pipe:["))
		return STDIO_PIPE;
	if (bytes_starts(link, "/dev/pts/") || bytes_starts(link, "/dev/tty") ||
	    bytes_starts(link, "/dev/console"))
		return STDIO_TTY;
	if (process_pin(g->p, FILE_FD, fd, &pin, &info) < 0)
		return STDIO_FILE;
	if (S_ISFIFO(info.mode))
		return STDIO_PIPE;
	return S_ISREG(info.mode) && info.nlink == 0 ? STDIO_DELETED : STDIO_FILE;
}

static int look_at_memfd(struct fd_look *l, const struct fd_entry *e)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	unsigned char head[sizeof(Elf64_Ehdr)];

	if (l->memfds++ >= MEMFDS_MAX) {
		if (!l->memfds_told)
			gathering_tell(l->g, "read all memfds", -E2BIG);
		l->memfds_told = true;
		return 0;
	}
	if (process_file(l->g->p, FILE_FD, e->fd, &f) < 0)
		return 0;
	ssize_t n = file_read_at(f, head, sizeof(head), 0);
	if (n <= 0 || !elf_header(bytes_of(head, (size_t)n)))
		return 0;
	return first_note(&l->g->f->fds.v[FD_MEMFD_ELF], (uint64_t)e->fd, 0, e->link);
}

static int look_at_stdio(struct gathering *g, const struct fd_entry *e, uint64_t inode)
{
	struct fact_fds *f = &g->f->fds;
	enum stdio_kind kind;

	if (e->fd < 0 || (size_t)e->fd >= ARRAY_LEN(f->stdio))
		return 0;
	kind = stdio_of(g, e->fd, e->link);
	f->stdio[e->fd].kind = kind;
	f->stdio[e->fd].inode = inode;
	return buf_addb(&f->stdio[e->fd].link, e->link);
}

static int look_at_fd(struct fd_look *l, const struct fd_entry *e)
{
	struct fact_fds *f = &l->g->f->fds;
	uint64_t inode = socket_inode(e->link);
	int r = look_at_stdio(l->g, e, inode);

	if (r == 0 && inode)
		r = buf_add(&f->sockets, &inode, sizeof(inode));
	if (r == 0 && bytes_starts(e->link, "/memfd:"))
		r = look_at_memfd(l, e);
	if (r == 0 && path_is_deleted_jar(e->link))
		r = first_note(&f->v[FD_DELETED_JAR], (uint64_t)e->fd, 0, e->link);
	if (r == 0 && path_is_token(e->link))
		r = first_note(&f->v[FD_TOKEN], (uint64_t)e->fd, 0, e->link);
	return r;
}

int learn_fds(struct gathering *g)
{
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	struct fd_look l = { .g = g };
	struct fd_entry e;
	int r;

	if (g->bare)
		return 1;
	r = fd_iter_open(g->p, &it);
	for (size_t n = 0; r == 0 && n < FDS_MAX; n++) {
		r = fd_iter_next(it, &e);
		if (r <= 0)
			return r;
		r = look_at_fd(&l, &e);
	}
	if (r == 0)
		gathering_tell(g, "read fd", -E2BIG);
	return r;
}

/* ---- sockets -------------------------------------------------------------------------------- */

/* Ports that mining pools listen on and little else does; with another fact it says something. */
static bool is_pool_port(uint16_t port)
{
	static const uint16_t ports[] = { 3333, 3334,  3335,  3336,  3357, 4444, 5555,
					  5556, 5588,  5730,  6099,  6666, 7777, 7778,
					  9332, 14433, 14444, 45560, 45700 };

	for (size_t i = 0; i < ARRAY_LEN(ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

static void peer_text(const struct net_sock *n, char ret[PEER_TEXT_MAX])
{
	struct sock s = { .family = n->family };
	char address[46];

	memcpy(s.remote, n->remote, sizeof(s.remote));
	sock_address_text(&s, true, address);
	(void)snprintf(ret, PEER_TEXT_MAX, n->family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
		       n->remote_port);
}

static bool is_inet(const struct net_sock *n)
{
	return n->table == TABLE_TCP || n->table == TABLE_TCP6 || n->table == TABLE_UDP ||
	       n->table == TABLE_UDP6;
}

static int note_socket(struct fact_fds *f, const struct net_sock *n)
{
	char peer[PEER_TEXT_MAX];
	bool tcp = n->table == TABLE_TCP || n->table == TABLE_TCP6;

	if (n->table == TABLE_RAW || n->table == TABLE_RAW6)
		return first_note(&f->v[FD_RAW], n->protocol, n->inode, bytes_of(NULL, 0));
	if (n->table == TABLE_PACKET)
		return first_note(&f->v[FD_PACKET], n->protocol, n->inode, bytes_of(NULL, 0));
	if (tcp && n->listens && n->local_port == INSPECT_PORT)
		return first_note(&f->v[FD_INSPECT], n->local_port, n->inode, bytes_of(NULL, 0));
	if (!tcp || n->listens || !is_pool_port(n->remote_port))
		return 0;
	peer_text(n, peer);
	return first_note(&f->v[FD_POOL], n->remote_port, n->inode, bytes_str(peer));
}

static int note_stdio(struct fact_fds *f, const struct net_sock *n)
{
	char peer[PEER_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(f->stdio); i++) {
		if (f->stdio[i].kind != STDIO_SOCKET || f->stdio[i].inode != n->inode)
			continue;
		f->stdio[i].kind = is_inet(n) ? STDIO_INET : STDIO_UNIX;
		if (!is_inet(n))
			continue;
		peer_text(n, peer);
		r = buf_adds(&f->stdio[i].peer, peer);
	}
	return r;
}

int learn_sockets(struct gathering *g)
{
	struct fact_fds *f = &g->f->fds;
	const struct net_ns *ns;
	uint64_t inode;
	int r;

	/* Without descriptors that was told; without sockets there is nothing to look up. */
	if (g->bare || !(g->f->known & FACT_FDS))
		return 1;
	if (f->sockets.n == 0)
		return 0;
	r = shared_net(g->sh, g->p, g->gaps, &ns);
	if (r < 0)
		return r;
	for (size_t at = 0; r == 0 && at + sizeof(inode) <= f->sockets.n; at += sizeof(inode)) {
		const struct net_sock *n;

		memcpy(&inode, f->sockets.p + at, sizeof(inode));
		n = net_find(ns, inode);
		if (!n)
			continue;
		r = note_socket(f, n);
		if (r == 0)
			r = note_stdio(f, n);
	}
	return r;
}
