/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign JSON: what is one and what is not, members, arrays, strings. */
#include "format/json_read.h"

#include "test.h"

#include <errno.h>

static int check(const char *text)
{
	return json_check(bytes_str(text));
}

static void test_check(void)
{
	static const char *const good[] = {
		"0",	    "-0",     "1.5e+10",   "-0.1E-2",
		"true",	    " null ", "\"\"",	   "\"\\u00e9\\n\\/\"",
		"[]",	    "{}",     "[1,2 , 3]", "{\"a\":[{}, {\"b\":null}],\"c\":\"}\"}",
		"\t[\n]\r",
	};
	static const char *const bad[] = {
		"",	    " ",	  "01",	   "1.",	".5",	   "+1",	"1e",
		"--1",	    "tru",	  "nulll", "\"",	"\"\\x\"", "\"\\u12\"", "\"\t\"",
		"[",	    "]",	  "[1,]",  "[,1]",	"[1 2]",   "{",		"{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":1]", "[1}",	   "{} {}",	"1 2",
		"'a'",	    "{\"a\" 1}",  "\"\\",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK_INT(check(good[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(check(bad[i]), -EBADMSG);
	CHECK_INT(json_check(bytes_of("\"\0\"", 3)), -EBADMSG);
	OK("a whole value, and nothing else");
}

static void test_depth(void)
{
	char text[200000];

	memset(text, '[', sizeof(text));
	CHECK_INT(json_check(bytes_of(text, sizeof(text))), -E2BIG);
	memset(text + JSON_READ_DEPTH_MAX, ']', JSON_READ_DEPTH_MAX);
	CHECK_INT(json_check(bytes_of(text, (size_t)2 * JSON_READ_DEPTH_MAX)), 0);
	OK("nesting is bounded, and costs nothing");
}

static void test_member(void)
{
	struct bytes o = bytes_str("{ \"a\" : 1, \"b\":{\"a\":2} ,\"\\u0063\":[3], \"d\":\"x\"}");
	struct bytes v, w;

	CHECK_INT(json_check(o), 0);
	CHECK_INT(json_member(o, "a", &v), 0);
	CHECK_BYTES(v, "1");
	CHECK_INT(json_member(o, "b", &v), 0);
	CHECK_INT(json_member(v, "a", &w), 0);
	CHECK_BYTES(w, "2");
	CHECK_INT(json_member(o, "c", &v), 0);
	CHECK_BYTES(v, "[3]");
	CHECK_INT(json_member(o, "e", &v), -ENOENT);
	CHECK_INT(json_member(v, "a", &w), -ENOENT);
	CHECK_INT(json_member(bytes_str("{\"a\":1,\"\\u0061\":2}"), "a", &v), -EEXIST);
	CHECK_INT(json_member(bytes_str("{}"), "a", &v), -ENOENT);
	OK("members by name; one that is there twice is refused");
}

static void test_array(void)
{
	struct json_array_iter it = json_array_begin(bytes_str("[1 , [2,3],\"a,b\" ,{}]"));
	struct bytes v;

	CHECK_INT(json_array_next(&it, &v), 1);
	CHECK_BYTES(v, "1");
	CHECK_INT(json_array_next(&it, &v), 1);
	CHECK_BYTES(v, "[2,3]");
	CHECK_INT(json_array_next(&it, &v), 1);
	CHECK_BYTES(v, "\"a,b\"");
	CHECK_INT(json_array_next(&it, &v), 1);
	CHECK_BYTES(v, "{}");
	CHECK_INT(json_array_next(&it, &v), 0);
	it = json_array_begin(bytes_str("{}"));
	CHECK_INT(json_array_next(&it, &v), 0);
	it = json_array_begin(bytes_str("[ ]"));
	CHECK_INT(json_array_next(&it, &v), 0);
	OK("arrays in order");
}

static void test_string(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	CHECK_INT(json_string(bytes_str("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\""), &b), 0);
	CHECK_BYTES(buf_bytes(&b), "a\"\\/\b\f\n\r\t");
	buf_clear(&b);
	CHECK_INT(json_string(bytes_str("\"\\u0000\\u00e9\\u20AC\\ud83d\\ude00\""), &b), 0);
	CHECK_BYTES(buf_bytes(&b), "\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	buf_clear(&b);
	CHECK_INT(json_string(bytes_str("\"\\ud83dx\\ude00\\ud83d\\u0041\""), &b), 0);
	CHECK_BYTES(buf_bytes(&b), "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"
				   "A");
	CHECK_INT(json_string(bytes_str("1"), &b), -EBADMSG);
	OK("strings as Go reads them");
}

int main(void)
{
	test_check();
	test_depth();
	test_member();
	test_array();
	test_string();
	TEST_END();
}
