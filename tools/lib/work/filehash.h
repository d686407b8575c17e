/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of one open file, from its first byte to its end. */
#ifndef CSI_WORK_FILEHASH_H
#define CSI_WORK_FILEHASH_H

#include "format/hash.h"
#include "model/file.h"

#include <stdatomic.h>

struct filehash_options {
	unsigned kinds;		 /* enum hash_kind */
	uint64_t most;		 /* bytes; a longer file is -EFBIG. 0: no limit */
	const atomic_bool *stop; /* -ECANCELED once it is set; NULL: never */
	bool keep_cache;	 /* the caller reads it again, and drops its pages itself */
};

/*
 * filehash - of what reading gives; *RET_SIZE, unless it is NULL, is how much that was: a file that
 * changes meanwhile shows by it. What was not in the page cache before is not there after. Takes 64
 * KiB while it runs. 0, -EFBIG, -ECANCELED, -ENOMEM, or -errno of reading: RET is untouched then.
 */
int filehash(struct file *f, const struct filehash_options *o, struct digests *ret,
	     uint64_t *ret_size);

#endif
