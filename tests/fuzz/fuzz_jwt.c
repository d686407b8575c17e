/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a token, and as an environment of which only names are kept. */
#include "format/jwt.h"
#include "work/minimise.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void read_token(struct bytes text)
{
	AUTO_DONE(buf_done) struct buf header = BUF_NONE;
	AUTO_DONE(buf_done) struct buf claims = BUF_NONE;
	int r = jwt_read(text, &header, &claims);

	must(r == 0 || r == -EBADMSG);
	must(header.n + claims.n <= text.n);
	if (r < 0) {
		must(header.n == 0 && claims.n == 0);
		return;
	}
	must(header.p[0] == '{' && header.p[header.n - 1] == '}');
	must(claims.p[0] == '{' && claims.p[claims.n - 1] == '}');
}

/* Nothing follows a "=" but a NUL. */
static void read_environ(struct bytes text)
{
	AUTO_DONE(buf_done) struct buf names = BUF_NONE;

	must(minimise_environ(text, &names) == 0);
	must(names.n <= text.n + 1);
	for (size_t i = 0; i < names.n; i++) {
		must(names.p[i] < 0x7f && (names.p[i] > ' ' || names.p[i] == '\0'));
		if (names.p[i] == '=')
			must(i + 1 < names.n && names.p[i + 1] == '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	read_token(bytes_of(p, n));
	read_environ(bytes_of(p, n));
	return 0;
}
