/* SPDX-License-Identifier: Apache-2.0 */
/* A process whose sockets are known: one of every kind that it may make. */
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Says "NAME INODE", or "NAME -ERRNO" of what the kernel or the container refused. */
static int tell(const char *name, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		dprintf(READY_FD, "%s -%d\n", name, errno);
	else
		dprintf(READY_FD, "%s %lu\n", name, (unsigned long)st.st_ino);
	return fd;
}

static int bound4(int type, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

static int bound6(int type, int port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, type, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

static int listening(int fd)
{
	return fd >= 0 && listen(fd, 4) == 0 ? fd : -1;
}

static int connected4(int type, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type, 0);

	return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

static int bound_unix(int type, const char *name, size_t n)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);

	memcpy(at.sun_path, name, n);
	return fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 ? fd : -1;
}

static int bound_netlink(void)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

/*
 * sockets [BASE]: TCP and UDP ports from BASE (7001) on 127.0.0.1 and ::1, a connection with both
 * its ends, unix sockets, raw, packet and netlink ones, one that is not bound.
 */
int mode_sockets(int argc, char **argv)
{
	static const char path[] = "/tmp/known\x1b[2J.sock";
	static const char abstract[] = "\0known";
	/* What follows the newline looks like a line of the kernel's. */
	static const char forged[] = "\0\n00000000: 00000002 00000000 00010000 0001 01 7 /forged";
	int base = argc > 0 ? number(argv[0]) : 7001;
	int server;

	server = tell("tcp-listen", listening(bound4(SOCK_STREAM, base)));
	tell("tcp6-listen", listening(bound6(SOCK_STREAM, base + 1)));
	tell("tcp-client", connected4(SOCK_STREAM, base));
	tell("tcp-accepted", accept(server, NULL, NULL));
	tell("udp-bound", bound4(SOCK_DGRAM, base + 2));
	tell("udp6-bound", bound6(SOCK_DGRAM, base + 3));
	tell("udp-connected", connected4(SOCK_DGRAM, base + 2));
	tell("tcp-unbound", socket(AF_INET, SOCK_STREAM, 0));
	tell("unix-listen", listening(bound_unix(SOCK_STREAM, path, sizeof(path) - 1)));
	tell("unix-abstract", bound_unix(SOCK_DGRAM, abstract, sizeof(abstract) - 1));
	tell("unix-forged", bound_unix(SOCK_DGRAM, forged, sizeof(forged) - 1));
	tell("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	tell("raw6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	tell("packet", socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
	tell("netlink", bound_netlink());
	ready("%s", "");
	rest();
}
