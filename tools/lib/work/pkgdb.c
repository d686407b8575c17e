/* SPDX-License-Identifier: Apache-2.0 */
/* What all package databases have in common. */
#include "work/pkgdb_priv.h"

#include "format/pkglist.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const alias_names[PKG_ALIASES] = { "bin",   "sbin",	"lib",
						      "lib32", "lib64", "libx32" };

/* Debian's usrmerge: /bin is a link to usr/bin, and packages list /bin/ls. Only these few, and only
 * to there: any other link is somebody's own. */
static bool is_alias(struct root *root, const char *name)
{
	AUTO_DONE(buf_done) struct buf want = BUF_NONE;
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	char target[32];
	ssize_t n;

	if (root_pin(root, bytes_str(name), &pin, &info) < 0 || !S_ISLNK(info.mode))
		return false;
	n = readlinkat(pin, "", target, sizeof(target));
	if (n < 0 || buf_addf(&want, "usr/%s", name) < 0)
		return false;
	struct bytes got = bytes_of(target, (size_t)n);
	if (bytes_starts(got, "/"))
		got = bytes_of(got.p + 1, got.n - 1);
	return bytes_eq(got, buf_bytes(&want));
}

static void find_aliases(struct pkg_read *p)
{
	for (size_t i = 0; i < PKG_ALIASES; i++)
		p->alias[i] = is_alias(p->root, alias_names[i]);
}

void pkg_gap(const struct pkg_read *p, int err, const char *what, struct bytes on)
{
	gap_tell(p->rd->gaps, &(struct gap){ .err = err, .what = what, .on = on });
}

/* "/usr" before what lies below an alias: *RET is then in p->other. */
static int resolve_alias(struct pkg_read *p, struct bytes path, struct bytes *ret)
{
	for (size_t i = 0; i < PKG_ALIASES; i++) {
		size_t n = strlen(alias_names[i]);

		if (!p->alias[i] || path.n < n + 2 || path.p[n + 1] != '/' ||
		    memcmp(path.p + 1, alias_names[i], n) != 0)
			continue;
		buf_clear(&p->other);
		int r = buf_adds(&p->other, "/usr");
		if (r == 0)
			r = buf_addb(&p->other, path);
		*ret = buf_bytes(&p->other);
		return r;
	}
	*ret = path;
	return 0;
}

int pkg_entry(struct pkg_read *p, struct bytes package, const struct digests *sums, bool config,
	      bool link_sum)
{
	struct pkg_entry e = {
		.package = package, .sums = *sums, .config = config, .link_sum = link_sum
	};
	int r = resolve_alias(p, pkg_divert(&p->diversions, buf_bytes(&p->path), package), &e.path);

	return r < 0 ? r : p->rd->entry(p->rd->ctx, &e);
}

static bool should_stop(const struct pkg_read *p)
{
	return p->rd->stop && atomic_load_explicit(p->rd->stop, memory_order_relaxed);
}

static bool is_field(struct bytes line)
{
	return line.n && line.p[0] >= 'A' && line.p[0] <= 'Z';
}

/* F is taken. */
static int each_line(struct pkg_read *p, struct file *f, struct bytes path, pkg_line_fn fn,
		     void *ctx)
{
	AUTO_DONE(lines_closep) struct lines *lines = NULL;
	struct bytes line;
	bool too_long = false;
	int n, r = lines_of(f, p->bytes < PKGDB_BYTES_MAX ? PKGDB_BYTES_MAX - p->bytes : 0, &lines);

	if (r < 0)
		return r;
	while ((n = lines_next(lines, &line)) > 0 || n == -EFBIG) {
		if (should_stop(p))
			return -ECANCELED;
		/* A field such as Depends may be of any length, and is none that is looked at. */
		too_long = too_long || (n < 0 && !is_field(line));
		r = fn(p, ctx, n < 0 ? bytes_of(NULL, 0) : line);
		if (r < 0)
			return r;
	}
	p->bytes += lines_bytes(lines);
	if (n < 0)
		pkg_gap(p, n, "read package list", path);
	if (too_long)
		pkg_gap(p, -ENAMETOOLONG, "read package list", path);
	return 0;
}

int pkg_lines(struct pkg_read *p, struct bytes path, pkg_line_fn fn, void *ctx)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	AUTO_CLOSE int pin = -1;
	struct pkg_list list = { .path = path };
	int r = root_pin(p->root, path, &pin, &list.info);

	if (r == 0) /* a link is none of dpkg's making: -EINVAL */
		r = file_open_pinned(pin, &list.info, &f);
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r < 0) {
		pkg_gap(p, r, "read package list", path);
		return 0;
	}
	if (p->rd->list)
		r = p->rd->list(p->rd->ctx, &list);
	if (r < 0)
		return r;
	return each_line(p, take_ptr(&f), path, fn, ctx);
}

int pkgdb_read(struct root *root, const struct pkgdb_reader *rd, struct pkgdb_kinds *ret)
{
	static const struct {
		int (*read)(struct pkg_read *p);
		bool files_only;
	} databases[] = {
		{ pkgdb_dpkg, false },
		{ pkgdb_status_d, true },
		{ pkgdb_apk, false },
		{ pkgdb_rpm, true },
	};
	struct pkg_read p = { .root = root, .rd = rd };
	int r = 0;

	find_aliases(&p);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(databases); i++) {
		r = databases[i].read(&p);
		if (r == 0) {
			p.kinds.databases++;
			p.kinds.files_only = p.kinds.files_only || databases[i].files_only;
		} else if (r == -ENOENT) {
			r = 0;
		}
	}
	buf_done(&p.path);
	buf_done(&p.other);
	pkg_diversions_done(&p.diversions);
	if (r == 0)
		*ret = p.kinds;
	return r;
}

/* There is no reader of rpm's database here: that it is there is said. */
int pkgdb_rpm(struct pkg_read *p)
{
	static const char *const files[] = { "/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages",
					     "/var/lib/rpm/Packages.db",
					     "/usr/lib/sysimage/rpm/rpmdb.sqlite" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_CLOSE int pin = -1;
		struct file_info info;

		if (root_pin(p->root, bytes_str(files[i]), &pin, &info) < 0)
			continue;
		pkg_gap(p, -EOPNOTSUPP, "read rpm's database", bytes_str(files[i]));
		break;
	}
	return -ENOENT;
}
