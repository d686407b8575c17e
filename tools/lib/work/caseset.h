/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bundles of one case as a set: whether all that the sealed ones cite is there.
 * tools/FORMAT.md, section 9. Memory does not grow with the bundles: keys go to spools, and are
 * compared in chunks.
 */
#ifndef CSI_WORK_CASESET_H
#define CSI_WORK_CASESET_H

#include "work/have_items.h"
#include "work/spool.h"
#include "work/verify.h"

enum caseset_verdict {
	CASESET_WHOLE,	 /* nothing is missing: exit 0 */
	CASESET_MISSING, /* something is: exit 3 */
	CASESET_ALTERED, /* something disagrees: exit 1 */
};
const char *caseset_verdict_name(enum caseset_verdict v);

struct caseset_result {
	enum caseset_verdict verdict;
	uint64_t bundles, sealed;
	uint64_t cited;	    /* citations of the sealed ones that resolve */
	uint64_t missing;   /* whose entry is not proven in the set */
	uint64_t wrong;	    /* whose entry has other content */
	const char *reason; /* ours; NULL when whole: the first thing of the worst kind */
	const char *file;   /* bundle that it is about, or NULL: as caseset_begin() was given it */
	char run[HAVE_RUN_MAX + 1]; /* run that it is about, or "" */
	struct buf name;	    /* first entry missing or wrong; empty: none */
};

struct caseset;

/* SPOOLS: a directory for spools, copied; NULL: citations are counted and nothing else. */
int caseset_open(const char *spools, struct caseset **ret);
void caseset_closep(struct caseset **s);
/* FILE is borrowed. Then pass, content and settle of struct verify_options, then the end. 0 or
 * -errno. */
int caseset_begin(struct caseset *s, const char *file);
int caseset_entry(struct caseset *s, struct bytes path, uint64_t size,
		  const unsigned char sha256[32]);
int caseset_content(struct caseset *s, struct bytes name, struct bytes content);
int caseset_settle(struct caseset *s, bool proven);
void caseset_end(struct caseset *s, const struct verify_result *res);
/* Citations of the bundle under way, or of the last one. */
uint64_t caseset_cites(const struct caseset *s);
/* Done with caseset_result_done(). 0 or -errno. */
int caseset_judge(struct caseset *s, struct caseset_result *ret);
void caseset_result_done(struct caseset_result *r);

#endif
