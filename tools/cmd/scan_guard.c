/* SPDX-License-Identifier: Apache-2.0 */
/* A scan gives way to the target, and stops before memory runs short. */
#include "cmd/scan.h"

#include "sys/gentle.h"

#include <errno.h>

void scan_guard_open(struct scan *s)
{
	struct gentle g;

	/* All processors: what a scan costs is CPU time, and halving them would double its length.
	 */
	gentle_enter(0, &g);
	headroom_open(&s->headroom, s->args->common.headroom, &s->targets, &s->run->stop);
	/* Short already: rules and their matches are what a scan takes, and there is no room. */
	if (s->headroom.short_from_start)
		atomic_store(&s->run->stop, true);
}

void scan_guard_done(struct scan *s)
{
	const struct headroom *h = &s->headroom;

	if (h->short_from_start || atomic_load(&h->tripped))
		gap_tell(&s->run->gaps, &(struct gap){ .err = -ENOMEM,
						       .what = "keep headroom",
						       .pid = h->v[h->low].pid,
						       .on = bytes_str("what was not scanned yet"),
						       .mend = "--headroom" });
	headroom_done(&s->headroom);
}
