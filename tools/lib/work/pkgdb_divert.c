/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg-divert(1): of every package but one a file lies elsewhere. */
#include "work/pkgdb_priv.h"

#include <errno.h>

static const char diversions_path[] = "/var/lib/dpkg/diversions";

/* Three lines each: from, to, and the package whose file is not diverted, or ":". */
struct reading {
	struct pkg_diversions *d;
	struct buf text; /* of the one at hand: three words, each with a NUL */
	unsigned line;	 /* of it */
	bool bad;	 /* a line of it is none that dpkg writes */
	bool any_bad, full;
};

static int end_one(struct reading *rd)
{
	struct pkg_diversions *d = rd->d;
	int r = 0;

	if (!rd->bad && !rd->full) {
		r = d->n == PKGDB_DIVERSIONS_MAX ? -EFBIG
						 : buf_addb(&d->text, buf_bytes(&rd->text));
		d->n += r == 0;
	}
	rd->any_bad = rd->any_bad || rd->bad;
	rd->full = rd->full || r == -EFBIG;
	rd->bad = false;
	rd->line = 0;
	buf_clear(&rd->text);
	return r == -EFBIG ? 0 : r;
}

static int on_line(struct pkg_read *p, void *ctx, struct bytes line)
{
	struct reading *rd = ctx;
	int r;

	(void)p;
	rd->bad = rd->bad || line.n == 0 || memchr(line.p, 0, line.n);
	r = buf_addb(&rd->text, line);
	if (r == 0)
		r = buf_addc(&rd->text, 0);
	return r == 0 && ++rd->line == 3 ? end_one(rd) : r;
}

/* The next NUL-terminated word at *AT, which moves behind it. */
static struct bytes next_word(const struct buf *text, size_t *at)
{
	const unsigned char *word = text->p + *at;
	const unsigned char *end = memchr(word, 0, text->n - *at);
	size_t n = end ? (size_t)(end - word) : text->n - *at;

	*at += n + 1;
	return bytes_of(word, n);
}

/* By path; of one path in the order of the list, which is that of their addresses. */
static int compare(const void *a, const void *b)
{
	const struct pkg_diversion *x = a, *y = b;
	size_t n = x->from.n < y->from.n ? x->from.n : y->from.n;
	int r = memcmp(x->from.p, y->from.p, n);

	if (r == 0)
		r = (x->from.n > y->from.n) - (x->from.n < y->from.n);
	return r ? r : (x->from.p > y->from.p) - (x->from.p < y->from.p);
}

/* Of one path the first counts, and for the package that it names the first that names another. */
static void keep_two(struct pkg_diversions *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct pkg_diversion *one = kept > 0 ? &d->v[kept - 1] : NULL;
		const struct pkg_diversion *two = kept > 1 ? &d->v[kept - 2] : NULL;

		if (one && bytes_eq(one->from, d->v[i].from) &&
		    (bytes_eq(one->by, d->v[i].by) || (two && bytes_eq(two->from, d->v[i].from))))
			continue;
		d->v[kept++] = d->v[i];
	}
	d->n = kept;
}

static int sort(struct pkg_diversions *d)
{
	size_t at = 0;

	if (d->n == 0)
		return 0;
	d->v = calloc(d->n, sizeof(*d->v));
	if (!d->v)
		return -ENOMEM;
	for (size_t i = 0; i < d->n; i++) {
		d->v[i].from = next_word(&d->text, &at);
		d->v[i].to = next_word(&d->text, &at);
		d->v[i].by = next_word(&d->text, &at);
	}
	qsort(d->v, d->n, sizeof(*d->v), compare);
	keep_two(d);
	return 0;
}

int pkg_diversions_read(struct pkg_read *p)
{
	struct reading rd = { .d = &p->diversions };
	const struct bytes path = bytes_str(diversions_path);
	int r;

	p->diversions.text = BUF_LIMIT(PKGDB_DIVERSIONS_BYTES);
	r = pkg_lines(p, path, on_line, &rd);
	buf_done(&rd.text);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (rd.full)
		pkg_gap(p, -E2BIG, "read diversions", path);
	if (rd.any_bad || rd.line)
		pkg_gap(p, -EBADMSG, "read diversions", path);
	return sort(&p->diversions);
}

void pkg_diversions_done(struct pkg_diversions *d)
{
	free(d->v);
	buf_done(&d->text);
	*d = (struct pkg_diversions){ 0 };
}

struct bytes pkg_divert(const struct pkg_diversions *d, struct bytes path, struct bytes package)
{
	const struct pkg_diversion wanted = { .from = path };
	size_t low = 0, high = d->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct pkg_diversion here = { .from = d->v[mid].from };

		if (bytes_eq(here.from, path) || compare(&here, &wanted) > 0)
			high = mid;
		else
			low = mid + 1;
	}
	for (; low < d->n && bytes_eq(d->v[low].from, path); low++)
		if (!bytes_eq(d->v[low].by, package))
			return d->v[low].to;
	return path;
}
