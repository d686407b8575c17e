/* SPDX-License-Identifier: Apache-2.0 */
/* One socket as a record: the same in `csi net` and in a bundle. */
#include "work/sockets.h"

#include <ctype.h>
#include <stdio.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 64, KIND_MAX = 32 };

/* "TCPv6", "UNIX-STREAM": what the kernel calls it, in lower case as ECS has it. */
static void put_kind(struct out *o, struct bytes kind)
{
	unsigned char text[KIND_MAX];
	size_t n = kind.n < sizeof(text) ? kind.n : sizeof(text);
	bool six = bytes_ends(kind, "v6");

	for (size_t i = 0; i < n; i++)
		text[i] = (unsigned char)tolower(kind.p[i]);
	if (six && n > 2)
		n -= 2;
	out_bytes(o, F_NETWORK_TRANSPORT, n ? bytes_of(text, n) : bytes_str("other"));
}

static void put_numbers(struct out *o, const struct sock *k)
{
	const char *name = sock_protocol_name(k);

	if (k->table == TABLE_PACKET && k->ifindex)
		out_u64(o, F_CSI_SOCKET_INTERFACE, k->ifindex);
	if (k->table == TABLE_NETLINK)
		out_u64(o, F_CSI_SOCKET_PORT_ID, k->port_id);
	if (name)
		out_str(o, F_CSI_SOCKET_PROTOCOL, name);
	else if (k->table >= TABLE_RAW && k->table != TABLE_UNIX)
		out_id(o, F_CSI_SOCKET_PROTOCOL, k->protocol);
	if (k->table != TABLE_UNIX) {
		out_u64(o, F_CSI_SOCKET_RECEIVING, k->receiving);
		out_u64(o, F_CSI_SOCKET_SENDING, k->sending);
	}
}

static const char *type_name(const struct sock *k)
{
	switch (k->type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_RAW:
		return "raw";
	case SOCK_SEQPACKET:
		return "seqpacket";
	default:
		return NULL;
	}
}

static void put_address(struct out *o, const struct sock *k, bool remote, enum field ip,
			enum field port)
{
	char text[46];

	sock_address_text(k, remote, text);
	out_str(o, ip, text);
	out_u64(o, port, remote ? k->remote_port : k->local_port);
}

static void put_addresses(struct out *o, const struct sock *k)
{
	if (!sock_table_inet(k->table))
		return;
	out_str(o, F_NETWORK_TYPE, k->family == AF_INET6 ? "ipv6" : "ipv4");
	put_address(o, k, false, F_SOURCE_IP, F_SOURCE_PORT);
	put_address(o, k, true, F_DESTINATION_IP, F_DESTINATION_PORT);
}

static void put_holders(struct out *o, struct source *s, const struct socket_row *row)
{
	const struct socket_process *p;
	char entity[96], pid[16], fd[16];

	if (row->nholders == 0)
		return;
	p = row->holders[0].process;
	source_entity_id(s, p->id, entity);
	out_str(o, F_PROCESS_ENTITY_ID, entity);
	out_bytes(o, F_PROCESS_NAME, bytes_of(p->comm, p->comm_len));
	out_u64(o, F_PROCESS_PID, (uint64_t)p->id.pid);
	if (p->uid != (uid_t)-1)
		out_id(o, F_PROCESS_USER_ID, p->uid);
	out_pairs(o, F_CSI_SOCKET_HOLDERS, "pid", "fd");
	for (size_t i = 0; i < row->nholders; i++) {
		(void)snprintf(pid, sizeof(pid), "%d", (int)row->holders[i].process->id.pid);
		(void)snprintf(fd, sizeof(fd), "%d", row->holders[i].fd);
		out_pair_add(o, bytes_str(pid), bytes_str(fd));
	}
	if (row->holders_in_all > row->nholders)
		out_u64(o, F_CSI_SOCKET_HELD, row->holders_in_all);
}

void socket_put(struct out *o, struct source *s, const struct socket_row *row)
{
	const struct sock *k = row->sock;

	if (row->ns_net)
		out_u64(o, F_CSI_NS_NET, row->ns_net);
	out_u64(o, F_CSI_SOCKET_INODE, row->inode);
	out_str(o, F_CSI_SOCKET_OWNER, socket_owner_name(row->owner));
	put_holders(o, s, row);
	if (!k) {
		put_kind(o, row->kind);
		if (!row->untold)
			out_str(o, F_CSI_SOCKET_STATE, "UNLISTED");
		return;
	}
	if (k->state[0])
		out_str(o, F_CSI_SOCKET_STATE, k->state);
	/* The table of unix sockets has no uid. */
	if (k->table != TABLE_UNIX && k->table != TABLE_NETLINK)
		out_u64(o, F_CSI_SOCKET_UID, k->uid);
	out_str(o, F_NETWORK_TRANSPORT, sock_table_name(k->table));
	if (type_name(k))
		out_str(o, F_CSI_SOCKET_TYPE, type_name(k));
	if (k->path.n)
		out_bytes(o, F_FILE_PATH, k->path);
	put_numbers(o, k);
	put_addresses(o, k);
}

static int whole_record(struct out *o, struct source *s, const struct socket_row *row)
{
	out_begin(o, "state");
	socket_put(o, s, row);
	return out_end(o);
}

/* "10.0.0.1:80", "[::1]:80", "*:80" */
static void short_address(const struct sock *k, bool remote, char ret[ADDRESS_TEXT])
{
	static const unsigned char any[16] = { 0 };
	const unsigned char *from = remote ? k->remote : k->local;
	unsigned port = remote ? k->remote_port : k->local_port;
	char text[46] = "*", number[8] = "*";

	if (memcmp(from, any, sizeof(any)) != 0)
		sock_address_text(k, remote, text);
	if (port)
		(void)snprintf(number, sizeof(number), "%u", port);
	(void)snprintf(ret, ADDRESS_TEXT, strchr(text, ':') ? "[%s]:%s" : "%s:%s", text, number);
}

static void short_addresses(struct out *o, const struct sock *k)
{
	char text[ADDRESS_TEXT];
	const char *name = sock_protocol_name(k);

	if (k->table == TABLE_UNIX) {
		out_bytes(o, F_CSI_SOCKET_LOCAL, k->path);
		return;
	}
	if (!sock_table_inet(k->table)) {
		if (name)
			(void)snprintf(text, sizeof(text), "%s", name);
		else
			(void)snprintf(text, sizeof(text), "protocol %u", k->protocol);
		out_str(o, F_CSI_SOCKET_LOCAL, text);
		if (k->table == TABLE_PACKET && k->ifindex) {
			(void)snprintf(text, sizeof(text), "interface %u", k->ifindex);
			out_str(o, F_CSI_SOCKET_REMOTE, text);
		}
		return;
	}
	short_address(k, false, text);
	out_str(o, F_CSI_SOCKET_LOCAL, text);
	short_address(k, true, text);
	out_str(o, F_CSI_SOCKET_REMOTE, text);
}

static void short_owner(struct out *o, const struct socket_row *row)
{
	static const char *const words[] = {
		[SOCKET_KERNEL] = "(the kernel's)",
		[SOCKET_UNOWNED] = "(no process seen from here)",
		[SOCKET_UNKNOWN] = "(unknown: some could not be read)",
	};
	unsigned char text[48];
	const struct socket_process *p;
	size_t n;
	int more = 0;

	if (row->nholders == 0) {
		out_str(o, F_PROCESS_NAME, words[row->owner]);
		return;
	}
	p = row->holders[0].process;
	out_u64(o, F_PROCESS_PID, (uint64_t)p->id.pid);
	n = p->comm_len;
	memcpy(text, p->comm, n);
	if (row->holders_in_all > 1)
		more = snprintf((char *)text + n, sizeof(text) - n, " and %zu more",
				row->holders_in_all - 1);
	out_bytes(o, F_PROCESS_NAME, bytes_of(text, n + (more > 0 ? (size_t)more : 0)));
}

static int short_record(struct out *o, const struct socket_row *row)
{
	const struct sock *k = row->sock;
	char text[16];

	out_begin(o, "state");
	short_owner(o, row);
	if (!k) {
		put_kind(o, row->kind);
		out_str(o, F_CSI_SOCKET_STATE, row->untold ? "" : "UNLISTED");
		return out_end(o);
	}
	(void)snprintf(text, sizeof(text), "%s%s", sock_table_name(k->table),
		       k->family == AF_INET6 ? "6" : "");
	out_str(o, F_NETWORK_TRANSPORT, text);
	if (k->state[0])
		out_str(o, F_CSI_SOCKET_STATE, k->state);
	else if (type_name(k))
		out_str(o, F_CSI_SOCKET_STATE, type_name(k));
	short_addresses(o, k);
	return out_end(o);
}

int socket_record(struct out *o, struct source *s, const struct socket_row *row, bool shortly)
{
	return shortly ? short_record(o, row) : whole_record(o, s, row);
}
