/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that holds back: so many bytes a second and no more. */
#include "base/when.h"
#include "format/sink.h"

#include <errno.h>

/* Above this nothing can be sent over a line, and no product below overflows. */
#define RATE_MAX (UINT64_C(1) << 40)

struct rate_sink {
	struct sink sink; /* first */
	struct sink *inner;
	uint64_t rate;
	const atomic_bool *stop;
	struct sink_clock clock;
	int64_t at;	 /* when CREDIT was counted */
	uint64_t credit; /* bytes that may go now */
	uint64_t part;	 /* of the next byte, in rate x ns */
};

static int64_t real_now(void *ctx)
{
	(void)ctx;
	return when_now(CLOCK_MONOTONIC);
}

static void real_nap(void *ctx, int64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / (int64_t)NS_PER_SEC),
			      .tv_nsec = (long)(ns % (int64_t)NS_PER_SEC) };

	(void)ctx;
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static bool stopped(const struct rate_sink *r)
{
	return r->stop && atomic_load_explicit(r->stop, memory_order_relaxed);
}

/* At most a second is counted: the burst is an eighth of one. */
static void count(struct rate_sink *r)
{
	int64_t now = r->clock.now(r->clock.ctx), passed = now - r->at;
	uint64_t burst = r->rate / SINK_RATE_BURST;

	if (passed <= 0)
		return;
	if (passed > (int64_t)NS_PER_SEC)
		passed = (int64_t)NS_PER_SEC;
	/* 2^40 x 10^9 does not fit: whole milliseconds and the rest apart. */
	uint64_t ms = (uint64_t)passed / 1000000, ns = (uint64_t)passed % 1000000;
	uint64_t parts = r->rate * ms % 1000 * 1000000 + r->rate * ns % NS_PER_SEC + r->part;
	r->credit += r->rate * ms / 1000 + r->rate * ns / NS_PER_SEC + parts / NS_PER_SEC;
	r->part = parts % NS_PER_SEC;
	r->at = now;
	if (r->credit > burst) {
		r->credit = burst;
		r->part = 0;
	}
}

/* Until N bytes may go, or a stop. N is at most a piece, so each nap is short. */
static void await(struct rate_sink *r, uint64_t n)
{
	for (count(r); r->credit < n && !stopped(r); count(r))
		r->clock.nap(r->clock.ctx,
			     (int64_t)((n - r->credit) * NS_PER_SEC / r->rate) + 1000);
}

static int rate_write(struct sink *s, const void *p, size_t n)
{
	struct rate_sink *r = (struct rate_sink *)s;
	const unsigned char *at = p;
	int err = 0;

	while (err == 0 && n > 0) {
		uint64_t piece = r->rate / SINK_RATE_PIECE;
		size_t now = n < piece || stopped(r) ? n : (size_t)piece;

		await(r, now);
		if (r->credit < now) /* stopped: all of it at once, and no more waiting */
			now = n;
		r->credit -= r->credit < now ? r->credit : now;
		err = sink_write(r->inner, at, now);
		at += now;
		n -= now;
	}
	return err;
}

static int rate_flush(struct sink *s)
{
	return sink_flush(((struct rate_sink *)s)->inner);
}

static int rate_close(struct sink *s)
{
	int r = sink_close(((struct rate_sink *)s)->inner);

	free(s);
	return r;
}

int sink_rate(struct sink *inner, uint64_t rate, const atomic_bool *stop,
	      const struct sink_clock *clock, struct sink **ret)
{
	static const struct sink_ops ops = { .write = rate_write,
					     .flush = rate_flush,
					     .close = rate_close };
	static const struct sink_clock real = { .now = real_now, .nap = real_nap };
	struct rate_sink *r;

	if (rate < SINK_RATE_MIN)
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct rate_sink){ .sink = { .ops = &ops, .block = inner->block },
				 .inner = inner,
				 .rate = rate < RATE_MAX ? rate : RATE_MAX,
				 .stop = stop,
				 .clock = clock ? *clock : real };
	r->at = r->clock.now(r->clock.ctx);
	*ret = &r->sink;
	return 0;
}
