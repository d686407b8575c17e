/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a case, and its SHA256SUMS: GNU sha256sum's format over every regular file of it
 * but those at its top that come after: SHA256SUMS, SHA256SUMS.*, custody.txt and *.minisig.
 */
#ifndef CSI_WORK_CASEDIR_H
#define CSI_WORK_CASEDIR_H

#include "base/buf.h"
#include "base/err.h"

enum {
	CASEDIR_FILES_MAX = 16384,
	CASEDIR_SUMS_MAX = 4 << 20, /* bytes of SHA256SUMS */
	CASEDIR_DEPTH_MAX = 32,
};

enum casedir_word {
	CASEDIR_OK,
	CASEDIR_DIFFERENT, /* from SHA256SUMS */
	CASEDIR_EXTRA,	   /* not in SHA256SUMS */
	CASEDIR_MISSING,   /* in SHA256SUMS, and not there */
	CASEDIR_SPECIAL,   /* a symbolic link, fifo, socket or device: not opened */
	CASEDIR_WORDS
};

struct casedir_ops {
	/* What is so about PATH (target bytes, below the directory). 0 or -errno. */
	int (*told)(void *ctx, enum casedir_word word, struct bytes path);
	const struct gap_sink *gaps; /* what could not be read */
	void *ctx;
};

struct casedir_result {
	bool has_sums; /* SHA256SUMS is there */
	unsigned char sums_sha256[32];
	struct buf sums; /* what SHA256SUMS says, or is to say: to be done with buf_done */
	uint64_t n[CASEDIR_WORDS];
};

/* A name at the top that is one of a bundle: *.tar.zst, *.tar.zst.age. */
bool casedir_is_bundle(struct bytes name);
/* All of the regular file NAME (ours) in DIRFD, no link followed. -ENOENT, -EINVAL: not a regular
 * file; -EFBIG beyond MAX; -errno. */
int casedir_read(int dirfd, const char *name, size_t max, struct buf *ret);
/* Writes NAME (ours), which must not exist. 0, -EEXIST or -errno; nothing is left of a failure. */
int casedir_write(int dirfd, const char *name, struct bytes content);
/*
 * casedir_check - every file below DIRFD (borrowed) against SHA256SUMS, if it is there, in walk
 * order. No link is followed, no special file opened. 0,
 * -EBADMSG: SHA256SUMS is malformed; -EFBIG, -E2BIG: more than the limits above; -errno.
 */
int casedir_check(int dirfd, const struct casedir_ops *ops, struct casedir_result *ret);

#endif
