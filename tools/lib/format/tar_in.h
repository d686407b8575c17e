/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any tar that an image is made of, entry by entry: ustar, pax, GNU (long names, sparse files, base
 * 256), v7. Foreign bytes: bounded memory, and names exactly as they are stored.
 *
 * Not by libarchive: its tar reader turns names of pax headers into Unicode's composed form (a file
 * that was named otherwise would be told as deleted), and keeps a sparse map of any length.
 */
#ifndef CSI_FORMAT_TAR_IN_H
#define CSI_FORMAT_TAR_IN_H

#include "format/intake.h"
#include "model/file.h"

enum {
	TAR_IN_HEADER_MAX = 1 << 20, /* of an extended header or long name, as Go's reader has it */
	TAR_IN_EXTENTS_MAX = 8192,   /* of a sparse file */
};

/* Valid until the next tar_in_next(). */
struct tar_in_entry {
	struct bytes path; /* as stored: may be absolute, hold "..", end in a slash, be empty */
	struct bytes link; /* target of a symbolic or hard link */
	bool hard;	   /* a hard link; MODE then says regular file and counts for nothing */
	uint32_t mode;	   /* with the type; 0: a type that no file system has */
	uint32_t uid, gid, rdev_major, rdev_minor;
	uint64_t size; /* of the content, holes included */
	struct file_stamp mtime;
	size_t nxattrs; /* SCHILY.xattr records; beyond FILE_XATTRS_MAX it is an error */
	const struct file_xattr *xattrs;
};

struct tar_in;
/* IN is borrowed. 0 or -ENOMEM. */
int tar_in_open(struct intake *in, struct tar_in **ret);
void tar_in_closep(struct tar_in **t);
/*
 * The next entry; what is left of the content of the one before is passed over. 1, or 0 at the end
 * (tar_in_ended()). -EBADMSG: no tar (tar_in_why()); -EFBIG: a header beyond a limit; -ENODATA: it
 * stops in the middle; or what IN says. A failure stays.
 */
int tar_in_next(struct tar_in *t, struct tar_in_entry *ret);
/*
 * The next piece of content, borrowed until the next call, and where in the file it lies; what is
 * between pieces is a hole. 1, 0 at the end, or -errno as above.
 */
int tar_in_data(struct tar_in *t, struct bytes *ret, uint64_t *ret_offset);
/* The two zero blocks are there, or the one before the end: not a tar cut between two entries. */
bool tar_in_ended(const struct tar_in *t);
/* Reads and drops what follows the end, so that IN has been read whole. 0 or -errno. */
int tar_in_drain(struct tar_in *t);
/* Ours, a part of a sentence, after -EBADMSG. */
const char *tar_in_why(const struct tar_in *t);

#endif
