/* SPDX-License-Identifier: Apache-2.0 */
/* One layer: unpacked, its digest taken on the way, every entry a fact. */
#include "format/unpack.h"
#include "work/image_priv.h"

#include <errno.h>
#include <sys/stat.h>

/* What passes is hashed: the unpacked layer is what diff_ids are of. */
struct tee {
	struct intake in;
	struct intake *below;
	struct hash hash;
};

static ssize_t tee_read(struct intake *in, void *p, size_t n)
{
	struct tee *t = (struct tee *)in;
	ssize_t r = intake_read(t->below, p, n);

	if (r > 0)
		hash_add(&t->hash, p, (size_t)r);
	return r;
}

int image_content(struct image_reader *r, struct tar_in *t, const struct tar_in_entry *e,
		  unsigned char sha256[32])
{
	struct digests d;
	struct hash h;
	struct bytes piece;
	uint64_t at = 0, offset = 0;
	int got;

	if (e->size > IMAGE_BYTES_MAX - r->bytes)
		return image_bad(r, -EFBIG, "it holds more than 1 TiB");
	r->bytes += e->size;
	hash_init(&h, HASH_SHA256);
	while ((got = tar_in_data(t, &piece, &offset)) > 0) {
		hash_zeros(&h, offset - at);
		hash_add(&h, piece.p, piece.n);
		at = offset + piece.n;
		if (image_stopped(r))
			return -ECANCELED;
	}
	if (got < 0)
		return got;
	hash_zeros(&h, e->size - at);
	hash_peek(&h, &d);
	memcpy(sha256, d.sha256, 32);
	return 0;
}

static int add_entry(struct image_reader *r, struct tar_in *t, const struct tar_in_entry *e)
{
	struct image_entry entry = { .tar = e };

	if (S_ISREG(e->mode) && !e->hard) {
		int got = image_content(r, t, e, entry.sha256);

		if (got < 0)
			return got;
		entry.has_sha256 = true;
	}
	return image_index_add(r->index, &entry);
}

/* What is wrong with one layer is not wrong with the image, unless that layer is one of its own. */
static bool is_of_layer(int err)
{
	return err == -EBADMSG || err == -ENODATA || err == -EFBIG;
}

static int read_entries(struct image_reader *r, struct tar_in *t)
{
	struct tar_in_entry e;
	int got;

	while ((got = tar_in_next(t, &e)) > 0) {
		got = image_stopped(r);
		if (got == 0)
			got = add_entry(r, t, &e);
		if (got < 0)
			return got;
	}
	return got < 0 ? got : tar_in_drain(t);
}

int image_layer_read(struct image_reader *r, struct intake *in, struct image_part *part)
{
	static const struct intake_ops ops = { .read = tee_read };
	AUTO_DONE(intake_closep) struct intake *unpacked = NULL;
	AUTO_DONE(tar_in_closep) struct tar_in *t = NULL;
	struct tee tee = { .in = { .ops = &ops } };
	struct digests d;
	int got = unpack_open(in, &unpacked);

	part->is_layer = true;
	part->from = image_index_facts(r->index);
	tee.below = unpacked;
	hash_init(&tee.hash, HASH_SHA256);
	if (got == 0)
		got = tar_in_open(&tee.in, &t);
	if (got == 0)
		got = read_entries(r, t);
	part->end = image_index_facts(r->index);
	hash_peek(&tee.hash, &d);
	memcpy(part->diff_id, d.sha256, sizeof(part->diff_id));
	if (got == 0 || !is_of_layer(got) || r->why)
		return got;
	part->err = got;
	part->why = t ? tar_in_why(t) : NULL;
	if (got == -EFBIG)
		part->why = "a layer has a header or a compression window above the limits";
	return 0;
}
