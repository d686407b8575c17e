/* SPDX-License-Identifier: Apache-2.0 */
/* Walking in one thread, reading in several, giving out in order. */
#include "work/hashwalk.h"
#include "work/hashwalk_priv.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct hashwalk {
	struct root *root;
	struct bytes start;
	struct hashwalk_options opts;
	int failed;	   /* why a gap could not be kept; the walker's */
	bool left_out;	   /* items that were not read any more; who gives out */
	int walked;	   /* what root_walk returned */
	atomic_bool stop;  /* ours or the caller's: see should_stop */
	struct batch *now; /* being filled, the walker's */
	struct batch *batches;
	size_t nbatches, pins; /* pins in one batch, most */
	struct queue idle, work, order;
	pthread_mutex_t lock;	     /* guards every batch's done, and awaited */
	pthread_cond_t done;	     /* one waiter: who gives out */
	const struct batch *awaited; /* by it; only for this one is it woken */
	pthread_t walker, workers[HASHWALK_JOBS_MAX];
	unsigned nworkers;
};

/*
 * A memory file system began with the container: what the runtime put there stands from before
 * runtime_until, all else is new. Of other mounts birth says nothing.
 */
enum birth_verdict hashwalk_birth(struct root *r, const struct birth *b, const struct walk_entry *e)
{
	bool above =
		S_ISDIR(e->info.mode) && b->basis != BIRTH_NONE && root_above_mount(r, e->path);

	/* What is under birth is everything else. */
	if (bytes_eq(e->path, bytes_str("/")) && b->basis != BIRTH_NONE)
		return BIRTH_RUNTIME;
	if (e->mount == MOUNT_MEMORY && b->basis != BIRTH_NONE && !b->stepped)
		return file_stamp_ns(&e->info.ctime) > b->runtime_until ? BIRTH_NEW : BIRTH_RUNTIME;
	return birth_judge(b, e, above);
}

/* Another mount's entry counts by its ctime; without any reference nothing can be left out. */
static bool unsure(const struct hashwalk *hw, const struct walk_entry *e)
{
	return hw->opts.birth.basis == BIRTH_NONE || e->mount == MOUNT_ROOT ||
	       file_stamp_ns(&e->info.ctime) > hw->opts.birth.runtime_until;
}

static bool wanted(const struct hashwalk *hw, const struct walk_entry *e, enum birth_verdict v)
{
	if (!hw->opts.only_new || v == BIRTH_NEW || v == BIRTH_BELOW)
		return true;
	if (v == BIRTH_RUNTIME || e->mount == MOUNT_BOUND)
		return hw->opts.runtime || (e->mount == MOUNT_BOUND && unsure(hw, e));
	return v == BIRTH_UNKNOWN && unsure(hw, e);
}

static void batch_reset(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct file_xattrs *x = (struct file_xattrs *)(uintptr_t)b->items[i].xattrs;

		base_closep(&b->pins[i]);
		if (x)
			file_xattrs_done(x);
		free(x);
	}
	b->n = b->npins = 0;
	b->work = 0;
	b->done = false;
	/* One very long path must not stay in memory. */
	if (b->bytes.cap > BATCH_BIG)
		buf_done(&b->bytes);
	buf_clear(&b->bytes);
}

/* Only now do the bytes stay where they are. */
static void batch_point(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct hashwalk_item *it = &b->items[i];

		it->path.head.p = b->bytes.p + b->path_at[i];
		it->path.name.p = it->path.head.p + it->path.head.n;
		it->link.p = b->bytes.p + b->link_at[i];
		if (it->kind == HASHWALK_GAP)
			it->gap.on = it->path.head;
	}
}

static bool should_stop(const struct hashwalk *hw)
{
	return atomic_load_explicit(&hw->stop, memory_order_relaxed);
}

/* Waits until all that was sent has been given out: at most one huge batch is in memory. */
static int drain(struct hashwalk *hw)
{
	void *all[BATCHES_MAX];
	size_t n = 0;
	int r = 0;

	while (n < hw->nbatches && queue_pop(&hw->idle, &all[n]) > 0)
		n++;
	if (n < hw->nbatches)
		r = -ECANCELED;
	while (n > 0)
		(void)queue_push(&hw->idle, all[--n]);
	return r;
}

static int send(struct hashwalk *hw)
{
	struct batch *b = hw->now;
	bool big = b && b->bytes.n > BATCH_BIG;
	int r;

	if (!b || b->n == 0)
		return 0;
	hw->now = NULL;
	batch_point(b);
	/* Sent, it may be given out and empty before the next line. */
	bool reads = b->npins > 0;
	b->done = !reads;
	/* Both queues hold all batches there are: neither push waits. */
	r = queue_push(&hw->order, b);
	if (r == 0 && reads)
		r = queue_push(&hw->work, b);
	if (r == 0 && big)
		r = drain(hw);
	return r;
}

/* An item to fill, in a batch with room for it. */
static int next_item(struct hashwalk *hw, struct hashwalk_item **ret)
{
	void *p = NULL;
	struct batch *b = hw->now;

	if (should_stop(hw))
		return -ECANCELED;
	if (b && (b->n == BATCH_ITEMS || b->npins == hw->pins || b->bytes.n >= BATCH_BYTES ||
		  b->work >= BATCH_WORK)) {
		int r = send(hw);

		if (r < 0)
			return r;
	}
	if (!hw->now) {
		if (queue_pop(&hw->idle, &p) <= 0)
			return -ECANCELED;
		hw->now = p;
	}
	b = hw->now;
	*ret = &b->items[b->n];
	**ret = (struct hashwalk_item){ .noatime = true };
	b->pins[b->n] = -1;
	return 0;
}

/* Copies PATH and LINK for the item in hand, which counts from here on. */
static int keep_bytes(struct batch *b, struct kept_path path, struct bytes link)
{
	struct hashwalk_item *it = &b->items[b->n];
	int r;

	it->path = path;
	b->path_at[b->n] = b->bytes.n;
	r = buf_addb(&b->bytes, it->path.head);
	if (r == 0)
		r = buf_addb(&b->bytes, it->path.name);
	if (r < 0)
		return r;
	b->link_at[b->n] = b->bytes.n;
	r = buf_addb(&b->bytes, link);
	if (r < 0)
		return r;
	it->link.n = link.n;
	b->n++;
	return 0;
}

static void on_gap(void *ctx, const struct gap *gap)
{
	struct hashwalk *hw = ctx;
	struct hashwalk_item *it;

	if (next_item(hw, &it) < 0)
		return;
	it->kind = HASHWALK_GAP;
	it->gap = *gap;
	/* Whole, since who tells of it cuts it and says so. */
	const struct kept_path on = { .head = gap->on };
	hw->failed = keep_bytes(hw->now, on, bytes_of(NULL, 0));
	if (hw->failed < 0)
		atomic_store(&hw->stop, true);
}

/* Of the image's directories in the upper layer; "/" is always there. */
static bool look_into(const struct hashwalk *hw, const struct walk_entry *e,
		      const struct hashwalk_item *it)
{
	return hw->opts.dirs && S_ISDIR(e->info.mode) && e->mount == MOUNT_ROOT &&
	       hw->opts.birth.basis == BIRTH_OVERLAY && !it->handle_upper &&
	       (it->birth == BIRTH_NEW || bytes_eq(e->path, bytes_str("/")));
}

static bool needs_pin(const struct hashwalk *hw, const struct walk_entry *e,
		      const struct hashwalk_item *it)
{
	return hw->opts.xattrs || it->to_hash || look_into(hw, e, it);
}

static bool to_hash(const struct hashwalk *hw, const struct walk_entry *e)
{
	return e->event == WALK_ENTRY && hw->opts.hashes && S_ISREG(e->info.mode) &&
	       (!hw->opts.read_this || hw->opts.read_this(hw->opts.read_ctx, e));
}

static int on_entry(void *ctx, struct walk_entry *e)
{
	static const enum hashwalk_kind kinds[] = {
		[WALK_ENTRY] = HASHWALK_FILE,
		[WALK_SKIPPED] = HASHWALK_SKIPPED,
		[WALK_UNSORTED] = HASHWALK_UNSORTED,
	};
	struct hashwalk *hw = ctx;
	struct hashwalk_item *it;
	enum birth_verdict v = BIRTH_UNKNOWN;
	struct batch *b;
	int r;

	if (hw->opts.coverage)
		coverage_note(hw->opts.coverage, e);
	if (e->event == WALK_ENTRY) {
		v = hashwalk_birth(hw->root, &hw->opts.birth, e);
		if (!wanted(hw, e, v) || (hw->opts.filter && !filter_wants(hw->opts.filter, e)))
			return should_stop(hw) ? -ECANCELED : 0;
	}
	r = next_item(hw, &it);
	if (r < 0)
		return r;
	b = hw->now;
	it->kind = kinds[e->event];
	it->mount = e->mount;
	it->info = e->info;
	it->birth = v;
	it->to_hash = to_hash(hw, e);
	it->handle_known = e->handle_known;
	it->handle_upper = e->handle_upper;
	it->parent_ino = e->parent_ino;
	it->noatime = !S_ISDIR(e->info.mode) || e->noatime;
	r = keep_bytes(b, path_keep(e->path), e->link);
	if (r < 0 || e->event != WALK_ENTRY || !needs_pin(hw, e, it))
		return r;
	if (look_into(hw, e, it))
		it->dir = HASHWALK_DIR_UNTOLD; /* until a worker has looked */
	b->pins[b->n - 1] = walk_take_pin(e);
	b->npins++;
	if (it->to_hash)
		b->work += e->info.size < BATCH_WORK ? e->info.size : BATCH_WORK;
	return 0;
}

static void *walk_thread(void *arg)
{
	struct hashwalk *hw = arg;
	const struct gap_sink gaps = { on_gap, hw };
	struct walk_limits limits = hw->opts.limits;

	limits.gaps = &gaps;
	hw->walked = root_walk(hw->root, hw->start, &limits, on_entry, hw);
	(void)send(hw);
	if (hw->failed < 0)
		hw->walked = hw->failed;
	queue_close(&hw->work);
	queue_close(&hw->order);
	return NULL;
}

static void *work_thread(void *arg)
{
	struct hashwalk *hw = arg;
	struct reader rd = { .opts = &hw->opts, .stop = &hw->stop };
	void *p;

	rd.buffer = malloc(READ_BUFFER);
	(void)file_opener_new(&rd.opener); /* it can be done without */
	while (queue_pop(&hw->work, &p) > 0) {
		struct batch *b = p;

		for (size_t i = 0; i < b->n; i++) {
			if (!rd.buffer && b->pins[i] >= 0)
				b->items[i].gap = (struct gap){ .err = -ENOMEM, .what = "read" };
			else
				hashwalk_read(&rd, b, i);
		}
		pthread_mutex_lock(&hw->lock);
		b->done = true;
		if (hw->awaited == b)
			pthread_cond_signal(&hw->done);
		pthread_mutex_unlock(&hw->lock);
	}
	file_opener_closep(&rd.opener);
	free(rd.buffer);
	return NULL;
}

static int give_out(struct hashwalk *hw, hashwalk_fn fn, void *ctx)
{
	int r = 0;
	void *p;

	while (queue_pop(&hw->order, &p) > 0) {
		struct batch *b = p;

		pthread_mutex_lock(&hw->lock);
		hw->awaited = b;
		while (!b->done)
			pthread_cond_wait(&hw->done, &hw->lock);
		pthread_mutex_unlock(&hw->lock);
		for (size_t i = 0; i < b->n && r == 0; i++) {
			struct hashwalk_item *it = &b->items[i];

			if (it->gap.err && it->kind == HASHWALK_FILE)
				it->gap.on = it->path.head;
			/* Stopped: what was not read any more is not shown as if it had been. */
			if (it->gap.err == -ECANCELED) {
				hw->left_out = true;
				continue;
			}
			r = fn(ctx, it);
			if (hw->opts.limits.stop && atomic_load(hw->opts.limits.stop))
				atomic_store(&hw->stop, true);
		}
		if (r < 0)
			atomic_store(&hw->stop, true);
		batch_reset(b);
		(void)queue_push(&hw->idle, b);
	}
	return r;
}

/* How many batches and how many pins in each, so that they leave descriptors for all else. */
static void size_batches(struct hashwalk *hw)
{
	struct rlimit lim = { .rlim_cur = 1024 };
	size_t fds = 0;

	(void)getrlimit(RLIMIT_NOFILE, &lim);
	if (lim.rlim_cur > FDS_KEPT_FREE)
		fds = lim.rlim_cur < (1 << 20) ? (size_t)lim.rlim_cur - FDS_KEPT_FREE : 1 << 20;
	hw->nbatches = fds / BATCH_ITEMS;
	if (hw->nbatches < BATCHES_MIN)
		hw->nbatches = BATCHES_MIN;
	if (hw->nbatches > BATCHES_MAX)
		hw->nbatches = BATCHES_MAX;
	hw->pins = fds / hw->nbatches;
	if (hw->pins < 1)
		hw->pins = 1;
	if (hw->pins > BATCH_ITEMS)
		hw->pins = BATCH_ITEMS;
}

static int prepare(struct hashwalk *hw)
{
	int r;

	size_batches(hw);
	hw->batches = calloc(hw->nbatches, sizeof(*hw->batches));
	if (!hw->batches)
		return -ENOMEM;
	r = queue_init(&hw->idle, hw->nbatches);
	if (r == 0)
		r = queue_init(&hw->work, hw->nbatches);
	if (r == 0)
		r = queue_init(&hw->order, hw->nbatches);
	for (size_t i = 0; r == 0 && i < hw->nbatches; i++) {
		/* A gap's path is at most 4 MiB; of others PATH_KEPT bytes and a name are kept. */
		hw->batches[i].bytes = BUF_LIMIT(8 << 20);
		r = queue_push(&hw->idle, &hw->batches[i]);
	}
	return r;
}

static void clean_up(struct hashwalk *hw)
{
	for (size_t i = 0; hw->batches && i < hw->nbatches; i++) {
		batch_reset(&hw->batches[i]);
		buf_done(&hw->batches[i].bytes);
	}
	free(hw->batches);
	queue_done(&hw->idle);
	queue_done(&hw->work);
	queue_done(&hw->order);
	pthread_mutex_destroy(&hw->lock);
	pthread_cond_destroy(&hw->done);
}

static int start_threads(struct hashwalk *hw)
{
	bool reads = hw->opts.hashes || hw->opts.xattrs || hw->opts.dirs;
	unsigned jobs = hw->opts.jobs ? hw->opts.jobs : HASHWALK_JOBS;
	int r = 0;

	if (jobs > HASHWALK_JOBS_MAX)
		jobs = HASHWALK_JOBS_MAX;
	while (reads && r == 0 && hw->nworkers < jobs) {
		r = thread_start(&hw->workers[hw->nworkers], WORKER_STACK, work_thread, hw);
		if (r == 0)
			hw->nworkers++;
	}
	/* Fewer workers than asked for are enough. */
	if (r < 0 && hw->nworkers == 0)
		return r;
	return thread_start(&hw->walker, WALKER_STACK, walk_thread, hw);
}

int hashwalk_run(struct root *root, struct bytes start, const struct hashwalk_options *opts,
		 hashwalk_fn fn, void *ctx)
{
	struct hashwalk hw = { .root = root, .start = start, .opts = *opts };
	int r, given = 0;

	if (!hw.opts.max_file)
		hw.opts.max_file = HASHWALK_MAX_FILE;
	pthread_mutex_init(&hw.lock, NULL);
	pthread_cond_init(&hw.done, NULL);
	r = prepare(&hw);
	if (r == 0)
		r = start_threads(&hw);
	if (r == 0) {
		given = give_out(&hw, fn, ctx);
		pthread_join(hw.walker, NULL);
		r = given < 0 ? given : hw.walked;
		if (r == 0 && hw.left_out)
			r = -ECANCELED;
	} else if (hw.nworkers > 0) {
		queue_close(&hw.work);
	}
	for (unsigned i = 0; i < hw.nworkers; i++)
		pthread_join(hw.workers[i], NULL);
	clean_up(&hw);
	return r;
}
