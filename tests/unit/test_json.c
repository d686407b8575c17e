/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: commas, nesting, numbers at their ends, hostile strings. */
#include "format/json.h"

#include "test.h"

#include <errno.h>

static void nested(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct json j;

	json_init(&j, &b);
	json_object(&j);
	json_key(&j, "a");
	json_u64(&j, UINT64_MAX);
	json_key(&j, "b");
	json_array(&j);
	json_i64(&j, INT64_MIN);
	json_i64(&j, -1);
	json_u64(&j, 0);
	json_array(&j);
	json_array_end(&j);
	json_object(&j);
	json_object_end(&j);
	json_array_end(&j);
	json_key(&j, "c");
	json_object(&j);
	json_key(&j, "d");
	json_bool(&j, true);
	json_key(&j, "e");
	json_bool(&j, false);
	json_object_end(&j);
	json_key(&j, "f");
	json_raw(&j, bytes_str("null"));
	json_object_end(&j);
	CHECK_INT(j.err, 0);
	CHECK_BYTES(buf_bytes(&b),
		    "{\"a\":18446744073709551615,\"b\":[-9223372036854775808,-1,0,[],{}],"
		    "\"c\":{\"d\":true,\"e\":false},\"f\":null}");
	OK("commas and nesting");
}

static void strings(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct json j;

	json_init(&j, &b);
	json_array(&j);
	json_bytes(&j, bytes_of("\x1b\0\\\"\xff\xc3\xa4", 7));
	json_str(&j, "\"\\\n\x01");
	json_bytes(&j, bytes_of(NULL, 0));
	json_array_end(&j);
	CHECK_BYTES(buf_bytes(&b), "[\"\\\\x1b\\\\x00\\\\\\\\\\\"\\\\xff\xc3\xa4\","
				   "\"\\\"\\\\\\u000a\\u0001\",\"\"]");
	OK("escaped first, JSON-encoded afterwards");
}

static void limit(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(8);
	struct json j;

	json_init(&j, &b);
	json_array(&j);
	json_str(&j, "12345678");
	json_u64(&j, 1);
	json_array_end(&j);
	CHECK_INT(j.err, -EFBIG);
	CHECK(b.n <= 8);
	OK("the first failure stays");
}

int main(void)
{
	nested();
	strings();
	limit();
	TEST_END();
}
