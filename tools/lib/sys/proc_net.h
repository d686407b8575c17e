/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/PID/net/dev and /proc/PID/net/route, which the target may have covered. */
#ifndef CSI_SYS_PROC_NET_H
#define CSI_SYS_PROC_NET_H

#include "base/base.h"

enum {
	ROUTE_UP = 0x1,	      /* RTF_UP, linux/route.h */
	ROUTE_REJECT = 0x200, /* RTF_REJECT */
};

/* Addresses and mask in the machine's byte order of the packet, as inet_addr(3) has them. */
struct proc_route {
	struct bytes interface; /* of the line */
	uint32_t destination, gateway, mask;
	uint32_t flags;
};

/*
 * "eth0 00000000 0100A8C0 0003 0 0 0 00000000 ..." (fib_route_seq_show, net/ipv4/fib_trie.c). 0, or
 * -EBADMSG: the heading, or no route.
 */
int proc_parse_route(struct bytes line, struct proc_route *ret);

/* "  eth0: 123 ...": the name (dev_seq_printf_stats, net/core/net-procfs.c). 0 or -EBADMSG. */
int proc_parse_interface(struct bytes line, struct bytes *ret_name);

#endif
