/* SPDX-License-Identifier: Apache-2.0 */
/* The file system that an image leaves: lookup, facts, marks, and what was never seen. */
#include "work/image_index_priv.h"

#include <errno.h>
#include <sys/stat.h>

enum { MARKS = IMAGE_MARK_SEEN | IMAGE_MARK_COVERED | IMAGE_MARK_LEAF };

/* What a name that is not told belongs to, in place of the one that is. */
#define UNDER_SEEN  UINT32_MAX
#define UNDER_COVER (UINT32_MAX - 1)
#define UNDER_LEAF  (UINT32_MAX - 2)

image_node image_find(const struct image_index *x, struct bytes path)
{
	uint32_t at = 0;

	while (path.n > 0 && at != IMAGE_NONE) {
		const unsigned char *slash = memchr(path.p, '/', path.n);
		size_t n = slash ? (size_t)(slash - path.p) : path.n;

		if (n > 0)
			at = image_name_find(x, at, bytes_of(path.p, n));
		n += slash ? 1 : 0;
		path = bytes_of(path.p + n, path.n - n);
	}
	return at != IMAGE_NONE && (image_name_at(x, at)->cut & FACT_IN_FS) ? at : IMAGE_NONE;
}

static uint64_t whole(const uint32_t halves[2])
{
	return (uint64_t)halves[0] << 32 | halves[1];
}

void image_get(const struct image_index *x, image_node n, struct image_file *ret)
{
	uint32_t fact = image_name_at(x, n)->fact;

	if (fact == IMAGE_NONE) {
		*ret = (struct image_file){ .implied = true, .mode = S_IFDIR };
		return;
	}
	const struct image_fact *f = image_fact_at(x, fact);
	const struct image_kind *k = image_kind_at(x, f->kind);

	*ret = (struct image_file){ .mode = k->mode,
				    .uid = k->uid,
				    .gid = k->gid,
				    .size = whole(f->size),
				    .mtime = (int64_t)whole(f->mtime) };
	memcpy(ret->xattrs, k->xattrs, sizeof(ret->xattrs));
	if (S_ISCHR(k->mode) || S_ISBLK(k->mode)) {
		ret->rdev_major = f->size[0];
		ret->rdev_minor = f->size[1];
		ret->size = 0;
	}
	if (k->flags & FACT_LINK) {
		ret->link = image_text_at(x, f->value);
		ret->size = ret->link.n; /* as a file system says it */
	}
	ret->has_sha256 = k->flags & FACT_DIGEST;
	if (ret->has_sha256)
		memcpy(ret->sha256, image_pool_at(&x->digests, f->value), sizeof(ret->sha256));
}

int image_path(const struct image_index *x, image_node n, struct buf *ret)
{
	size_t len = 0, from = ret->n;

	if (n == 0)
		return buf_addc(ret, '/');
	for (uint32_t i = n; i != 0; i = image_name_at(x, i)->parent)
		len += 1 + image_name_text(x, image_name_at(x, i)).n;
	int r = buf_reserve(ret, len);
	if (r < 0)
		return r;
	ret->n = from + len;
	for (uint32_t i = n; i != 0; i = image_name_at(x, i)->parent) {
		struct bytes t = image_name_text(x, image_name_at(x, i));

		len -= t.n;
		memcpy(ret->p + from + len, t.p, t.n);
		ret->p[from + --len] = '/';
	}
	return 0;
}

uint64_t image_files(const struct image_index *x)
{
	return x->files;
}

void image_mark(struct image_index *x, image_node n, unsigned marks)
{
	image_name_at(x, n)->cut |= marks & MARKS;
}

unsigned image_marks(const struct image_index *x, image_node n)
{
	return image_name_at(x, n)->cut & MARKS;
}

uint64_t image_below(const struct image_index *x, image_node n)
{
	return image_name_at(x, n)->seq;
}

/* What name I is told with, its directory's answer being known. */
static uint32_t belongs(const struct image_index *x, uint32_t i)
{
	const struct image_name *n = image_name_at(x, i);
	const struct image_name *dir = image_name_at(x, n->parent);

	if (i == 0)
		return UNDER_SEEN;
	if (dir->cut & IMAGE_MARK_COVERED)
		return UNDER_COVER;
	if (dir->cut & IMAGE_MARK_LEAF)
		return UNDER_LEAF;
	if (dir->next != UNDER_SEEN)
		return dir->next;
	return n->cut & (IMAGE_MARK_SEEN | IMAGE_MARK_COVERED) ? UNDER_SEEN : i;
}

/* As a walk sorts: by the bytes of one component after the other. */
static int compare_names(const void *a, const void *b, void *ctx)
{
	const struct image_index *x = ctx;
	uint32_t way[2][IMAGE_PATH_MAX + 1];
	size_t n[2] = { 0 };
	const uint32_t nodes[2] = { *(const uint32_t *)a, *(const uint32_t *)b };

	for (size_t k = 0; k < 2; k++)
		for (uint32_t i = nodes[k]; i != 0 && n[k] < ARRAY_LEN(way[k]);
		     i = image_name_at(x, i)->parent)
			way[k][n[k]++] = i;
	while (n[0] > 0 && n[1] > 0) {
		uint32_t i = way[0][--n[0]], j = way[1][--n[1]];

		if (i == j)
			continue;
		struct bytes s = image_name_text(x, image_name_at(x, i));
		struct bytes t = image_name_text(x, image_name_at(x, j));
		int c = memcmp(s.p, t.p, s.n < t.n ? s.n : t.n);

		return c ? c : (s.n > t.n) - (s.n < t.n);
	}
	return (n[0] > n[1]) - (n[0] < n[1]);
}

int image_unseen(struct image_index *x, image_node **ret, size_t *ret_n)
{
	size_t count = 0;

	for (uint32_t i = 0; i < x->names.n; i++) {
		struct image_name *n = image_name_at(x, i);

		n->next = UNDER_SEEN;
		if (!(n->cut & FACT_IN_FS))
			continue;
		n->next = belongs(x, i);
		if (n->next == i)
			count++;
		else if (n->next < UNDER_LEAF)
			image_name_at(x, n->next)->seq++;
	}
	image_node *v = malloc((count + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	count = 0;
	for (uint32_t i = 0; i < x->names.n; i++)
		if (image_name_at(x, i)->next == i && i)
			v[count++] = i;
	qsort_r(v, count, sizeof(*v), compare_names, x);
	*ret = v;
	*ret_n = count;
	return 0;
}
