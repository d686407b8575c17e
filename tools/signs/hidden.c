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

bool match_pid_unlisted(const struct facts *f, struct finding *ret)
{
	if (!f->unlisted || !f->stat)
		return false;
	finding_add_u64(ret, "process.pid", (uint64_t)f->stat->pid);
	finding_add(ret, "csi.text",
		    bytes_str(f->known & FACT_STAT ? "readable, but in no list of /proc"
						   : "answers system calls, but not in /proc"));
	return true;
}

bool match_parent_missing(const struct facts *f, struct finding *ret)
{
	if (!f->parent_missing)
		return false;
	finding_add_u64(ret, "process.parent.pid", (uint64_t)f->stat->ppid);
	return true;
}

bool match_traced(const struct facts *f, struct finding *ret)
{
	if (f->tracer == 0)
		return false;
	finding_add_u64(ret, "csi.tracer.pid", (uint64_t)f->tracer);
	if (f->tracer_name.n)
		finding_add(ret, "csi.tracer.name", buf_bytes(&f->tracer_name));
	return true;
}

bool match_less_confined(const struct facts *f, struct finding *ret)
{
	if (!f->less_confined)
		return false;
	finding_add(ret, "csi.posture.seccomp",
		    bytes_str("off, and a filter on its container's first process"));
	return true;
}
