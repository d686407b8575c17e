/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a layer becomes a fact: names are made plain, whiteouts understood, the rest kept.
 */
#include "format/hash.h"
#include "work/image_index_priv.h"

#include <errno.h>
#include <sys/stat.h>

enum { NAME_MAX_BYTES = 255 };

static void tell(const struct image_index *x, const char *what, struct bytes on, int err)
{
	const struct gap gap = { .err = err, .what = what, .on = on };

	gap_tell(x->gaps, &gap);
}

/* The next component of *rest, which moves on; n 0 at the end. */
static struct bytes next_part(struct bytes *rest)
{
	while (rest->n > 0 && rest->p[0] == '/')
		*rest = bytes_of(rest->p + 1, rest->n - 1);
	const unsigned char *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
	struct bytes part = bytes_of(rest->p, slash ? (size_t)(slash - rest->p) : rest->n);

	*rest = bytes_of(rest->p + part.n, rest->n - part.n);
	return part;
}

static bool is(struct bytes v, const char *s)
{
	return bytes_eq(v, bytes_str(s));
}

/* 0, or why no file system takes the name. */
static int judge_path(struct bytes path)
{
	struct bytes part;

	if (path.n > IMAGE_PATH_MAX)
		return -ENAMETOOLONG;
	if (path.n > 0 && memchr(path.p, 0, path.n))
		return -EINVAL;
	while ((part = next_part(&path)).n > 0)
		if (part.n > NAME_MAX_BYTES)
			return -ENAMETOOLONG;
	return 0;
}

/* The name at PATH, made; ".." stays in the root, as a runtime keeps it there. */
static int path_add(struct image_index *x, struct bytes path, uint32_t *ret)
{
	struct bytes part, rest = path;
	uint32_t at = 0;

	while ((part = next_part(&rest)).n > 0) {
		int r = 0;

		if (is(part, ".."))
			at = image_name_at(x, at)->parent;
		else if (!is(part, "."))
			r = image_name_add(x, at, part, &at);
		if (r < 0)
			return r;
	}
	*ret = at;
	return 0;
}

static bool has_dotdot(struct bytes path)
{
	struct bytes part;

	while ((part = next_part(&path)).n > 0)
		if (is(part, ".."))
			return true;
	return false;
}

void image_xattrs_sum(const struct file_xattr *v, size_t n, unsigned char ret[8])
{
	const struct file_xattr *kept[FILE_XATTRS_MAX];
	struct digests d;
	struct hash h;
	size_t count = 0;

	memset(ret, 0, 8);
	for (size_t i = 0; i < n && count < FILE_XATTRS_MAX; i++) {
		size_t at = count;

		if (!bytes_starts(v[i].name, "user.") && !is(v[i].name, "security.capability"))
			continue;
		while (at > 0) {
			const struct file_xattr *o = kept[at - 1];
			size_t most = o->name.n < v[i].name.n ? o->name.n : v[i].name.n;
			int c = memcmp(o->name.p, v[i].name.p, most);

			if (c < 0 || (c == 0 && o->name.n <= v[i].name.n))
				break;
			kept[at] = o;
			at--;
		}
		kept[at] = &v[i];
		count++;
	}
	if (count == 0)
		return;
	hash_init(&h, HASH_SHA256);
	for (size_t i = 0; i < count; i++) {
		const uint64_t sizes[2] = { kept[i]->name.n, kept[i]->value.n };

		hash_add(&h, sizes, sizeof(sizes));
		hash_add(&h, kept[i]->name.p, kept[i]->name.n);
		hash_add(&h, kept[i]->value.p, kept[i]->value.n);
	}
	hash_peek(&h, &d);
	memcpy(ret, d.sha256, 8);
}

/* A runtime sets 1970 for what does not fit (boundTime of containerd's archive). */
static int64_t mtime_of(const struct file_stamp *t)
{
	if (t->sec < 0 || t->sec > INT64_MAX / (int64_t)NS_PER_SEC - 1)
		return 0;
	return t->sec * (int64_t)NS_PER_SEC + t->nsec;
}

/* Digest, link target or the name that is linked to. */
static int add_value(struct image_index *x, const struct image_entry *e, struct image_kind *k,
		     struct image_fact *f)
{
	const struct tar_in_entry *t = e->tar;
	int r;

	if (t->hard) {
		k->flags |= FACT_HARD;
		return path_add(x, t->link, &f->value);
	}
	if (S_ISLNK(t->mode)) {
		k->flags |= FACT_LINK;
		return image_text_add(x, t->link, &f->value);
	}
	if (!S_ISREG(t->mode) || !e->has_sha256)
		return 0;
	k->flags |= FACT_DIGEST;
	r = image_pool_add(x, &x->digests, &f->value);
	if (r == 0)
		memcpy(image_pool_at(&x->digests, f->value), e->sha256, sizeof(e->sha256));
	return r;
}

static int add_fact(struct image_index *x, const struct image_fact *f, const struct image_kind *k)
{
	struct image_fact fact = *f;
	uint32_t at = 0;
	int r = image_kind_add(x, k, &fact.kind);

	if (r == 0)
		r = image_pool_add(x, &x->facts, &at);
	if (r == 0)
		*image_fact_at(x, at) = fact;
	return r;
}

/*
 * ".wh.NAME" and ".wh..wh..opq" (OCI image layer, "Whiteouts"): 1 it is one and FACT is made, 2 it
 * is nothing for a file system, 0 a plain name, -errno. PATH becomes what it is about.
 */
static int whiteout(struct bytes *path, struct bytes name, struct image_kind *k, struct buf *b)
{
	static const char mark[] = ".wh.";
	struct bytes of = bytes_of(name.p + strlen(mark), name.n - strlen(mark));
	size_t dir = (size_t)(name.p - path->p);
	int r;

	if (is(of, ".wh..opq")) {
		k->flags |= FACT_OPAQUE;
		*path = bytes_of(path->p, dir);
		return 1;
	}
	if (bytes_starts(of, mark)) /* of AUFS alone */
		return 2;
	if (of.n == 0 || is(of, ".") || is(of, ".."))
		return -EINVAL;
	k->flags |= FACT_WHITEOUT;
	r = buf_add(b, path->p, dir);
	if (r == 0)
		r = buf_addb(b, of);
	*path = buf_bytes(b);
	return r < 0 ? r : 1;
}

static struct bytes last_part(struct bytes path)
{
	struct bytes part, last = bytes_of(path.p, 0);

	while ((part = next_part(&path)).n > 0)
		last = part;
	return last;
}

static int add_plain(struct image_index *x, const struct image_entry *e, struct bytes path)
{
	const struct tar_in_entry *t = e->tar;
	struct image_kind k = { .mode = t->mode, .uid = t->uid, .gid = t->gid };
	uint64_t mtime = (uint64_t)mtime_of(&t->mtime);
	struct image_fact f = {
		.size = { (uint32_t)(t->size >> 32), (uint32_t)t->size },
		.mtime = { (uint32_t)(mtime >> 32), (uint32_t)mtime },
	};
	int r = path_add(x, path, &f.name);

	image_xattrs_sum(t->xattrs, t->nxattrs, k.xattrs);
	if (S_ISCHR(t->mode) || S_ISBLK(t->mode)) {
		f.size[0] = t->rdev_major;
		f.size[1] = t->rdev_minor;
	}
	if (r == 0)
		r = add_value(x, e, &k, &f);
	return r < 0 ? r : add_fact(x, &f, &k);
}

int image_index_add(struct image_index *x, const struct image_entry *e)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	const struct tar_in_entry *t = e->tar;
	struct image_kind k = { 0 };
	struct image_fact f = { 0 };
	struct bytes path = t->path, name = last_part(path);
	int r = judge_path(path);

	if (r == 0 && (t->hard || S_ISLNK(t->mode)))
		r = t->link.n > IMAGE_PATH_MAX ? -ENAMETOOLONG : t->hard ? judge_path(t->link) : 0;
	if (r == 0 && (t->mode & S_IFMT) == 0)
		r = -EOPNOTSUPP;
	if (r == 0 && !e->literal && bytes_starts(name, ".wh."))
		r = whiteout(&path, name, &k, &text);
	if (r == 2)
		return 0;
	if (r < 0) {
		tell(x, "unpack image entry", t->path, r);
		return r == -ENOMEM ? r : 0;
	}
	if (has_dotdot(t->path))
		tell(x, "unpack image entry (its name has ..)", t->path, -EINVAL);
	if (r == 0)
		return add_plain(x, e, path);
	r = path_add(x, path, &f.name);
	return r < 0 ? r : add_fact(x, &f, &k);
}
