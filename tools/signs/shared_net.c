/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets by network namespace, and executables that were looked into: read once a run. */
#include "signs/shared.h"

#include <errno.h>

enum { NET_TEXT_MAX = (4 << 20) - 1 };

static const struct {
	enum sock_table table;
	enum proc_text text;
	const char *what;
} sources[] = {
	{ TABLE_TCP, TEXT_NET_TCP, "read net/tcp" },
	{ TABLE_TCP6, TEXT_NET_TCP6, "read net/tcp6" },
	{ TABLE_UDP, TEXT_NET_UDP, "read net/udp" },
	{ TABLE_UDP6, TEXT_NET_UDP6, "read net/udp6" },
	{ TABLE_RAW, TEXT_NET_RAW, "read net/raw" },
	{ TABLE_RAW6, TEXT_NET_RAW6, "read net/raw6" },
	{ TABLE_PACKET, TEXT_NET_PACKET, "read net/packet" },
};

static void tell(const struct gap_sink *gaps, struct process *p, const char *what, int err)
{
	const struct gap gap = { .err = err, .what = what, .pid = process_id(p).pid };

	gap_tell(gaps, &gap);
}

void net_done(struct net_ns *ns)
{
	free(ns->v);
	*ns = (struct net_ns){ 0 };
}

static int net_add(struct net_ns *ns, const struct sock *s)
{
	struct net_sock *grown;

	if (ns->n == SHARED_SOCKETS_MAX)
		return -E2BIG;
	if ((ns->n & (ns->n + 1)) == 0) {
		grown = realloc(ns->v, (ns->n * 2 + 2) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		ns->v = grown;
	}
	ns->v[ns->n] = (struct net_sock){
		.inode = s->inode,
		.table = s->table,
		.family = s->family,
		.listens = strcmp(s->state, "LISTEN") == 0,
		.local_port = s->local_port,
		.remote_port = s->remote_port,
		.protocol = s->protocol,
	};
	memcpy(ns->v[ns->n].remote, s->remote, sizeof(s->remote));
	ns->n++;
	return 0;
}

static int read_table(struct net_ns *ns, struct process *p, size_t source, struct buf *text)
{
	struct bytes rest, line;
	struct sock s;
	int cut;

	buf_clear(text);
	cut = process_text(p, sources[source].text, text, NET_TEXT_MAX);
	/* Without IPv6 or packet sockets in the kernel there is no such table. */
	if (cut < 0 && cut != -EFBIG)
		return cut == -ENOENT ? 0 : cut;
	rest = buf_bytes(text);
	while (proc_next_line(&rest, &line) > 0) {
		int r = sock_parse(sources[source].table, line, &s);

		/* A socket in TIME_WAIT is nobody's: inode 0. */
		if (r == 1 && s.inode)
			r = net_add(ns, &s);
		if (r == -ENOMEM || r == -E2BIG)
			return r;
	}
	return cut;
}

static int by_inode(const void *a, const void *b)
{
	const struct net_sock *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int net_read(struct net_ns *ns, struct process *p, const struct gap_sink *gaps)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		int r = read_table(ns, p, i, &text);

		if (r == -ENOMEM || r == -ESRCH)
			return r;
		if (r < 0)
			tell(gaps, p, sources[i].what, r);
	}
	if (ns->n)
		qsort(ns->v, ns->n, sizeof(*ns->v), by_inode);
	return 0;
}

int shared_net(struct facts_shared *sh, struct process *p, const struct gap_sink *gaps,
	       const struct net_ns **ret)
{
	struct net_ns *slot = &sh->nets[sh->next_net];
	uint64_t ns_net;
	int r = process_ns(p, LINK_NS_NET, &ns_net);

	if (r < 0)
		return r;
	for (size_t i = 0; i < SHARED_NETS_MAX; i++) {
		*ret = &sh->nets[i];
		if (sh->nets[i].ns_net == ns_net)
			return 0;
	}
	net_done(slot);
	r = net_read(slot, p, gaps);
	if (r < 0) {
		net_done(slot);
		return r;
	}
	slot->ns_net = ns_net;
	sh->next_net = (sh->next_net + 1) % SHARED_NETS_MAX;
	*ret = slot;
	return 0;
}

const struct net_sock *net_find(const struct net_ns *ns, uint64_t inode)
{
	const struct net_sock key = { .inode = inode };

	return ns->n ? bsearch(&key, ns->v, ns->n, sizeof(key), by_inode) : NULL;
}

/* The same file, and not changed since. */
static bool is_as_seen(const struct file_info *a, const struct file_info *b)
{
	return file_same(a, b) && a->size == b->size && a->ctime.sec == b->ctime.sec &&
	       a->ctime.nsec == b->ctime.nsec;
}

struct bytes_seen *shared_bytes(struct facts_shared *sh, const struct file_info *file)
{
	struct bytes_seen *slot = &sh->bytes[sh->next_bytes];

	for (size_t i = 0; i < SHARED_BYTES_MAX; i++)
		if (sh->bytes[i].used && is_as_seen(&sh->bytes[i].file, file))
			return &sh->bytes[i];
	sh->next_bytes = (sh->next_bytes + 1) % SHARED_BYTES_MAX;
	*slot = (struct bytes_seen){ .used = true, .file = *file };
	return slot;
}
