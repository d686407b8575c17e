/* SPDX-License-Identifier: Apache-2.0 */
/* passwd(5): name:password:uid:... */
#include "sys/passwd.h"

#include "sys/proc.h"
#include "sys/scan.h"

static struct bytes field(struct bytes *rest)
{
	const unsigned char *colon = rest->n ? memchr(rest->p, ':', rest->n) : NULL;
	struct bytes f = bytes_of(rest->p, colon ? (size_t)(colon - rest->p) : rest->n);

	scan_skip(rest, f.n + (colon ? 1 : 0));
	return f;
}

struct bytes passwd_name(struct bytes text, uid_t uid)
{
	struct bytes line;

	while (proc_next_line(&text, &line) > 0) {
		struct bytes name = field(&line);
		struct bytes number;
		uint64_t id;

		(void)field(&line);
		number = field(&line);
		if (scan_dec(&number, &id) < 0 || number.n || id != uid || name.n == 0)
			continue;
		return name.n <= PASSWD_NAME_MAX ? name : bytes_of(NULL, 0);
	}
	return bytes_of(NULL, 0);
}
