/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The detection catalogue: one row a sign. A predicate is a pure function over facts gathered once;
 * what could not be read is unknown, and unknown never matches. Adding a sign is adding a row and a
 * predicate.
 */
#ifndef CSI_SIGNS_SIGNS_H
#define CSI_SIGNS_SIGNS_H

#include "signs/facts.h"

enum sign_level { LEVEL_INFO, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL };
/* "info" ..; 1, 21, 47, 73, 99 */
const char *sign_level_name(enum sign_level l);
unsigned sign_level_severity(enum sign_level l);

enum { FINDING_EVIDENCE_MAX = 6, FINDING_VALUE_MAX = 512 };

struct finding {
	enum sign_level
		level; /* starts as the row's; a predicate may lower it for want of corroboration */
	size_t n;
	struct {
		const char *field;			/* ours: "process.executable" */
		unsigned char value[FINDING_VALUE_MAX]; /* target bytes, cut with "..." */
		size_t len;
	} evidence[FINDING_EVIDENCE_MAX];
};
/* Copies VALUE; a full finding ignores more. */
void finding_add(struct finding *f, const char *field, struct bytes value);

struct sign {
	const char *id;	   /* "deleted-exe": stable, never renamed */
	const char *title; /* one line */
	enum sign_level level;
	const char *technique[3]; /* ATT&CK ids, NULL-padded */
	unsigned needs;		  /* enum fact bits, all must be known */
	bool (*match)(const struct facts *f, struct finding *ret);
	const char *next; /* what to look at next; %d, if present once, is the PID */
};

/* All rows, in catalogue order. */
const struct sign *signs_all(size_t *ret_n);
/* The union of what all rows need. */
unsigned signs_needs(void);

/* Runs every sign over F; FN is told of each match, catalogue order. */
typedef void (*sign_fn)(void *ctx, const struct sign *s, const struct finding *f);
void signs_judge(const struct facts *f, sign_fn fn, void *ctx);

#endif
