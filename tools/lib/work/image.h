/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an image in one pass, in whatever order its parts come: an OCI layout (tar or directory),
 * what `docker save` writes (of old, layers in NAME/layer.tar, and of today, an OCI layout with a
 * manifest.json), or a file system as one tar (`crane export`, `docker export`). Plain, gzip and
 * zstd, the whole archive as well.
 *
 * The manifest may be the last thing in the archive, so whatever may be a layer is indexed as it
 * comes (work/image_index.h) and the metadata is kept until it is known what counts. Nothing is
 * written anywhere. An archive with anything else at its top than an image's parts is a file
 * system, whatever files of these names lie in it.
 *
 * Digests are checked from index.json down to the layers, compressed and not. An image that is cut,
 * lacks a layer or disagrees with a digest is refused: compared with half of an image, its other
 * half would be told as the intruder's. Foreign layers (urls), images of several platforms without
 * this machine's, and archives of several images are refused too.
 */
#ifndef CSI_WORK_IMAGE_H
#define CSI_WORK_IMAGE_H

#include "work/image_index.h"

#include <stdatomic.h>

enum {
	IMAGE_JSON_MAX = 4 << 20,     /* of one piece of metadata */
	IMAGE_JSON_ALL_MAX = 8 << 20, /* of all that is kept */
	IMAGE_JSONS_MAX = 512,
	IMAGE_STACK_MAX = 512,	  /* layers of one image; runtimes stop at 127 or 500 */
	IMAGE_NEST_MAX = 4,	  /* indexes in indexes */
	IMAGE_ALIASES_MAX = 4096, /* links of old docker archives */
};
/* Of content in all, after unpacking: what expands without end stops here. */
#define IMAGE_BYTES_MAX (UINT64_C(1) << 40)

/* An image that is open and not read yet. */
struct image_source;
/* WHERE is the operator's: a file, a directory, or "-". 0 or -errno. */
int image_source_open(const char *where, struct image_source **ret);
void image_source_closep(struct image_source **s);

struct image_options {
	size_t index_max;	 /* 0: IMAGE_INDEX_MAX */
	const atomic_bool *stop; /* NULL: none */
	const struct gap_sink *gaps;
};

struct image_about {
	const char *form; /* "oci", "docker", "tar" */
	size_t layers;
	char config[65]; /* digest of its configuration, hex; "": there is none */
	const char *why; /* after a failure: a sentence part of ours, or NULL */
};

/*
 * Reads all of it. 0; -ECANCELED; -EDQUOT: it does not fit into index_max; -EBADMSG, -ENODATA,
 * -ENOENT, -EFBIG and others as ABOUT->why says; -ENOMEM.
 */
int image_read(struct image_source *s, const struct image_options *opts, struct image_index **ret,
	       struct image_about *about);

#endif
