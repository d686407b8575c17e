/* SPDX-License-Identifier: Apache-2.0 */
/* State of the tar reader, shared by its two files. */
#ifndef CSI_FORMAT_UNTAR_PRIV_H
#define CSI_FORMAT_UNTAR_PRIV_H

#include "format/untar.h"

enum { UNTAR_BLOCK = 512, UNTAR_MAP_MAX = 512 << 10 };

enum untar_state {
	UNTAR_HEAD,
	UNTAR_PAX, /* records of an extended header */
	UNTAR_PAX_PAD,
	UNTAR_MAP, /* of a sparse entry */
	UNTAR_DATA,
	UNTAR_PAD,
	UNTAR_ENDED,
};

/* What the extended header said of the entry that follows. */
struct untar_pax {
	bool seen, has_path, has_link, has_size, sparse_1, sparse_0, has_name, has_realsize;
	uint64_t size, realsize;
};

struct untar {
	const struct untar_ops *ops;
	void *ctx;
	enum untar_state state;
	unsigned char block[UNTAR_BLOCK];
	size_t nblock;
	unsigned zeros; /* zero blocks so far */
	uint64_t left;	/* stored bytes of this header that are still to come */
	size_t pad;	/* and padding after them */
	struct untar_pax pax;
	struct buf records, path, link, map;
	struct untar_entry entry;
	struct untar_extent *extents;
	size_t nextents, extent;
	uint64_t map_lines; /* newlines in the map so far */
	uint64_t in_extent, offset;
	uint64_t bytes;
	const struct bytes *feeding; /* what is left of the piece under way */
	const char *why;
};

/* untar_head.c: the header in u->block. Sets state UNTAR_PAX, or u->entry; and left and pad. */
int untar_header(struct untar *u);
/* All records of an extended header, in u->records. */
int untar_records(struct untar *u);

#endif
