/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image holds, in memory and in few bytes: a tree of names that all layers share, and facts
 * of each layer's entries in the order of its archive. Layers may come in any order; when the last
 * has come they are applied one after the other, as a runtime unpacks them, and what is left is the
 * image's file system.
 *
 *	a name	    24 bytes and itself	      a fact	   28 bytes
 *	a digest    32 bytes (SHA-256)	      owner, mode  24 bytes, shared by all that agree
 *
 * 200,000 files are about 21 MiB. Nothing is spilled: beside a target there may be no place to
 *write that is not the target's own memory. Beyond the limit all is refused (-EDQUOT), since with
 *half of an image every other file would be told as added.
 */
#ifndef CSI_WORK_IMAGE_INDEX_H
#define CSI_WORK_IMAGE_INDEX_H

#include "base/err.h"
#include "format/tar_in.h"

enum {
	IMAGE_INDEX_MAX = 23 << 20, /* bytes, by default */
	IMAGE_PATH_MAX = 4095,	    /* of a name in a layer: more cannot be made by a path */
	IMAGE_LINKS_MAX = 255,	 /* symbolic links on the way to one entry, as containerd has it */
	IMAGE_LAYERS_MAX = 4096, /* blobs that may be layers */
};

struct image_index;

/* Only for what the tar itself does not say. */
struct image_entry {
	const struct tar_in_entry *tar;
	unsigned char sha256[32]; /* of the content */
	bool has_sha256;
	bool literal; /* names that mean something in a layer (.wh.) are names like all others */
};

/* LIMIT in bytes, 0: the default. GAPS (borrowed) is told what of an image is odd. */
int image_index_open(size_t limit, const struct gap_sink *gaps, struct image_index **ret);
void image_index_closep(struct image_index **x);
size_t image_index_used(const struct image_index *x);

/*
 * One more entry of the layer at hand. What no runtime would unpack is a gap and left out. 0,
 * -EDQUOT beyond the limit, -ENOMEM.
 */
int image_index_add(struct image_index *x, const struct image_entry *e);
/* How many facts there are: those of a layer are from one number to another. */
uint32_t image_index_facts(const struct image_index *x);
/* Apply the facts [from, end) over what is there. 0 or as above. */
int image_index_apply(struct image_index *x, uint32_t from, uint32_t end);
/* After the last layer and before all of the below. */
void image_index_finish(struct image_index *x);

/* ---- the file system that is left ---------------------------------------------------------- */

/* A name of it; 0 is the root, IMAGE_NONE is none. */
typedef uint32_t image_node;
#define IMAGE_NONE UINT32_MAX

/* Of one file. Borrowed from the index. */
struct image_file {
	bool implied; /* a directory that only stands in the names of others: nothing else is known
		       */
	uint32_t mode, uid, gid, rdev_major, rdev_minor;
	uint64_t size;
	int64_t mtime; /* ns; a time beyond 2262 is INT64_MAX */
	bool has_sha256;
	unsigned char sha256[32];
	struct bytes link;	 /* of a symbolic link */
	unsigned char xattrs[8]; /* image_xattrs_sum(); zeros: none */
};

/* The name at PATH (absolute, no "." or ".."), if it is in the file system; else IMAGE_NONE. */
image_node image_find(const struct image_index *x, struct bytes path);
void image_get(const struct image_index *x, image_node n, struct image_file *ret);
/* Its path, added to RET. 0, -ENOMEM, -EFBIG. */
int image_path(const struct image_index *x, image_node n, struct buf *ret);
uint64_t image_files(const struct image_index *x); /* how many there are, with directories */

/* Marks of who compares: seen, and below it something is not to be told (bits of IMAGE_MARK_*). */
enum { IMAGE_MARK_SEEN = 1, IMAGE_MARK_COVERED = 2, IMAGE_MARK_LEAF = 4 };
void image_mark(struct image_index *x, image_node n, unsigned marks);
unsigned image_marks(const struct image_index *x, image_node n);
/*
 * The names without SEEN whose directory has it and neither COVERED nor LEAF, sorted as a walk
 * sorts; how many files lie below each is image_below(). Ends the use of image_find(). RET is the
 * caller's, free(3). 0 or -ENOMEM.
 */
int image_unseen(struct image_index *x, image_node **ret, size_t *ret_n);
uint64_t image_below(const struct image_index *x, image_node n);

/* Forgets marks: another root can be compared. */
void image_index_again(struct image_index *x);

/* What of extended attributes is compared: of user.* and security.capability, in any order. */
void image_xattrs_sum(const struct file_xattr *v, size_t n, unsigned char ret[8]);

#endif
