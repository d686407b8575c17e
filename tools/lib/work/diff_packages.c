/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --packages: files against what the root's own package databases list. The lists are read twice:
 * once into a table of digests, and once more for the names of what was not met on the walk.
 */
#include "work/diff.h"
#include "work/hashwalk.h"
#include "work/listed.h"
#include "work/pkgdb.h"

#include <errno.h>
#include <sys/stat.h>

enum {
	OWNERS_BYTES = 2 << 20, /* names of packages */
	OWNERS_MAX = 65536,
	MISSING_LEVELS = 64, /* directories above a missing file that are looked at */
};

struct owners {
	struct buf names; /* each with a NUL */
	uint32_t *at;	  /* where name I begins */
	size_t n;
};

struct packages {
	const struct diff_target *target;
	diff_fn fn;
	void *ctx;
	struct listed table;
	struct owners owners;
	struct pkgdb_kinds kinds;
	struct pkgdb_excludes excludes;
	unsigned hashes;	 /* kinds of digests that the lists have */
	uint64_t mnt_id;	 /* of "/" */
	int full;		 /* the table could not take all: -E2BIG */
	struct file_info newest; /* of the lists, by ctime */
	struct buf newest_path;
	uint64_t elsewhere; /* listed files that lie on other mounts */
};

/* ---- reading the lists --------------------------------------------------------------------- */

static struct bytes owner_name(const struct owners *o, uint32_t i)
{
	if (i >= o->n)
		return bytes_of(NULL, 0);
	const unsigned char *p = o->names.p + o->at[i];
	return bytes_str((const char *)p);
}

/* Number of PACKAGE, which is the last one in most calls. LISTED_NONE: there are too many. */
static int owner_of(struct owners *o, struct bytes package, uint32_t *ret)
{
	uint32_t *grown;

	*ret = LISTED_NONE;
	if (o->n && bytes_eq(owner_name(o, (uint32_t)o->n - 1), package)) {
		*ret = (uint32_t)o->n - 1;
		return 0;
	}
	if (o->n == OWNERS_MAX || o->names.n + package.n + 1 > OWNERS_BYTES ||
	    (package.n && memchr(package.p, 0, package.n)))
		return 0;
	if (o->n % 256 == 0) {
		grown = realloc(o->at, (o->n + 256) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		o->at = grown;
	}
	o->at[o->n] = (uint32_t)o->names.n;
	int r = buf_addb(&o->names, package);
	if (r == 0)
		r = buf_addc(&o->names, 0);
	if (r == 0)
		*ret = (uint32_t)o->n++;
	return r;
}

static int take_entry(void *ctx, const struct pkg_entry *e)
{
	struct packages *p = ctx;
	uint32_t owner;
	int r = owner_of(&p->owners, e->package, &owner);

	if (r < 0)
		return r;
	r = listed_add(&p->table, e->path, &e->sums, owner,
		       (e->config ? (unsigned)LISTED_CONFIG : 0u) |
			       (e->link_sum ? (unsigned)LISTED_LINK : 0u));
	if (r == -E2BIG) {
		p->full = r;
		return 0;
	}
	p->hashes |= e->sums.kinds;
	return r;
}

/* Who writes files can write lists too: when they were written is told. */
static int tell_list(struct packages *p, struct bytes path, const struct file_info *info,
		     unsigned marks)
{
	const struct diff_change c = {
		.kind = DIFF_SOURCE, .marks = marks, .path = path_keep(path), .now = info
	};

	return p->fn(p->ctx, &c);
}

static bool written_since(const struct birth *b, const struct file_info *info)
{
	if (b->basis == BIRTH_NONE)
		return false;
	return ((info->have & FILE_BTIME) && file_stamp_ns(&info->btime) >= b->ref) ||
	       file_stamp_ns(&info->ctime) >= b->ref;
}

static int take_list(void *ctx, const struct pkg_list *l)
{
	struct packages *p = ctx;

	if (p->newest_path.n == 0 ||
	    file_stamp_ns(&l->info.ctime) > file_stamp_ns(&p->newest.ctime)) {
		buf_clear(&p->newest_path);
		if (buf_addb(&p->newest_path, l->path) < 0)
			return -ENOMEM;
		p->newest = l->info;
	}
	return written_since(&p->target->birth, &l->info)
		       ? tell_list(p, l->path, &l->info, DIFF_AFTER_START)
		       : 0;
}

static int read_lists(struct packages *p)
{
	const struct pkgdb_reader rd = { .entry = take_entry,
					 .list = take_list,
					 .ctx = p,
					 .gaps = p->target->gaps,
					 .stop = p->target->stop };
	int r = listed_open(&p->table);

	if (r == 0)
		r = pkgdb_read(p->target->root, &rd, &p->kinds);
	if (r == 0 && p->full)
		gap_tell(p->target->gaps, &(struct gap){ .err = p->full,
							 .what = "keep what packages list",
							 .pid = p->target->pid });
	if (r == 0 && p->newest_path.n && !written_since(&p->target->birth, &p->newest))
		r = tell_list(p, buf_bytes(&p->newest_path), &p->newest, 0);
	return r == 0 ? pkgdb_excludes_read(p->target->root, p->target->gaps, &p->excludes) : r;
}

/* ---- the walk ------------------------------------------------------------------------------ */

/* In the walk's thread: nothing is marked then that this looks at. */
static bool to_read(void *ctx, const struct walk_entry *e)
{
	const struct packages *p = ctx;
	const struct listed_entry *found;

	if (p->target->hashes) /* of what is not listed too */
		return true;
	found = listed_find(&p->table, e->path);
	return found && (found->flags & (unsigned)(LISTED_MD5 | LISTED_SHA1));
}

static bool sums_agree(const struct digests *a, const struct digests *b)
{
	if (b->kinds & HASH_MD5)
		return memcmp(a->md5, b->md5, sizeof(a->md5)) == 0;
	return memcmp(a->sha1, b->sha1, sizeof(a->sha1)) == 0;
}

static struct digests link_sums(struct bytes link)
{
	struct digests d;
	struct hash h;

	hash_init(&h, HASH_SHA1);
	hash_add(&h, link.p, link.n);
	hash_peek(&h, &d);
	return d;
}

/* False: it is as listed. */
static bool judge_listed(const struct listed_entry *e, const struct hashwalk_item *it,
			 struct diff_change *c)
{
	c->was = listed_sums(e);
	c->kind = DIFF_CHANGED;
	c->what = DIFF_CONTENT;
	c->marks = e->flags & LISTED_CONFIG ? DIFF_CONFIGURATION : 0;
	if (!c->was.kinds)
		return false;
	if (S_ISREG(it->info.mode)) {
		if ((it->sums.kinds & c->was.kinds) && !it->extents)
			return !sums_agree(&it->sums, &c->was);
		c->kind = DIFF_UNKNOWN;
		return true;
	}
	if (S_ISLNK(it->info.mode) && e->flags & LISTED_LINK) {
		const struct digests d = link_sums(it->link);

		c->what = DIFF_LINK;
		return !sums_agree(&d, &c->was);
	}
	c->what = DIFF_TYPE;
	return true;
}

/* What lists of regular files alone can say nothing about. */
static bool never_listed(const struct packages *p, const struct file_info *info)
{
	return p->kinds.files_only && (S_ISDIR(info->mode) || S_ISLNK(info->mode));
}

static int judge(struct packages *p, const struct hashwalk_item *it)
{
	const struct listed_entry *e =
		it->path.left_off ? NULL : listed_find(&p->table, it->path.head);
	struct diff_change c = diff_change_of(it);

	c.kind = DIFF_UNOWNED;
	if (e) {
		(void)listed_mark(&p->table, e);
		c.owner = owner_name(&p->owners, e->owner);
		if (!judge_listed(e, it, &c))
			return 0;
	} else if (never_listed(p, &it->info) || bytes_eq(it->path.head, bytes_str("/"))) {
		return 0;
	}
	c.sums.kinds &= p->target->hashes | c.was.kinds;
	return p->fn(p->ctx, &c);
}

static int on_item(void *ctx, const struct hashwalk_item *it)
{
	struct packages *p = ctx;
	const struct listed_entry *e;

	switch (it->kind) {
	case HASHWALK_GAP:
		gap_tell(p->target->gaps, &it->gap);
		return 0;
	case HASHWALK_SKIPPED: /* the mount point is there, whatever lies on it */
		e = listed_find(&p->table, it->path.head);
		if (e)
			(void)listed_mark(&p->table, e);
		return 0;
	case HASHWALK_UNSORTED:
		return 0;
	case HASHWALK_FILE:
		break;
	}
	return judge(p, it);
}

static int walk(struct packages *p)
{
	const struct diff_target *t = p->target;
	const struct hashwalk_options opts = {
		.jobs = t->jobs,
		.hashes = p->hashes | t->hashes,
		.read_this = to_read,
		.read_ctx = p,
		.coverage = t->coverage,
		.max_file = t->max_file,
		.birth = t->birth,
		.limits = {
			.enter = t->volumes ? (unsigned)WALK_VOLUME | (unsigned)WALK_NETWORK : 0u,
			.stop = t->stop,
		},
	};

	return hashwalk_run(t->root, bytes_str("/"), &opts, on_item, p);
}

/* ---- what was not met ---------------------------------------------------------------------- */

enum presence { ABSENT, PRESENT, ELSEWHERE };

/*
 * Where a listed path leads that the walk did not meet: nowhere; through a link to a directory
 * (then its place has another name); or onto another mount, of which nothing is said.
 */
static enum presence look_for(const struct packages *p, struct bytes path)
{
	for (int level = 0; level < MISSING_LEVELS && path.n > 1; level++) {
		AUTO_CLOSE int pin = -1;
		struct file_info info;
		int r = root_pin(p->target->root, path, &pin, &info);

		if (r == 0 && (info.have & FILE_MNT_ID) && info.mnt_id != p->mnt_id)
			return ELSEWHERE;
		if (r == 0)
			return level == 0 ? PRESENT : ABSENT;
		while (path.n > 1 && path.p[path.n - 1] != '/')
			path.n--;
		if (path.n > 1)
			path.n--;
	}
	return ABSENT;
}

/* The regular file at PATH, through links to directories: its digests, or the gap. -EINVAL: it is
 * no regular file. */
static int hash_at(const struct packages *p, struct bytes path, unsigned kinds,
		   struct hashwalk_item *ret)
{
	const struct hashwalk_options o = { .hashes = kinds,
					    .max_file = p->target->max_file,
					    .limits = { .stop = p->target->stop } };
	AUTO_CLOSE int pin = -1;
	int r = root_pin(p->target->root, path, &pin, &ret->info);

	if (r < 0 || !S_ISREG(ret->info.mode))
		return r < 0 ? r : -EINVAL;
	return hashwalk_one(&o, pin, ret);
}

/* False: it is there as listed, by another way. */
static bool judge_missing(struct packages *p, const struct pkg_entry *e, struct diff_change *c)
{
	struct hashwalk_item it = { 0 };

	c->marks = (e->config ? (unsigned)DIFF_CONFIGURATION : 0u) |
		   (pkgdb_excluded(&p->excludes, e->path) ? (unsigned)DIFF_EXCLUDED : 0u);
	switch (look_for(p, e->path)) {
	case ABSENT:
		return true;
	case ELSEWHERE:
		p->elsewhere++;
		return false;
	case PRESENT:
		break;
	}
	if (!c->was.kinds)
		return false;
	int r = hash_at(p, e->path, c->was.kinds, &it);
	if (r == -ELOOP || r == -EINVAL) /* a link or another type where a file was */
		c->what = DIFF_TYPE;
	else
		c->gap = r < 0 ? (struct gap){ .err = r, .what = "hash" } : it.gap;
	if (c->gap.err)
		c->gap.on = e->path;
	if (it.sums.kinds && !it.extents && !sums_agree(&it.sums, &c->was))
		c->what = DIFF_CONTENT;
	c->kind = c->what ? DIFF_CHANGED : DIFF_UNKNOWN;
	return c->what || c->gap.err;
}

static int tell_missing(void *ctx, const struct pkg_entry *e)
{
	struct packages *p = ctx;
	const struct listed_entry *found = listed_find(&p->table, e->path);
	struct diff_change c = { .kind = DIFF_MISSING,
				 .path = path_keep(e->path),
				 .owner = e->package };

	if (!found || !listed_mark(&p->table, found))
		return 0;
	c.was = listed_sums(found);
	return judge_missing(p, e, &c) ? p->fn(p->ctx, &c) : 0;
}

static int find_missing(struct packages *p)
{
	const struct pkgdb_reader rd = { .entry = tell_missing, .ctx = p, .stop = p->target->stop };
	struct pkgdb_kinds kinds;
	int r = pkgdb_read(p->target->root, &rd, &kinds);

	if (r == 0 && p->elsewhere)
		gap_tell(p->target->gaps,
			 &(struct gap){ .err = -EXDEV,
					.what = "compare listed files on other mounts",
					.pid = p->target->pid,
					.mend = p->target->volumes ? NULL : "--volumes",
					.len = p->elsewhere });
	return r;
}

static void packages_done(struct packages *p)
{
	listed_done(&p->table);
	buf_done(&p->owners.names);
	free(p->owners.at);
	pkgdb_excludes_done(&p->excludes);
	buf_done(&p->newest_path);
}

static int packages_compare(void *state, const struct diff_target *t, diff_fn fn, void *ctx)
{
	AUTO_DONE(packages_done) struct packages p = { .target = t, .fn = fn, .ctx = ctx };
	struct file_info top;
	int r = root_info(t->root, &top);

	(void)state;
	if (r < 0)
		return r;
	p.mnt_id = top.mnt_id;
	r = read_lists(&p);
	if (r < 0)
		return r;
	if (p.kinds.databases == 0) {
		gap_tell(t->gaps, &(struct gap){ .err = -ENOENT,
						 .what = "find a package database",
						 .pid = t->pid });
		return 0;
	}
	r = walk(&p);
	return r == 0 ? find_missing(&p) : r;
}

static int packages_open(const char *where, void **ret, const char **ret_why)
{
	(void)where;
	(void)ret_why;
	*ret = NULL;
	return 0;
}

static void packages_close(void *state)
{
	(void)state;
}

const struct diff_baseline diff_packages = { "packages", packages_open, packages_compare,
					     packages_close };
