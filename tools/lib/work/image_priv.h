/* SPDX-License-Identifier: Apache-2.0 */
/* An image while it is read, shared by its files. */
#ifndef CSI_WORK_IMAGE_PRIV_H
#define CSI_WORK_IMAGE_PRIV_H

#include "format/hash.h"
#include "work/image.h"

enum { IMAGE_NAME_MAX = 255 }; /* of a part in its archive */

/* A part of the archive: metadata, or what may be a layer. */
struct image_part {
	struct buf name;  /* "blobs/sha256/..."; target bytes */
	struct buf json;  /* metadata */
	struct buf alias; /* a link: the name that it stands for */
	bool is_layer;
	unsigned char sha256[32];  /* of the part as it lies there */
	unsigned char diff_id[32]; /* of a layer, unpacked */
	uint32_t from, end;	   /* its facts */
	int err;		   /* why it is no good, if it is wanted */
	const char *why;
};

struct image_source {
	int fd; /* the archive, or the directory */
	bool own_fd, is_dir;
};

struct image_reader {
	struct image_source *source;
	const struct image_options *opts;
	struct image_index *index;
	struct image_part *parts;
	size_t nparts;
	size_t json_bytes, njson;
	uint64_t bytes;	  /* of content so far */
	bool foreign_top; /* something at the top that no image archive has */
	const char *why;
};

/* A layer of the chosen image, bottom first. */
struct image_stack {
	struct image_layer {
		struct image_part *part; /* borrowed */
	} v[IMAGE_STACK_MAX];
	size_t n;
	const char *form;
	char config[65];
};

/* The first reason stays. ERR, which is not 0. */
static inline int image_bad(struct image_reader *r, int err, const char *why)
{
	if (!r->why)
		r->why = why;
	return err;
}
int image_stopped(const struct image_reader *r);

/* image_layer.c: the layer that IN holds becomes facts of PART; what is wrong with it stays in
 * PART. 0 or what ends all reading. */
int image_layer_read(struct image_reader *r, struct intake *in, struct image_part *part);
/* The content of the entry at hand: its digest. 0 or -errno. */
int image_content(struct image_reader *r, struct tar_in *t, const struct tar_in_entry *e,
		  unsigned char sha256[32]);

/* image_part.c */
int image_part_add(struct image_reader *r, struct bytes name, struct image_part **ret);
/* By name, through links; NULL. In a directory it is read now. -errno of reading it. */
int image_part_find(struct image_reader *r, struct bytes name, struct image_part **ret);
void image_parts_done(struct image_reader *r);
/*
 * The part that IN holds (borrowed): JSON is kept, all else read as a layer. Its digest is known
 * afterwards. 0 or what ends all reading.
 */
int image_part_read(struct image_reader *r, struct intake *in, struct image_part *part);

/* image_meta.c: which layers count. 0; -ENOENT without *why: there is no manifest at all. */
int image_meta(struct image_reader *r, struct image_stack *ret);

#endif
