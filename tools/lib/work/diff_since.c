/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --since start: what the container changed since its runtime made it, told without its image. In
 * an overlay that is what lies in the upper layer; every other mount is judged by what it can show.
 */
#include "work/diff.h"
#include "work/hashwalk.h"

#include "base/when.h"

#include <errno.h>
#include <sys/stat.h>

struct since {
	const struct diff_target *target;
	const struct birth *birth;
	diff_fn fn;
	void *ctx;
	int64_t now;
};

static bool born_since(const struct since *s, const struct file_info *info)
{
	return (info->have & FILE_BTIME) && file_stamp_ns(&info->btime) >= s->birth->ref;
}

static unsigned dir_what(enum hashwalk_dir dir)
{
	static const unsigned whats[] = {
		[HASHWALK_DIR_UNASKED] = 0,
		[HASHWALK_DIR_ADDED] = DIFF_DIR_ADDED,
		[HASHWALK_DIR_REMOVED] = DIFF_DIR_REMOVED,
		[HASHWALK_DIR_PARENT] = DIFF_DIR_PARENT,
		[HASHWALK_DIR_SELF] = DIFF_DIR_SELF,
		[HASHWALK_DIR_UNTOLD] = 0,
	};

	return whats[dir];
}

/* Something of the image that is in the upper layer now. */
static void copied_up(const struct since *s, const struct hashwalk_item *it, struct diff_change *c)
{
	c->kind = DIFF_CHANGED;
	if (S_ISDIR(it->info.mode))
		c->what = dir_what(it->dir);
	else
		c->what = file_stamp_ns(&it->info.mtime) >= s->birth->ref ? DIFF_FILE_WRITTEN
									  : DIFF_FILE_KEPT;
}

/* A new entry of the root's own mount. */
static void judge_new(const struct since *s, const struct hashwalk_item *it, struct diff_change *c)
{
	if (it->handle_upper) {
		c->kind = DIFF_ADDED;
	} else if (it->handle_known) {
		copied_up(s, it, c);
	} else {
		c->kind = DIFF_WRITTEN;
		c->what = dir_what(it->dir);
	}
}

/*
 * "/" is the upper layer's own directory: what is told of it is what its entries show. Its ctime
 * moves when the kernel marks it (trusted.overlay.impure) at the first copy-up.
 */
static void judge_top(const struct since *s, const struct hashwalk_item *it, struct diff_change *c)
{
	c->kind = DIFF_RUNTIME;
	if (file_stamp_ns(&it->info.mtime) > s->birth->runtime_until) {
		c->kind = DIFF_CHANGED;
		c->what = dir_what(it->dir);
	}
}

/* False: not told. */
static bool judge_root(const struct since *s, const struct hashwalk_item *it, struct diff_change *c)
{
	switch (it->birth) {
	case BIRTH_NEW:
		judge_new(s, it, c);
		return true;
	case BIRTH_RUNTIME:
		if (bytes_eq(it->path.head, bytes_str("/")))
			judge_top(s, it, c);
		else
			c->kind = DIFF_RUNTIME;
		return true;
	case BIRTH_BELOW:
		c->kind = DIFF_BELOW;
		return true;
	case BIRTH_UNKNOWN:
		/* The clock was set: what it calls old may be anything, but that is the whole
		 * image. */
		c->kind = DIFF_UNKNOWN;
		return s->birth->basis == BIRTH_NONE || born_since(s, &it->info) ||
		       file_stamp_ns(&it->info.ctime) >= s->birth->ref;
	case BIRTH_OLD:
		break;
	}
	return false;
}

/* Another mount has a life of its own: its entries count by their own times. */
static bool judge_mount(const struct since *s, const struct hashwalk_item *it,
			struct diff_change *c)
{
	bool later = file_stamp_ns(&it->info.ctime) > s->birth->runtime_until;

	if (s->birth->basis == BIRTH_NONE) {
		c->kind = DIFF_UNKNOWN;
		return true;
	}
	if (it->mount == MOUNT_BOUND) {
		/* kubelet writes /etc/hosts again whenever it adds a container. */
		c->kind = DIFF_RUNTIME;
		c->marks = later ? DIFF_AFTER_START : 0;
		return true;
	}
	if (it->mount == MOUNT_NETWORK)
		c->marks = DIFF_FOREIGN_CLOCK;
	if (it->mount == MOUNT_MEMORY && !s->birth->stepped)
		c->kind = later ? DIFF_ADDED : DIFF_RUNTIME;
	else if (born_since(s, &it->info) && later)
		c->kind = DIFF_ADDED;
	else if (later)
		c->kind = DIFF_WRITTEN;
	else
		return false;
	return true;
}

static int on_item(void *ctx, const struct hashwalk_item *it)
{
	const struct since *s = ctx;
	struct diff_change c = diff_change_of(it);

	if (it->kind == HASHWALK_GAP) {
		gap_tell(s->target->gaps, &it->gap);
		return 0;
	}
	if (it->kind != HASHWALK_FILE)
		return 0;
	if (!(it->mount == MOUNT_ROOT ? judge_root(s, it, &c) : judge_mount(s, it, &c)))
		return 0;
	if (c.kind != DIFF_RUNTIME)
		c.marks |= diff_time_marks(&it->info, c.kind == DIFF_ADDED, s->now);
	return s->fn(s->ctx, &c);
}

static void tell_unsure(const struct diff_target *t)
{
	struct gap gap = { .err = -ENODATA, .pid = t->pid, .on = bytes_str("/") };

	if (t->birth.basis == BIRTH_NONE)
		gap.what = "tell what is new (nothing dates this root)";
	else if (t->birth.stepped)
		gap.what = "tell what is new (the clock was set since the start, or the first "
			   "process is gone: only new files are proven, by file handle)";
	else
		return;
	gap.mend = "--packages or another baseline";
	gap_tell(t->gaps, &gap);
}

static int since_compare(void *state, const struct diff_target *t, diff_fn fn, void *ctx)
{
	struct since s = { .target = t, .birth = &t->birth, .fn = fn, .ctx = ctx };
	struct hashwalk_options opts = {
		.jobs = t->jobs,
		.hashes = t->hashes,
		.only_new = true,
		.runtime = true,
		.dirs = true,
		.coverage = t->coverage,
		.max_file = t->max_file,
		.birth = t->birth,
		.limits = {
			.enter = (unsigned)WALK_MEMORY | (unsigned)WALK_BOUND,
			.handles = true,
			.stop = t->stop,
		},
	};

	(void)state;
	if (t->volumes)
		opts.limits.enter |= (unsigned)WALK_VOLUME | (unsigned)WALK_NETWORK;
	s.now = when_now(CLOCK_REALTIME);
	tell_unsure(t);
	return hashwalk_run(t->root, bytes_str("/"), &opts, on_item, &s);
}

static int since_open(const char *where, void **ret, const char **ret_why)
{
	*ret = NULL;
	if (!where || strcmp(where, "start") == 0)
		return 0;
	*ret_why = "--since wants start";
	return -EINVAL;
}

static void since_close(void *state)
{
	(void)state;
}

const struct diff_baseline diff_since = { "since", since_open, since_compare, since_close };
