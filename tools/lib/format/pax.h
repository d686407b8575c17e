/* SPDX-License-Identifier: Apache-2.0 */
/* Writing tar entries in pax format (POSIX.1-2001, GNU sparse 1.0). No libarchive type leaves
 * pax.c. */
#ifndef CSI_FORMAT_PAX_H
#define CSI_FORMAT_PAX_H

#include "model/file.h"

enum {
	PAX_EXTENTS_MAX = 4096, /* of a file with holes */
	PAX_BLOCK = 512,
};
/* A declared size above it (1 PiB) is not written: -EFBIG. */
#define PAX_SIZE_MAX (UINT64_C(1) << 50)

struct pax_extent {
	uint64_t offset, length;
};

struct pax_entry {
	struct bytes path; /* whole path, raw bytes without NUL; a directory's without the slash */
	struct bytes link; /* target of a symbolic link */
	uint32_t mode;	   /* type (regular, directory, symlink) and permissions */
	uint32_t uid, gid;
	uint64_t size;
	struct file_stamp mtime;
	const struct file_xattr *xattrs; /* see pax_xattr_fits() */
	size_t nxattrs;
	const struct pax_extent *extents; /* data of a sparse file, ascending; NULL: no holes */
	size_t nextents;
};

/* Gets the tar's bytes, in order. 0 or -errno, which the call that caused it returns. */
typedef int (*pax_write_fn)(void *ctx, const void *p, size_t n);

/* One thread at a time. */
struct pax;
int pax_open(pax_write_fn write, void *ctx, struct pax **ret);
void pax_closep(struct pax **p);

/* Header. 0, -EINVAL for what has no place in a bundle, -EFBIG, -ENOMEM, or what WRITE returned. */
int pax_begin(struct pax *p, const struct pax_entry *e);
/* Content in order: data, and holes where the extents say so. Together exactly the size. */
int pax_data(struct pax *p, struct bytes data);
int pax_hole(struct pax *p, uint64_t n);
/* Padding. */
int pax_finish(struct pax *p);
/* The two zero blocks. */
int pax_end(struct pax *p);

/* A name with '=' cannot be told from its value in a pax record: such an attribute is left out. */
bool pax_xattr_fits(const struct file_xattr *x);

#endif
