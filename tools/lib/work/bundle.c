/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning and end of a bundle: memory, threads, failure. */
#include "work/bundle_priv.h"

#include <errno.h>

/* Slots, frames with one spare for each compressor; zstd's own 1.4 MiB each and the ledger's text
 * come on top. */
#define BUNDLE_BUFFERS                             \
	((size_t)BUNDLE_SLOTS * BUNDLE_SLOT_SIZE + \
	 (size_t)(BUNDLE_FRAMES + BUNDLE_COMPRESSORS) * ZST_FRAME_MAX)
#define BUNDLE_MAX_FILE (UINT64_C(2) << 30)

uint64_t bundle_max_file(uint64_t max_file)
{
	return max_file ? max_file : BUNDLE_MAX_FILE;
}

const char *bundle_outcome_name(enum bundle_outcome o)
{
	static const char *const names[] = {
		[OUTCOME_OK] = "ok",	       [OUTCOME_PARTIAL] = "partial",
		[OUTCOME_FAILED] = "failed",   [OUTCOME_MISSING] = "missing",
		[OUTCOME_SKIPPED] = "skipped",
	};

	return (size_t)o < ARRAY_LEN(names) ? names[o] : "failed";
}

const char *bundle_status_name(enum bundle_status s)
{
	static const char *const names[] = {
		[BUNDLE_COMPLETE] = "complete",
		[BUNDLE_PARTIAL] = "partial",
		[BUNDLE_FAILED] = "failed",
	};

	return (size_t)s < ARRAY_LEN(names) ? names[s] : "failed";
}

const char *bundle_birth_name(enum birth_word w)
{
	static const char *const names[] = {
		[BIRTH_WORD_OLD] = "old",	  [BIRTH_WORD_NEW] = "new",
		[BIRTH_WORD_RUNTIME] = "runtime", [BIRTH_WORD_BELOW] = "below",
		[BIRTH_WORD_UNKNOWN] = "unknown",
	};

	return (size_t)w < ARRAY_LEN(names) ? names[w] : NULL;
}

int bundle_fail(struct bundle *b, int err)
{
	struct queue *const queues[] = { &b->free_slots,  &b->to_read,	   &b->in_order,
					 &b->free_frames, &b->to_compress, &b->to_seal };
	int none = 0;

	if (!atomic_compare_exchange_strong(&b->err, &none, err))
		return none;
	pace_off(b->pace);
	for (size_t i = 0; i < ARRAY_LEN(queues); i++)
		if (queues[i]->items)
			queue_close(queues[i]);
	(void)pthread_mutex_lock(&b->gate);
	(void)pthread_cond_broadcast(&b->slot_ready);
	(void)pthread_cond_broadcast(&b->frame_done);
	(void)pthread_cond_broadcast(&b->turn);
	(void)pthread_cond_broadcast(&b->limit.sealed);
	(void)pthread_mutex_unlock(&b->gate);
	return err;
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool run_id_ok(const char *id)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = id ? strlen(id) : 0;

	return n > 0 && n <= BUNDLE_RUN_ID_MAX && strspn(id, allowed) == n && id[0] != '.' &&
	       id[0] != '-';
}

static int init_gate(struct bundle *b)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r)
		return -r;
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (r == 0)
		r = pthread_cond_init(&b->slot_ready, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (r == 0)
		r = pthread_cond_init(&b->frame_done, NULL);
	if (r == 0)
		r = pthread_cond_init(&b->turn, NULL);
	if (r == 0)
		r = pthread_cond_init(&b->limit.sealed, NULL);
	if (r == 0)
		r = pthread_mutex_init(&b->gate, NULL);
	if (r == 0)
		r = pthread_mutex_init(&b->adding, NULL);
	return -r;
}

static int init_queues(struct bundle *b)
{
	int r = queue_init(&b->free_slots, BUNDLE_SLOTS);

	if (r == 0)
		r = queue_init(&b->to_read, BUNDLE_SLOTS);
	if (r == 0)
		r = queue_init(&b->in_order, BUNDLE_SLOTS);
	if (r == 0)
		r = queue_init(&b->free_frames, BUNDLE_FRAMES);
	if (r == 0)
		r = queue_init(&b->to_compress, BUNDLE_FRAMES);
	if (r == 0)
		r = queue_init(&b->to_seal, BUNDLE_FRAMES);
	return r;
}

/* With a smaller budget there are fewer slots and frames; two of each are the least. */
static int init_buffers(struct bundle *b)
{
	size_t slots = 0, frames = 0;

	for (size_t i = 0; i < BUNDLE_COMPRESSORS; i++) {
		b->spare[i] = budget_alloc(&b->budget, ZST_FRAME_MAX);
		if (!b->spare[i])
			return -ENOMEM;
	}
	while (frames < BUNDLE_FRAMES || slots < BUNDLE_SLOTS) {
		size_t before = slots + frames;

		if (frames < BUNDLE_FRAMES) {
			b->frames[frames].mem = budget_alloc(&b->budget, ZST_FRAME_MAX);
			if (b->frames[frames].mem)
				(void)queue_push(&b->free_frames, &b->frames[frames++]);
		}
		for (int i = 0; i < BUNDLE_SLOTS / BUNDLE_FRAMES && slots < BUNDLE_SLOTS; i++) {
			struct slot *s = &b->slots[slots];

			s->mem = budget_alloc(&b->budget, BUNDLE_SLOT_SIZE);
			if (!s->mem)
				break;
			bundle_slot_reset(s);
			(void)queue_push(&b->free_slots, s);
			slots++;
		}
		if (slots + frames == before)
			break;
	}
	return frames < 2 || slots < 2 ? -ENOMEM : 0;
}

static int init_parts(struct bundle *b)
{
	static const unsigned char zeros[32];
	struct ledger_place at = { .top = b->top, .mtime = b->began, .entries = &b->entries };
	int r = pax_open(bundle_frame_write, b, &b->pax);

	if (r < 0)
		return r;
	at.pax = b->pax;
	r = ledger_init(&b->ledger, &at, 1, zeros);
	return r < 0 ? r : seal_open(b->sink, &b->seal);
}

static int start(struct bundle *b, size_t stack, void *(*fn)(void *))
{
	int r = thread_start(&b->threads[b->nthreads], stack, fn, b);

	if (r == 0)
		b->nthreads++;
	return r;
}

static int start_threads(struct bundle *b, unsigned readers)
{
	int r = start(b, BUNDLE_STACK, bundle_sealer);

	for (unsigned i = 0; i < BUNDLE_COMPRESSORS && r == 0; i++)
		r = start(b, BUNDLE_STACK_ZSTD, bundle_compressor);
	if (r == 0)
		r = start(b, BUNDLE_STACK, bundle_archiver);
	for (unsigned i = 0; i < readers && r == 0; i++)
		r = start(b, BUNDLE_STACK, bundle_reader);
	return r;
}

static void set_rate(struct bundle *b, uint64_t rate)
{
	uint64_t content = rate / BUNDLE_FRAMES_A_SECOND;

	b->frame_content = ZST_CONTENT_MAX;
	b->due_idle = BUNDLE_DUE_IDLE;
	if (rate == 0 || content >= ZST_CONTENT_MAX)
		return;
	b->frame_content = content < BUNDLE_FRAME_LEAST ? BUNDLE_FRAME_LEAST : (size_t)content;
	b->due_idle = BUNDLE_DUE_MIDDLE;
}

static void set_options(struct bundle *b, const struct bundle_options *opts)
{
	/* One frame and two slots less than the default is what fewer MiB mean; more is never used.
	 */
	size_t least =
		(size_t)(2 + BUNDLE_COMPRESSORS) * ZST_FRAME_MAX + (size_t)2 * BUNDLE_SLOT_SIZE;
	size_t memory =
		opts->memory && opts->memory < BUNDLE_BUFFERS ? opts->memory : BUNDLE_BUFFERS;
	int64_t now = when_now(CLOCK_REALTIME);

	budget_init(&b->budget, memory < least ? least : memory);
	b->sink = opts->sink;
	b->stop = opts->stop;
	b->gaps = opts->gaps;
	b->pace = opts->pace;
	set_rate(b, opts->rate);
	b->level = opts->level;
	b->max_file = bundle_max_file(opts->max_file);
	b->began.sec = now / (int64_t)NS_PER_SEC;
	b->began.nsec = (uint32_t)(now % (int64_t)NS_PER_SEC);
	snprintf(b->top, sizeof(b->top), "csi-%s/", opts->run_id);
}

int bundle_open(const struct bundle_options *opts, struct bundle **ret)
{
	unsigned readers = opts->readers ? opts->readers : BUNDLE_READERS;
	struct zst *probe = NULL;
	struct bundle *b;

	if (!opts->sink || !run_id_ok(opts->run_id) || zst_open(opts->level, &probe) < 0)
		return -EINVAL;
	zst_closep(&probe);
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	set_options(b, opts);
	int r = init_gate(b);
	if (r < 0) {
		free(b);
		return r;
	}
	r = init_queues(b);
	if (r == 0)
		r = bundle_limit_init(b, opts->max);
	if (r == 0)
		r = init_buffers(b);
	if (r == 0)
		r = init_parts(b);
	if (r == 0)
		r = start_threads(b, readers > BUNDLE_READERS_MAX ? BUNDLE_READERS_MAX : readers);
	if (r < 0) {
		(void)bundle_fail(b, r);
		bundle_closep(&b);
		return r;
	}
	*ret = b;
	return 0;
}

/* ---- ending -------------------------------------------------------------------------------- */

static void join(struct bundle *b)
{
	for (size_t i = 0; i < b->nthreads; i++)
		(void)pthread_join(b->threads[i], NULL);
	b->nthreads = 0;
}

int bundle_end(struct bundle *b, enum bundle_status status, struct bundle_totals *ret)
{
	(void)pthread_mutex_lock(&b->adding);
	b->status = status == BUNDLE_COMPLETE && bundle_stopped(b) ? BUNDLE_PARTIAL : status;
	b->ended = true;
	int r = bundle_dispatch_open(b);
	(void)pthread_mutex_unlock(&b->adding);
	if (r < 0)
		(void)bundle_fail(b, r);
	queue_close(&b->to_read);
	queue_close(&b->in_order);
	join(b);
	r = bundle_err(b);
	if (r == 0)
		*ret = b->totals;
	return r;
}

int bundle_error(struct bundle *b)
{
	return bundle_err(b);
}

void bundle_progress(struct bundle *b, struct bundle_totals *ret)
{
	*ret = (struct bundle_totals){
		.entries = atomic_load(&b->done_entries),
		.bytes_in = atomic_load(&b->done_in),
		.bytes_out = atomic_load(&b->done_out),
		.gaps = atomic_load(&b->done_gaps),
	};
}

static void free_buffers(struct bundle *b)
{
	for (size_t i = 0; i < BUNDLE_SLOTS; i++) {
		if (b->slots[i].mem)
			bundle_slot_reset(&b->slots[i]);
		budget_free(&b->budget, b->slots[i].mem, BUNDLE_SLOT_SIZE);
	}
	for (size_t i = 0; i < BUNDLE_FRAMES; i++)
		budget_free(&b->budget, b->frames[i].mem, ZST_FRAME_MAX);
	for (size_t i = 0; i < BUNDLE_COMPRESSORS; i++)
		budget_free(&b->budget, b->spare[i], ZST_FRAME_MAX);
	while (b->larges)
		bundle_large_free(b, b->larges);
}

void bundle_closep(struct bundle **bp)
{
	struct bundle *b = *bp;

	if (!b)
		return;
	if (b->nthreads) {
		(void)bundle_fail(b, -ECANCELED);
		join(b);
	}
	free_buffers(b);
	pax_closep(&b->pax);
	ledger_done(&b->ledger);
	seal_closep(&b->seal);
	queue_done(&b->free_slots);
	queue_done(&b->to_read);
	queue_done(&b->in_order);
	queue_done(&b->free_frames);
	queue_done(&b->to_compress);
	queue_done(&b->to_seal);
	(void)pthread_cond_destroy(&b->slot_ready);
	(void)pthread_cond_destroy(&b->frame_done);
	(void)pthread_cond_destroy(&b->turn);
	(void)pthread_cond_destroy(&b->limit.sealed);
	(void)pthread_mutex_destroy(&b->gate);
	(void)pthread_mutex_destroy(&b->adding);
	free(b);
	*bp = NULL;
}
