/* SPDX-License-Identifier: Apache-2.0 */
/* Names of users in a passwd that an intruder wrote. */
#include "sys/passwd.h"

#include "test.h"

static bool is(const char *text, uid_t uid, const char *want)
{
	return bytes_eq(passwd_name(bytes_str(text), uid), bytes_str(want));
}

static void test_names(void)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "www-data:x:33:33:w:/var/www:/x\n"
				   "again:x:33:33\n"
				   "last:x:7";

	CHECK(is(text, 0, "root"));
	CHECK(is(text, 33, "www-data"));
	CHECK(is(text, 7, "last"));
	CHECK(is(text, 1, ""));
	OK("the first line with that uid");
}

static void test_hostile(void)
{
	static char big[PASSWD_NAME_MAX + 16];

	CHECK(is("", 0, ""));
	CHECK(is("\n\n:::\n:x:5:\n", 5, ""));
	CHECK(is("a:b", 0, ""));
	CHECK(is("a:x:00000000000000000000000000000000000000000099999999999999999999:", 0, ""));
	CHECK(is("a:x:4294967296:", 0, "")); /* 2^32 is not 0 */
	CHECK(is("a:x:-1:", (uid_t)-1, ""));
	CHECK(is("a:x:1 :", 1, ""));
	CHECK(is("\033[2J:x:1:", 1, "\033[2J")); /* escaped by whoever prints it */
	memset(big, 'a', PASSWD_NAME_MAX + 1);
	memcpy(big + PASSWD_NAME_MAX + 1, ":x:1:", 6);
	CHECK(is(big, 1, ""));
	CHECK_INT(passwd_name(bytes_of("a:\0:1:x", 7), 1).n, 1);
	OK("lines that no tool writes");
}

int main(void)
{
	test_names();
	test_hostile();
	TEST_END();
}
