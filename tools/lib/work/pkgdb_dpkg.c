/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg's database below /var/lib/dpkg, and distroless's variant of it in status.d. */
#include "work/pkgdb_priv.h"

#include "base/glob.h"
#include "format/pkglist.h"

#include <errno.h>

#define INFO	 "/var/lib/dpkg/info"
#define STATUS_D "/var/lib/dpkg/status.d"

static const struct digests no_sums = { 0 };

/* ---- info/ and status.d/ ------------------------------------------------------------------- */

struct list_dir {
	struct pkg_read *p;
	const char *dir; /* ours */
	size_t lists;
};

/* "libc6:amd64" of "libc6:amd64.list" is the package libc6: dpkg-query(1). */
static struct bytes package_of(struct bytes stem)
{
	const unsigned char *colon = memchr(stem.p, ':', stem.n);

	return colon ? bytes_of(stem.p, (size_t)(colon - stem.p)) : stem;
}

static int on_md5sum(struct pkg_read *p, void *ctx, struct bytes line)
{
	const struct bytes *package = ctx;
	struct digests sums = { 0 };
	int r = pkglist_md5sum(line, &sums, &p->path);

	if (r == -EBADMSG)
		return 0;
	return r < 0 ? r : pkg_entry(p, *package, &sums, false, false);
}

static int on_path(struct pkg_read *p, void *ctx, struct bytes line)
{
	const struct bytes *package = ctx;
	int r;

	if (line.n == 0)
		return 0;
	r = pkglist_path(line, &p->path);
	if (r == -EBADMSG || p->path.n == 1)
		return 0;
	return r < 0 ? r : pkg_entry(p, *package, &no_sums, false, false);
}

/* The package's own scripts and lists are its, though no list names them. */
static int own_file(struct pkg_read *p, struct bytes path, struct bytes package)
{
	int r = pkglist_path(path, &p->path);

	return r < 0 ? r : pkg_entry(p, package, &no_sums, false, false);
}

static int read_name(struct list_dir *d, const char *name, struct bytes path)
{
	static const struct {
		const char *suffix;
		pkg_line_fn line; /* NULL: the file is only owned */
	} kinds[] = {
		{ ".md5sums", on_md5sum }, { ".list", on_path },   { ".conffiles", NULL },
		{ ".postinst", NULL },	   { ".preinst", NULL },   { ".postrm", NULL },
		{ ".prerm", NULL },	   { ".triggers", NULL },  { ".shlibs", NULL },
		{ ".symbols", NULL },	   { ".templates", NULL }, { ".config", NULL },
	};
	struct bytes all = bytes_str(name);

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i].suffix);

		if (!bytes_ends(all, kinds[i].suffix) || all.n == n)
			continue;
		struct bytes package = package_of(bytes_of(all.p, all.n - n));
		int r = own_file(d->p, path, package);

		if (r == 0 && kinds[i].line)
			r = pkg_lines(d->p, path, kinds[i].line, &package);
		return r == -ENOENT ? 0 : r;
	}
	return 0;
}

static int on_name(void *ctx, const char *name, const struct file_info *info)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct list_dir *d = ctx;
	int r = buf_addf(&path, "%s/", d->dir);

	(void)info;
	if (r == 0)
		r = buf_addb(&path, bytes_str(name));
	if (r == 0) {
		d->lists++;
		r = read_name(d, name, buf_bytes(&path));
	}
	/* Nothing that file_list() itself could say. */
	d->p->failed = r;
	return r < 0 ? 1 : 0;
}

static int read_dir(struct pkg_read *p, const char *dir, size_t *ret_lists)
{
	AUTO_CLOSE int pin = -1;
	struct list_dir d = { .p = p, .dir = dir };
	struct file_info info;
	int r = root_pin(p->root, bytes_str(dir), &pin, &info);

	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r == 0)
		r = file_list(pin, PKGDB_LISTS_MAX, on_name, &d);
	*ret_lists = d.lists;
	if (r > 0)
		return p->failed;
	if (r < 0)
		pkg_gap(p, r, "list package database", bytes_str(dir));
	return 0;
}

/* ---- status -------------------------------------------------------------------------------- */

struct status {
	struct buf package;
	bool in_conffiles;
};

static int on_status(struct pkg_read *p, void *ctx, struct bytes line)
{
	struct status *s = ctx;
	struct digests sums = { 0 };
	int r;

	if (!line.p) /* of a field that is none of these */
		return 0;
	if (bytes_starts(line, "Package: ")) {
		buf_clear(&s->package);
		return buf_addb(&s->package, bytes_of(line.p + 9, line.n - 9));
	}
	if (!bytes_starts(line, " "))
		s->in_conffiles = bytes_eq(line, bytes_str("Conffiles:"));
	if (!s->in_conffiles || !bytes_starts(line, " "))
		return 0;
	r = pkglist_conffile(line, &sums, &p->path);
	if (r == -EBADMSG || r == -ENOENT)
		return 0;
	return r < 0 ? r : pkg_entry(p, buf_bytes(&s->package), &sums, true, false);
}

int pkgdb_dpkg(struct pkg_read *p)
{
	struct status s = { 0 };
	size_t lists = 0;
	int r = pkg_diversions_read(p);

	if (r == 0)
		r = pkg_lines(p, bytes_str("/var/lib/dpkg/status"), on_status, &s);
	buf_done(&s.package);
	if (r < 0 && r != -ENOENT) /* the lists say most of it */
		return r;
	r = read_dir(p, INFO, &lists);
	return r == 0 && lists == 0 ? -ENOENT : r;
}

/* No lists of paths, no links, no directories: only digests. */
int pkgdb_status_d(struct pkg_read *p)
{
	size_t lists = 0;
	int r = read_dir(p, STATUS_D, &lists);

	return r == 0 && lists == 0 ? -ENOENT : r;
}

/* ---- dpkg.cfg ------------------------------------------------------------------------------ */

struct cfg {
	struct root *root;
	struct pkgdb_excludes *x;
};

static int on_cfg(struct pkg_read *p, void *ctx, struct bytes line)
{
	static const struct {
		const char *word;
		unsigned char sign;
	} words[] = { { "path-exclude", '-' }, { "path-include", '+' } };
	struct cfg *c = ctx;

	(void)p;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].word);
		int r;

		if (!bytes_starts(line, words[i].word))
			continue;
		struct bytes glob = bytes_of(line.p + n, line.n - n);
		while (glob.n && (glob.p[0] == ' ' || glob.p[0] == '='))
			glob = bytes_of(glob.p + 1, glob.n - 1);
		if (glob.n == 0 || memchr(glob.p, 0, glob.n))
			return 0;
		r = buf_addc(&c->x->text, words[i].sign);
		if (r == 0)
			r = buf_addb(&c->x->text, glob);
		return r < 0 ? r : buf_addc(&c->x->text, 0);
	}
	return 0;
}

/* dpkg reads the parts in the order of their names; that of a few globs seldom matters, but a file
 * system's own order would not be the same twice. */
enum { CFG_PARTS_MAX = 256, CFG_NAME = 256 };
struct parts {
	size_t n;
	char v[CFG_PARTS_MAX][CFG_NAME];
};

static int on_part(void *ctx, const char *name, const struct file_info *info)
{
	struct parts *parts = ctx;
	size_t n = strlen(name);

	(void)info;
	if (parts->n < CFG_PARTS_MAX && n < CFG_NAME)
		memcpy(parts->v[parts->n++], name, n + 1);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int read_parts(struct pkg_read *p, struct cfg *c)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	struct parts *parts;
	int r = root_pin(c->root, bytes_str("/etc/dpkg/dpkg.cfg.d"), &pin, &info);

	if (r < 0)
		return 0;
	parts = calloc(1, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	(void)file_list(pin, CFG_PARTS_MAX, on_part, parts);
	qsort(parts->v, parts->n, sizeof(parts->v[0]), by_name);
	for (size_t i = 0; r == 0 && i < parts->n; i++) {
		AUTO_DONE(buf_done) struct buf path = BUF_NONE;

		r = buf_addf(&path, "/etc/dpkg/dpkg.cfg.d/%s", parts->v[i]);
		if (r == 0)
			r = pkg_lines(p, buf_bytes(&path), on_cfg, c);
		r = r == -ENOENT ? 0 : r;
	}
	free(parts);
	return r;
}

int pkgdb_excludes_read(struct root *root, const struct gap_sink *gaps, struct pkgdb_excludes *ret)
{
	const struct pkgdb_reader rd = { .gaps = gaps };
	struct pkg_read p = { .root = root, .rd = &rd };
	struct cfg c = { root, ret };
	int r;

	ret->text = BUF_LIMIT(64 << 10);
	r = read_parts(&p, &c);
	if (r == 0)
		r = pkg_lines(&p, bytes_str("/etc/dpkg/dpkg.cfg"), on_cfg, &c);
	return r == -ENOENT || r == -EFBIG ? 0 : r;
}

bool pkgdb_excluded(const struct pkgdb_excludes *x, struct bytes path)
{
	bool out = false;

	for (size_t at = 0; at < x->text.n;) {
		const char *glob = (const char *)x->text.p + at;

		if (glob_match(glob + 1, path))
			out = *glob == '-';
		at += strlen(glob) + 1;
	}
	return out;
}

void pkgdb_excludes_done(struct pkgdb_excludes *x)
{
	buf_done(&x->text);
}
