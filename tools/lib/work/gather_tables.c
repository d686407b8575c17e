/* SPDX-License-Identifier: Apache-2.0 */
/* containers, mounts and sockets as JSON lines. */
#include "work/gather.h"
#include "work/sockets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { TABLE_TEXT_MAX = 2 << 20 };

void gather_put_identity(struct out *o, const struct target *t)
{
	char entity[96];

	process_entity_id(t->p, entity);
	out_str(o, F_PROCESS_ENTITY_ID, entity);
	out_u64(o, F_PROCESS_PID, (uint64_t)process_id(t->p).pid);
}

void gather_put_namespaces(struct out *o, struct process *p)
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
		gather_put_namespaces(o, ts->v[root->first].p);
		gather_put_identity(o, &ts->v[root->first]);
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
	if (r < 0 && !err_is_gone(r))
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

static int put_socket(void *ctx, const struct socket_row *row)
{
	struct gather_table *table = ctx;

	if (socket_record(table->out, table->g->source, row, false) < 0)
		return -ENOMEM;
	return gather_table_step(table);
}

int gather_sockets(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table table;
	AUTO_FREE struct process_id *ids = calloc(g->targets->n + 1, sizeof(*ids));
	const struct sockets_options opts = {
		.ids = ids,
		.nids = g->targets->n,
		.stop = g->stop,
		.gaps = &g->ledger_gaps,
	};
	int r = gather_table_open(g, "sockets", &table);

	if (r == 0 && !ids)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < g->targets->n; i++)
		ids[i] = process_id(g->targets->v[i].p);
	if (r == 0 && g->targets->n)
		r = sockets_each(g->source, &opts, put_socket, &table);
	return r < 0 ? r : gather_table_close(&table);
}
