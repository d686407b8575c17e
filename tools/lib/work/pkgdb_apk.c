/* SPDX-License-Identifier: Apache-2.0 */
/* apk's installed database: F: a directory, R: a file in it, Z: its digest; apk-package(5). */
#include "work/pkgdb_priv.h"

#include "format/pkglist.h"

#include <errno.h>

struct apk {
	struct buf package, dir;
	bool pending; /* p->path is a file whose Z: has not come yet */
	struct digests sums;
};

static int flush(struct pkg_read *p, struct apk *a)
{
	bool config = bytes_starts(buf_bytes(&p->path), "/etc/");
	int r = 0;

	if (a->pending)
		r = pkg_entry(p, buf_bytes(&a->package), &a->sums, config, true);
	a->pending = false;
	a->sums = (struct digests){ 0 };
	return r;
}

static int keep(struct buf *b, struct bytes v)
{
	buf_clear(b);
	return buf_addb(b, v);
}

static int begin_dir(struct pkg_read *p, struct apk *a, struct bytes value)
{
	int r = pkglist_path(value, &p->path);

	if (r == -EBADMSG)
		return 0;
	if (r == 0)
		r = keep(&a->dir, buf_bytes(&p->path));
	return r == 0 && p->path.n > 1
		       ? pkg_entry(p, buf_bytes(&a->package), &a->sums, false, false)
		       : r;
}

static int begin_file(struct pkg_read *p, struct apk *a, struct bytes value)
{
	int r;

	if (memchr(value.p, '/', value.n) || memchr(value.p, 0, value.n) || value.n == 0)
		return 0;
	r = keep(&p->path, buf_bytes(&a->dir));
	if (r == 0 && a->dir.n > 1)
		r = buf_addc(&p->path, '/');
	if (r == 0)
		r = buf_addb(&p->path, value);
	a->pending = r == 0;
	return r;
}

static int on_line(struct pkg_read *p, void *ctx, struct bytes line)
{
	struct apk *a = ctx;
	struct bytes value;
	int r = 0;

	if (!line.p)
		return 0;
	if (line.n < 2 || line.p[1] != ':') /* an empty line ends a package */
		return line.n == 0 ? flush(p, a) : 0;
	value = bytes_of(line.p + 2, line.n - 2);
	switch (line.p[0]) {
	case 'P':
	case 'F':
	case 'R':
		r = flush(p, a);
		if (r < 0)
			return r;
		if (line.p[0] == 'P')
			return keep(&a->package, value);
		return line.p[0] == 'F' ? begin_dir(p, a, value) : begin_file(p, a, value);
	case 'Z':
		if (a->pending)
			(void)pkglist_apk_sum(value, &a->sums);
		return 0;
	default:
		return 0;
	}
}

int pkgdb_apk(struct pkg_read *p)
{
	static const char *const files[] = { "/lib/apk/db/installed", "/usr/lib/apk/db/installed" };
	struct apk a = { 0 };
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_LEN(files); i++)
		r = pkg_lines(p, bytes_str(files[i]), on_line, &a);
	if (r == 0)
		r = flush(p, &a);
	buf_done(&a.package);
	buf_done(&a.dir);
	return r;
}
