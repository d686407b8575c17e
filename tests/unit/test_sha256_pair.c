/* SPDX-License-Identifier: Apache-2.0 */
/* Two lanes against the one-message code: every length around a block, lanes of unequal length. */
#include "format/hash.h"
#include "format/sha256_pair.h"
#include "test.h"

enum { MOST = 5000, LANES = 2 };

/* Exactly as long as the contract says: ASan sees a byte too many. */
static unsigned char *message(size_t n, unsigned seed)
{
	unsigned char *p = malloc(n + SHA256_PAD_MAX);

	CHECK(p != NULL);
	for (size_t i = 0; p && i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		p[i] = (unsigned char)(seed >> 24);
	}
	return p;
}

static void check_digest(const struct sha256_lane *l, const struct digests *want)
{
	unsigned char got[32];

	CHECK_INT(l->blocks, 0);
	sha256_lane_end(l, got);
	CHECK(memcmp(got, want->sha256, sizeof(got)) == 0);
}

static void check_pair(size_t n0, size_t n1)
{
	const size_t sizes[LANES] = { n0, n1 };
	unsigned char *p[LANES];
	struct sha256_lane lanes[LANES];
	struct digests want[LANES];

	for (unsigned i = 0; i < LANES; i++) {
		struct hash h;

		p[i] = message(sizes[i], (unsigned)sizes[i] + i);
		hash_init(&h, HASH_SHA256);
		hash_add(&h, p[i], sizes[i]);
		hash_peek(&h, &want[i]);
		sha256_lane_begin(&lanes[i], p[i], sizes[i]);
	}
	sha256_pair_run(&lanes[0], &lanes[1]);
	CHECK(lanes[0].blocks == 0 || lanes[1].blocks == 0);
	for (unsigned i = 0; i < LANES; i++) {
		sha256_lane_run(&lanes[i]);
		check_digest(&lanes[i], &want[i]);
		free(p[i]);
	}
}

int main(void)
{
	if (!sha256_pair_can()) {
		OK("two lanes: this CPU cannot, so they are not used");
		TEST_END();
	}
	for (size_t n = 0; n < 200; n++)
		check_pair(n, n);
	OK("two messages of one length");
	for (size_t n = 0; n < MOST; n = n * 5 / 4 + 1) {
		check_pair(n, 3 * n + 55);
		check_pair(MOST - n, n);
	}
	OK("two messages of unequal length");
	TEST_END();
}
