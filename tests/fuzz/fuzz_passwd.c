/* SPDX-License-Identifier: Apache-2.0 */
/* passwd(5) of the target: the name lies inside the text, and is none that is too long. */
#include "sys/passwd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uid_t uids[] = { 0, 1, 1000, 65534, (uid_t)-1 };

	for (size_t i = 0; i < ARRAY_LEN(uids); i++) {
		struct bytes name = passwd_name(bytes_of(data, size), uids[i]);

		if (name.n == 0)
			continue;
		if (name.n > PASSWD_NAME_MAX || name.p < data || name.p + name.n > data + size ||
		    memchr(name.p, '\n', name.n) || memchr(name.p, ':', name.n))
			abort();
	}
	return 0;
}
