/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 of two messages in memory at once (FIPS 180-4), with the SHA extensions of x86-64. Each
 * round waits for the one before it; rounds of another message fit in between: 1.5 times as fast.
 */
#ifndef CSI_FORMAT_SHA256_PAIR_H
#define CSI_FORMAT_SHA256_PAIR_H

#include "base/base.h"

enum {
	SHA256_BLOCK = 64,
	SHA256_PAD_MAX = 72, /* bytes that padding may take behind a message */
};

struct sha256_lane {
	uint32_t state[8];
	const unsigned char *at; /* next block, borrowed */
	size_t blocks;		 /* left */
};

/* Whether this CPU can: if not, of the rest nothing may be called. */
bool sha256_pair_can(void);
/* The message of N bytes at P, where SHA256_PAD_MAX more may be written, and are. */
void sha256_lane_begin(struct sha256_lane *l, unsigned char *p, size_t n);
/* As many blocks of both as both have left: at least one of them is at its end then. */
void sha256_pair_run(struct sha256_lane *a, struct sha256_lane *b);
/* All blocks left of one. */
void sha256_lane_run(struct sha256_lane *l);
/* The digest of a lane at its end. */
void sha256_lane_end(const struct sha256_lane *l, unsigned char ret[32]);

#endif
