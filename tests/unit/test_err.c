/* SPDX-License-Identifier: Apache-2.0 */
/* Names of errno values, exit codes. */
#include "base/err.h"

#include "test.h"

#include <errno.h>
#include <limits.h>

int main(void)
{
	static const enum exit_code codes[] = { EXIT_COMPLETE, EXIT_PARTIAL, EXIT_FINDINGS,
						EXIT_FAILED, EXIT_USAGE };

	CHECK_BYTES(bytes_str(err_name(EACCES)), "EACCES");
	CHECK_BYTES(bytes_str(err_name(-EACCES)), "EACCES");
	CHECK_BYTES(bytes_str(err_text(-EACCES)), "permission denied");
	CHECK_BYTES(bytes_str(err_name(ENOTSUP)), "EOPNOTSUPP");
	CHECK_BYTES(bytes_str(err_name(0)), "OK");
	OK("either sign");
	for (int e = -5000; e < 5000; e++) {
		CHECK(err_name(e)[0] != '\0');
		CHECK(err_text(e)[0] != '\0');
	}
	CHECK_BYTES(bytes_str(err_name(INT_MIN)), "EUNKNOWN");
	CHECK_BYTES(bytes_str(err_name(INT_MAX)), "EUNKNOWN");
	OK("every number has a name");
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		for (size_t k = 0; k < ARRAY_LEN(codes); k++) {
			size_t most = i > k ? i : k;

			CHECK_INT(exit_worse(codes[i], codes[k]), codes[most]);
		}
	}
	OK("usage, failed, findings, partial, complete");
	TEST_END();
}
