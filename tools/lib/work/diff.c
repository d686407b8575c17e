/* SPDX-License-Identifier: Apache-2.0 */
/* Words and rules that all baselines share. */
#include "work/diff.h"

#include "base/when.h"
#include "work/hashwalk.h"

#define TICK	 ((int64_t)20 * 1000 * 1000)
#define AHEAD_NS ((int64_t)60 * (int64_t)NS_PER_SEC)

const char *diff_kind_name(enum diff_kind k)
{
	static const char *const names[DIFF_KINDS] = {
		[DIFF_ADDED] = "added",	    [DIFF_CHANGED] = "changed", [DIFF_WRITTEN] = "written",
		[DIFF_DELETED] = "deleted", [DIFF_UNOWNED] = "unowned", [DIFF_MISSING] = "missing",
		[DIFF_RUNTIME] = "runtime", [DIFF_BELOW] = "below",	[DIFF_SOURCE] = "source",
		[DIFF_UNKNOWN] = "unknown",
	};

	return names[k];
}

/* The name of the lowest bit of BIT in NAMES. */
static const char *bit_name(unsigned bit, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bit & 1U << i)
			return names[i];
	return "unknown";
}

const char *diff_what_name(unsigned bit)
{
	static const char *const names[DIFF_WHATS] = {
		"content",	 "type",	  "mode",	   "owner",
		"size",		 "mtime",	  "link",	   "xattrs",
		"device",	 "written",	  "times-kept",	   "entry-added",
		"entry-removed", "change-within", "mode-or-owner", "replaced",
	};

	return bit_name(bit, names, ARRAY_LEN(names));
}

const char *diff_mark_name(unsigned bit)
{
	static const char *const names[DIFF_MARKS] = {
		"mtime-before-birth", "whole-seconds", "future",   "after-start",
		"foreign-clock",      "configuration", "excluded",
	};

	return bit_name(bit, names, ARRAY_LEN(names));
}

unsigned diff_time_marks(const struct file_info *info, bool added, int64_t now)
{
	bool has_birth = (info->have & FILE_BTIME) && (info->btime.sec || info->btime.nsec);
	int64_t btime = file_stamp_ns(&info->btime);
	int64_t mtime = file_stamp_ns(&info->mtime), ctime = file_stamp_ns(&info->ctime);
	unsigned marks = 0;

	/* What is copied up keeps an mtime from before: only of what is new does it say anything.
	 */
	if (added && has_birth && mtime < btime && (uint64_t)btime - (uint64_t)mtime > TICK)
		marks |= DIFF_MTIME_BEFORE_BIRTH;
	if (ctime == mtime && info->ctime.nsec == 0)
		marks |= DIFF_WHOLE_SECONDS;
	if (mtime > now + AHEAD_NS || ctime > now + AHEAD_NS)
		marks |= DIFF_FUTURE;
	return marks;
}

struct diff_change diff_change_of(const struct hashwalk_item *it)
{
	return (struct diff_change){
		.path = it->path,
		.parent_ino = it->parent_ino,
		.now = &it->info,
		.link = it->link,
		.mount = it->mount,
		.sums = it->sums,
		.extents = it->extents,
		.gap = it->gap,
	};
}
