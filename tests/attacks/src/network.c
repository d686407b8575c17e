/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks over the network, which stay on the loopback of their container. */
#include "attacks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fails(const char *what)
{
	ready("error: %s: %s\n", what, strerror(errno));
	return 1;
}

static int listener(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0)
		return -errno;
	return fd;
}

/* listen PORT...: takes whatever comes, and keeps it: the stand-in of a pool, or of who waits for a
 * shell. */
int attack_listen(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int fd = listener(number(argv[i]));

		if (fd < 0)
			return fails("listen");
		/* The last one is this process's own. */
		if (i + 1 < argc && fork() != 0)
			continue;
		if (i + 1 == argc)
			ready("%s", "");
		else
			close(READY_FD);
		for (;;)
			accept(fd, NULL, NULL);
	}
	return 2;
}

static int connected(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : fd;
}

/* connect PORT [burn]: a session that stays; burn: and two threads' worth of work beside it. */
int attack_connect(int argc, char **argv)
{
	if (argc < 1 || connected(number(argv[0])) < 0)
		return fails("connect");
	if (argc > 1 && fork() == 0) {
		close(READY_FD);
		for (volatile unsigned x = 0;;)
			x++;
	}
	ready("%s", "");
	if (argc > 1)
		for (volatile unsigned x = 0;;)
			x++;
	rest();
}

/* raw: what a back door listens with that opens no port. */
int attack_raw(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) < 0)
		return fails("raw");
	ready("%s", "");
	rest();
}

/* packet: BPFDoor's way: a packet socket with a filter of its own. */
int attack_packet(int argc, char **argv)
{
	struct sock_filter all[] = { { BPF_RET | BPF_K, 0, 0, 0xffff } };
	struct sock_fprog filter = { 1, all };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	(void)argc;
	(void)argv;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
		return fails("packet");
	ready("%s", "");
	rest();
}

/* orphan PORT: a listener that is on its way between two ends of a socket pair, and in no
 * descriptor table. */
int attack_orphan(int argc, char **argv)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int pair[2], fd = listener(argc > 0 ? number(argv[0]) : 31337);

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return fails("orphan");
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(pair[0], &msg, 0) < 0)
		return fails("sendmsg");
	close(fd);
	ready("%s", "");
	rest();
}
