/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a line of any socket table. */
#include "sys/sock.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes line = bytes_of(p, n);

	for (int t = 0; t < SOCK_TABLES; t++) {
		struct sock s;
		char text[46];
		int r = sock_parse((enum sock_table)t, line, &s);

		must(r == 0 || r == 1 || r == -EBADMSG);
		if (r != 1)
			continue;
		must(s.table == (enum sock_table)t && s.state != NULL);
		must(s.path.n == 0 || (s.path.p >= p && s.path.p + s.path.n <= p + n));
		for (int remote = 0; remote < 2; remote++) {
			sock_address_text(&s, remote, text);
			must(memchr(text, '\0', sizeof(text)) != NULL);
		}
	}
	return 0;
}
