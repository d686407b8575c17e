/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a tree of processes, also of parents that no kernel has. */
#include "work/tree.h"

#include "test.h"

#include <stdio.h>

static char got[256];

/* "1 .2 ..3": a dot a level. */
static const char *ordered(struct tree_node *v, size_t n)
{
	size_t at = 0;

	CHECK_INT(tree_order(v, n), 0);
	got[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%.*s%d", i ? " " : "",
				       (int)v[i].depth, "..........", (int)v[i].pid);
	return got;
}

static void test_order(void)
{
	struct tree_node v[] = { { .pid = 1 },
				 { .pid = 2, .parent = 1 },
				 { .pid = 3, .parent = 1 },
				 { .pid = 4, .parent = 2 },
				 { .pid = 5, .parent = 99 },
				 { .pid = 6, .parent = 5 } };
	struct tree_node none[1];

	CHECK(strcmp(ordered(v, ARRAY_LEN(v)), "1 .2 ..4 .3 5 .6") == 0);
	CHECK_INT(tree_order(none, 0), 0);
	OK("each behind its parent, siblings ascending");
}

static void test_circles(void)
{
	struct tree_node self[] = { { .pid = 7, .parent = 7 } };
	struct tree_node two[] = { { .pid = 1 },
				   { .pid = 3, .parent = 5 },
				   { .pid = 4, .parent = 3 },
				   { .pid = 5, .parent = 3 } };
	struct tree_node later[] = { { .pid = 3, .parent = 4 },
				     { .pid = 4, .parent = 5 },
				     { .pid = 5, .parent = 4 } };

	CHECK(strcmp(ordered(self, 1), "7") == 0);
	CHECK(strcmp(ordered(two, ARRAY_LEN(two)), "1 3 .4 .5") == 0);
	CHECK(strcmp(ordered(later, ARRAY_LEN(later)), "3 4 .5") == 0);
	OK("a circle is cut, and nothing is lost or told twice");
}

static void test_deep(void)
{
	enum { DEEP = 1 << 20 };
	struct tree_node *v = calloc(DEEP, sizeof(*v));

	CHECK(v != NULL);
	for (int i = 0; v && i < DEEP; i++)
		v[i] = (struct tree_node){ .pid = i + 1, .parent = i };
	CHECK_INT(tree_order(v, DEEP), 0);
	CHECK(v && v[DEEP - 1].depth == DEEP - 1);
	free(v);
	OK("a chain of a million");
}

int main(void)
{
	test_order();
	test_circles();
	test_deep();
	TEST_END();
}
