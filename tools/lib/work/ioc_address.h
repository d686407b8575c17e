/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indicators that are addresses, for sockets to be compared with: "192.0.2.1", "2001:db8::1",
 * "192.0.2.1:443", and networks such as "198.51.100.0/24". Names of hosts are no addresses: nothing
 * is looked up.
 */
#ifndef CSI_WORK_IOC_ADDRESS_H
#define CSI_WORK_IOC_ADDRESS_H

#include "base/base.h"
#include "sys/sock.h"

enum {
	IOC_NETS_MAX = 4096,  /* networks: each socket is compared with all of them */
	IOC_NET4_BITS = 8,    /* the widest network that says anything */
	IOC_NET6_BITS = 16,   /* the same of IPv6 */
	IOC_COMMENT_MAX = 96, /* bytes kept */
};

struct ioc_address {
	unsigned char ip[16]; /* of IPv4 as ::ffff:a.b.c.d */
	unsigned char bits;   /* of IP that count, 1 to 128 */
	uint16_t port;	      /* 0: any */
	char comment[IOC_COMMENT_MAX];
};

struct ioc_addresses {
	struct ioc_address *v; /* single ones; sorted by ioc_addresses_sort */
	size_t n, room;
	struct ioc_address *nets;
	size_t nnets, nets_room;
};

/* TEXT is hostile or just a name: false, and RET is untouched, if it is no address, or a network
 * wider than says anything. The comment is left empty. */
bool ioc_address_parse(struct bytes text, struct ioc_address *ret);

/* Copies A. 0, -ENOMEM, or -E2BIG beyond IOC_NETS_MAX networks. */
int ioc_addresses_add(struct ioc_addresses *l, const struct ioc_address *a);
/* After the last one, before the first find. */
void ioc_addresses_sort(struct ioc_addresses *l);
void ioc_addresses_done(struct ioc_addresses *l);

/* What of L the remote end of K is, or NULL: also if K has none. Thread-safe. */
const struct ioc_address *ioc_addresses_find(const struct ioc_addresses *l, const struct sock *k);

#endif
