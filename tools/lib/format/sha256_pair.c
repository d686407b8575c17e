/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of two messages at once: FIPS 180-4 with the instructions of the Intel SDM, volume 2. */
#include "format/sha256_pair.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

enum { LANES_MAX = 2, QUADS = 16 }; /* a block takes 16 times four rounds */

/* FIPS 180-4, 4.2.2 */
static const uint32_t round_keys[4 * QUADS] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

bool sha256_pair_can(void)
{
	unsigned a, b, c, d;
	const unsigned needs = (unsigned)bit_SSSE3 | (unsigned)bit_SSE4_1;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & needs) != needs)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (unsigned)bit_SHA);
}

/* One lane in registers: SHA256RNDS2 wants the words as A B E F and C D G H. */
struct lane {
	__m128i abef, cdgh;
	__m128i w[4]; /* the last 16 words of the message schedule */
};

#define SHA_CODE __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE	 static inline __attribute__((always_inline)) SHA_CODE

INLINE __m128i load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

INLINE void lane_open(struct lane *r, const uint32_t state[8])
{
	__m128i cdab = _mm_shuffle_epi32(load(state), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);

	r->abef = _mm_alignr_epi8(cdab, efgh, 8);
	r->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

INLINE void lane_close(const struct lane *r, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(r->abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(r->cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Rounds 4 * Q to 4 * Q + 3, and the four words of the schedule that are needed 16 rounds later. */
INLINE void four_rounds(struct lane *r, int q)
{
	__m128i now = r->w[q & 3];
	__m128i last = r->w[(q + 3) & 3];
	__m128i sum = _mm_add_epi32(now, load(round_keys + 4 * q));

	r->cdgh = _mm_sha256rnds2_epu32(r->cdgh, r->abef, sum);
	r->abef = _mm_sha256rnds2_epu32(r->abef, r->cdgh, _mm_shuffle_epi32(sum, 0x0e));
	if (q >= QUADS - 4)
		return;
	now = _mm_sha256msg1_epu32(now, r->w[(q + 1) & 3]);
	now = _mm_add_epi32(now, _mm_alignr_epi8(last, r->w[(q + 2) & 3], 4));
	r->w[q & 3] = _mm_sha256msg2_epu32(now, last);
}

/* BLOCKS of each of the N lanes. N is a constant: all of it lies in registers. */
INLINE void run(struct sha256_lane *const lanes[], size_t blocks, const int n)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	struct lane r[LANES_MAX], before[LANES_MAX];

#pragma GCC unroll 2
	for (int i = 0; i < n; i++)
		lane_open(&r[i], lanes[i]->state);
	for (size_t at = 0; at < blocks * SHA256_BLOCK; at += SHA256_BLOCK) {
#pragma GCC unroll 2
		for (int i = 0; i < n; i++) {
			before[i] = r[i];
#pragma GCC unroll 4
			for (int k = 0; k < 4; k++)
				r[i].w[k] = _mm_shuffle_epi8(load(lanes[i]->at + at + 16 * k),
							     big_endian);
		}
#pragma GCC unroll 16
		for (int q = 0; q < QUADS; q++)
#pragma GCC unroll 2
			for (int i = 0; i < n; i++)
				four_rounds(&r[i], q);
#pragma GCC unroll 2
		for (int i = 0; i < n; i++) {
			r[i].abef = _mm_add_epi32(r[i].abef, before[i].abef);
			r[i].cdgh = _mm_add_epi32(r[i].cdgh, before[i].cdgh);
		}
	}
#pragma GCC unroll 2
	for (int i = 0; i < n; i++) {
		lane_close(&r[i], lanes[i]->state);
		lanes[i]->at += blocks * SHA256_BLOCK;
		lanes[i]->blocks -= blocks;
	}
}

SHA_CODE void sha256_pair_run(struct sha256_lane *a, struct sha256_lane *b)
{
	struct sha256_lane *const lanes[] = { a, b };

	run(lanes, a->blocks < b->blocks ? a->blocks : b->blocks, 2);
}

SHA_CODE void sha256_lane_run(struct sha256_lane *l)
{
	struct sha256_lane *const lanes[] = { l };

	run(lanes, l->blocks, 1);
}

#else

bool sha256_pair_can(void)
{
	return false;
}

/* Not called where sha256_pair_can() says no. */
void sha256_pair_run(struct sha256_lane *a, struct sha256_lane *b)
{
	(void)a;
	(void)b;
}

void sha256_lane_run(struct sha256_lane *l)
{
	(void)l;
}

#endif

static void put_big_endian(unsigned char *p, uint64_t v, int n)
{
	while (n-- > 0) {
		p[n] = (unsigned char)v;
		v >>= 8;
	}
}

/* FIPS 180-4, 5.1.1 and 5.3.3: a one bit, zeros, and the length in bits fill the last block. */
void sha256_lane_begin(struct sha256_lane *l, unsigned char *p, size_t n)
{
	const size_t length = sizeof(uint64_t);
	size_t blocks = (n + length) / SHA256_BLOCK + 1;
	size_t end = blocks * SHA256_BLOCK - length;

	p[n] = 0x80;
	memset(p + n + 1, 0, end - n - 1);
	put_big_endian(p + end, (uint64_t)n * 8, (int)length);
	*l = (struct sha256_lane){
		.state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
			   0x1f83d9ab, 0x5be0cd19 },
		.at = p,
		.blocks = blocks,
	};
}

void sha256_lane_end(const struct sha256_lane *l, unsigned char ret[32])
{
	for (size_t i = 0; i < ARRAY_LEN(l->state); i++)
		put_big_endian(ret + 4 * i, l->state[i], 4);
}
