/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: signs about a socket. */
#include "signs/socket.h"

#include <errno.h>

enum { TOLD_MAX = 256, KTHREADD = 2, NFS_PORT = 2049 };

static const struct sign rows[] = {
	{ .id = "socket-unowned",
	  .title = "Socket that no process owns",
	  .level = LEVEL_MEDIUM,
	  .technique = { "T1014", "T1205" },
	  .needs = SOCKET_FACT_OWNER,
	  .match.socket = match_socket_unowned,
	  .next = "csi net --inet" },
};

const struct sign_table signs_socket = { SUBJECT_SOCKET, rows, ARRAY_LEN(rows) };

static bool is_state(const struct sock *k, const char *state)
{
	return strcmp(k->state, state) == 0;
}

static void add_end(struct finding *ret, const struct sock *k, bool remote)
{
	char text[46];

	sock_address_text(k, remote, text);
	finding_add(ret, remote ? "destination.ip" : "source.ip", bytes_str(text));
	finding_add_u64(ret, remote ? "destination.port" : "source.port",
			remote ? k->remote_port : k->local_port);
}

/*
 * Another container of the pod, in a PID namespace of its own, is why it usually is: then only what
 * listens is told, as a note. Where all are seen, a process that hides is left, or the kernel's own
 * server of files.
 */
bool match_socket_unowned(const struct socket_facts *f, struct finding *ret)
{
	const struct sock *k = f->row->sock;
	bool tcp, listens;

	if (!k || f->row->owner != SOCKET_UNOWNED)
		return false;
	tcp = k->table == TABLE_TCP || k->table == TABLE_TCP6;
	listens = tcp ? is_state(k, "LISTEN")
		      : k->table == TABLE_PACKET || k->table == TABLE_RAW || k->table == TABLE_RAW6;
	if (!listens && (!tcp || !f->all_seen || !is_state(k, "ESTABLISHED")))
		return false;
	if (!f->all_seen || (tcp && k->local_port == NFS_PORT))
		ret->level = LEVEL_LOW;
	finding_add(ret, "network.transport", bytes_str(sock_table_name(k->table)));
	if (sock_table_inet(k->table))
		add_end(ret, k, false);
	if (tcp && !listens)
		add_end(ret, k, true);
	finding_add_u64(ret, "csi.socket.inode", f->row->inode);
	if (!f->all_seen)
		finding_add(ret, "message",
			    bytes_str("may be another container's: not all of the pod is seen"));
	return true;
}

struct listening {
	struct judging *j;
	struct socket_facts f;
	size_t told;
};

static void on_match(void *ctx, const struct sign *s, const struct finding *found)
{
	struct listening *l = ctx;
	const struct sign_about about = { .subject = SUBJECT_SOCKET };

	/* Each is one more of the same. */
	if (l->told++ < TOLD_MAX)
		l->j->fn(l->j->ctx, &about, s, found);
}

static int judge_row(void *ctx, const struct socket_row *row)
{
	struct listening *l = ctx;

	l->f.row = row;
	l->f.known = row->owner == SOCKET_UNKNOWN ? 0 : SOCKET_FACT_OWNER;
	signs_judge_socket(&l->f, l->f.known, on_match, l);
	return 0;
}

/* Kernel threads, or the pod's sandbox as PID 1: its processes are all in this namespace. */
static bool sees_all(struct source *s)
{
	static const struct {
		pid_t pid;
		const char *comm;
	} marks[] = { { KTHREADD, "kthreadd" }, { 1, "pause" }, { 1, "catatonit" } };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		AUTO_DONE(process_closep) struct process *p = NULL;
		const struct proc_stat *st;

		if (process_open(s, (struct process_id){ .pid = marks[i].pid }, &p) < 0)
			continue;
		st = process_stat(p);
		if (marks[i].pid == KTHREADD
			    ? (st->flags & PROC_PF_KTHREAD) != 0
			    : bytes_eq(bytes_of(st->comm, st->comm_len), bytes_str(marks[i].comm)))
			return true;
	}
	return false;
}

int judge_sockets(struct judging *j)
{
	struct listening l = { .j = j };
	/* What cannot be read of a process is told by its own signs; then nothing is called
	 * unowned.
	 */
	const struct gap_sink limits = gap_limits_only(j->gaps);
	const struct sockets_options opts = {
		.ids = j->ids, .nids = j->nids, .stop = j->stop, .gaps = &limits
	};
	int r;

	if (!j->whole)
		return 0;
	l.f.all_seen = sees_all(j->source);
	r = sockets_each(j->source, &opts, judge_row, &l);
	if (l.told > TOLD_MAX) {
		const struct gap gap = { .err = -E2BIG,
					 .what = "tell of sockets without an owner",
					 .len = l.told - TOLD_MAX };

		gap_tell(j->gaps, &gap);
	}
	return r == -ENOMEM ? r : 0;
}
