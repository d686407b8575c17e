/* SPDX-License-Identifier: Apache-2.0 */
/* Events in order, all of them and each once, with little memory; lines of logs. */
#include "format/logline.h"
#include "work/timeline.h"

#include "test.h"

#include <errno.h>

enum { EVENTS = 5000 };

struct trial {
	char text[EVENTS][200];
	struct timeline_event v[EVENTS];
	unsigned told[EVENTS];
	unsigned asked;
	int64_t last;
};

static int ask(void *ctx, struct timeline *t, bool first)
{
	struct trial *s = ctx;
	int r = 0;

	CHECK(first == (s->asked == 0));
	s->asked++;
	for (size_t i = 0; r == 0 && i < EVENTS; i++)
		r = timeline_offer(t, &s->v[i]);
	return r;
}

static int tell(void *ctx, const struct timeline_event *e)
{
	struct trial *s = ctx;

	CHECK(e->time >= s->last);
	s->last = e->time;
	CHECK(e->pid >= 0 && e->pid < EVENTS);
	CHECK(bytes_eq(e->text, s->v[e->pid].text));
	s->told[e->pid]++;
	return 0;
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Texts of all lengths, so that one that leaves makes room for more than one; few times. */
static void fill(struct trial *s, uint32_t seed)
{
	for (int i = 0; i < EVENTS; i++) {
		size_t n = next(&seed) % sizeof(s->text[0]);

		memset(s->text[i], 'a' + (int)(next(&seed) % 3), sizeof(s->text[i]));
		s->v[i] = (struct timeline_event){ .time = next(&seed) % 700,
						   .source = TIMELINE_PROCESS,
						   .what = TIMELINE_STARTED,
						   .pid = i,
						   .text = bytes_of(s->text[i], n) };
	}
}

static void test_passes(void)
{
	static const size_t memories[] = { 1, 3000, 40000, 300000, 8 << 20 };
	static const struct timeline_ops ops = { .ask = ask, .tell = tell };

	for (size_t m = 0; m < ARRAY_LEN(memories); m++) {
		AUTO_FREE struct trial *s = calloc(1, sizeof(*s));
		AUTO_DONE(timeline_closep) struct timeline *t = NULL;
		struct timeline_options opts = { .memory = memories[m],
						 .since = INT64_MIN,
						 .until = INT64_MAX,
						 .now = 1000,
						 .bars_to = 1000 };

		CHECK(s);
		fill(s, (uint32_t)m);
		/* With room for one event there are as many passes as may be. */
		if (memories[m] == 1)
			for (int i = 4000; i < EVENTS; i++)
				s->v[i].time = -1, s->told[i] = 1;
		opts.since = memories[m] == 1 ? 0 : INT64_MIN;
		CHECK_INT(timeline_open(&opts, &t), 0);
		CHECK_INT(timeline_run(t, &ops, s), 0);
		CHECK_INT(timeline_passes(t), s->asked);
		CHECK(memories[m] == 8 << 20 ? s->asked == 1 : s->asked > 1);
		for (int i = 0; i < EVENTS; i++)
			CHECK_INT(s->told[i], 1);
	}
	OK("each event once and in order, whatever the memory");
}

static void test_stamps(void)
{
	AUTO_DONE(timeline_closep) struct timeline *t = NULL;
	const struct timeline_options opts = { .since = INT64_MIN, .until = INT64_MAX };
	const struct file_stamp before = { .sec = -5 }, after = { .sec = INT64_MAX };
	struct timeline_event e = { .what = TIMELINE_BORN };

	CHECK_INT(timeline_open(&opts, &t), 0);
	CHECK_INT(timeline_offer_stamp(t, &e, &before), 0);
	CHECK_INT(e.time, 0);
	CHECK_INT(timeline_offer_stamp(t, &e, &after), 0);
	CHECK_INT(e.time, INT64_MAX);
	CHECK_INT(e.what, TIMELINE_BORN);
	OK("times out of range stand at the nearest end");
}

static int64_t time_of(const char *text)
{
	int64_t ns = -1;
	int r = logline_time(bytes_str(text), &ns);

	return r < 0 ? r : ns;
}

static void test_lines(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct logline l;

	CHECK_INT(time_of("1970-01-01T00:00:01Z"), 1000000000);
	CHECK_INT(time_of("1970-01-01T02:00:01.000000005+02:00"), 1000000005);
	CHECK_INT(time_of("1969-12-31T22:30:01.5-01:30"), -EBADMSG);
	CHECK_INT(time_of("1970-01-01T00:00:01"), -EBADMSG);
	CHECK_INT(time_of("1970-01-01 00:00:01Z"), -EBADMSG);
	CHECK_INT(time_of("1970-13-01T00:00:01Z"), -EBADMSG);
	CHECK_INT(time_of("1970-01-01T00:00:01.Z"), -EBADMSG);
	CHECK_INT(time_of("1970-01-01T00:00:01+1:00"), -EBADMSG);
	CHECK_INT(time_of(""), -EBADMSG);
	CHECK_INT(logline_read(bytes_str("1970-01-01T00:00:01Z stderr F a b"), &b, &l), 0);
	CHECK_BYTES(l.stream, "stderr");
	CHECK_BYTES(l.text, "a b");
	CHECK_INT(logline_read(bytes_str("1970-01-01T00:00:01Z stdout x"), &b, &l), 0);
	CHECK_BYTES(l.text, "stdout x");
	CHECK_INT(logline_read(bytes_str("{\"time\":\"1970-01-01T00:00:01Z\"}"), &b, &l), 0);
	CHECK_INT(l.text.n + l.stream.n, 0);
	CHECK_INT(logline_read(bytes_str("{\"log\":\"a\\nb\\n\",\"stream\":\"s\",\"time\":"
					 "\"1970-01-01T00:00:01Z\"}"),
			       &b, &l),
		  0);
	CHECK_BYTES(l.text, "a\nb");
	CHECK_BYTES(l.stream, "s");
	CHECK_INT(logline_read(bytes_str("{\"time\":1}"), &b, &l), -EBADMSG);
	CHECK_INT(logline_dpkg(bytes_str("1970-01-01 00:00:01 install x <none> 1"), &l), 0);
	CHECK_BYTES(l.text, "install x <none> 1");
	CHECK_INT(logline_dpkg(bytes_str("1970-01-01 00:00:01 status installed x 1"), &l), -ENOENT);
	CHECK_INT(logline_dpkg(bytes_str("1970-01-01 00:00:01"), &l), -EBADMSG);
	OK("lines of logs");
}

int main(void)
{
	test_passes();
	test_stamps();
	test_lines();
	TEST_END();
}
