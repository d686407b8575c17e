/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of indicators, and the remote ends of sockets among them. */
#include "work/ioc_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

enum { TEXT_MAX = 64, ALL_BITS = 128, V4_BITS = 32, V4_AT = 12 };

/* ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */
static const unsigned char mapped[V4_AT] = { [10] = 0xff, [11] = 0xff };

static bool number(const char *text, unsigned max, unsigned *ret)
{
	unsigned n = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
	}
	*ret = n;
	return n <= max;
}

/* Whether the address itself is one; *RET_V4: in four numbers. */
static bool parse_ip(const char *text, unsigned char *ip, bool *ret_v4)
{
	*ret_v4 = inet_pton(AF_INET, text, ip + V4_AT) == 1;
	if (*ret_v4)
		memcpy(ip, mapped, sizeof(mapped));
	return *ret_v4 || inet_pton(AF_INET6, text, ip) == 1;
}

bool ioc_address_parse(struct bytes text, struct ioc_address *ret)
{
	struct ioc_address a = { .bits = ALL_BITS };
	char copy[TEXT_MAX];
	char *slash, *colon;
	unsigned n = 0;
	bool v4;

	if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, 0, text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	/* One colon stands before a port, several are of IPv6. */
	colon = strchr(copy, ':');
	if (colon && strchr(colon + 1, ':'))
		colon = NULL;
	if (colon) {
		*colon = '\0';
		if (slash || !number(colon + 1, UINT16_MAX, &n) || n == 0)
			return false;
		a.port = (uint16_t)n;
	}
	if (!parse_ip(copy, a.ip, &v4))
		return false;
	if (slash) {
		if (!number(slash + 1, v4 ? V4_BITS : ALL_BITS, &n) ||
		    n < (v4 ? IOC_NET4_BITS : IOC_NET6_BITS))
			return false;
		a.bits = (unsigned char)(v4 ? n + ALL_BITS - V4_BITS : n);
	}
	*ret = a;
	return true;
}

static int add(struct ioc_address **v, size_t *n, size_t *room, const struct ioc_address *a)
{
	if (*n == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct ioc_address *p = realloc(*v, more * sizeof(*p));

		if (!p)
			return -ENOMEM;
		*v = p;
		*room = more;
	}
	(*v)[(*n)++] = *a;
	return 0;
}

int ioc_addresses_add(struct ioc_addresses *l, const struct ioc_address *a)
{
	if (a->bits == ALL_BITS)
		return add(&l->v, &l->n, &l->room, a);
	if (l->nnets == IOC_NETS_MAX)
		return -E2BIG;
	return add(&l->nets, &l->nnets, &l->nets_room, a);
}

static int by_ip(const void *a, const void *b)
{
	const struct ioc_address *x = a, *y = b;

	return memcmp(x->ip, y->ip, sizeof(x->ip));
}

void ioc_addresses_sort(struct ioc_addresses *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_ip);
}

void ioc_addresses_done(struct ioc_addresses *l)
{
	free(l->v);
	free(l->nets);
	*l = (struct ioc_addresses){ 0 };
}

static bool port_agrees(const struct ioc_address *a, uint16_t port)
{
	return a->port == 0 || a->port == port;
}

static bool lies_in(const struct ioc_address *net, const unsigned char *ip)
{
	size_t whole = net->bits / 8u;
	unsigned mask = 0xff00u >> net->bits % 8u & 0xff;

	return memcmp(ip, net->ip, whole) == 0 &&
	       (mask == 0 || ((ip[whole] ^ net->ip[whole]) & mask) == 0);
}

static const struct ioc_address *find_single(const struct ioc_addresses *l,
					     const struct ioc_address *key)
{
	const struct ioc_address *at = l->n ? bsearch(key, l->v, l->n, sizeof(*l->v), by_ip) : NULL;

	if (!at)
		return NULL;
	while (at > l->v && by_ip(at - 1, key) == 0)
		at--;
	for (; at < l->v + l->n && by_ip(at, key) == 0; at++)
		if (port_agrees(at, key->port))
			return at;
	return NULL;
}

const struct ioc_address *ioc_addresses_find(const struct ioc_addresses *l, const struct sock *k)
{
	static const unsigned char none[16] = { 0 };
	struct ioc_address key = { .port = k->remote_port };
	const struct ioc_address *found;

	if (!sock_table_inet(k->table) || memcmp(k->remote, none, sizeof(none)) == 0)
		return NULL;
	if (k->family == AF_INET) {
		memcpy(key.ip, mapped, sizeof(mapped));
		memcpy(key.ip + V4_AT, k->remote, sizeof(key.ip) - V4_AT);
	} else {
		memcpy(key.ip, k->remote, sizeof(key.ip));
	}
	found = find_single(l, &key);
	for (size_t i = 0; !found && i < l->nnets; i++)
		if (lies_in(&l->nets[i], key.ip) && port_agrees(&l->nets[i], key.port))
			found = &l->nets[i];
	return found;
}
