/* SPDX-License-Identifier: Apache-2.0 */
/* csi scan --ioc-network: what the processes are connected to, against the list's addresses. */
#include "cmd/scan.h"

#include <errno.h>

static int on_socket(void *ctx, const struct socket_row *row)
{
	struct scan *s = ctx;
	const struct ioc_address *a =
		row->sock ? ioc_addresses_find(&s->addresses, row->sock) : NULL;

	return a ? scan_show_socket(s, row, a) : 0;
}

int scan_sockets(struct scan *s)
{
	AUTO_FREE struct process_id *ids = NULL;
	struct sockets_options o = { .nids = s->targets.n,
				     .held_only = s->args->common.pids.n > 0,
				     .stop = &s->run->stop,
				     .gaps = &s->run->gaps };
	int r;

	if (s->targets.n == 0 || (s->addresses.n == 0 && s->addresses.nnets == 0))
		return 0;
	o.ids = ids = calloc(s->targets.n, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < s->targets.n; i++)
		ids[i] = process_id(s->targets.v[i].p);
	r = sockets_each(s->run->source, &o, on_socket, s);
	return r == -ECANCELED ? 0 : r;
}
