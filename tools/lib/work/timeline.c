/* SPDX-License-Identifier: Apache-2.0 */
/* The earliest events of a pass: a heap with the latest on top, which is what makes room. */
#include "work/timeline.h"

#include "base/when.h"

#include <errno.h>

enum { HEAP_MAX = 1 << 18, EVENT_COST = 32 /* of malloc's own and the heap's entry */ };

/* An event with its texts behind it. */
struct kept {
	struct timeline_event e;
	unsigned char text[];
};

struct timeline {
	struct timeline_options opts;
	struct kept **heap;
	size_t n, used;
	struct kept *last; /* the last that was given out; NULL: none yet */
	bool dropped, first;
	unsigned passes;
	uint64_t total, before, bars[TIMELINE_BARS];
};

const char *timeline_source_name(enum timeline_source s)
{
	static const char *const names[] = { [TIMELINE_FILE] = "file",
					     [TIMELINE_PACKAGE] = "package",
					     [TIMELINE_PROCESS] = "process",
					     [TIMELINE_LOG] = "log" };

	return names[s];
}

const char *timeline_what_name(unsigned bit)
{
	static const char *const names[TIMELINE_WHATS] = { "modified", "accessed",    "changed",
							   "born",     "started",     "package",
							   "logged",   "out-of-range" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bit & 1U << i)
			return names[i];
	return "unknown";
}

int timeline_open(const struct timeline_options *opts, struct timeline **ret)
{
	struct timeline *t = calloc(1, sizeof(*t));

	if (t)
		t->heap = malloc(HEAP_MAX * sizeof(struct kept *));
	if (!t || !t->heap) {
		free(t);
		return -ENOMEM;
	}
	t->opts = *opts;
	if (!t->opts.memory)
		t->opts.memory = TIMELINE_MEMORY;
	*ret = t;
	return 0;
}

void timeline_closep(struct timeline **tp)
{
	struct timeline *t = *tp;

	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->heap[i]);
	free(t->last);
	free(t->heap);
	free(t);
	*tp = NULL;
}

/* ---- order --------------------------------------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : compare_numbers(a.n, b.n);
}

/* A total order: two events that are equal in it are one. */
static int compare(const struct timeline_event *a, const struct timeline_event *b)
{
	int c = (a->time > b->time) - (a->time < b->time);

	if (c == 0)
		c = compare_numbers(a->source, b->source);
	if (c == 0)
		c = compare_numbers(a->root, b->root);
	if (c == 0)
		c = compare_numbers((uint64_t)a->pid, (uint64_t)b->pid);
	if (c == 0)
		c = compare_bytes(a->text, b->text);
	if (c == 0)
		c = compare_numbers(a->ino, b->ino);
	return c ? c : compare_numbers(a->what, b->what);
}

static bool is_later(const struct kept *a, const struct kept *b)
{
	return compare(&a->e, &b->e) > 0;
}

static void sift_up(struct kept **h, size_t i)
{
	while (i > 0 && is_later(h[i], h[(i - 1) / 2])) {
		struct kept *k = h[i];

		h[i] = h[(i - 1) / 2];
		h[(i - 1) / 2] = k;
		i = (i - 1) / 2;
	}
}

static void sift_down(struct kept **h, size_t n)
{
	size_t i = 0;

	for (;;) {
		size_t most = i, left = 2 * i + 1;

		if (left < n && is_later(h[left], h[most]))
			most = left;
		if (left + 1 < n && is_later(h[left + 1], h[most]))
			most = left + 1;
		if (most == i)
			return;
		struct kept *k = h[i];

		h[i] = h[most];
		h[most] = k;
		i = most;
	}
}

/* ---- a pass -------------------------------------------------------------------------------- */

static size_t cost(const struct timeline_event *e)
{
	return sizeof(struct kept) + e->text.n + e->stream.n + EVENT_COST;
}

static struct kept *keep(const struct timeline_event *e)
{
	struct kept *k = malloc(sizeof(*k) + e->text.n + e->stream.n);

	if (!k)
		return NULL;
	k->e = *e;
	copy_bytes(k->text, e->text.p, e->text.n);
	copy_bytes(k->text + e->text.n, e->stream.p, e->stream.n);
	k->e.text.p = k->text;
	k->e.stream.p = k->text + e->text.n;
	return k;
}

/* The latest one leaves the heap. */
static struct kept *pop(struct timeline *t)
{
	struct kept *k = t->heap[0];

	t->heap[0] = t->heap[--t->n];
	sift_down(t->heap, t->n);
	t->used -= cost(&k->e);
	return k;
}

static void count(struct timeline *t, int64_t time)
{
	int64_t from = t->opts.bars_from, span = t->opts.bars_to - from;

	t->total++;
	if (span <= 0 || time > t->opts.bars_to)
		return;
	if (time < from) {
		t->before++;
		return;
	}
	int64_t step = span / TIMELINE_BARS + 1;
	t->bars[(time - from) / step]++;
}

/* What csi's own looking may have moved: it began with the first pass. */
static bool is_ours(const struct timeline *t, int64_t time)
{
	return time >= t->opts.now && time <= when_now(CLOCK_REALTIME);
}

int timeline_offer(struct timeline *t, const struct timeline_event *e)
{
	if (e->time < t->opts.since || e->time > t->opts.until || is_ours(t, e->time))
		return 0;
	if (t->first)
		count(t, e->time);
	if (t->last && compare(e, &t->last->e) <= 0)
		return 0;
	/* Once one was dropped, nothing later than what is kept may come in, though there be room.
	 */
	bool full = t->dropped || t->n == HEAP_MAX || t->used + cost(e) > t->opts.memory;
	if (full && t->n > 0 && compare(e, &t->heap[0]->e) >= 0) {
		t->dropped = true;
		return 0;
	}
	while (t->n > 0 && (t->n == HEAP_MAX || t->used + cost(e) > t->opts.memory)) {
		free(pop(t));
		t->dropped = true;
		/* A long one that needs the room of several gives way to the earlier of them. */
		if (t->n > 0 && compare(e, &t->heap[0]->e) >= 0)
			return 0;
	}
	struct kept *k = keep(e);
	if (!k)
		return -ENOMEM;
	t->heap[t->n] = k;
	t->used += cost(e);
	sift_up(t->heap, t->n++);
	return 0;
}

int timeline_offer_stamp(struct timeline *t, struct timeline_event *e, const struct file_stamp *at)
{
	unsigned what = e->what;

	if (when_from_parts(at->sec, at->nsec, &e->time) < 0) {
		e->time = at->sec < 0 ? 0 : INT64_MAX;
		e->what |= TIMELINE_OUTSIDE;
	}
	int r = timeline_offer(t, e);
	e->what = what;
	return r;
}

/* Gives out what the pass kept. The heap is emptied from its top, so the order is turned first. */
static int tell_kept(struct timeline *t, const struct timeline_ops *ops, void *ctx)
{
	size_t n = t->n;
	int r = 0;

	while (t->n > 0) {
		struct kept *k = pop(t);

		t->heap[t->n] = k;
	}
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = ops->tell(ctx, &t->heap[i]->e);
		if (i + 1 < n) {
			free(t->heap[i]);
			continue;
		}
		free(t->last);
		t->last = t->heap[i];
	}
	return r;
}

static bool is_stopped(const struct timeline *t)
{
	return t->opts.stop && atomic_load_explicit(t->opts.stop, memory_order_relaxed);
}

int timeline_run(struct timeline *t, const struct timeline_ops *ops, void *ctx)
{
	int r;

	do {
		if (t->passes++ == TIMELINE_PASSES_MAX)
			return -E2BIG;
		t->dropped = false;
		t->first = t->passes == 1;
		r = ops->ask(ctx, t, t->first);
		if (r == 0 && t->first && ops->counted)
			r = ops->counted(ctx, t);
		if (r < 0)
			return r;
		r = is_stopped(t) ? -ECANCELED : tell_kept(t, ops, ctx);
	} while (r == 0 && t->dropped);
	return r;
}

uint64_t timeline_total(const struct timeline *t)
{
	return t->total;
}

uint64_t timeline_before(const struct timeline *t)
{
	return t->before;
}

uint64_t timeline_bar(const struct timeline *t, unsigned i, int64_t *ret_from)
{
	int64_t span = t->opts.bars_to - t->opts.bars_from;

	*ret_from = t->opts.bars_from + (int64_t)i * (span / TIMELINE_BARS + 1);
	return t->bars[i];
}

unsigned timeline_passes(const struct timeline *t)
{
	return t->passes;
}
