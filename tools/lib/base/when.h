/* SPDX-License-Identifier: Apache-2.0 */
/* Times: nanoseconds since 1970 as int64_t, and their RFC 3339 form. */
#ifndef CSI_BASE_WHEN_H
#define CSI_BASE_WHEN_H

#include "base/base.h"

#include <time.h>

enum { WHEN_TEXT_MAX = 40 };

/* 1970 to 2262 fits; outside it *ret is untouched and -ERANGE is returned. */
int when_from_parts(int64_t sec, uint32_t nsec, int64_t *ret);
/* "2026-11-23T18:49:21.000000000Z"; NUL-terminated; always fits. */
void when_text(int64_t ns, char ret[WHEN_TEXT_MAX]);
int64_t when_now(clockid_t clock);
/*
 * "2026-11-28", "2026-11-28T12:00", "2026-11-28T12:00:00.5Z" (UTC always), "@1764331200" as date(1)
 * takes it, or "90s", "30m", "2h", "7d" before NOW. 0 or -EINVAL; *ret is untouched then.
 */
int when_parse(const char *text, int64_t now, int64_t *ret);

#endif
