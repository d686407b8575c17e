/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers applied one after the other, as containerd's archive.Apply unpacks them: parents are
 * resolved through the symbolic links that lie there by then, a file that is none of a directory
 * takes the place of all below it, a whiteout is about lower layers alone.
 *
 * Nothing is removed: every name has the number of the step that gave it its fact, and a step up to
 * which it and all below it is gone.
 */
#include "work/image_index_priv.h"

#include <errno.h>
#include <sys/stat.h>

enum { DEPTH_MAX = IMAGE_PATH_MAX };

static void tell(const struct image_index *x, const char *what, uint32_t name, int err)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct gap gap = { .err = err, .what = what };

	if (image_path(x, name, &path) == 0)
		gap.on = buf_bytes(&path);
	gap_tell(x->gaps, &gap);
}

/* Up to which step NAME is gone, by its own and its directories' cuts. */
static uint32_t cut_of(const struct image_index *x, uint32_t name)
{
	uint32_t cut = 0;

	for (;;) {
		const struct image_name *n = image_name_at(x, name);

		if (n->cut > cut)
			cut = n->cut;
		if (name == 0)
			return cut;
		name = n->parent;
	}
}

bool image_alive(const struct image_index *x, uint32_t name)
{
	const struct image_name *n = image_name_at(x, name);

	return n->fact != IMAGE_NONE && n->seq > cut_of(x, name);
}

static const struct image_kind *kind_of(const struct image_index *x, uint32_t name)
{
	const struct image_name *n = image_name_at(x, name);

	return image_kind_at(x, image_fact_at(x, n->fact)->kind);
}

static bool may_be_link(const struct image_index *x, uint32_t name)
{
	return image_name_at(x, name)->fact != IMAGE_NONE && S_ISLNK(kind_of(x, name)->mode);
}

static bool any_link_above(const struct image_index *x, uint32_t name)
{
	for (; name != 0; name = image_name_at(x, name)->parent)
		if (may_be_link(x, name))
			return true;
	return false;
}

/* Components that are still to be gone through, the next one last. */
struct way {
	struct bytes *v; /* DEPTH_MAX */
	size_t n;
	unsigned links;
};

/* The components of TEXT before those of W. 0 or -ELOOP. */
static int way_add(struct way *w, struct bytes text)
{
	while (text.n > 0) {
		size_t end = text.n, at;

		while (end > 0 && text.p[end - 1] == '/')
			end--;
		at = end;
		while (at > 0 && text.p[at - 1] != '/')
			at--;
		if (at < end) {
			if (w->n == DEPTH_MAX)
				return -ELOOP;
			w->v[w->n++] = bytes_of(text.p + at, end - at);
		}
		text.n = at;
	}
	return 0;
}

static int way_from(const struct image_index *x, struct way *w, uint32_t name)
{
	for (; name != 0; name = image_name_at(x, name)->parent) {
		if (w->n == DEPTH_MAX)
			return -ELOOP;
		w->v[w->n++] = image_name_text(x, image_name_at(x, name));
	}
	return 0;
}

static int follow(struct image_index *x, struct way *w, uint32_t *at)
{
	while (w->n > 0) {
		struct bytes part = w->v[--w->n];
		uint32_t child = 0;
		int r;

		if (bytes_eq(part, bytes_str(".")))
			continue;
		if (bytes_eq(part, bytes_str(".."))) {
			*at = image_name_at(x, *at)->parent;
			continue;
		}
		r = image_name_add(x, *at, part, &child);
		if (r < 0)
			return r;
		if (!may_be_link(x, child) || !image_alive(x, child)) {
			*at = child;
			continue;
		}
		const struct image_fact *f = image_fact_at(x, image_name_at(x, child)->fact);
		struct bytes target = image_text_at(x, f->value);

		if (++w->links > IMAGE_LINKS_MAX)
			return -ELOOP;
		if (target.n > 0 && target.p[0] == '/')
			*at = 0;
		r = way_add(w, target);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The directory that the path of NAME leads to now. */
static int resolve(struct image_index *x, uint32_t name, uint32_t *ret)
{
	AUTO_FREE struct bytes *v = NULL;
	struct way w = { 0 };
	uint32_t at = 0;

	*ret = name;
	if (!any_link_above(x, name))
		return 0;
	v = calloc(DEPTH_MAX, sizeof(*v));
	if (!v)
		return -ENOMEM;
	w.v = v;
	int r = way_from(x, &w, name);
	if (r == 0)
		r = follow(x, &w, &at);
	*ret = at;
	return r;
}

/* The name that NAME is, in the directory that its path leads to. */
static int resolve_parent(struct image_index *x, uint32_t name, uint32_t *ret)
{
	const struct image_name *n = image_name_at(x, name);
	uint32_t dir = 0;
	int r;

	*ret = name;
	if (name == 0)
		return 0;
	r = resolve(x, n->parent, &dir);
	if (r < 0 || dir == n->parent)
		return r;
	return image_name_add(x, dir, image_name_text(x, n), ret);
}

static void place(struct image_index *x, uint32_t name, uint32_t fact)
{
	struct image_name *n = image_name_at(x, name);
	bool alive = image_alive(x, name);
	uint32_t mode = image_kind_at(x, image_fact_at(x, fact)->kind)->mode;
	bool was_dir = alive && S_ISDIR(kind_of(x, name)->mode);

	if (alive && n->seq > x->base && !S_ISDIR(mode) && !was_dir)
		tell(x, "unpack image entry (it is there twice in a layer)", name, -EEXIST);
	/* A directory over a directory, or over one that only stood in names, keeps what is in it.
	 */
	if (!S_ISDIR(mode) || (alive && !was_dir))
		n->cut = x->seq;
	n->seq = ++x->seq;
	n->fact = fact;
}

static int apply_hard(struct image_index *x, uint32_t name, uint32_t to)
{
	uint32_t target = 0;
	int r = resolve_parent(x, to, &target);

	if (r < 0)
		return r;
	if (target == name)
		return 0;
	if (!image_alive(x, target) || S_ISDIR(kind_of(x, target)->mode)) {
		tell(x, "unpack image entry (what it links to is not there)", name, -ENOENT);
		return 0;
	}
	place(x, name, image_name_at(x, target)->fact);
	return 0;
}

static int apply_opaque(struct image_index *x, uint32_t dir)
{
	uint32_t at = 0;
	int r = resolve(x, dir, &at);

	if (r < 0)
		return r;
	bool alive = image_alive(x, at);
	struct image_name *n = image_name_at(x, at);

	n->cut = x->base;
	if (alive)
		n->seq = ++x->seq;
	return 0;
}

static int apply_one(struct image_index *x, uint32_t fact)
{
	const struct image_fact *f = image_fact_at(x, fact);
	uint32_t flags = image_kind_at(x, f->kind)->flags, name = 0;
	int r;

	if (flags & FACT_OPAQUE)
		return apply_opaque(x, f->name);
	r = resolve_parent(x, f->name, &name);
	if (r < 0)
		return r;
	if (flags & FACT_WHITEOUT)
		image_name_at(x, name)->cut = x->base;
	else if (flags & FACT_HARD)
		return apply_hard(x, name, f->value);
	else
		place(x, name, fact);
	return 0;
}

int image_index_apply(struct image_index *x, uint32_t from, uint32_t end)
{
	x->base = x->seq;
	for (uint32_t i = from; i < end; i++) {
		int r = apply_one(x, i);

		if (r == -ELOOP)
			tell(x, "unpack image entry", image_fact_at(x, i)->name, r);
		else if (r < 0)
			return r;
	}
	return 0;
}

void image_index_finish(struct image_index *x)
{
	/* Directories stand before what is in them. */
	for (uint32_t i = 0; i < x->names.n; i++) {
		struct image_name *n = image_name_at(x, i);
		uint32_t above = i ? image_name_at(x, n->parent)->cut : 0;

		if (above > n->cut)
			n->cut = above;
		if (n->fact != IMAGE_NONE && n->seq <= n->cut)
			n->fact = IMAGE_NONE;
	}
	for (uint32_t i = x->names.n; i-- > 0;) {
		struct image_name *n = image_name_at(x, i);
		/* The cut is of no use any more: a directory's is read before its own turn. */
		bool in = n->fact != IMAGE_NONE || n->seq == UINT32_MAX || i == 0;

		n->cut = in ? FACT_IN_FS : 0;
		n->seq = 0;
		x->files += in;
		if (in && i)
			image_name_at(x, n->parent)->seq = UINT32_MAX;
	}
}
