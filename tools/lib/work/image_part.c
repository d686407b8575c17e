/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an image by name: in the archive as they come, in a directory when they are asked for.
 */
#include "work/image_priv.h"

#include <errno.h>
#include <fcntl.h>

enum { SNIFF = 512, TAR_MAGIC_AT = 257, HOPS_MAX = 8 };

int image_stopped(const struct image_reader *r)
{
	return r->opts->stop && atomic_load_explicit(r->opts->stop, memory_order_relaxed)
		       ? -ECANCELED
		       : 0;
}

int image_part_add(struct image_reader *r, struct bytes name, struct image_part **ret)
{
	if (!r->parts)
		r->parts = calloc(IMAGE_LAYERS_MAX, sizeof(*r->parts));
	if (!r->parts)
		return -ENOMEM;
	if (r->nparts == IMAGE_LAYERS_MAX)
		return image_bad(r, -E2BIG, "it has too many parts");
	struct image_part *p = &r->parts[r->nparts];
	int e = buf_addb(&p->name, name);
	if (e < 0)
		return e;
	r->nparts++;
	*ret = p;
	return 0;
}

void image_parts_done(struct image_reader *r)
{
	for (size_t i = 0; i < r->nparts; i++) {
		buf_done(&r->parts[i].name);
		buf_done(&r->parts[i].json);
		buf_done(&r->parts[i].alias);
	}
	free(r->parts);
	r->parts = NULL;
	r->nparts = 0;
}

/* ---- one part ------------------------------------------------------------------------------ */

/* The part as it lies there: its beginning looked at beforehand, all of it hashed. */
struct sniff {
	struct intake in;
	struct intake *below;
	unsigned char head[SNIFF];
	size_t n, at;
	struct hash hash;
};

static ssize_t sniff_read(struct intake *in, void *p, size_t n)
{
	struct sniff *s = (struct sniff *)in;
	ssize_t got;

	if (s->at < s->n) {
		if (n > s->n - s->at)
			n = s->n - s->at;
		memcpy(p, s->head + s->at, n);
		s->at += n;
		return (ssize_t)n;
	}
	got = intake_read(s->below, p, n);
	if (got > 0)
		hash_add(&s->hash, p, (size_t)got);
	return got;
}

static int sniff_head(struct sniff *s)
{
	while (s->n < SNIFF) {
		ssize_t got = intake_read(s->below, s->head + s->n, SNIFF - s->n);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		s->n += (size_t)got;
	}
	hash_add(&s->hash, s->head, s->n);
	return 0;
}

/* A tar may begin with a file of any name, but its header says "ustar". */
static bool is_json(const struct sniff *s)
{
	static const char magic[] = "ustar";

	if (s->n == 0 || (s->head[0] != '{' && s->head[0] != '['))
		return false;
	return s->n < SNIFF || memcmp(s->head + TAR_MAGIC_AT, magic, strlen(magic)) != 0;
}

/* What is too large, or one too many, is wrong only if it is wanted. */
static int keep_json(struct image_reader *r, struct sniff *s, struct image_part *part)
{
	size_t most = IMAGE_JSON_ALL_MAX - r->json_bytes;
	ssize_t got;

	if (most > IMAGE_JSON_MAX)
		most = IMAGE_JSON_MAX;
	part->json.max = most + 1;
	if (r->njson == IMAGE_JSONS_MAX)
		part->err = -E2BIG;
	while (!part->err) {
		int e = buf_reserve(&part->json, SNIFF);

		if (e == -ENOMEM)
			return e;
		size_t room = part->json.cap - part->json.n;

		if (e != 0 && room == 0) {
			part->err = -EFBIG;
			break;
		}
		got = sniff_read(&s->in, part->json.p + part->json.n, room);
		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		part->json.n += (size_t)got;
	}
	if (part->err) {
		part->why = "metadata is too large";
		buf_done(&part->json);
		return 0;
	}
	r->njson++;
	r->json_bytes += part->json.n;
	return 0;
}

int image_part_read(struct image_reader *r, struct intake *in, struct image_part *part)
{
	static const struct intake_ops ops = { .read = sniff_read };
	AUTO_FREE unsigned char *rest = NULL;
	struct sniff s = { .in = { .ops = &ops }, .below = in };
	struct digests d;
	ssize_t got;

	hash_init(&s.hash, HASH_SHA256);
	int e = sniff_head(&s);
	if (e == 0)
		e = is_json(&s) ? keep_json(r, &s, part) : image_layer_read(r, &s.in, part);
	if (e != 0)
		return e;
	/* What is left behind the end of a layer belongs to the digest too. */
	rest = malloc(64 << 10);
	if (!rest)
		return -ENOMEM;
	while ((got = sniff_read(&s.in, rest, 64 << 10)) > 0)
		if (image_stopped(r))
			return -ECANCELED;
	if (got < 0)
		return (int)got;
	hash_peek(&s.hash, &d);
	memcpy(part->sha256, d.sha256, sizeof(part->sha256));
	return 0;
}

/* ---- by name ------------------------------------------------------------------------------- */

static struct image_part *lookup(struct image_reader *r, struct bytes name)
{
	/* Of two with one name the last counts, as when it is unpacked. */
	for (size_t i = r->nparts; i-- > 0;)
		if (bytes_eq(buf_bytes(&r->parts[i].name), name))
			return &r->parts[i];
	return NULL;
}

/* Only names that image_meta.c has put together of our own words and hex digits come here. */
static int load(struct image_reader *r, struct bytes name, struct image_part **ret)
{
	AUTO_DONE(intake_closep) struct intake *in = NULL;
	AUTO_CLOSE int fd = -1;
	char path[IMAGE_NAME_MAX + 1];

	if (name.n > IMAGE_NAME_MAX || memchr(name.p, 0, name.n))
		return -EINVAL;
	memcpy(path, name.p, name.n);
	path[name.n] = 0;
	fd = openat(r->source->fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return -errno;
	int e = intake_fd_until(fd, r->opts->stop, &in);
	if (e == 0)
		e = image_part_add(r, name, ret);
	return e != 0 ? e : image_part_read(r, in, *ret);
}

int image_part_find(struct image_reader *r, struct bytes name, struct image_part **ret)
{
	struct image_part *p = lookup(r, name);

	for (unsigned hops = 0; p && p->alias.n && hops < HOPS_MAX; hops++)
		p = lookup(r, buf_bytes(&p->alias));
	*ret = p && p->alias.n ? NULL : p;
	return *ret || !r->source->is_dir ? 0 : load(r, name, ret);
}
