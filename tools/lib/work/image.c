/* SPDX-License-Identifier: Apache-2.0 */
/* An image from its archive: each entry of it is a part of an image, or of a file system. */
#include "work/image.h"

#include "format/unpack.h"
#include "work/image_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int image_source_open(const char *where, struct image_source **ret)
{
	struct image_source *s = calloc(1, sizeof(*s));
	struct stat st;
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->own_fd = strcmp(where, "-") != 0;
	s->fd = s->own_fd ? open(where, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		r = -errno;
	else
		s->is_dir = S_ISDIR(st.st_mode);
	if (r < 0) {
		image_source_closep(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void image_source_closep(struct image_source **s)
{
	if (*s && (*s)->own_fd && (*s)->fd >= 0)
		(void)close((*s)->fd);
	free(*s);
	*s = NULL;
}

/* ---- names in the archive ------------------------------------------------------------------ */

/* "./" before a name and slashes around it say nothing. */
static struct bytes plain_name(struct bytes v)
{
	while (v.n > 0 && (v.p[0] == '/' || bytes_starts(v, "./")))
		v = v.p[0] == '/' ? bytes_of(v.p + 1, v.n - 1) : bytes_of(v.p + 2, v.n - 2);
	while (v.n > 0 && v.p[v.n - 1] == '/')
		v.n--;
	return bytes_eq(v, bytes_str(".")) ? bytes_of(v.p, 0) : v;
}

static bool is_hex_name(struct bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!(v.p[i] >= '0' && v.p[i] <= '9') && !(v.p[i] >= 'a' && v.p[i] <= 'f'))
			return false;
	return v.n == 64;
}

static bool is_part_top(struct bytes top)
{
	static const char *const names[] = { "blobs", "oci-layout", "index.json", "manifest.json",
					     "repositories" };
	static const char *const ends[] = { ".json", ".tar", ".tar.gz" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bytes_eq(top, bytes_str(names[i])))
			return true;
	if (bytes_starts(top, "sha256:") || is_hex_name(top))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (bytes_ends(top, ends[i]) &&
		    is_hex_name(bytes_of(top.p, top.n - strlen(ends[i]))))
			return true;
	return false;
}

/* A regular file that an image may refer to: none does so by a name that is longer. */
static bool is_part_name(struct bytes name)
{
	const unsigned char *slash = memchr(name.p, '/', name.n);
	struct bytes rest = slash ? bytes_of(slash + 1, name.n - (size_t)(slash + 1 - name.p))
				  : bytes_of(name.p, 0);

	if (name.n > IMAGE_NAME_MAX ||
	    !is_part_top(bytes_of(name.p, name.n - rest.n - (slash ? 1 : 0))))
		return false;
	return !slash || bytes_starts(name, "blobs/sha256/") || bytes_ends(rest, "layer.tar");
}

/* ---- one entry ----------------------------------------------------------------------------- */

struct entry_intake {
	struct intake in;
	struct tar_in *tar;
	struct bytes rest;
	uint64_t at;
	uint64_t size;
};

/* No archiver makes a layer or metadata sparse. */
static ssize_t entry_read(struct intake *in, void *p, size_t n)
{
	struct entry_intake *e = (struct entry_intake *)in;
	uint64_t offset = 0;

	if (e->rest.n == 0) {
		int r = tar_in_data(e->tar, &e->rest, &offset);

		if (r <= 0)
			return r < 0 ? r : e->at == e->size ? 0 : -EBADMSG;
		if (offset != e->at)
			return -EBADMSG;
		e->at += e->rest.n;
	}
	if (n > e->rest.n)
		n = e->rest.n;
	memcpy(p, e->rest.p, n);
	e->rest = bytes_of(e->rest.p + n, e->rest.n - n);
	return (ssize_t)n;
}

static int read_part(struct image_reader *r, struct tar_in *t, const struct tar_in_entry *e,
		     struct bytes name, struct image_entry *entry)
{
	static const struct intake_ops ops = { .read = entry_read };
	struct entry_intake in = { .in = { .ops = &ops }, .tar = t, .size = e->size };
	struct image_part *part = NULL;
	int got = image_part_add(r, name, &part);

	if (got == 0)
		got = image_part_read(r, &in.in, part);
	if (got < 0)
		return got;
	memcpy(entry->sha256, part->sha256, sizeof(entry->sha256));
	entry->has_sha256 = true;
	return 0;
}

/* Old docker archives hold a layer once and links to it: "../NAME/layer.tar" beside the first. */
static int add_alias(struct image_reader *r, const struct tar_in_entry *e, struct bytes name)
{
	struct image_part *part = NULL;
	struct bytes to = e->link;

	if (r->nparts >= IMAGE_ALIASES_MAX - 1)
		return 0;
	if (bytes_starts(to, "../"))
		to = bytes_of(to.p + 3, to.n - 3);
	to = plain_name(to);
	int got = image_part_add(r, name, &part);
	if (got < 0 || to.n <= IMAGE_NAME_MAX)
		return got < 0 ? got : buf_addb(&part->alias, to);
	part->err = -ENAMETOOLONG;
	part->why = "a link in it is too long";
	return 0;
}

static int take_entry(struct image_reader *r, struct tar_in *t, const struct tar_in_entry *e)
{
	struct image_entry entry = { .tar = e, .literal = true };
	struct bytes name = plain_name(e->path);
	const unsigned char *slash = name.n ? memchr(name.p, '/', name.n) : NULL;
	bool link = e->hard || S_ISLNK(e->mode);
	int got = 0;

	if (name.n > 0 && !is_part_top(bytes_of(name.p, slash ? (size_t)(slash - name.p) : name.n)))
		r->foreign_top = true;
	if (link && !r->foreign_top && is_part_name(name))
		got = add_alias(r, e, name);
	else if (S_ISREG(e->mode) && !link && !r->foreign_top && is_part_name(name))
		got = read_part(r, t, e, name, &entry);
	else if (S_ISREG(e->mode) && !link) {
		got = image_content(r, t, e, entry.sha256);
		entry.has_sha256 = true;
	}
	return got < 0 ? got : image_index_add(r->index, &entry);
}

static int read_archive(struct image_reader *r)
{
	AUTO_DONE(intake_closep) struct intake *file = NULL;
	AUTO_DONE(intake_closep) struct intake *unpacked = NULL;
	AUTO_DONE(tar_in_closep) struct tar_in *t = NULL;
	struct tar_in_entry e;
	int got = intake_fd_until(r->source->fd, r->opts->stop, &file);

	if (got == 0)
		got = unpack_open(file, &unpacked);
	if (got == 0)
		got = tar_in_open(unpacked, &t);
	if (got < 0)
		return got;
	while ((got = tar_in_next(t, &e)) > 0) {
		got = image_stopped(r);
		if (got == 0)
			got = take_entry(r, t, &e);
		if (got < 0)
			break;
	}
	if (got == 0)
		got = tar_in_drain(t);
	if (got == 0 && !tar_in_ended(t))
		return image_bad(r, -ENODATA, "it ends before its end");
	if (got == -ENODATA)
		return image_bad(r, got, "it ends before its end");
	if (got == -EBADMSG)
		return image_bad(r, got, tar_in_why(t) ? tar_in_why(t) : "it is damaged");
	return got;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static int apply_stack(struct image_reader *r, const struct image_stack *s)
{
	int got = 0;

	for (size_t i = 0; got == 0 && i < s->n; i++) {
		got = image_stopped(r);
		if (got == 0)
			got = image_index_apply(r->index, s->v[i].part->from, s->v[i].part->end);
	}
	return got;
}

/* A file system: all that lies in the archive itself, what was read as parts of an image not. */
static int apply_flat(struct image_reader *r)
{
	uint32_t at = 0;
	int got = 0;

	for (size_t i = 0; got == 0 && i < r->nparts; i++) {
		const struct image_part *p = &r->parts[i];

		if (!p->is_layer || p->from < at)
			continue;
		got = image_index_apply(r->index, at, p->from);
		at = p->end;
	}
	return got < 0 ? got : image_index_apply(r->index, at, image_index_facts(r->index));
}

static int finish(struct image_reader *r, struct image_about *about)
{
	AUTO_FREE struct image_stack *s = calloc(1, sizeof(*s));
	int got = -ENOENT;

	if (!s)
		return -ENOMEM;
	if (!r->foreign_top)
		got = image_meta(r, s);
	if (got == 0) {
		got = apply_stack(r, s);
	} else if (got == -ENOENT && !r->why) {
		if (!r->foreign_top)
			return image_bad(r, -EBADMSG, "it holds no image and no file system");
		s->form = "tar";
		got = apply_flat(r);
	}
	about->form = s->form;
	about->layers = s->n;
	memcpy(about->config, s->config, sizeof(about->config));
	if (got == 0)
		image_index_finish(r->index);
	return got;
}

int image_read(struct image_source *s, const struct image_options *opts, struct image_index **ret,
	       struct image_about *about)
{
	struct image_reader r = { .source = s, .opts = opts };
	int got;

	*about = (struct image_about){ 0 };
	got = image_index_open(opts->index_max, opts->gaps, &r.index);
	if (got == 0 && !s->is_dir)
		got = read_archive(&r);
	if (got == 0)
		got = finish(&r, about);
	if (got == -EDQUOT)
		r.why = "it has more files than the memory for its index holds";
	about->why = r.why;
	image_parts_done(&r);
	if (got < 0)
		image_index_closep(&r.index);
	else
		*ret = r.index;
	return got;
}
