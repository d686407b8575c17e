/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of /proc/PID/net/{tcp,udp,udplite,raw,icmp}, the same of IPv6, unix, packet and netlink
 * (proc_net(5), net/ipv4/tcp_ipv4.c). */
#ifndef CSI_SYS_SOCK_H
#define CSI_SYS_SOCK_H

#include "base/base.h"

/* Not SOCK_...: <sys/socket.h> has a SOCK_RAW and a SOCK_PACKET of its own. */
enum sock_table {
	TABLE_TCP,
	TABLE_TCP6,
	TABLE_UDP,
	TABLE_UDP6,
	TABLE_UDPLITE,
	TABLE_UDPLITE6,
	TABLE_RAW,
	TABLE_RAW6,
	TABLE_ICMP, /* ping sockets, icmp(7) */
	TABLE_ICMP6,
	TABLE_UNIX,
	TABLE_PACKET,
	TABLE_NETLINK,
	SOCK_TABLES
};

/* "net/tcp" and so on, below /proc/PID. */
const char *sock_table_path(enum sock_table t);
/* Tables whose rows have addresses come first. */
static inline bool sock_table_inet(enum sock_table t)
{
	return t < TABLE_UNIX;
}
/* "tcp", "unix": ECS network.transport. */
const char *sock_table_name(enum sock_table t);

struct sock {
	enum sock_table table;
	int family; /* AF_INET, AF_INET6, AF_UNIX, AF_PACKET, AF_NETLINK */
	unsigned char local[16], remote[16];
	uint16_t local_port, remote_port;
	const char *state; /* "LISTEN", "ESTABLISHED", ...; "" where it has none */
	uint64_t inode;	   /* 0: no descriptor leads to it, such as TIME_WAIT */
	/*
	 * Bytes waiting, where the table has them. Of a TCP socket that listens, receiving counts
	 * connections that wait to be accepted.
	 */
	uint64_t sending, receiving;
	uint32_t uid;
	uint16_t type;	   /* unix, packet: SOCK_STREAM, SOCK_RAW, ...; else 0 */
	uint16_t protocol; /* raw, icmp: IP protocol or identifier; packet: ethertype (0x0003 is
			      all); netlink: family */
	uint32_t ifindex;  /* packet: interface, 0 any */
	uint32_t port_id;  /* netlink: mostly the pid */
	struct bytes path; /* unix: points into the line; target bytes */
};

/*
 * One line. 1 a socket, 0 a heading, -EBADMSG. The kernel writes a newline in a unix path as it is
 * (unix_seq_show), so that a process can forge whole lines of that table: a row is believed only as
 * far as a descriptor with its inode is found.
 */
int sock_parse(enum sock_table t, struct bytes line, struct sock *ret);
/*
 * A protocol's name where the kernel has fixed numbers for it: netlink families
 * ("route"), IP protocols ("icmp"), ethertypes ("all"). NULL: none that is known.
 */
const char *sock_protocol_name(const struct sock *s);
/* Numeric address text, as inet_ntop does it. RET holds at least 46 bytes. */
void sock_address_text(const struct sock *s, bool remote, char ret[46]);

#endif
