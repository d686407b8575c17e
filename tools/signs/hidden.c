/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of a process or a /proc that is shown differently to others. */
#include "signs/match.h"

bool match_proc_hidden(const struct facts *f, struct finding *ret)
{
	if (!f->vantage.hidden)
		return false;
	finding_add(ret, "csi.mount.point", buf_bytes(&f->vantage.detail));
	return true;
}

bool match_proc_replaced(const struct facts *f, struct finding *ret)
{
	if (!f->vantage.proc_replaced)
		return false;
	/* A second procfs over the first is how `unshare --mount-proc` and nested runtimes work. */
	if (f->vantage.proc_is_proc)
		ret->level = LEVEL_INFO;
	finding_add(ret, "csi.mount.point", bytes_str("/proc"));
	finding_add(ret, "csi.mount.fstype",
		    bytes_str(f->vantage.proc_is_proc ? "proc over another" : "not proc"));
	return true;
}
