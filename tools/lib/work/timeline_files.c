/* SPDX-License-Identifier: Apache-2.0 */
/* Events of one root: times of its files, and what its package manager wrote down. */
#include "base/path.h"
#include "format/logline.h"
#include "model/lines.h"
#include "work/timeline.h"

#include <errno.h>
#include <sys/stat.h>

enum {
	LOG_BYTES_MAX = 64 << 20, /* of one dpkg.log */
};

struct asked {
	struct timeline *t;
	const struct timeline_root *root;
	int fatal; /* of ours, told apart from what the walk says */
};

static bool same(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->sec == b->sec && a->nsec == b->nsec;
}

/* Times that agree are one event. */
static int offer_times(struct asked *a, struct timeline_event *e, const struct file_info *info)
{
	const struct file_stamp *const stamps[] = { &info->mtime, &info->atime, &info->ctime,
						    &info->btime };
	static const unsigned bits[] = { TIMELINE_MODIFIED, TIMELINE_ACCESSED, TIMELINE_CHANGED,
					 TIMELINE_BORN };
	/* Some file systems claim to know a birth and say 1970. */
	bool born = (info->have & (unsigned)FILE_BTIME) && (info->btime.sec || info->btime.nsec);
	size_t n = born ? ARRAY_LEN(stamps) : ARRAY_LEN(stamps) - 1;
	unsigned done = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (done & bits[i])
			continue;
		e->what = 0;
		for (size_t k = i; k < n; k++)
			if (same(stamps[i], stamps[k]))
				e->what |= bits[k];
		done |= e->what;
		r = timeline_offer_stamp(a->t, e, stamps[i]);
	}
	return r;
}

/* The name of the package whose list of files this is: /var/lib/dpkg/info/NAME.list. */
static struct bytes listed_package(struct bytes path)
{
	static const char dir[] = "/var/lib/dpkg/info/", end[] = ".list";
	size_t n = strlen(dir);

	if (!bytes_starts(path, dir) || !bytes_ends(path, end) || path.n <= n + strlen(end))
		return bytes_of(path.p, 0);
	return bytes_of(path.p + n, path.n - n - strlen(end));
}

static int offer_list(struct asked *a, struct bytes name, const struct file_info *info)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct timeline_event e = { .source = TIMELINE_PACKAGE,
				    .what = TIMELINE_INSTALLED,
				    .root = a->root->number };
	int r = buf_adds(&text, "installed ");

	if (r == 0)
		r = buf_addb(&text, name);
	e.text = buf_bytes(&text);
	return r < 0 ? r : timeline_offer_stamp(a->t, &e, &info->mtime);
}

static int on_entry(void *ctx, struct walk_entry *w)
{
	struct asked *a = ctx;
	struct kept_path path = path_keep(w->path);
	struct bytes package = listed_package(w->path);
	struct timeline_event e = {
		.source = TIMELINE_FILE,
		.root = a->root->number,
		.mode = w->info.mode,
		.uid = w->info.uid,
		.gid = w->info.gid,
		.ino = w->info.ino,
		.size = w->info.size,
		.left_off = path.left_off,
		.parent_ino = w->parent_ino,
		.text = path.head,
	};

	if (w->event != WALK_ENTRY)
		return 0;
	a->fatal = a->root->file ? a->root->file(a->root->ctx, &e, &w->info)
				 : offer_times(a, &e, &w->info);
	if (a->fatal == 0 && package.n && S_ISREG(w->info.mode))
		a->fatal = offer_list(a, package, &w->info);
	return a->fatal;
}

int timeline_files(struct timeline *t, const struct timeline_root *r)
{
	struct asked a = { .t = t, .root = r };
	const struct walk_limits limits = {
		.enter = r->enter, .no_links = true, .stop = r->stop, .gaps = r->gaps
	};
	int got = root_walk(r->root, bytes_str("/"), &limits, on_entry, &a);

	return a.fatal ? a.fatal : got;
}

/* ---- dpkg.log ------------------------------------------------------------------------------ */

static int offer_line(struct asked *a, struct bytes line)
{
	struct logline l;
	struct timeline_event e = { .source = TIMELINE_PACKAGE,
				    .what = TIMELINE_INSTALLED,
				    .root = a->root->number };

	if (logline_dpkg(line, &l) < 0)
		return 0;
	e.time = l.time;
	e.text = l.text;
	return timeline_offer(a->t, &e);
}

static bool is_stopped(const struct asked *a)
{
	return a->root->stop && atomic_load_explicit(a->root->stop, memory_order_relaxed);
}

/* 0 or what ends the asking; *RET_ERR: why the log was not read to its end. */
static int offer_lines(struct asked *a, struct lines *lines, int *ret_err)
{
	struct bytes line;
	int n;

	/* dpkg writes no line that is longer than lines_next() gives. */
	while ((n = lines_next(lines, &line)) > 0 || n == -EFBIG) {
		int r = n > 0 ? offer_line(a, line) : 0;

		if (r < 0 || is_stopped(a))
			return r < 0 ? r : -ECANCELED;
	}
	*ret_err = n == -E2BIG ? -EFBIG : n;
	return 0;
}

static int read_log(struct asked *a, const char *path)
{
	AUTO_DONE(lines_closep) struct lines *lines = NULL;
	struct gap gap = { .what = "read dpkg's log", .on = bytes_str(path) };
	struct file *f;
	int r;

	gap.err = root_open(a->root->root, bytes_str(path), &f);
	if (gap.err == -ENOENT || gap.err == -ENOTDIR)
		return 0;
	if (gap.err == 0) {
		r = lines_of(f, LOG_BYTES_MAX, &lines);
		if (r == 0)
			r = offer_lines(a, lines, &gap.err);
		if (r < 0)
			return r;
	}
	if (gap.err < 0)
		gap_tell(a->root->gaps, &gap);
	return 0;
}

int timeline_packages(struct timeline *t, const struct timeline_root *root)
{
	struct asked a = { .t = t, .root = root };
	int r = read_log(&a, "/var/log/dpkg.log.1");

	return r < 0 ? r : read_log(&a, "/var/log/dpkg.log");
}
