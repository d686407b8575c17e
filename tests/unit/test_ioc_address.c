/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of indicators, and which sockets lead to them. */
#include "work/ioc_address.h"

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>

static struct sock remote(const char *ip, uint16_t port)
{
	struct sock k = { .table = TABLE_TCP, .family = AF_INET, .remote_port = port };

	if (strchr(ip, ':')) {
		k.table = TABLE_TCP6;
		k.family = AF_INET6;
	}
	CHECK_INT(inet_pton(k.family, ip, k.remote), 1);
	return k;
}

static void test_parse(void)
{
	static const struct {
		const char *text;
		bool good;
		unsigned char bits;
		uint16_t port;
	} cases[] = {
		{ "192.0.2.1", true, 128, 0 },
		{ "192.0.2.1:443", true, 128, 443 },
		{ "192.0.2.0/24", true, 120, 0 },
		{ "10.0.0.0/8", true, 104, 0 },
		{ "10.0.0.0/7", false, 0, 0 },
		{ "0.0.0.0/0", false, 0, 0 },
		{ "192.0.2.0/33", false, 0, 0 },
		{ "192.0.2.0/", false, 0, 0 },
		{ "192.0.2.0/24:80", false, 0, 0 },
		{ "192.0.2.1:0", false, 0, 0 },
		{ "192.0.2.1:65536", false, 0, 0 },
		{ "192.0.2.1:4 3", false, 0, 0 },
		{ "192.0.2", false, 0, 0 },
		{ "192.0.2.256", false, 0, 0 },
		{ "2001:db8::1", true, 128, 0 },
		{ "2001:db8::/32", true, 32, 0 },
		{ "2001::/15", false, 0, 0 },
		{ "2001:db8::1/129", false, 0, 0 },
		{ "c2.example", false, 0, 0 },
		{ "", false, 0, 0 },
		{ ":", false, 0, 0 },
		{ "/", false, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ioc_address a = { .bits = 1 };

		CHECK_INT(ioc_address_parse(bytes_str(cases[i].text), &a), cases[i].good);
		CHECK_INT(a.bits, cases[i].good ? cases[i].bits : 1);
		CHECK_INT(a.port, cases[i].port);
	}
	CHECK(!ioc_address_parse(bytes_of("192.0.2.1\0x", 11), &(struct ioc_address){ 0 }));
	OK("what is an address, a port and a network");
}

static void add(struct ioc_addresses *l, const char *text, const char *comment)
{
	struct ioc_address a;

	CHECK(ioc_address_parse(bytes_str(text), &a));
	(void)snprintf(a.comment, sizeof(a.comment), "%s", comment);
	CHECK_INT(ioc_addresses_add(l, &a), 0);
}

/* The comment of what is found, or "". */
static const char *found(const struct ioc_addresses *l, const char *ip, uint16_t port)
{
	const struct sock k = remote(ip, port);
	const struct ioc_address *a = ioc_addresses_find(l, &k);

	return a ? a->comment : "";
}

static void test_find(void)
{
	AUTO_DONE(ioc_addresses_done) struct ioc_addresses l = { 0 };
	static const struct {
		const char *ip;
		uint16_t port;
		const char *want;
	} cases[] = {
		{ "192.0.2.9", 80, "" },
		{ "192.0.2.10", 80, "any" },
		{ "192.0.2.11", 443, "https" },
		{ "192.0.2.11", 80, "" },
		{ "192.0.2.11", 53, "dns" },
		{ "::ffff:192.0.2.10", 1, "any" },
		{ "198.51.100.255", 1, "net" },
		{ "198.51.101.0", 1, "" },
		{ "203.0.113.127", 1, "half" },
		{ "203.0.113.128", 1, "" },
		{ "2001:db8:0:1::7", 1, "six" },
		{ "2001:db8:0:2::7", 1, "" },
		{ "::ffff:198.51.100.1", 1, "net" },
	};
	const struct sock none = remote("0.0.0.0", 0);
	const struct sock local = { .table = TABLE_UNIX, .remote = { 192, 0, 2, 10 } };

	CHECK_INT(found(&l, "192.0.2.10", 1)[0], 0);
	add(&l, "192.0.2.11:443", "https");
	add(&l, "192.0.2.10", "any");
	add(&l, "192.0.2.11:53", "dns");
	add(&l, "198.51.100.0/24", "net");
	add(&l, "203.0.113.0/25", "half");
	add(&l, "2001:db8:0:1::/64", "six");
	for (unsigned i = 0; i < 200; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "100.64.%u.%u", i * 7 % 256, i);
		add(&l, text, "other");
	}
	ioc_addresses_sort(&l);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK(strcmp(found(&l, cases[i].ip, cases[i].port), cases[i].want) == 0);
	CHECK(!ioc_addresses_find(&l, &none));
	CHECK(!ioc_addresses_find(&l, &local));
	OK("sockets by the address that they lead to");
}

static void test_limit(void)
{
	AUTO_DONE(ioc_addresses_done) struct ioc_addresses l = { 0 };
	struct ioc_address net;

	CHECK(ioc_address_parse(bytes_str("192.0.2.0/24"), &net));
	for (int i = 0; i < IOC_NETS_MAX; i++)
		CHECK_INT(ioc_addresses_add(&l, &net), 0);
	CHECK_INT(ioc_addresses_add(&l, &net), -E2BIG);
	OK("networks have a limit");
}

int main(void)
{
	test_parse();
	test_find();
	test_limit();
	TEST_END();
}
