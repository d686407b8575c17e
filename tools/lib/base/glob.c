/* SPDX-License-Identifier: Apache-2.0 */
/* Matching with one point to return to: the last star. */
#include "base/glob.h"

/* Behind the "]" of the set at P ("["), or NULL: it is none. *RET: whether C is in it. */
static const char *in_set(const char *p, unsigned char c, bool *ret)
{
	const char *at = p + 1;
	bool negated = *at == '!' || *at == '^';
	bool hit = false;

	if (negated)
		at++;
	for (bool first = true; *at && (first || *at != ']'); first = false) {
		unsigned char lo, hi;

		if (*at == '\\' && at[1])
			at++;
		lo = hi = (unsigned char)*at++;
		if (*at == '-' && at[1] && at[1] != ']') {
			at++;
			if (*at == '\\' && at[1])
				at++;
			hi = (unsigned char)*at++;
		}
		hit = hit || (c >= lo && c <= hi);
	}
	if (*at != ']')
		return NULL;
	*ret = hit != negated;
	return at + 1;
}

/* One character of the pattern at P against C: behind it, or NULL. */
static const char *match_one(const char *p, unsigned char c)
{
	bool hit = false;

	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		const char *end = in_set(p, c, &hit);

		if (end)
			return hit ? end : NULL;
	}
	if (*p == '\\' && p[1])
		p++;
	return *p && (unsigned char)*p == c ? p + 1 : NULL;
}

bool glob_match(const char *pattern, struct bytes name)
{
	const char *p = pattern, *star = NULL;
	size_t at = 0, star_at = 0;

	while (at < name.n) {
		const char *next;

		if (*p == '*') {
			star = ++p;
			star_at = at;
			continue;
		}
		next = match_one(p, name.p[at]);
		if (next) {
			p = next;
			at++;
		} else if (star) {
			p = star;
			at = ++star_at;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}
