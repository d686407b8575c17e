/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: against fnmatch(3) on what both know, and in bounded time on what is made to be slow.
 */
#include "base/glob.h"
#include "test.h"

#include <fnmatch.h>

static bool match(const char *pattern, const char *name)
{
	return glob_match(pattern, bytes_str(name));
}

static void test_rules(void)
{
	static const struct {
		const char *pattern, *name;
		bool want;
	} cases[] = {
		{ "", "", true },
		{ "", "x", false },
		{ "*", "", true },
		{ "*.log", "a.log", true },
		{ "*.log", "a.lo", false },
		{ "?", "ab", false },
		{ "a*b*c", "axxbxxc", true },
		{ "[a-c]x", "bx", true },
		{ "[!a-c]x", "bx", false },
		{ "[^a]", "b", true },
		{ "[]]", "]", true },
		{ "[a-]", "-", true },
		{ "[", "[", true },
		{ "[ab", "[ab", true },
		{ "\\*", "*", true },
		{ "\\*", "x", false },
		{ "[\\]]", "]", true },
		{ "a\\", "a\\", true },
		{ "*[x", "a[x", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (match(cases[i].pattern, cases[i].name) != cases[i].want)
			fprintf(stderr, "%s on %s\n", cases[i].pattern, cases[i].name);
		CHECK_INT(match(cases[i].pattern, cases[i].name), cases[i].want);
	}
	CHECK(glob_match("a?b", bytes_of("a\0b", 3)));
	CHECK(glob_match("*\xff", bytes_of("\x80\xff", 2)));
	CHECK(!glob_match("a", bytes_of("a\0", 2)));
	OK("rules");
}

/* All patterns of 4 of these characters on all names of 3: as fnmatch(3), but for what a lone "\"
 * or "[" means. */
static void test_against_fnmatch(void)
{
	static const char letters[] = "ab*?[]!-";
	static const char names[] = "ab-]";
	unsigned checked = 0;

	for (unsigned p = 0; p < 8 * 8 * 8 * 8; p++) {
		const char pattern[] = { letters[p & 7], letters[p >> 3 & 7], letters[p >> 6 & 7],
					 letters[p >> 9 & 7], 0 };

		if (strchr(pattern, '[') && !strchr(strchr(pattern, '[') + 1, ']'))
			continue;
		for (unsigned n = 0; n < 4 * 4 * 4; n++) {
			const char name[] = { names[n & 3], names[n >> 2 & 3], names[n >> 4 & 3],
					      0 };
			bool want = fnmatch(pattern, name, 0) == 0;

			checked++;
			if (match(pattern, name) != want)
				fprintf(stderr, "%s on %s: fnmatch says %d\n", pattern, name, want);
			CHECK_INT(match(pattern, name), want);
		}
	}
	CHECK(checked > 100000);
	OK("as fnmatch(3)");
}

static void test_slow(void)
{
	char name[256], pattern[256];

	memset(name, 'a', sizeof(name));
	for (size_t i = 0; i < sizeof(pattern) - 2; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[sizeof(pattern) - 2] = 'b';
	pattern[sizeof(pattern) - 1] = 0;
	CHECK(!glob_match(pattern, bytes_of(name, sizeof(name) - 1)));
	OK("128 stars");
}

int main(void)
{
	test_rules();
	test_against_fnmatch();
	test_slow();
	TEST_END();
}
