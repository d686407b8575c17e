/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens without their signature, and environments without their values. */
#include "format/jwt.h"
#include "work/minimise.h"

#include "test.h"

#include <errno.h>

/* {"alg":"none"} . {"sub":"a"} . signature "xyz" */
#define HEADER "eyJhbGciOiJub25lIn0"
#define CLAIMS "eyJzdWIiOiJhIn0"
#define SIGNED "eHl6"

static int read_token(const char *text, struct buf *header, struct buf *claims)
{
	buf_clear(header);
	buf_clear(claims);
	return jwt_read(bytes_str(text), header, claims);
}

static void test_good(void)
{
	AUTO_DONE(buf_done) struct buf h = BUF_NONE, c = BUF_NONE;

	CHECK_INT(read_token(HEADER "." CLAIMS "." SIGNED, &h, &c), 0);
	CHECK(bytes_eq(buf_bytes(&h), bytes_str("{\"alg\":\"none\"}")));
	CHECK(bytes_eq(buf_bytes(&c), bytes_str("{\"sub\":\"a\"}")));
	CHECK_INT(read_token(HEADER "." CLAIMS "." SIGNED "\n", &h, &c), 0);
	CHECK_INT(read_token(HEADER "." CLAIMS ".-_-_", &h, &c), 0);
	OK("a token in its three parts");
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		HEADER,
		HEADER "." CLAIMS,
		HEADER "." CLAIMS ".",
		HEADER "." CLAIMS "." SIGNED "." SIGNED, /* five parts are a JWE, four nothing */
		HEADER "." CLAIMS "." SIGNED "\n\n",
		HEADER "." CLAIMS "." SIGNED " ",
		" " HEADER "." CLAIMS "." SIGNED,
		HEADER "=." CLAIMS "." SIGNED, /* padding */
		HEADER "." CLAIMS ".e+/6",     /* the other alphabet */
		HEADER "." CLAIMS ".eHl6a",    /* one digit too many */
		HEADER "." CLAIMS ".eR",       /* bits left over */
		"eHl6." CLAIMS "." SIGNED,     /* no object */
		HEADER ".WyJzdWIiXQ." SIGNED,  /* ["sub"] */
		"e30.e30." SIGNED ".\n",
	};
	AUTO_DONE(buf_done) struct buf h = BUF_NONE, c = BUF_NONE;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_INT(read_token(bad[i], &h, &c), -EBADMSG);
		CHECK_INT(h.n + c.n, 0);
	}
	OK("nothing else is one");
}

static void test_limit(void)
{
	static char text[JWT_TEXT_MAX + 64];
	AUTO_DONE(buf_done) struct buf h = BUF_NONE, c = BUF_NONE;
	static const char head[] = HEADER "." CLAIMS ".";
	size_t n = sizeof(head) - 1;

	memset(text, 'A', sizeof(text));
	for (size_t i = 0; i < n; i++)
		text[i] = head[i];
	n += (JWT_TEXT_MAX - n) / 4 * 4;
	CHECK_INT(jwt_read(bytes_of(text, n), &h, &c), 0);
	CHECK_INT(jwt_read(bytes_of(text, n + 8), &h, &c), -EBADMSG);
	CHECK(bytes_eq(buf_bytes(&c), bytes_str("{\"sub\":\"a\"}")));
	OK("no longer than a token can be");
}

static void test_environ(void)
{
	static const char text[] =
		"A=1\0EMPTY=\0no sign\0=x\0odd name=2\0\xff=3\0\0A=again=x\nB=y\0CUT=va";
	AUTO_DONE(buf_done) struct buf names = BUF_NONE;

	CHECK_INT(minimise_environ(bytes_of(text, sizeof(text) - 1), &names), 0);
	CHECK_BYTES(buf_bytes(&names), "A=\0EMPTY=\0A=\0CUT=\0");
	buf_clear(&names);
	CHECK_INT(minimise_environ(bytes_of(NULL, 0), &names), 0);
	CHECK_INT(names.n, 0);
	OK("names without values");
}

static void test_finding(void)
{
	struct finding f = { 0 };

	finding_add(&f, "process.executable", bytes_str("/a=b"));
	CHECK(!minimise_finding(&f));
	finding_add(&f, "process.env_vars", bytes_str("LD_PRELOAD=/x=y"));
	finding_add(&f, "process.env_vars", bytes_str("nothing"));
	finding_add(&f, "csi.text", bytes_str("/lib/x.so"));
	CHECK(minimise_finding(&f));
	CHECK_BYTES(bytes_of(f.evidence[0].value, f.evidence[0].len), "/a=b");
	CHECK_BYTES(bytes_of(f.evidence[1].value, f.evidence[1].len), "LD_PRELOAD=");
	CHECK_INT(f.evidence[2].len + f.evidence[3].len, 0);
	OK("a finding without values");
}

int main(void)
{
	test_good();
	test_bad();
	test_limit();
	test_environ();
	test_finding();
	TEST_END();
}
