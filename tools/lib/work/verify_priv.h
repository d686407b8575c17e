/* SPDX-License-Identifier: Apache-2.0 */
/* One verification, shared by verify.c and salvage.c. */
#ifndef CSI_WORK_VERIFY_PRIV_H
#define CSI_WORK_VERIFY_PRIV_H

#include "format/unseal.h"
#include "work/tarcheck.h"
#include "work/verify.h"

struct verify {
	const struct verify_options *opts;
	struct verify_result *res;
	struct unseal *unseal;
	struct tarcheck tar;
	uint64_t seq; /* of the last checkpoint */
	bool sealed, tabled;
	/* Of what is proven. */
	uint64_t kept;		       /* tar bytes up to the end of the last proven entry */
	uint64_t last_at;	       /* offset of the last good checkpoint or seal */
	unsigned char last_sha256[32]; /* of the stream before it */
	/* Entries since the last checkpoint, until one proves them. */
	struct buf waiting;
	uint64_t overflow; /* those that found no room */
	struct intake *in;
};

/*
 * salvage_write - reads the stream again from its start and writes what V proved. 0, -ENODATA:
 * nothing is proven; -ESTALE: the stream is not what it was; -errno.
 */
int salvage_write(const struct verify *v);

#endif
