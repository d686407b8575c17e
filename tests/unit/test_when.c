/* SPDX-License-Identifier: Apache-2.0 */
/* Times as text, against libc for every day of 1970 to 2262. */
#include "base/when.h"

#include "test.h"

#include <errno.h>

#define NS ((int64_t)NS_PER_SEC)

static void check_text(int64_t ns, const char *want)
{
	char text[WHEN_TEXT_MAX];

	when_text(ns, text);
	if (strcmp(text, want) != 0)
		fprintf(stderr, "%" PRId64 ": %s, not %s\n", ns, text, want);
	CHECK(strcmp(text, want) == 0);
}

/* Each second day to 2261 comes back from its own text. */
static void test_parse(void)
{
	static const struct {
		const char *text;
		int64_t want; /* seconds; -1: refused */
	} cases[] = {
		{ "1970-01-01", 0 },
		{ "2026-11-28", 1795824000 },
		{ "2026-11-28T12:00", 1795867200 },
		{ "2026-11-28 12:00:01Z", 1795867201 },
		{ "2000-02-29", 951782400 },
		{ "@1795824000", 1795824000 },
		{ "30m", 1000000 - 1800 },
		{ "7d", 1000000 - 7 * 86400 },
		{ "0s", 1000000 },
		{ "2026-02-30", -1 },
		{ "2026-13-01", -1 },
		{ "2026-11-28T24:00", -1 },
		{ "2026-11-28T12", -1 },
		{ "2026-11-28x", -1 },
		{ "2026-11-28T12:00:00.Z", -1 },
		{ "1969-12-31", -1 },
		{ "2263-01-01", -1 },
		{ "99999999999999999999d", -1 },
		{ "@", -1 },
		{ "@9999999999999", -1 },
		{ "5", -1 },
		{ "", -1 },
		{ "start", -1 },
	};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r = when_parse(cases[i].text, 1000000 * NS, &ns);

		if ((r == 0) != (cases[i].want >= 0))
			fprintf(stderr, "%s: %d\n", cases[i].text, r);
		CHECK_INT(r, cases[i].want < 0 ? -EINVAL : 0);
		if (r == 0)
			CHECK_INT(ns, cases[i].want * NS);
	}
	CHECK_INT(when_parse("1970-01-01T00:00:00.25Z", 0, &ns), 0);
	CHECK_INT(ns, NS / 4);
	for (int64_t day = 0; day < 106000; day += 2) {
		char text[WHEN_TEXT_MAX];

		when_text(day * 86400 * NS + 123456789, text);
		CHECK_INT(when_parse(text, 0, &ns), 0);
		CHECK_INT(ns, day * 86400 * NS + 123456789);
	}
	OK("dates and times ago are parsed");
}

int main(void)
{
	int64_t ns = 7;

	check_text(0, "1970-01-01T00:00:00.000000000Z");
	check_text(1, "1970-01-01T00:00:00.000000001Z");
	check_text(-1, "1969-12-31T23:59:59.999999999Z");
	check_text(INT64_C(1795459761) * NS, "2026-11-23T18:49:21.000000000Z");
	check_text(INT64_C(951782400) * NS, "2000-02-29T00:00:00.000000000Z");
	check_text(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
	check_text(INT64_MIN, "1677-09-21T00:12:43.145224192Z");
	OK("known instants, both ends");

	for (int64_t day = 0; day < 106751; day++) {
		time_t t = (time_t)(day * 86400 + day % 86400);
		char want[WHEN_TEXT_MAX], got[WHEN_TEXT_MAX];
		struct tm tm;

		CHECK(gmtime_r(&t, &tm));
		CHECK(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm) > 0);
		when_text((int64_t)t * NS, got);
		CHECK(strcmp(want, got) == 0);
	}
	OK("each day agrees with libc");

	CHECK_INT(when_from_parts(-1, 0, &ns), -ERANGE);
	CHECK_INT(when_from_parts(0, 1000000000, &ns), -ERANGE);
	CHECK_INT(when_from_parts(INT64_MAX, 0, &ns), -ERANGE);
	CHECK_INT(when_from_parts(INT64_MIN, 5, &ns), -ERANGE);
	CHECK_INT(when_from_parts(INT64_C(9223372036), 854775808, &ns), -ERANGE);
	CHECK_INT(ns, 7);
	CHECK_INT(when_from_parts(INT64_C(9223372036), 854775807, &ns), 0);
	CHECK(ns == INT64_MAX);
	CHECK_INT(when_from_parts(1, 2, &ns), 0);
	CHECK_INT(ns, NS + 2);
	OK("what does not fit is refused, untouched");
	CHECK(when_now(CLOCK_REALTIME) > INT64_C(1700000000) * NS);
	OK("now");
	test_parse();
	TEST_END();
}
