/* SPDX-License-Identifier: Apache-2.0 */
/* The rate sink, on a clock that only moves when it naps: never above rate x time + burst. */
#include "format/sink.h"

#include "maker.h"

#include <errno.h>

/* The inner sink, which looks at the clock with every write. */
struct probe {
	struct sink sink;
	int64_t now;
	uint64_t rate, bytes, waits;
	size_t largest;
	bool holds, closed;
	uint64_t fail_at; /* 0: never */
	atomic_bool stop;
	int64_t stop_at;
};

static int64_t now(void *ctx)
{
	return ((struct probe *)ctx)->now;
}

static void nap(void *ctx, int64_t ns)
{
	struct probe *p = ctx;

	CHECK(ns > 0 && ns <= INT64_C(100) * 1000 * 1000);
	p->now += ns;
	p->waits++;
	if (p->stop_at && p->now >= p->stop_at)
		atomic_store(&p->stop, true);
}

static int probe_write(struct sink *s, const void *data, size_t n)
{
	struct probe *p = (struct probe *)s;

	(void)data;
	p->bytes += n;
	p->largest = n > p->largest ? n : p->largest;
	if ((double)p->bytes > (double)p->rate * (double)p->now / 1e9 + (double)p->rate / 8)
		p->holds = false;
	return p->fail_at && p->bytes > p->fail_at ? -EPIPE : 0;
}

static int probe_flush(struct sink *s)
{
	(void)s;
	return 0;
}

static int probe_close(struct sink *s)
{
	((struct probe *)s)->closed = true;
	return -EIO;
}

static const struct sink_ops probe_ops = { probe_write, probe_flush, probe_close };

static struct sink *open_rate(struct probe *p, uint64_t rate)
{
	struct sink_clock clock = { now, nap, p };
	struct sink *s;

	*p = (struct probe){ .sink = { .ops = &probe_ops, .block = 7 },
			     .rate = rate,
			     .holds = true };
	CHECK_INT(sink_rate(&p->sink, rate, &p->stop, &clock, &s), 0);
	CHECK_INT(s->block, 7);
	return s;
}

static void check_rates(void)
{
	static const uint64_t rates[] = { SINK_RATE_MIN, 1000003, 50 << 20, UINT64_C(3) << 30 };
	static unsigned char data[3 << 20];
	uint64_t state = 9;
	struct probe p;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct sink *s = open_rate(&p, rates[i]);

		while (p.bytes < 10 * rates[i] && p.bytes < 100 << 20) {
			size_t n = maker_random(&state) % sizeof(data);

			CHECK_INT(sink_write(s, data, n), 0);
			if (maker_random(&state) % 8 == 0) /* nothing to write for a while */
				p.now += (int64_t)(maker_random(&state) % 3000000000);
		}
		CHECK(p.holds);
		CHECK(p.largest <= rates[i] / SINK_RATE_PIECE);
		CHECK_INT(sink_close(s), -EIO);
		CHECK(p.closed);
	}
	OK("never above rate x time + burst, in small pieces, whatever is written when");

	struct sink *s = open_rate(&p, 1 << 20);
	for (int i = 0; i < 100; i++)
		CHECK_INT(sink_write(s, data, 1 << 20), 0);
	CHECK(p.holds);
	CHECK(p.now > INT64_C(99) * 1000000000 && p.now < INT64_C(101) * 1000000000);
	(void)sink_close(s);
	OK("a writer that never rests gets the whole rate");
}

static void check_ends(void)
{
	static unsigned char data[8 << 20];
	struct probe p;
	struct sink *s = open_rate(&p, SINK_RATE_MIN);

	p.stop_at = 2000000000;
	CHECK_INT(sink_write(s, data, sizeof(data)), 0);
	CHECK_INT(p.bytes, sizeof(data));
	CHECK(p.now < 2100000000);
	CHECK_INT(sink_write(s, data, sizeof(data)), 0);
	CHECK(p.now < 2100000000);
	(void)sink_close(s);
	OK("after a stop nothing waits");

	s = open_rate(&p, SINK_RATE_MIN);
	p.fail_at = 100000;
	CHECK_INT(sink_write(s, data, sizeof(data)), -EPIPE);
	CHECK(p.now < 2000000000);
	(void)sink_close(s);
	CHECK_INT(sink_rate(&p.sink, SINK_RATE_MIN - 1, NULL, NULL, &s), -EINVAL);
	OK("a reader that is gone ends it; a rate too small is refused");
}

int main(void)
{
	check_rates();
	check_ends();
	TEST_END();
}
