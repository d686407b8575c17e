/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of the socket tables below /proc/PID/net. */
#include "sys/sock.h"

#include "sys/scan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

enum {
	UNIX_ACCEPTING = 0x10000, /* __SO_ACCEPTCON, include/uapi/linux/net.h */
	STATE_ESTABLISHED = 1,
};

typedef int (*row_parser)(struct bytes rest, struct sock *s);

static int parse_inet(struct bytes rest, struct sock *s);
static int parse_unix(struct bytes rest, struct sock *s);
static int parse_packet(struct bytes rest, struct sock *s);
static int parse_netlink(struct bytes rest, struct sock *s);

/* One row a table, in the order of enum sock_table. HEADING: its first word. */
static const struct table {
	const char *path, *name, *heading;
	int family;
	row_parser parse;
} tables[SOCK_TABLES] = {
	[TABLE_TCP] = { "net/tcp", "tcp", "sl", AF_INET, parse_inet },
	[TABLE_TCP6] = { "net/tcp6", "tcp", "sl", AF_INET6, parse_inet },
	[TABLE_UDP] = { "net/udp", "udp", "sl", AF_INET, parse_inet },
	[TABLE_UDP6] = { "net/udp6", "udp", "sl", AF_INET6, parse_inet },
	[TABLE_UDPLITE] = { "net/udplite", "udplite", "sl", AF_INET, parse_inet },
	[TABLE_UDPLITE6] = { "net/udplite6", "udplite", "sl", AF_INET6, parse_inet },
	[TABLE_RAW] = { "net/raw", "raw", "sl", AF_INET, parse_inet },
	[TABLE_RAW6] = { "net/raw6", "raw", "sl", AF_INET6, parse_inet },
	[TABLE_ICMP] = { "net/icmp", "icmp", "sl", AF_INET, parse_inet },
	[TABLE_ICMP6] = { "net/icmp6", "icmp", "sl", AF_INET6, parse_inet },
	[TABLE_UNIX] = { "net/unix", "unix", "Num", AF_UNIX, parse_unix },
	[TABLE_PACKET] = { "net/packet", "packet", "sk", AF_PACKET, parse_packet },
	[TABLE_NETLINK] = { "net/netlink", "netlink", "sk", AF_NETLINK, parse_netlink },
};

/* include/net/tcp_states.h */
static const char *const tcp_states[] = {
	NULL,	     "ESTABLISHED", "SYN_SENT",	    "SYN_RECV",	      "FIN_WAIT1",
	"FIN_WAIT2", "TIME_WAIT",   "CLOSE",	    "CLOSE_WAIT",     "LAST_ACK",
	"LISTEN",    "CLOSING",	    "NEW_SYN_RECV", "BOUND_INACTIVE",
};

/* include/uapi/linux/net.h, socket_state */
static const char *const unix_states[] = { "", "", "CONNECTING", "ESTABLISHED", "DISCONNECTING" };

const char *sock_table_path(enum sock_table t)
{
	return tables[t].path;
}

const char *sock_table_name(enum sock_table t)
{
	return tables[t].name;
}

/* Moves over N words and the blanks before each. */
static int skip_words(struct bytes *rest, size_t n)
{
	while (n--) {
		scan_blanks(rest);
		if (scan_word(rest).n == 0)
			return -EBADMSG;
	}
	return 0;
}

static int word_end(const struct bytes *rest)
{
	return rest->n == 0 || rest->p[0] == ' ' ? 0 : -EBADMSG;
}

/* A number after blanks, that ends at a blank or at the end. */
static int number(struct bytes *rest, bool hex, uint64_t most, uint64_t *ret)
{
	uint64_t v;
	int r;

	scan_blanks(rest);
	r = hex ? scan_hex(rest, &v) : scan_dec(rest, &v);
	if (r < 0 || v > most || word_end(rest) < 0)
		return -EBADMSG;
	*ret = v;
	return 0;
}

/* "0100007F:1F90": 32-bit words in the machine's byte order, the port as a number. */
static int address(struct bytes *rest, int family, unsigned char *ret, uint16_t *ret_port)
{
	size_t words = family == AF_INET ? 1 : 4;
	uint64_t port;

	scan_blanks(rest);
	for (size_t i = 0; i < words; i++) {
		struct bytes digits = bytes_of(rest->p, 8);
		uint64_t v;
		uint32_t word;

		if (rest->n < 8 || scan_hex(&digits, &v) < 0 || digits.n)
			return -EBADMSG;
		word = (uint32_t)v;
		memcpy(ret + 4 * i, &word, sizeof(word));
		scan_skip(rest, 8);
	}
	if (scan_byte(rest, ':') < 0 || scan_hex(rest, &port) < 0 || port > UINT16_MAX)
		return -EBADMSG;
	*ret_port = (uint16_t)port;
	return word_end(rest);
}

static const char *inet_state(enum sock_table t, uint64_t state)
{
	/* Of datagram and raw sockets only "connected" means something. */
	if (t != TABLE_TCP && t != TABLE_TCP6)
		return state == STATE_ESTABLISHED ? tcp_states[STATE_ESTABLISHED] : "";
	if (state == 0 || state >= ARRAY_LEN(tcp_states))
		return "UNKNOWN";
	return tcp_states[state];
}

/* "00000000:00000000" */
static int queues(struct bytes *rest, struct sock *s)
{
	scan_blanks(rest);
	if (scan_hex(rest, &s->sending) < 0 || scan_byte(rest, ':') < 0 ||
	    scan_hex(rest, &s->receiving) < 0)
		return -EBADMSG;
	return word_end(rest);
}

/* "local remote st tx:rx tr:when retrnsmt uid timeout inode ...": tcp4_seq_show, udp4_format_sock.
 */
static int parse_inet(struct bytes rest, struct sock *s)
{
	uint64_t state, uid;

	if (address(&rest, s->family, s->local, &s->local_port) < 0 ||
	    address(&rest, s->family, s->remote, &s->remote_port) < 0 ||
	    number(&rest, true, UINT8_MAX, &state) < 0)
		return -EBADMSG;
	if (queues(&rest, s) < 0 || skip_words(&rest, 2) < 0 ||
	    number(&rest, false, UINT32_MAX, &uid) < 0 || skip_words(&rest, 1) < 0 ||
	    number(&rest, false, UINT64_MAX, &s->inode) < 0)
		return -EBADMSG;
	s->uid = (uint32_t)uid;
	s->state = inet_state(s->table, state);
	/* raw_sock_seq_show, ping_v4_format_sock: the "port" is inet_num. */
	if (s->table >= TABLE_RAW && s->table <= TABLE_ICMP6)
		s->protocol = s->local_port;
	return 1;
}

/* "refcount protocol flags type st inode[ path]": unix_seq_show. */
static int parse_unix(struct bytes rest, struct sock *s)
{
	uint64_t flags, type, state;

	if (skip_words(&rest, 2) < 0 || number(&rest, true, UINT32_MAX, &flags) < 0 ||
	    number(&rest, true, UINT16_MAX, &type) < 0 ||
	    number(&rest, true, UINT8_MAX, &state) < 0 ||
	    number(&rest, false, UINT64_MAX, &s->inode) < 0)
		return -EBADMSG;
	s->type = (uint16_t)type;
	if (flags & UNIX_ACCEPTING)
		s->state = "LISTEN";
	else
		s->state = state < ARRAY_LEN(unix_states) ? unix_states[state] : "UNKNOWN";
	if (rest.n > 0)
		scan_skip(&rest, 1);
	s->path = rest;
	return 1;
}

/* "refcnt type proto iface r rmem user inode": packet_seq_show. */
static int parse_packet(struct bytes rest, struct sock *s)
{
	uint64_t type, protocol, ifindex, running, uid;

	if (skip_words(&rest, 1) < 0 || number(&rest, false, UINT16_MAX, &type) < 0 ||
	    number(&rest, true, UINT16_MAX, &protocol) < 0 ||
	    number(&rest, false, UINT32_MAX, &ifindex) < 0)
		return -EBADMSG;
	if (number(&rest, false, UINT32_MAX, &running) < 0 ||
	    number(&rest, false, UINT64_MAX, &s->receiving) < 0 ||
	    number(&rest, false, UINT32_MAX, &uid) < 0 ||
	    number(&rest, false, UINT64_MAX, &s->inode) < 0)
		return -EBADMSG;
	s->type = (uint16_t)type;
	s->protocol = (uint16_t)protocol;
	s->ifindex = (uint32_t)ifindex;
	s->uid = (uint32_t)uid;
	return 1;
}

/* "eth pid groups rmem wmem dump locks drops inode": netlink_native_seq_show. */
static int parse_netlink(struct bytes rest, struct sock *s)
{
	uint64_t protocol, port_id;

	if (number(&rest, false, UINT16_MAX, &protocol) < 0 ||
	    number(&rest, false, UINT32_MAX, &port_id) < 0 || skip_words(&rest, 1) < 0 ||
	    number(&rest, false, UINT64_MAX, &s->receiving) < 0 ||
	    number(&rest, false, UINT64_MAX, &s->sending) < 0 || skip_words(&rest, 3) < 0 ||
	    number(&rest, false, UINT64_MAX, &s->inode) < 0)
		return -EBADMSG;
	s->protocol = (uint16_t)protocol;
	s->port_id = (uint32_t)port_id;
	return 1;
}

int sock_parse(enum sock_table t, struct bytes line, struct sock *ret)
{
	const struct table *table = &tables[t];
	struct sock s = { .table = t, .family = table->family, .state = "" };
	struct bytes rest = line, first;
	int r;

	scan_blanks(&rest);
	first = scan_word(&rest);
	if (first.n == 0)
		return -EBADMSG;
	if (bytes_eq(first, bytes_str(table->heading)))
		return 0;
	r = table->parse(rest, &s);
	if (r == 1)
		*ret = s;
	return r;
}

void sock_address_text(const struct sock *s, bool remote, char ret[46])
{
	const unsigned char *from = remote ? s->remote : s->local;

	ret[0] = '\0';
	if (s->family == AF_INET || s->family == AF_INET6)
		(void)inet_ntop(s->family, from, ret, 46);
}

struct number_name {
	uint16_t number;
	const char *name;
};

/* include/uapi/linux/netlink.h */
static const struct number_name netlink_names[] = {
	{ 0, "route" },	      { 2, "usersock" },       { 3, "firewall" },
	{ 4, "sock_diag" },   { 5, "nflog" },	       { 6, "xfrm" },
	{ 7, "selinux" },     { 8, "iscsi" },	       { 9, "audit" },
	{ 10, "fib_lookup" }, { 11, "connector" },     { 12, "netfilter" },
	{ 13, "ip6_fw" },     { 14, "dnrtmsg" },       { 15, "kobject_uevent" },
	{ 16, "generic" },    { 18, "scsitransport" }, { 19, "ecryptfs" },
	{ 20, "rdma" },	      { 21, "crypto" },	       { 22, "smc" },
};

/* include/uapi/linux/in.h */
static const struct number_name ip_names[] = {
	{ 1, "icmp" },	{ 2, "igmp" },	 { 6, "tcp" },	  { 17, "udp" },
	{ 47, "gre" },	{ 50, "esp" },	 { 51, "ah" },	  { 58, "icmp6" },
	{ 89, "ospf" }, { 112, "vrrp" }, { 132, "sctp" }, { 255, "raw" },
};

/* include/uapi/linux/if_ether.h */
static const struct number_name ether_names[] = {
	{ 0x0003, "all" },  { 0x0800, "ip" },	 { 0x0806, "arp" },
	{ 0x86dd, "ipv6" }, { 0x888e, "eapol" }, { 0x88cc, "lldp" },
};

static const char *find_name(const struct number_name *names, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

const char *sock_protocol_name(const struct sock *s)
{
	switch (s->table) {
	case TABLE_RAW:
	case TABLE_RAW6:
		return find_name(ip_names, ARRAY_LEN(ip_names), s->protocol);
	case TABLE_PACKET:
		return find_name(ether_names, ARRAY_LEN(ether_names), s->protocol);
	case TABLE_NETLINK:
		return find_name(netlink_names, ARRAY_LEN(netlink_names), s->protocol);
	default:
		return NULL;
	}
}
