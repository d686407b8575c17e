/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of net/dev and net/route: what is taken of them lies inside, and a route has its form. */
#include "sys/proc_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes part, const uint8_t *data, size_t size)
{
	if (part.n == 0 || part.p < data || part.p + part.n > data + size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_route route;
	struct bytes name;

	if (proc_parse_interface(bytes_of(data, size), &name) == 0) {
		inside(name, data, size);
		if (memchr(name.p, ':', name.n))
			abort();
	}
	if (proc_parse_route(bytes_of(data, size), &route) == 0) {
		inside(route.interface, data, size);
		if (memchr(route.interface.p, ' ', route.interface.n))
			abort();
	}
	return 0;
}
