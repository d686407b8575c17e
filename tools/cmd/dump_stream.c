/* SPDX-License-Identifier: Apache-2.0 */
/* csi dump: one thread reads the target, another hashes and writes. */
#include "cmd/dump.h"

#include "base/io.h"
#include "base/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum {
	SLOTS = 4,
	PIPE_BYTES = 1 << 20,
	WRITER_STACK = 64 << 10,
};

struct slot {
	size_t n;
	unsigned char bytes[CORE_CHUNK];
};

struct stream {
	struct dump *d;
	struct queue empty, full;
	_Atomic int err; /* of writing */
};

/* After an error slots still go round, so that the reader is not stuck. */
static void *writer(void *arg)
{
	struct stream *s = arg;
	void *item;

	while (queue_pop(&s->full, &item) == 1) {
		struct slot *slot = item;

		if (atomic_load(&s->err) == 0) {
			int r = io_write_all(s->d->fd, slot->bytes, slot->n);

			if (r < 0)
				atomic_store(&s->err, r);
			else if (!s->d->args->no_hash)
				hash_add(&s->d->hash, slot->bytes, slot->n);
		}
		(void)queue_push(&s->empty, slot);
	}
	return NULL;
}

static void show_progress(struct dump *d)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu of %llu MiB", (unsigned long long)(d->written >> 20),
		 (unsigned long long)(core_size(d->core) >> 20));
	cmd_progress(d->run, text);
}

/* What goes on between two chunks. 0, or -errno to end with. */
static int between(struct stream *s)
{
	struct dump *d = s->d;
	int r = atomic_load(&s->err);

	show_progress(d);
	if (d->stop)
		stop_go_on(d->stop);
	headroom_poll(&d->headroom);
	if (r == 0 && atomic_load(&d->run->stop) && d->written < core_size(d->core))
		r = -ECANCELED;
	return r;
}

static int read_core(struct stream *s)
{
	void *item;

	while (queue_pop(&s->empty, &item) == 1) {
		struct slot *slot = item;
		ssize_t n = core_read(s->d->core, slot->bytes, CORE_CHUNK);
		int r = n < 0 ? (int)n : 0;

		if (n <= 0)
			return r;
		slot->n = (size_t)n;
		s->d->written += slot->n;
		(void)queue_push(&s->full, slot);
		r = between(s);
		if (r < 0)
			return r;
	}
	return 0;
}

static int run_stream(struct stream *s, struct slot *slots)
{
	pthread_t thread;
	int r, w;

	for (size_t i = 0; i < SLOTS; i++)
		(void)queue_push(&s->empty, &slots[i]);
	r = thread_start(&thread, WRITER_STACK, writer, s);
	if (r < 0)
		return r;
	r = read_core(s);
	queue_close(&s->full);
	(void)pthread_join(thread, NULL);
	w = atomic_load(&s->err);
	return w < 0 ? w : r;
}

int dump_stream(struct dump *d)
{
	AUTO_FREE struct slot *slots = malloc(SLOTS * sizeof(*slots));
	struct stream s = { .d = d };
	int r;

	if (!slots)
		return -ENOMEM;
	hash_init(&d->hash, HASH_SHA256);
	/* Fewer turns between us and the reader; of what is no pipe it is refused. */
	(void)fcntl(d->fd, F_SETPIPE_SZ, PIPE_BYTES);
	r = queue_init(&s.empty, SLOTS);
	if (r < 0)
		return r;
	r = queue_init(&s.full, SLOTS);
	if (r == 0) {
		r = run_stream(&s, slots);
		queue_done(&s.full);
	}
	queue_done(&s.empty);
	return r;
}
