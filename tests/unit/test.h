/* SPDX-License-Identifier: Apache-2.0 */
/* A unit test is a program: CHECKs that name file and line, TAP on standard output. */
#ifndef CSI_TESTS_UNIT_TEST_H
#define CSI_TESTS_UNIT_TEST_H

#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int test_count;

#define CHECK(cond)                                                                          \
	do {                                                                                 \
		if (!(cond)) {                                                               \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
			printf("not ok %d - %s\n", test_count + 1, #cond);                   \
			exit(1);                                                             \
		}                                                                            \
	} while (0)

#define CHECK_INT(got, want)                                                                     \
	do {                                                                                     \
		int64_t test_g = (int64_t)(got), test_w = (int64_t)(want);                       \
		if (test_g != test_w) {                                                          \
			fprintf(stderr, "%s:%d: %s is %" PRId64 ", not %" PRId64 "\n", __FILE__, \
				__LINE__, #got, test_g, test_w);                                 \
			printf("not ok %d - %s\n", test_count + 1, #got);                        \
			exit(1);                                                                 \
		}                                                                                \
	} while (0)

/* GOT is struct bytes, WANT a string literal (may hold NULs). */
#define CHECK_BYTES(got, want)                                                                     \
	do {                                                                                       \
		struct bytes test_g = (got), test_w = bytes_of(want, sizeof(want) - 1);            \
		if (!bytes_eq(test_g, test_w)) {                                                   \
			fprintf(stderr, "%s:%d: %s is \"%.*s\", not \"%s\"\n", __FILE__, __LINE__, \
				#got, (int)test_g.n, (const char *)test_g.p, want);                \
			printf("not ok %d - %s\n", test_count + 1, #got);                          \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* What has just been proved. */
#define OK(what) printf("ok %d - %s\n", ++test_count, what)

/* Last line of main(). */
#define TEST_END()                             \
	do {                                   \
		printf("1..%d\n", test_count); \
		return test_count ? 0 : 1;     \
	} while (0)

#endif
