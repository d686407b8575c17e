/* SPDX-License-Identifier: Apache-2.0 */
/* File capabilities: little-endian words, whose number the version tells. */
#include "format/filecaps.h"

#include "sys/creds.h"

#include <errno.h>
#include <stdio.h>

enum { VERSION_SHIFT = 24, EFFECTIVE = 1, VERSIONS = 3 };

static uint32_t word_at(struct bytes v, size_t i)
{
	const unsigned char *p = v.p + 4 * i;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int filecaps_parse(struct bytes value, struct filecaps *ret)
{
	/* Magic, then permitted and inheritable, twice from version 2 on; then the root id. */
	static const size_t sizes[VERSIONS + 1] = { 0, 12, 20, 24 };
	struct filecaps c = { 0 };
	uint32_t magic;

	if (value.n < 4)
		return -EBADMSG;
	magic = word_at(value, 0);
	c.version = magic >> VERSION_SHIFT;
	if (c.version == 0 || c.version > VERSIONS || value.n != sizes[c.version])
		return -EBADMSG;
	c.effective = magic & EFFECTIVE;
	c.permitted = word_at(value, 1);
	c.inheritable = word_at(value, 2);
	if (c.version > 1) {
		c.permitted |= (uint64_t)word_at(value, 3) << 32;
		c.inheritable |= (uint64_t)word_at(value, 4) << 32;
	}
	if (c.version > 2)
		c.rootid = word_at(value, 5);
	*ret = c;
	return 0;
}

bool filecaps_word(const struct filecaps *c, unsigned i, char ret[FILECAPS_WORD_MAX])
{
	bool p = c->permitted >> i & 1, inh = c->inheritable >> i & 1;
	const char *name = creds_cap_name((int)i);
	char number[8];

	if (!p && !inh)
		return false;
	(void)snprintf(number, sizeof(number), "%u", i % 64);
	(void)snprintf(ret, FILECAPS_WORD_MAX, "%s=%s%s%s", name ? name : number,
		       c->effective ? "e" : "", inh ? "i" : "", p ? "p" : "");
	return true;
}
