/* SPDX-License-Identifier: Apache-2.0 */
/* Times as nanoseconds since 1970 and as RFC 3339 text, without locale, time zone or libc state. */
#include "base/when.h"

#include <errno.h>

enum { DAY_SECONDS = 86400 };

int when_from_parts(int64_t sec, uint32_t nsec, int64_t *ret)
{
	const int64_t billion = (int64_t)NS_PER_SEC;

	if (sec < 0 || nsec >= NS_PER_SEC || sec > (INT64_MAX - (int64_t)nsec) / billion)
		return -ERANGE;
	*ret = sec * billion + (int64_t)nsec;
	return 0;
}

static char *digits(char *p, uint64_t v, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + n;
}

struct date {
	uint32_t year, month, day;
};

/* Days since 1970-01-01 to the proleptic Gregorian calendar, in 400-year eras that begin in March.
 */
static struct date date_of(int64_t days)
{
	const int64_t era_days = 146097, epoch_to_era = 719468;
	int64_t z = days + epoch_to_era; /* positive for all of int64_t nanoseconds */
	int64_t era = z / era_days;
	int64_t doe = z - era * era_days;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	return (struct date){
		.year = (uint32_t)(yoe + era * 400 + (month <= 2)),
		.month = (uint32_t)month,
		.day = (uint32_t)(doy - (153 * mp + 2) / 5 + 1),
	};
}

void when_text(int64_t ns, char ret[WHEN_TEXT_MAX])
{
	const int64_t billion = (int64_t)NS_PER_SEC;
	int64_t sec = ns / billion - (ns % billion < 0);
	uint64_t frac = (uint64_t)(ns % billion + (ns % billion < 0 ? billion : 0));
	int64_t days = sec / DAY_SECONDS - (sec % DAY_SECONDS < 0);
	uint64_t rest = (uint64_t)(sec - days * DAY_SECONDS);
	struct date d = date_of(days);
	char *p = ret;

	p = digits(p, d.year, 4);
	*p++ = '-';
	p = digits(p, d.month, 2);
	*p++ = '-';
	p = digits(p, d.day, 2);
	*p++ = 'T';
	p = digits(p, rest / 3600, 2);
	*p++ = ':';
	p = digits(p, rest / 60 % 60, 2);
	*p++ = ':';
	p = digits(p, rest % 60, 2);
	*p++ = '.';
	p = digits(p, frac, 9);
	*p++ = 'Z';
	*p = '\0';
}

int64_t when_now(clockid_t clock)
{
	struct timespec ts = { 0 };

	/* Only an unknown clock fails, and those are ours: 1970 then. */
	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * (int64_t)NS_PER_SEC + ts.tv_nsec;
}
