/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a log. */
#include "format/logline.h"

#include "base/when.h"
#include "format/json_read.h"

#include <errno.h>

enum { TIME_MAX = 40, CLOCK_LEN = 19 };

/* "2026-11-28T01:02:03", as far as its separators show. */
static bool is_clock(struct bytes v, unsigned char between)
{
	static const unsigned char mask[] = "dddd-dd-dd dd:dd:dd";

	if (v.n < CLOCK_LEN)
		return false;
	for (size_t i = 0; i < CLOCK_LEN; i++) {
		bool digit = v.p[i] >= '0' && v.p[i] <= '9';

		if (i == 10 ? v.p[i] != between : mask[i] == 'd' ? !digit : v.p[i] != mask[i])
			return false;
	}
	return true;
}

/* "+02:00" as nanoseconds. */
static int zone(struct bytes v, int64_t *ret)
{
	int64_t n = 0;

	if (v.n != 6 || v.p[3] != ':')
		return -EBADMSG;
	for (size_t i = 1; i < 6; i++)
		if (i != 3 && (v.p[i] < '0' || v.p[i] > '9'))
			return -EBADMSG;
	n = ((v.p[1] - '0') * 10 + (v.p[2] - '0')) * 60 + (v.p[4] - '0') * 10 + (v.p[5] - '0');
	*ret = n * 60 * (int64_t)NS_PER_SEC * (v.p[0] == '-' ? -1 : 1);
	return 0;
}

int logline_time(struct bytes v, int64_t *ret)
{
	char text[TIME_MAX + 2];
	int64_t offset = 0, ns;
	size_t n = v.n;

	if (v.n > TIME_MAX || !is_clock(v, 'T'))
		return -EBADMSG;
	if (v.p[n - 1] == 'Z') {
		n--;
	} else {
		if (n < CLOCK_LEN + 6 || (v.p[n - 6] != '+' && v.p[n - 6] != '-') ||
		    zone(bytes_of(v.p + n - 6, 6), &offset) < 0)
			return -EBADMSG;
		n -= 6;
	}
	memcpy(text, v.p, n);
	text[n] = 'Z';
	text[n + 1] = 0;
	if (when_parse(text, 0, &ns) < 0 || ns < offset)
		return -EBADMSG;
	*ret = ns - offset;
	return 0;
}

/* Up to the next space, and behind it. */
static struct bytes word(struct bytes *rest)
{
	const unsigned char *space = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;
	size_t n = space ? (size_t)(space - rest->p) : rest->n;
	struct bytes w = bytes_of(rest->p, n);

	n += space ? 1 : 0;
	*rest = bytes_of(rest->p + n, rest->n - n);
	return w;
}

static bool is_stream(struct bytes v)
{
	return bytes_eq(v, bytes_str("stdout")) || bytes_eq(v, bytes_str("stderr"));
}

static int read_plain(struct bytes line, struct logline *ret)
{
	struct bytes rest = line, more;
	int r = logline_time(word(&rest), &ret->time);

	if (r < 0)
		return r;
	more = rest;
	struct bytes stream = word(&more);
	if (is_stream(stream)) {
		struct bytes tag = word(&more);

		/* F and P, with more behind a colon. */
		if (tag.n > 0 && (tag.p[0] == 'F' || tag.p[0] == 'P')) {
			ret->stream = stream;
			rest = more;
		}
	}
	ret->text = rest;
	return 0;
}

static int read_json(struct bytes line, struct buf *text, struct logline *ret)
{
	AUTO_DONE(buf_done) struct buf when = BUF_NONE;
	struct bytes v = { 0 };
	size_t stream;
	int r = json_check(line) < 0 || json_member(line, "time", &v) < 0 ? -EBADMSG : 0;

	if (r == 0)
		r = json_string(v, &when);
	if (r == 0)
		r = logline_time(buf_bytes(&when), &ret->time);
	if (r == 0 && json_member(line, "stream", &v) == 0)
		r = json_string(v, text);
	stream = text->n;
	if (r == 0 && json_member(line, "log", &v) == 0)
		r = json_string(v, text);
	if (r < 0)
		return r;
	ret->stream = bytes_of(text->p, stream);
	ret->text = bytes_of(text->p + stream, text->n - stream);
	if (ret->text.n && ret->text.p[ret->text.n - 1] == '\n')
		ret->text.n--;
	return 0;
}

int logline_read(struct bytes line, struct buf *text, struct logline *ret)
{
	*ret = (struct logline){ 0 };
	buf_clear(text);
	if (line.n && line.p[0] == '{') {
		/* So that there is a place to point to. */
		int r = buf_reserve(text, 1);

		return r < 0 ? r : read_json(line, text, ret);
	}
	return read_plain(line, ret);
}

int logline_dpkg(struct bytes line, struct logline *ret)
{
	static const char *const actions[] = { "install ", "upgrade ", "remove ", "purge " };
	char text[CLOCK_LEN + 2];

	*ret = (struct logline){ 0 };
	if (!is_clock(line, ' ') || line.n < CLOCK_LEN + 2 || line.p[CLOCK_LEN] != ' ')
		return -EBADMSG;
	memcpy(text, line.p, CLOCK_LEN);
	text[10] = 'T';
	text[CLOCK_LEN] = 'Z';
	text[CLOCK_LEN + 1] = 0;
	if (when_parse(text, 0, &ret->time) < 0)
		return -EBADMSG;
	ret->text = bytes_of(line.p + CLOCK_LEN + 1, line.n - CLOCK_LEN - 1);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (bytes_starts(ret->text, actions[i]))
			return 0;
	return -ENOENT;
}
