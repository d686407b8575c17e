/* SPDX-License-Identifier: Apache-2.0 */
/* csi net: sockets of each network namespace among the processes, with who holds them. */
#include "cmd/cmd.h"
#include "work/sockets.h"

#include <errno.h>
#include <stdio.h>

struct net_args {
	struct common_args common;
	bool listen, inet;
};

static const struct opt net_opts[] = {
	{ .name = "listen",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct net_args, listen),
	  .help = "only what waits for others: LISTEN, UDP not connected, raw, packet" },
	{ .name = "inet",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct net_args, inet),
	  .help = "without unix and netlink sockets" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),    OPT_TABLE(common_proc_opts),    OPT_TABLE(net_opts),
	OPT_TABLE(common_output_opts), OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

static const struct column columns[] = {
	{ F_NETWORK_TRANSPORT, "PROTO", -6 }, { F_CSI_SOCKET_STATE, "STATE", -11 },
	{ F_CSI_SOCKET_LOCAL, "LOCAL", -21 }, { F_CSI_SOCKET_REMOTE, "REMOTE", -21 },
	{ F_PROCESS_PID, "PID", 7 },	      { F_PROCESS_NAME, "PROCESS", 0 },
};

struct net {
	struct run *run;
	const struct net_args *args;
	uint64_t heading; /* namespace whose heading was printed last */
	bool any;
};

static bool waits(const struct sock *k)
{
	if (!k)
		return false;
	if (k->state[0])
		return strcmp(k->state, "LISTEN") == 0;
	return (sock_table_inet(k->table) && k->table != TABLE_TCP && k->table != TABLE_TCP6) ||
	       k->table == TABLE_PACKET;
}

static bool wanted(const struct net_args *a, const struct socket_row *row)
{
	if (a->listen && !waits(row->sock))
		return false;
	return !a->inet || !row->sock ||
	       (row->sock->table != TABLE_UNIX && row->sock->table != TABLE_NETLINK);
}

/* Where a table goes on with another namespace. */
static int put_heading(struct net *n, const struct socket_row *row)
{
	char text[64];

	if (n->args->common.json || (n->any && n->heading == row->ns_net))
		return 0;
	n->any = true;
	n->heading = row->ns_net;
	if (!row->sock)
		return out_text(n->run->out, bytes_str("in no table:"));
	if (!row->ns_net)
		return out_text(n->run->out, bytes_str("network namespace unknown:"));
	(void)snprintf(text, sizeof(text),
		       "network namespace %llu:", (unsigned long long)row->ns_net);
	return out_text(n->run->out, bytes_str(text));
}

static int show(void *ctx, const struct socket_row *row)
{
	struct net *n = ctx;
	int r;

	if (!wanted(n->args, row))
		return 0;
	r = put_heading(n, row);
	if (r < 0)
		return r;
	return socket_record(n->run->out, n->run->source, row, !n->args->common.json);
}

static int list(struct net *n)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	struct run *run = n->run;
	int r = cmd_select(run, &sel);

	if (r >= 0)
		return r;
	const struct sockets_options opts = {
		.ids = sel.ids,
		.nids = sel.n,
		.held_only = run->args->pids.n > 0,
		.stop = &run->stop,
		.gaps = &run->gaps,
	};
	r = sockets_each(run->source, &opts, show, n);
	/* What failed in writing, and a stop, are said by cmd_end. */
	if (r == 0 || r == -ECANCELED || r == out_error(run->out))
		return EXIT_COMPLETE;
	cmd_fail(run, "list sockets", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int net_run(const struct command *self, int argc, char **argv)
{
	struct net_args args = { 0 };
	struct run run = { 0 };
	struct net n = { .run = &run, .args = &args };
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0)
		r = cmd_begin(&run, self, &args.common, columns, ARRAY_LEN(columns));
	if (r >= 0)
		return r;
	run.exit = list(&n);
	return cmd_end(&run);
}

const struct command cmd_net = {
	.name = "net",
	.summary = "sockets of each network namespace, with the processes that hold them",
	.usage = "[-p PID]... [--listen] [--inet] [--json] [-o FILE]",
	.example = "csi net --inet\ncsi net --json | grep '\"owner\":\"none\"'",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = net_run,
};
