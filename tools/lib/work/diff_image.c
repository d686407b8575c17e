/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --image: against the image that the container was made of, as a snapshotter's diff tells it: what
 * was added, what was changed and how, what was deleted (a directory that is gone is one row).
 *
 * A file that the overlay itself proves to lie in a lower layer is the image's, as long as its
 * facts are; of all others the content is compared by SHA-256. Directories' times, the root's own
 * facts and hard links are not compared: unpackers differ in them. Other mounts are not the
 * image's: what it holds below them cannot be seen, and is told as such.
 */
#include "base/when.h"
#include "work/diff_index.h"
#include "work/hashwalk.h"
#include "work/image.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	SORT_NAMES = 16384, /* of one directory: the index needs the memory */
};

struct diff_image_state {
	struct image_source *source;
	struct image_index *index;
	struct image_about about;
	char config[80]; /* "sha256:..." of its configuration, or "" */
	struct buf what; /* "read the image (why)" of a failure: the gap's words */
	int err;	 /* of reading: stays */
};

struct comparison {
	struct bytes owner; /* csi.diff.owner */
	bool no_xattrs;
	const struct diff_target *target;
	diff_fn fn;
	void *ctx;
	struct image_index *x;
	int64_t now;
};

/* ---- reading ------------------------------------------------------------------------------- */

static int image_state_open(const char *where, void **ret, const char **ret_why)
{
	struct diff_image_state *s = calloc(1, sizeof(*s));
	int r;

	(void)ret_why;
	if (!s)
		return -ENOMEM;
	r = image_source_open(where, &s->source);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static void image_state_close(void *state)
{
	struct diff_image_state *s = state;

	image_index_closep(&s->index);
	image_source_closep(&s->source);
	buf_done(&s->what);
	free(s);
}

static void tell_unread(struct diff_image_state *s, const struct diff_target *t, const char *why)
{
	struct gap gap = { .err = s->err, .what = "read the image" };

	if (why && buf_addf(&s->what, "read the image (%s)", why) == 0 &&
	    buf_addc(&s->what, 0) == 0)
		gap.what = (const char *)s->what.p;
	if (s->err == -EDQUOT)
		gap.mend = "compare where more memory is free: --image-memory SIZE";
	gap_tell(t->gaps, &gap);
}

/* At the first comparison: only now is it known where gaps go. */
static int read_image(struct diff_image_state *s, const struct diff_target *t)
{
	const struct image_options opts = { .index_max = t->image_memory,
					    .stop = t->stop,
					    .gaps = t->gaps };

	if (s->err)
		return s->err;
	if (s->index) {
		image_index_again(s->index);
		return 0;
	}
	s->err = image_read(s->source, &opts, &s->index, &s->about);
	if (s->err < 0 && s->err != -ECANCELED && s->err != -ENOMEM)
		tell_unread(s, t, s->about.why);
	if (s->err == 0 && s->about.config[0])
		(void)snprintf(s->config, sizeof(s->config), "sha256:%s", s->about.config);
	return s->err;
}

/* ---- one file ------------------------------------------------------------------------------ */

static bool is_stopped(const struct comparison *c)
{
	return c->target->stop && atomic_load_explicit(c->target->stop, memory_order_relaxed);
}

/* The file's digest, or why there is none: of a sparse one above --max-file, that of its data. */
static void hash_file(const struct comparison *c, const struct walk_entry *e, struct diff_change *d)
{
	const struct hashwalk_options o = { .hashes = HASH_SHA256,
					    .max_file = c->target->max_file,
					    .limits = { .stop = c->target->stop } };
	struct hashwalk_item it = { .info = e->info };
	int r = hashwalk_one(&o, e->pin, &it);

	d->gap = r < 0 ? (struct gap){ .err = r, .what = "hash" } : it.gap;
	d->gap.on = d->path.head;
	d->sums = it.sums;
	d->extents = it.extents;
}

static bool same_mtime(const struct image_file *f, const struct file_info *info)
{
	int64_t ns;

	if (when_from_parts(info->mtime.sec, info->mtime.nsec, &ns) < 0)
		return f->mtime == 0; /* what an unpacker makes of such a time differs */
	return ns == f->mtime;
}

/* In a lower layer of the overlay, by its own word: nobody in the container has touched it. */
static bool is_lower(const struct comparison *c, enum birth_verdict v)
{
	return v == BIRTH_OLD && c->target->birth.basis == BIRTH_OVERLAY &&
	       !c->target->birth.stepped && !c->target->all_content;
}

static unsigned compare_link(const struct image_file *f, const struct walk_entry *e, bool lower)
{
	unsigned what = bytes_eq(f->link, e->link) ? 0 : DIFF_LINK;

	return lower || same_mtime(f, &e->info) ? what : what | DIFF_MTIME;
}

static unsigned compare_regular(const struct comparison *c, const struct image_file *f,
				const struct walk_entry *e, bool lower, struct diff_change *d)
{
	unsigned what = same_mtime(f, &e->info) ? 0 : DIFF_MTIME;

	if (f->has_sha256) {
		d->was.kinds = HASH_SHA256;
		memcpy(d->was.sha256, f->sha256, sizeof(d->was.sha256));
	}
	if (f->size != e->info.size)
		return what | DIFF_SIZE | DIFF_CONTENT;
	if (lower && !what)
		return 0;
	if (!f->has_sha256) /* who made the index could not read it */
		return what;
	hash_file(c, e, d);
	if (d->sums.kinds && !d->extents &&
	    memcmp(d->sums.sha256, f->sha256, sizeof(f->sha256)) != 0)
		what |= DIFF_CONTENT;
	return what;
}

static unsigned compare_xattrs(const struct image_file *f, const struct walk_entry *e,
			       struct diff_change *d)
{
	AUTO_DONE(file_xattrs_done) struct file_xattrs x = { 0 };
	unsigned char sum[8];
	int r = file_xattrs_read(e->pin, true, &x);

	if (r < 0 && r != -EOPNOTSUPP) {
		d->gap = (struct gap){ .err = r, .what = "read xattrs", .on = d->path.head };
		return 0;
	}
	image_xattrs_sum(x.v, x.n, sum);
	return memcmp(sum, f->xattrs, sizeof(sum)) == 0 ? 0 : DIFF_XATTRS;
}

static unsigned compare_facts(const struct image_file *f, const struct file_info *info)
{
	unsigned what = 0;

	if ((f->mode ^ info->mode) & 07777 && !S_ISLNK(f->mode))
		what |= DIFF_MODE;
	if (f->uid != info->uid || f->gid != info->gid)
		what |= DIFF_OWNER;
	if ((S_ISCHR(f->mode) || S_ISBLK(f->mode)) &&
	    (f->rdev_major != info->rdev_major || f->rdev_minor != info->rdev_minor))
		what |= DIFF_DEVICE;
	return what;
}

/* What differs of a file that is in both. */
static unsigned compare_file(const struct comparison *c, const struct image_file *f,
			     const struct walk_entry *e, enum birth_verdict v,
			     struct diff_change *d)
{
	bool lower = is_lower(c, v);
	unsigned what;

	if ((f->mode ^ e->info.mode) & S_IFMT)
		return DIFF_TYPE;
	if (f->implied)
		return 0;
	what = compare_facts(f, &e->info);
	if (S_ISLNK(f->mode))
		what |= compare_link(f, e, lower);
	else if (S_ISREG(f->mode))
		what |= compare_regular(c, f, e, lower, d);
	if (!lower && !S_ISLNK(f->mode) && !c->no_xattrs)
		what |= compare_xattrs(f, e, d);
	return what;
}

static void judge(struct comparison *c, const struct walk_entry *e, image_node n,
		  struct diff_change *d)
{
	const struct diff_target *t = c->target;
	enum birth_verdict v = hashwalk_birth(t->root, &t->birth, e);
	struct image_file f;

	d->kind = DIFF_ADDED;
	if (n != IMAGE_NONE) {
		image_get(c->x, n, &f);
		image_mark(c->x, n,
			   S_ISDIR(e->info.mode) ? IMAGE_MARK_SEEN
						 : IMAGE_MARK_SEEN | IMAGE_MARK_LEAF);
		d->kind = DIFF_CHANGED;
		d->what = n == 0 ? 0 : compare_file(c, &f, e, v, d);
		if (!d->what && d->gap.err)
			d->kind = DIFF_UNKNOWN;
		else if (!d->what)
			d->kind = DIFF_KINDS; /* it is the image's */
		else if (v == BIRTH_RUNTIME)
			d->kind = DIFF_RUNTIME;
		else if (v == BIRTH_BELOW)
			d->kind = DIFF_BELOW;
	} else if (v == BIRTH_RUNTIME) {
		d->kind = DIFF_RUNTIME;
	}
	if (d->kind == DIFF_KINDS)
		return;
	if ((t->hashes & (unsigned)HASH_SHA256) && S_ISREG(e->info.mode) && !d->sums.kinds &&
	    !d->gap.err)
		hash_file(c, e, d);
}

/* False: the image says nothing but that it is a directory. */
static bool facts_of(const struct image_index *x, image_node n, struct diff_facts *ret)
{
	struct image_file f;

	image_get(x, n, &f);
	*ret = (struct diff_facts){ .mode = f.mode,
				    .uid = f.uid,
				    .gid = f.gid,
				    .size = f.size,
				    .mtime = f.mtime,
				    .link = f.link };
	return !f.implied;
}

static int tell_file(struct comparison *c, const struct walk_entry *e, image_node n)
{
	struct diff_facts before;
	struct diff_change d = {
		.path = path_keep(e->path),
		.parent_ino = e->parent_ino,
		.now = &e->info,
		.link = e->link,
		.mount = e->mount,
		.owner = c->owner,
	};

	judge(c, e, n, &d);
	if (d.gap.err == -ECANCELED)
		return -ECANCELED;
	if (d.kind == DIFF_KINDS)
		return 0;
	if (n != IMAGE_NONE && facts_of(c->x, n, &before))
		d.before = &before;
	d.marks = d.kind == DIFF_RUNTIME ? 0
					 : diff_time_marks(&e->info, d.kind == DIFF_ADDED, c->now);
	return c->fn(c->ctx, &d);
}

/* ---- the walk ------------------------------------------------------------------------------ */

static image_node find(const struct comparison *c, struct bytes path)
{
	/* A longer one is in no layer. */
	return path.n > IMAGE_PATH_MAX ? IMAGE_NONE : image_find(c->x, path);
}

static int on_entry(void *ctx, struct walk_entry *e)
{
	struct comparison *c = ctx;
	image_node n = find(c, e->path);

	if (c->target->coverage)
		coverage_note(c->target->coverage, e);
	if (e->event == WALK_SKIPPED && n != IMAGE_NONE)
		image_mark(c->x, n, IMAGE_MARK_SEEN | IMAGE_MARK_COVERED);
	return e->event == WALK_ENTRY ? tell_file(c, e, n) : 0;
}

/* What could not be read is not deleted. */
static void on_gap(void *ctx, const struct gap *gap)
{
	struct comparison *c = ctx;
	image_node n = gap->on.n && gap->on.p[0] == '/' ? find(c, gap->on) : IMAGE_NONE;
	struct gap g = *gap;

	if (n != IMAGE_NONE)
		image_mark(c->x, n, IMAGE_MARK_SEEN | IMAGE_MARK_COVERED);
	g.pid = c->target->pid;
	gap_tell(c->target->gaps, &g);
}

static int tell_deleted(struct comparison *c, image_node n)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct diff_change d = { .kind = DIFF_DELETED, .owner = c->owner };
	struct diff_facts before;
	struct image_file f;
	int r = image_path(c->x, n, &path);

	if (r < 0)
		return r;
	image_get(c->x, n, &f);
	d.path = path_keep(buf_bytes(&path));
	if (facts_of(c->x, n, &before))
		d.before = &before;
	d.below = image_below(c->x, n);
	if (f.has_sha256) {
		d.was.kinds = HASH_SHA256;
		memcpy(d.was.sha256, f.sha256, sizeof(d.was.sha256));
	}
	return c->fn(c->ctx, &d);
}

static int tell_all_deleted(struct comparison *c)
{
	AUTO_FREE image_node *v = NULL;
	size_t n = 0;
	int r = image_unseen(c->x, &v, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = is_stopped(c) ? -ECANCELED : tell_deleted(c, v[i]);
	return r;
}

static void tell_unfinished(const struct comparison *c, int err)
{
	const struct gap gap = { .err = err,
				 .what = "tell what was deleted (the walk did not end)",
				 .pid = c->target->pid };

	gap_tell(c->target->gaps, &gap);
}

int diff_index_compare(struct image_index *x, struct bytes owner, bool no_xattrs,
		       const struct diff_target *t, diff_fn fn, void *ctx)
{
	struct comparison c = { .owner = owner,
				.no_xattrs = no_xattrs,
				.target = t,
				.fn = fn,
				.ctx = ctx,
				.x = x,
				.now = when_now(CLOCK_REALTIME) };
	const struct gap_sink gaps = { .fn = on_gap, .ctx = &c };
	const struct walk_limits limits = {
		.sort_names = SORT_NAMES, .handles = true, .stop = t->stop, .gaps = &gaps
	};
	int r = root_walk(t->root, bytes_str("/"), &limits, on_entry, &c);

	if (r == -ECANCELED || r == -E2BIG || r == -ETIMEDOUT)
		tell_unfinished(&c, r);
	return r < 0 ? r : tell_all_deleted(&c);
}

static int image_compare(void *state, const struct diff_target *t, diff_fn fn, void *ctx)
{
	struct diff_image_state *s = state;
	int r = read_image(s, t);

	if (r < 0) /* told already, if there is something to tell */
		return r == -ENOMEM || r == -ECANCELED ? r : 0;
	return diff_index_compare(s->index, bytes_str(s->config), false, t, fn, ctx);
}

const struct diff_baseline diff_image = { "image", image_state_open, image_compare,
					  image_state_close };
