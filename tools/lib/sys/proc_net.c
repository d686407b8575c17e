/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces and routes as /proc tells them. */
#include "sys/proc_net.h"

#include "sys/scan.h"

#include <errno.h>

int proc_parse_interface(struct bytes line, struct bytes *ret_name)
{
	const unsigned char *colon;

	scan_blanks(&line);
	colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	if (!colon || colon == line.p)
		return -EBADMSG;
	*ret_name = bytes_of(line.p, (size_t)(colon - line.p));
	return 0;
}

int proc_parse_route(struct bytes line, struct proc_route *ret)
{
	/* destination, gateway, flags, refcnt, use, metric, mask */
	enum { DESTINATION, GATEWAY, FLAGS, REFCNT, USE, METRIC, MASK, FIELDS };
	uint64_t v[FIELDS];
	struct bytes name;

	scan_blanks(&line);
	name = line;
	while (line.n && line.p[0] != '\t' && line.p[0] != ' ')
		scan_skip(&line, 1);
	name.n -= line.n;
	for (size_t i = 0; i < FIELDS; i++) {
		bool decimal = i >= REFCNT && i <= METRIC;

		scan_blanks(&line);
		if (decimal ? scan_dec(&line, &v[i]) < 0 : scan_hex(&line, &v[i]) < 0)
			return -EBADMSG;
	}
	if (name.n == 0 || v[DESTINATION] > UINT32_MAX || v[GATEWAY] > UINT32_MAX ||
	    v[FLAGS] > UINT32_MAX || v[MASK] > UINT32_MAX)
		return -EBADMSG;
	*ret = (struct proc_route){ .interface = name,
				    .destination = (uint32_t)v[DESTINATION],
				    .gateway = (uint32_t)v[GATEWAY],
				    .mask = (uint32_t)v[MASK],
				    .flags = (uint32_t)v[FLAGS] };
	return 0;
}
