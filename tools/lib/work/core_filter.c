/* SPDX-License-Identifier: Apache-2.0 */
/* --filter: mappings by kind, address and name. */
#include "work/core_filter.h"

#include <errno.h>

enum kind {
	KIND_ANON = 1 << 0,
	KIND_FILE = 1 << 1,
	KIND_EXEC = 1 << 2,
	KIND_WRITE = 1 << 3,
	KIND_SHARED = 1 << 4,
	KIND_PRIVATE = 1 << 5,
	KIND_HEAP = 1 << 6,
	KIND_STACK = 1 << 7,
	KIND_MEMFD = 1 << 8,
	KIND_DELETED = 1 << 9,
};

static const struct {
	const char *name;
	unsigned kind;
} names[] = {
	{ "anon", KIND_ANON },	     { "file", KIND_FILE },	{ "exec", KIND_EXEC },
	{ "write", KIND_WRITE },     { "shared", KIND_SHARED }, { "private", KIND_PRIVATE },
	{ "heap", KIND_HEAP },	     { "stack", KIND_STACK },	{ "memfd", KIND_MEMFD },
	{ "deleted", KIND_DELETED },
};

static unsigned kinds_of(const struct vma *v)
{
	const struct {
		bool is;
		unsigned kind;
	} all[] = {
		{ v->flags & VMA_ANON, KIND_ANON },
		{ v->map.inode != 0, KIND_FILE },
		{ v->map.x, KIND_EXEC },
		{ v->map.w, KIND_WRITE },
		{ v->map.shared, KIND_SHARED },
		{ !v->map.shared, KIND_PRIVATE },
		{ v->flags & VMA_HEAP, KIND_HEAP },
		{ v->flags & VMA_STACK, KIND_STACK },
		{ v->flags & VMA_MEMFD, KIND_MEMFD },
		{ v->flags & VMA_DELETED, KIND_DELETED },
	};
	unsigned kinds = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].is)
			kinds |= all[i].kind;
	return kinds;
}

static int parse_kinds(const char *text, unsigned *ret)
{
	while (*text) {
		size_t n = strcspn(text, "+"), i;

		for (i = 0; i < ARRAY_LEN(names); i++)
			if (strlen(names[i].name) == n && memcmp(names[i].name, text, n) == 0)
				break;
		if (i == ARRAY_LEN(names))
			return -EINVAL;
		*ret |= names[i].kind;
		text += n;
		if (*text == '+' && *++text == '\0')
			return -EINVAL;
	}
	return *ret ? 0 : -EINVAL;
}

static int parse_address(const char **text, uint64_t *ret)
{
	const char *p = *text;
	char *end;

	if (p[0] != '0' || (p[1] != 'x' && p[1] != 'X'))
		return -EINVAL;
	errno = 0;
	*ret = strtoull(p, &end, 16);
	if (errno || end <= p + 2)
		return -EINVAL;
	*text = end;
	return 0;
}

static int parse_range(const char *text, struct core_filter_rule *ret)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (parse_address(&text, &ret->start) < 0 || *text++ != '-' ||
	    parse_address(&text, &ret->end) < 0 || *text || ret->start >= ret->end)
		return -EINVAL;
	/* Whole pages. */
	ret->start -= ret->start % page;
	ret->end += ret->end % page && ret->end < UINT64_MAX - page ? page - ret->end % page : 0;
	return 0;
}

int core_filter_add(struct core_filter *f, const char *text)
{
	struct core_filter_rule rule = { 0 };
	static const char by_name[] = "name=";
	int r = 0;

	if (f->n == CORE_FILTERS_MAX)
		return -E2BIG;
	if (strncmp(text, by_name, strlen(by_name)) == 0) {
		rule.name = bytes_str(text + strlen(by_name));
		r = rule.name.n ? 0 : -EINVAL;
	} else if (text[0] == '0') {
		r = parse_range(text, &rule);
	} else {
		r = parse_kinds(text, &rule.kinds);
	}
	if (r == 0)
		f->v[f->n++] = rule;
	return r;
}

/* "*" and "?" over bytes; linear but for going back to the last "*". */
static bool matches(struct bytes pattern, struct bytes name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, from = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = n;
		} else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == name.p[n])) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool rule_matches(const struct core_filter_rule *rule, const struct vma *v, unsigned kinds,
			 uint64_t addr, uint64_t *end)
{
	if (rule->kinds)
		return (kinds & rule->kinds) == rule->kinds;
	if (rule->name.n)
		return matches(rule->name, v->map.path);
	if (addr < rule->start) {
		if (rule->start < *end)
			*end = rule->start;
		return false;
	}
	if (addr >= rule->end)
		return false;
	if (rule->end < *end)
		*end = rule->end;
	return true;
}

bool core_filter_keeps(const struct core_filter *f, const struct vma *v, uint64_t addr,
		       uint64_t *ret_end)
{
	unsigned kinds = kinds_of(v);
	bool keeps = !f || f->n == 0;

	*ret_end = v->map.end;
	for (size_t i = 0; f && i < f->n; i++)
		keeps = rule_matches(&f->v[i], v, kinds, addr, ret_end) || keeps;
	return keeps;
}
