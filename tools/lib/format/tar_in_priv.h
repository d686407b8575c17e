/* SPDX-License-Identifier: Apache-2.0 */
/* State of the general tar reader, shared by its files. */
#ifndef CSI_FORMAT_TAR_IN_PRIV_H
#define CSI_FORMAT_TAR_IN_PRIV_H

#include "format/tar_block.h"
#include "format/tar_in.h"

enum { TAR_IN_BUFFER = 64 << 10 };

struct tar_in_extent {
	uint64_t offset, length;
};

/* What pax records and GNU's long names said of the entry that follows. */
struct tar_in_ahead {
	struct bytes path, link; /* into the buffers below; n 0: not said */
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	struct file_stamp mtime;
	bool sparse;	  /* any GNU.sparse record */
	bool sparse_head; /* 1.0: the map stands before the content */
	bool has_realsize;
	uint64_t realsize;
	struct bytes sparse_name;
};

struct tar_in {
	struct intake *in;
	int err; /* stays */
	const char *why;
	bool ended, eof;
	unsigned char *buffer; /* TAR_IN_BUFFER */
	size_t at, n;	       /* what of it is read and not yet taken */
	uint64_t left;	       /* stored bytes of the entry's content */
	size_t pad;
	uint64_t offset; /* in the file, of the content that comes next */
	unsigned char block[TAR_BLOCK];
	struct buf records, long_path, long_link, path;
	struct tar_in_ahead ahead;
	bool records_seen; /* an extended header for the entry that follows */
	struct file_xattr xattrs[FILE_XATTRS_MAX];
	size_t nxattrs;
	struct tar_in_extent *extents; /* TAR_IN_EXTENTS_MAX, made for the first sparse file */
	size_t nextents, extent;
	bool sparse; /* the entry at hand */
};

/* All set t->err and return it. */
int tar_in_bad(struct tar_in *t, const char *why);
int tar_in_fail(struct tar_in *t, int err);
/* At least one byte in the buffer, unless IN ended: 1, 0 at the end, -errno. */
int tar_in_fill(struct tar_in *t);
/* One block of stored content, into t->block: 0 or -errno. */
int tar_in_block(struct tar_in *t);

/* tar_in_pax.c: the records in t->records, into t->ahead and t->xattrs. 0 or -errno. */
int tar_in_records(struct tar_in *t);

/* tar_in_sparse.c */
int tar_in_extent_add(struct tar_in *t, uint64_t offset, uint64_t length);
/* "offset,length,offset,length" of GNU.sparse.map. */
int tar_in_sparse_map(struct tar_in *t, struct bytes text);
/* The map before the content (1.0), once the header is taken. */
int tar_in_sparse_head(struct tar_in *t);
/* Of an old GNU header in t->block, and the blocks that go on with it. Sets SIZE. */
int tar_in_sparse_gnu(struct tar_in *t, uint64_t *size);
/* Whether the extents lie in a file of SIZE, in order, and are all that is stored. */
int tar_in_sparse_check(struct tar_in *t, uint64_t size);

#endif
