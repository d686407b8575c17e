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

/* N digits at *P, or as many as there are up to 18 with N 0. */
static int take_digits(const char **p, size_t n, int64_t *ret)
{
	size_t i = 0;
	int64_t v = 0;

	while (i < (n ? n : 18) && (*p)[i] >= '0' && (*p)[i] <= '9')
		v = v * 10 + ((*p)[i++] - '0');
	if (i == 0 || (n && i != n))
		return -EINVAL;
	*p += i;
	*ret = v;
	return 0;
}

/* The inverse of date_of(). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	const int64_t era_days = 146097, epoch_to_era = 719468;
	int64_t y = year - (month <= 2);
	int64_t era = y / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * era_days + doe - epoch_to_era;
}

/* ".5" at *P in nanoseconds. */
static int take_fraction(const char **p, int64_t *ret)
{
	int64_t unit = (int64_t)NS_PER_SEC / 10;

	*ret = 0;
	if (**p != '.')
		return 0;
	if ((*p)[1] < '0' || (*p)[1] > '9')
		return -EINVAL;
	for (++*p; **p >= '0' && **p <= '9'; ++*p) {
		*ret += (**p - '0') * unit;
		unit /= 10;
	}
	return 0;
}

/* "THH:MM[:SS[.frac]]" at *P in nanoseconds of the day; nothing there is midnight. */
static int take_clock(const char **p, int64_t *ret)
{
	int64_t h = 0, m = 0, s = 0, frac = 0;

	*ret = 0;
	if (**p != 'T' && **p != ' ')
		return 0;
	++*p;
	if (take_digits(p, 2, &h) < 0 || *(*p)++ != ':' || take_digits(p, 2, &m) < 0)
		return -EINVAL;
	if (**p == ':') {
		++*p;
		if (take_digits(p, 2, &s) < 0 || take_fraction(p, &frac) < 0)
			return -EINVAL;
	}
	if (**p == 'Z')
		++*p;
	if (h > 23 || m > 59 || s > 60)
		return -EINVAL;
	*ret = (h * 3600 + m * 60 + s) * (int64_t)NS_PER_SEC + frac;
	return 0;
}

static int parse_date(const char *p, int64_t *ret)
{
	int64_t year, month, day, clock, ns;

	if (take_digits(&p, 4, &year) < 0 || *p++ != '-' || take_digits(&p, 2, &month) < 0 ||
	    *p++ != '-' || take_digits(&p, 2, &day) < 0 || take_clock(&p, &clock) < 0 || *p)
		return -EINVAL;
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return -EINVAL;
	/* A day that its month lacks would be one of the next. */
	struct date check = date_of(days_of(year, month, day));
	if (check.month != (uint32_t)month ||
	    when_from_parts(days_of(year, month, day) * DAY_SECONDS, 0, &ns) < 0)
		return -EINVAL;
	if (ns > INT64_MAX - clock)
		return -EINVAL;
	*ret = ns + clock;
	return 0;
}

static int parse_ago(const char *p, int64_t now, int64_t *ret)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY_SECONDS } };
	int64_t n, ns;

	if (take_digits(&p, 0, &n) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (*p != units[i].letter || p[1] || n > INT64_MAX / DAY_SECONDS)
			continue;
		if (when_from_parts(n * units[i].seconds, 0, &ns) < 0)
			return -EINVAL;
		*ret = now - ns;
		return 0;
	}
	return -EINVAL;
}

int when_parse(const char *text, int64_t now, int64_t *ret)
{
	int64_t sec;

	if (*text == '@') {
		text++;
		if (take_digits(&text, 0, &sec) < 0 || *text)
			return -EINVAL;
		return when_from_parts(sec, 0, ret) < 0 ? -EINVAL : 0;
	}
	return parse_ago(text, now, ret) == 0 ? 0 : parse_date(text, ret);
}
