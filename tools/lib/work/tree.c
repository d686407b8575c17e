/* SPDX-License-Identifier: Apache-2.0 */
/* Depth first without recursion: a chain of parents is as long as the attacker likes. */
#include "work/tree.h"

#include <errno.h>

#define NONE SIZE_MAX

struct links {
	size_t parent, child, next;
	bool seen;
};

static size_t find(const struct tree_node *v, size_t n, pid_t pid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && v[low].pid == pid ? low : NONE;
}

/* From the last to the first, so that children stand ascending. */
static void link_all(const struct tree_node *v, struct links *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		l[i] = (struct links){ NONE, NONE, NONE, false };
	for (size_t i = n; i-- > 0;) {
		size_t parent = find(v, n, v[i].parent);

		if (parent == NONE || parent == i)
			continue;
		l[i].parent = parent;
		l[i].next = l[parent].child;
		l[parent].child = i;
	}
}

/* Everything below TOP that was not taken yet, TOP first. Returns how many are in RET now. */
static size_t take(const struct tree_node *v, struct links *l, size_t top, struct tree_node *ret,
		   size_t count)
{
	size_t at = top;
	unsigned depth = 0;

	for (;;) {
		size_t child = l[at].child;

		if (!l[at].seen) {
			l[at].seen = true;
			ret[count] = v[at];
			ret[count++].depth = depth;
		}
		/* What was taken already closes a circle. */
		while (child != NONE && l[child].seen)
			child = l[child].next;
		if (child != NONE) {
			l[at].child = l[child].next;
			at = child;
			depth++;
			continue;
		}
		l[at].child = NONE;
		if (at == top)
			return count;
		at = l[at].parent;
		depth--;
	}
}

int tree_order(struct tree_node *v, size_t n)
{
	AUTO_FREE struct links *l = calloc(n ? n : 1, sizeof(*l));
	AUTO_FREE struct tree_node *ret = calloc(n ? n : 1, sizeof(*ret));
	size_t count = 0;

	if (!l || !ret)
		return -ENOMEM;
	link_all(v, l, n);
	for (size_t i = 0; i < n; i++)
		if (l[i].parent == NONE)
			count = take(v, l, i, ret, count);
	/* What is left hangs on circles. */
	for (size_t i = 0; i < n; i++)
		if (!l[i].seen)
			count = take(v, l, i, ret, count);
	if (n)
		memcpy(v, ret, n * sizeof(*v));
	return 0;
}
