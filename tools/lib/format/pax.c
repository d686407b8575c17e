/* SPDX-License-Identifier: Apache-2.0 */
/* Tar entries in pax format, by libarchive. The only file that includes archive.h. */
#include "format/pax.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* libarchive takes at most INT_MAX bytes a call, so this is as much of a hole as one call passes
 * over. */
#define PAX_HOLE_MAX ((size_t)1 << 30)

struct pax {
	struct archive *archive;
	struct archive_entry *entry;
	pax_write_fn write;
	void *ctx;
	int err;       /* first that WRITE returned */
	locale_t utf8; /* so that UTF-8 names need no conversion, whatever the environment; or 0 */
	void *hole; /* address space without memory: libarchive skips a hole without reading it */
	struct buf text; /* NUL-terminated copies for libarchive */
};

/*
 * libarchive is never told of a failure: in its fatal state it would not free what it opened with.
 * The error stays in x->err, comes back from judge(), and nothing is written after it.
 */
static la_ssize_t on_write(struct archive *a, void *ctx, const void *p, size_t n)
{
	struct pax *x = ctx;

	(void)a;
	if (x->err == 0)
		x->err = x->write(x->ctx, p, n);
	return (la_ssize_t)n;
}

/* ARCHIVE_WARN is a name that is not UTF-8: its bytes are kept, marked hdrcharset=BINARY. */
static int judge(struct pax *x, la_ssize_t r)
{
	if (x->err)
		return x->err;
	if (r >= ARCHIVE_WARN)
		return 0;
	int e = archive_errno(x->archive);
	return e > 0 ? -e : -EIO;
}

int pax_open(pax_write_fn write, void *ctx, struct pax **ret)
{
	struct pax *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->write = write;
	x->ctx = ctx;
	x->hole = MAP_FAILED;
	x->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	x->archive = archive_write_new();
	x->entry = x->archive ? archive_entry_new2(x->archive) : NULL;
	if (!x->entry || archive_write_set_format_pax(x->archive) != ARCHIVE_OK ||
	    archive_write_set_format_option(x->archive, "pax", "xattrheader", "SCHILY") !=
		    ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(x->archive, 0) != ARCHIVE_OK ||
	    archive_write_open2(x->archive, x, NULL, on_write, NULL, NULL) != ARCHIVE_OK) {
		pax_closep(&x);
		return -ENOMEM;
	}
	*ret = x;
	return 0;
}

void pax_closep(struct pax **p)
{
	struct pax *x = *p;

	if (!x)
		return;
	/* Freeing would write the end of the archive: nothing more may be written now. */
	if (x->err == 0)
		x->err = -ECANCELED;
	archive_entry_free(x->entry);
	if (x->archive)
		(void)archive_write_free(x->archive);
	if (x->utf8)
		freelocale(x->utf8);
	if (x->hole != MAP_FAILED)
		(void)munmap(x->hole, PAX_HOLE_MAX);
	buf_done(&x->text);
	free(x);
	*p = NULL;
}

bool pax_xattr_fits(const struct file_xattr *x)
{
	return x->name.n > 0 && !memchr(x->name.p, '=', x->name.n) &&
	       !memchr(x->name.p, 0, x->name.n);
}

/* A C string of V in x->text; valid until the next. NULL without memory, or when V has a NUL. */
static const char *text_of(struct pax *x, struct bytes v)
{
	buf_clear(&x->text);
	if ((v.n && memchr(v.p, 0, v.n)) || buf_addb(&x->text, v) < 0 || buf_addc(&x->text, 0) < 0)
		return NULL;
	return (const char *)x->text.p;
}

static int set_names(struct pax *x, const struct pax_entry *e)
{
	const char *s = e->path.n ? text_of(x, e->path) : NULL;

	if (!s)
		return -EINVAL;
	archive_entry_copy_pathname(x->entry, s);
	if (S_ISLNK(e->mode)) {
		s = e->link.n ? text_of(x, e->link) : NULL;
		if (!s)
			return -EINVAL;
		archive_entry_copy_symlink(x->entry, s);
	}
	return 0;
}

static void set_xattrs(struct pax *x, const struct pax_entry *e)
{
	for (size_t i = 0; i < e->nxattrs; i++) {
		const struct file_xattr *a = &e->xattrs[i];
		const char *name = pax_xattr_fits(a) ? text_of(x, a->name) : NULL;

		if (name)
			archive_entry_xattr_add_entry(x->entry, name, a->value.p, a->value.n);
	}
}

static void set_extents(struct pax *x, const struct pax_entry *e)
{
	if (!e->extents)
		return;
	for (size_t i = 0; i < e->nextents; i++)
		archive_entry_sparse_add_entry(x->entry, (la_int64_t)e->extents[i].offset,
					       (la_int64_t)e->extents[i].length);
	/* A hole from end to end: libarchive's disk reader says it this way. */
	if (e->nextents == 0)
		archive_entry_sparse_add_entry(x->entry, 0, 0);
}

static int set_entry(struct pax *x, const struct pax_entry *e)
{
	bool regular = S_ISREG(e->mode);

	if (!regular && !S_ISDIR(e->mode) && !S_ISLNK(e->mode))
		return -EINVAL;
	if (e->size > PAX_SIZE_MAX)
		return -EFBIG;
	archive_entry_clear(x->entry);
	archive_entry_set_mode(x->entry, (__LA_MODE_T)e->mode);
	archive_entry_set_uid(x->entry, e->uid);
	archive_entry_set_gid(x->entry, e->gid);
	archive_entry_set_size(x->entry, regular ? (la_int64_t)e->size : 0);
	archive_entry_set_mtime(x->entry, (time_t)e->mtime.sec, (long)e->mtime.nsec);
	set_xattrs(x, e);
	if (regular)
		set_extents(x, e);
	return set_names(x, e);
}

int pax_begin(struct pax *x, const struct pax_entry *e)
{
	if (x->err)
		return x->err;
	locale_t before = x->utf8 ? uselocale(x->utf8) : (locale_t)0;
	int r = set_entry(x, e);

	if (r == 0)
		r = judge(x, archive_write_header(x->archive, x->entry));
	if (before)
		(void)uselocale(before);
	return r;
}

int pax_data(struct pax *x, struct bytes data)
{
	while (data.n > 0) {
		la_ssize_t w = archive_write_data(x->archive, data.p, data.n);
		int r = judge(x, w);

		if (r == 0 && w <= 0)
			r = -EINVAL; /* more than the declared size */
		if (r < 0)
			return r;
		data = bytes_of(data.p + w, data.n - (size_t)w);
	}
	return 0;
}

int pax_hole(struct pax *x, uint64_t n)
{
	if (n > 0 && x->hole == MAP_FAILED) {
		x->hole = mmap(NULL, PAX_HOLE_MAX, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (x->hole == MAP_FAILED)
			return -ENOMEM;
	}
	while (n > 0) {
		size_t now = n < PAX_HOLE_MAX ? (size_t)n : PAX_HOLE_MAX;
		int r = pax_data(x, bytes_of(x->hole, now));

		if (r < 0)
			return r;
		n -= now;
	}
	return 0;
}

int pax_finish(struct pax *x)
{
	return x->err ? x->err : judge(x, archive_write_finish_entry(x->archive));
}

int pax_end(struct pax *x)
{
	return x->err ? x->err : judge(x, archive_write_close(x->archive));
}
