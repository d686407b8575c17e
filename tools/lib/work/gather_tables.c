/* SPDX-License-Identifier: Apache-2.0 */
/* containers, mounts, sockets and posture as JSON lines. */
#include "sys/creds.h"
#include "sys/sock.h"
#include "work/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { SMALL_TEXT_MAX = 64 << 10, TABLE_TEXT_MAX = 2 << 20, CAPS_KNOWN = 41 };

static bool is_gone(int err)
{
	return err == -ESRCH || err == -ENOENT;
}

static void put_identity(struct out *o, const struct target *t)
{
	char entity[96];

	process_entity_id(t->p, entity);
	out_str(o, F_PROCESS_ENTITY_ID, entity);
	out_u64(o, F_PROCESS_PID, (uint64_t)process_id(t->p).pid);
}

static void put_namespaces(struct out *o, struct process *p)
{
	static const struct {
		enum proc_link link;
		enum field field;
	} rows[] = {
		{ LINK_NS_MNT, F_CSI_NS_MNT },
		{ LINK_NS_PID, F_CSI_NS_PID },
		{ LINK_NS_NET, F_CSI_NS_NET },
		{ LINK_NS_USER, F_CSI_NS_USER },
	};
	uint64_t inode;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (process_ns(p, rows[i].link, &inode) == 0)
			out_u64(o, rows[i].field, inode);
}

static const char *birth_basis_text(enum birth_basis b)
{
	static const char *const names[] = {
		[BIRTH_NONE] = "none",
		[BIRTH_OVERLAY] = "birth of the overlay's root",
		[BIRTH_START_TIME] = "start of its first process",
	};

	return names[b];
}

static int put_container(struct gather_table *table, const struct target_root *root)
{
	struct targets *ts = table->g->targets;
	struct out *o = table->out;

	out_begin(o, "state");
	if (root->container_id[0])
		out_str(o, F_CONTAINER_ID, root->container_id);
	out_str(o, F_CSI_ITEM, root->label);
	if (ts->n) {
		put_namespaces(o, ts->v[root->first].p);
		put_identity(o, &ts->v[root->first]);
	}
	out_str(o, F_CSI_BIRTH, birth_basis_text(root->birth.basis));
	if (root->birth.basis != BIRTH_NONE)
		out_time(o, F_FILE_CREATED, root->birth.ref);
	out_bytes(o, F_FILE_PATH, root->link.n ? buf_bytes(&root->link) : bytes_str("/"));
	if (out_end(o) < 0)
		return -ENOMEM;
	return gather_table_step(table);
}

int gather_containers(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table table;
	int r = gather_table_open(g, "containers", &table);

	for (size_t i = 0; r == 0 && i < g->targets->nroots; i++)
		r = put_container(&table, &g->targets->roots[i]);
	return r < 0 ? r : gather_table_close(&table);
}

static void put_mount(struct out *o, const struct target_root *root, const struct proc_mount *m,
		      struct buf *plain)
{
	const struct {
		enum field field;
		struct bytes v;
	} rows[] = {
		{ F_CSI_MOUNT_POINT, m->point },     { F_CSI_MOUNT_ROOT, m->root },
		{ F_CSI_MOUNT_FSTYPE, m->fstype },   { F_CSI_MOUNT_SOURCE, m->source },
		{ F_CSI_MOUNT_OPTIONS, m->options },
	};

	out_begin(o, "state");
	if (root->container_id[0])
		out_str(o, F_CONTAINER_ID, root->container_id);
	out_u64(o, F_CSI_MOUNT_ID, m->id);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(plain);
		if (proc_unmangle(plain, rows[i].v) == 0)
			out_bytes(o, rows[i].field, buf_bytes(plain));
	}
	out_u64(o, F_CSI_NS_MNT, root->ns_mnt);
}

static int put_mounts_of(struct gather_table *table, const struct target_root *root)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(TABLE_TEXT_MAX + 1);
	AUTO_DONE(buf_done) struct buf plain = BUF_NONE;
	struct process *p = table->g->targets->v[root->first].p;
	pid_t pid = process_id(p).pid;
	struct bytes rest, line;
	struct proc_mount m;
	int r;

	r = process_text(p, TEXT_MOUNTINFO, &text, TABLE_TEXT_MAX);
	if (r < 0 && !is_gone(r))
		gather_tell(table->g, r, "read mountinfo", pid, bytes_of("", 0));
	rest = buf_bytes(&text);
	while (proc_next_line(&rest, &line)) {
		r = proc_parse_mount(line, &m);
		if (r < 0) {
			gather_tell(table->g, r, "parse mountinfo", pid, line);
			continue;
		}
		put_mount(table->out, root, &m, &plain);
		if (out_end(table->out) < 0)
			return -ENOMEM;
		r = gather_table_step(table);
		if (r < 0)
			return r;
	}
	return 0;
}

int gather_mounts(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table table;
	int r = gather_table_open(g, "mounts", &table);

	for (size_t i = 0; r == 0 && g->targets->n && i < g->targets->nroots; i++)
		r = put_mounts_of(&table, &g->targets->roots[i]);
	return r < 0 ? r : gather_table_close(&table);
}

/* Not whose it is: the descriptor that has this inode says so (proc/PID/fd). */
static void put_socket(struct out *o, const struct sock *s, uint64_t netns)
{
	char text[46];

	out_begin(o, "state");
	out_u64(o, F_CSI_NS_NET, netns);
	out_u64(o, F_CSI_SOCKET_INODE, s->inode);
	if (s->state[0])
		out_str(o, F_CSI_SOCKET_STATE, s->state);
	out_u64(o, F_CSI_SOCKET_UID, s->uid);
	out_str(o, F_NETWORK_TRANSPORT, sock_table_name(s->table));
	if (s->path.n)
		out_bytes(o, F_FILE_PATH, s->path);
	if (s->table > TABLE_RAW6)
		return;
	sock_address_text(s, false, text);
	out_str(o, F_SOURCE_IP, text);
	out_u64(o, F_SOURCE_PORT, s->local_port);
	sock_address_text(s, true, text);
	out_str(o, F_DESTINATION_IP, text);
	out_u64(o, F_DESTINATION_PORT, s->remote_port);
}

/* TEXT_NET_TCP and its followers stand in the order of enum sock_table. */
static int put_socket_table(struct gather_table *table, const struct target *t,
			    enum sock_table kind, uint64_t netns)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(TABLE_TEXT_MAX + 1);
	pid_t pid = process_id(t->p).pid;
	struct bytes rest, line;
	struct sock s;
	int r;

	r = process_text(t->p, (enum proc_text)(TEXT_NET_TCP + (int)kind), &text, TABLE_TEXT_MAX);
	if (r < 0 && !is_gone(r))
		gather_tell(table->g, r, "read sockets", pid, bytes_str(sock_table_path(kind)));
	rest = buf_bytes(&text);
	while (proc_next_line(&rest, &line)) {
		r = sock_parse(kind, line, &s);
		if (r < 0)
			gather_tell(table->g, r, "parse sockets", pid, line);
		if (r <= 0)
			continue;
		put_socket(table->out, &s, netns);
		if (out_end(table->out) < 0)
			return -ENOMEM;
		r = gather_table_step(table);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Network namespaces seen, so that each is listed once, by its lowest PID. */
struct seen_ns {
	uint64_t *v;
	size_t n;
};

static void seen_done(struct seen_ns *s)
{
	free(s->v);
}

static int seen_before(struct seen_ns *s, uint64_t ns)
{
	uint64_t *v;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == ns)
			return 1;
	v = realloc(s->v, (s->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->v = v;
	v[s->n++] = ns;
	return 0;
}

int gather_sockets(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table table;
	AUTO_DONE(seen_done) struct seen_ns seen = { 0 };
	int r = gather_table_open(g, "sockets", &table);

	for (size_t i = 0; r >= 0 && i < g->targets->n; i++) {
		const struct target *t = &g->targets->v[i];
		uint64_t ns = 0;

		/* A namespace that cannot be read: /proc/PID/net still can, so it is listed as its
		 * own. */
		if (process_ns(t->p, LINK_NS_NET, &ns) == 0)
			r = seen_before(&seen, ns);
		for (int k = 0; r == 0 && k < SOCK_TABLES; k++)
			r = put_socket_table(&table, t, (enum sock_table)k, ns);
		r = r > 0 ? 0 : r;
	}
	return r < 0 ? r : gather_table_close(&table);
}

static void put_caps(struct out *o, uint64_t caps)
{
	out_list(o, F_CSI_POSTURE_CAPS);
	for (int i = 0; i < CAPS_KNOWN; i++)
		if (((caps >> i) & 1) && creds_cap_name(i))
			out_list_add(o, bytes_str(creds_cap_name(i)));
}

static void put_text(struct out *o, struct process *p, enum proc_text text, enum field field)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(SMALL_TEXT_MAX + 1);

	if (process_text(p, text, &b, SMALL_TEXT_MAX) < 0)
		return;
	while (b.n && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '\0'))
		b.n--;
	if (b.n)
		out_bytes(o, field, buf_bytes(&b));
}

static int put_posture(struct gather_table *table, const struct target *t)
{
	const struct proc_status *st;
	struct out *o = table->out;
	int r = process_status(t->p, &st);

	if (r < 0) {
		if (!is_gone(r))
			gather_tell(table->g, r, "read status", process_id(t->p).pid,
				    bytes_of("", 0));
		return 0;
	}
	out_begin(o, "state");
	put_identity(o, t);
	put_namespaces(o, t->p);
	if (st->have & STATUS_CAPS) {
		put_caps(o, st->cap_eff);
		out_hex(o, F_CSI_POSTURE_CAP_EFF, st->cap_eff);
		out_hex(o, F_CSI_POSTURE_CAP_PRM, st->cap_prm);
		out_hex(o, F_CSI_POSTURE_CAP_BND, st->cap_bnd);
	}
	if (st->have & STATUS_NNP)
		out_i64(o, F_CSI_POSTURE_NNP, st->no_new_privs);
	if (st->have & STATUS_SECCOMP)
		out_i64(o, F_CSI_POSTURE_SECCOMP, st->seccomp);
	put_text(o, t->p, TEXT_ATTR_CURRENT, F_CSI_POSTURE_LSM);
	put_text(o, t->p, TEXT_UID_MAP, F_CSI_POSTURE_USERNS);
	if (out_end(o) < 0)
		return -ENOMEM;
	return gather_table_step(table);
}

int gather_posture(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table table;
	int r = gather_table_open(g, "posture", &table);

	for (size_t i = 0; r == 0 && i < g->targets->n; i++)
		r = put_posture(&table, &g->targets->v[i]);
	return r < 0 ? r : gather_table_close(&table);
}
