/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of /proc/PID/net/{tcp,tcp6,udp,udp6,raw,raw6,unix,packet,netlink} (proc_net(5), net/ipv4/tcp_ipv4.c). */
#ifndef CSI_SYS_SOCK_H
#define CSI_SYS_SOCK_H

#include "base/base.h"

enum sock_table {
	SOCK_TCP, SOCK_TCP6, SOCK_UDP, SOCK_UDP6, SOCK_RAW, SOCK_RAW6, SOCK_UNIX, SOCK_PACKET, SOCK_NETLINK,
	SOCK_TABLES
};

/* "net/tcp" and so on, below /proc/PID. */
const char *sock_table_path(enum sock_table t);
/* "tcp", "unix": ECS network.transport. */
const char *sock_table_name(enum sock_table t);

struct sock {
	enum sock_table table;
	int family;             /* AF_INET, AF_INET6, AF_UNIX, AF_PACKET, AF_NETLINK */
	unsigned char local[16], remote[16];
	uint16_t local_port, remote_port;
	const char *state;      /* "LISTEN", "ESTABLISHED", ...; "" where it has none */
	uint64_t inode;
	uint32_t uid;
	struct bytes path;      /* unix: points into the line; target bytes */
};

/* One line. 1 a socket, 0 a heading, -EBADMSG. */
int sock_parse(enum sock_table t, struct bytes line, struct sock *ret);
/* Numeric address text, as inet_ntop does it. RET holds at least 46 bytes. */
void sock_address_text(const struct sock *s, bool remote, char ret[46]);

#endif
