/* SPDX-License-Identifier: Apache-2.0 */
/* Findings kept until all are known, worst first, in bounded memory. */
#ifndef CSI_SIGNS_FINDINGS_H
#define CSI_SIGNS_FINDINGS_H

#include "signs/judge.h"

enum {
	FINDINGS_MAX = 8192,	      /* that are kept */
	FINDINGS_BYTES_MAX = 6 << 20, /* of them */
};

struct kept_finding;

/* Zero-initialise. */
struct findings {
	struct level_list {
		struct kept_finding **v;
		size_t n, cap;
	} level[LEVEL_KINDS];
	size_t n, bytes;
	uint64_t dropped; /* of the lowest levels, because a limit was reached: a gap */
};

/* Copies all of it. 0 or -ENOMEM. At a limit the last ones of lower levels make room, or it is
 * dropped itself. */
int findings_add(struct findings *k, const struct sign_about *about, const struct sign *s,
		 const struct finding *f);
/* Worst first, then in the order of adding. FN's result other than 0 ends it and is returned. */
typedef int (*kept_fn)(void *ctx, const struct sign_about *about, const struct sign *s,
		       const struct finding *f);
int findings_each(const struct findings *k, kept_fn fn, void *ctx);
void findings_done(struct findings *k);

#endif
