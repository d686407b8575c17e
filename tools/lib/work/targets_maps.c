/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are mapped and have no name any more, such as a library that was removed after it was
 * loaded. Their one way in is /proc/PID/map_files, which wants CHECKPOINT_RESTORE (or SYS_ADMIN) in
 * the first user namespace: proc_map_files_get_link(), fs/proc/base.c.
 */
#include "model/lines.h"
#include "work/targets_priv.h"

#include <errno.h>
#include <sys/stat.h>

/* What has such a name and is no file of anybody's: shared memory without one. */
static bool is_memory(struct bytes path)
{
	static const char *const heads[] = { "/dev/zero (deleted)", "/SYSV", "/anon_hugepage",
					     "/[aio]" };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (bytes_starts(path, heads[i]))
			return true;
	return false;
}

static bool is_nameless(const struct proc_map *m)
{
	return m->inode && !is_memory(m->path) &&
	       (bytes_ends(m->path, " (deleted)") || bytes_starts(m->path, "/memfd:"));
}

/* Whether a file of this number is pinned already. maps may have another device number than
 * statx(2) (btrfs, overlayfs), so the number is all there is before it is opened. */
static bool number_known(const struct targets *ts, uint64_t inode)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->v[i].exe_pin >= 0 && ts->v[i].exe.ino == inode)
			return true;
	for (size_t i = 0; i < ts->ndeleted; i++)
		if (ts->deleted[i].info.ino == inode)
			return true;
	return false;
}

static bool is_exe(const struct targets *ts, const struct file_info *info)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->v[i].exe_pin >= 0 && file_same(&ts->v[i].exe, info))
			return true;
	return false;
}

static int pin_map(struct targets *ts, size_t i, const struct proc_map *m,
		   const struct gap_sink *gaps)
{
	struct target_deleted d = { .target = i, .fd = -1, .map_start = m->start, .pin = -1 };
	pid_t pid = process_id(ts->v[i].p).pid;
	int r = process_pin_map(ts->v[i].p, m->start, m->end, &d.pin, &d.info);

	if (err_is_gone(r) || r == -EOPNOTSUPP) /* unmapped, or gone */
		return 0;
	if (r < 0) {
		if (!number_known(ts, m->inode))
			gap_tell(gaps, &(struct gap){ .err = r,
						      .what = "open deleted map",
						      .pid = pid,
						      .on = m->path,
						      .mend = "CHECKPOINT_RESTORE, as with "
							      "--profile=sysadmin" });
		return 0;
	}
	if (!S_ISREG(d.info.mode) || d.info.nlink != 0 || is_exe(ts, &d.info))
		return base_closep(&d.pin), 0;
	return targets_keep_deleted(ts, &d, m->path, gaps);
}

int targets_pin_maps(struct targets *ts, size_t i, const struct gap_sink *gaps)
{
	AUTO_DONE(lines_closep) struct lines *lines = NULL;
	pid_t pid = process_id(ts->v[i].p).pid;
	uint64_t last = 0;
	struct bytes line;
	struct proc_map m;
	size_t seen = 0;
	int n, r = lines_open(ts->v[i].p, TEXT_MAPS, &lines);

	if (r < 0) {
		if (!err_is_gone(r) && r != -EOPNOTSUPP)
			gap_tell(gaps, &(struct gap){ .err = r, .what = "read maps", .pid = pid });
		return r == -ENOMEM ? r : 0;
	}
	while ((n = lines_next(lines, &line)) > 0 || n == -EFBIG) {
		if (n < 0 || proc_parse_map(line, &m) < 0 || !is_nameless(&m) || m.inode == last)
			continue;
		last = m.inode; /* the parts of one file follow each other */
		if (++seen > TARGET_MAPS_MAX) {
			gap_tell(gaps, &(struct gap){ .err = -E2BIG,
						      .what = "open deleted map",
						      .pid = pid });
			return 0;
		}
		r = pin_map(ts, i, &m, gaps);
		if (r < 0)
			return r;
	}
	if (n < 0 && n != -ESRCH)
		gap_tell(gaps, &(struct gap){ .err = n, .what = "read maps", .pid = pid });
	return 0;
}
