/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a sweep, and their queue. */
#include "work/sweep.h"
#include "work/sweep_priv.h"

#include "base/queue.h"
#include "sys/confine.h"

#include <errno.h>

/* What waits holds a descriptor and, of memory, its list of pages. */
enum { QUEUED = 8, STACK = RULES_STACK + (1 << 20) };

struct sweep {
	struct sweep_options o;
	struct queue queue;
	pthread_t threads[SWEEP_JOBS_MAX];
	unsigned n;
	pthread_mutex_t lock; /* of LISTS */
	pthread_cond_t less;
	size_t lists;	/* bytes of lists of memory that are alive */
	atomic_int err; /* what ended it */
};

struct sweep_job *sweep_job_new(enum sweep_kind kind, struct bytes path, struct bytes comm)
{
	struct sweep_job *j = calloc(1, sizeof(*j));
	struct kept_path kept = path_keep(path);

	if (!j)
		return NULL;
	j->kind = kind;
	if (buf_addb(&j->text, kept.head) < 0 || buf_addb(&j->text, kept.name) < 0 ||
	    buf_addb(&j->text, comm) < 0) {
		sweep_job_closep(&j);
		return NULL;
	}
	j->path = kept;
	j->path.head.p = j->text.p;
	j->path.name.p = j->text.p + kept.head.n;
	j->comm = bytes_of(j->text.p + kept.head.n + kept.name.n, comm.n);
	return j;
}

void sweep_job_closep(struct sweep_job **j)
{
	if (!*j)
		return;
	file_close((*j)->file);
	sweep_memory_done(&(*j)->memory);
	process_close((*j)->process);
	buf_done(&(*j)->text);
	free(*j);
	*j = NULL;
}

const char *sweep_kind_name(enum sweep_kind k)
{
	static const char *const names[] = { "file", "exe", "deleted", "memfd", "memory" };

	return names[k];
}

static void end_with(struct sweep *s, int err)
{
	int none = 0;

	(void)atomic_compare_exchange_strong(&s->err, &none, err);
}

static void add_lists(struct sweep *s, size_t n)
{
	(void)pthread_mutex_lock(&s->lock);
	s->lists += n;
	(void)pthread_mutex_unlock(&s->lock);
}

static void end_job(struct sweep *s, struct sweep_job *j)
{
	size_t n = sweep_memory_bytes(&j->memory);

	sweep_job_closep(&j);
	(void)pthread_mutex_lock(&s->lock);
	s->lists -= n;
	(void)pthread_cond_signal(&s->less);
	(void)pthread_mutex_unlock(&s->lock);
}

static int prepare(struct sweep *s, struct sweep_thread *t)
{
	int r = window_open(&t->window);

	if (r == 0 && s->o.rules)
		r = rules_scanner_new(s->o.rules, s->o.timeout, &t->scanner);
	/* What is refused is told by doctor: it is never why evidence is not looked at. */
	(void)confine_self(CONFINE_SCANNER);
	return r;
}

static void *work(void *arg)
{
	struct sweep *s = arg;
	struct sweep_thread t = { .o = &s->o };
	int r = prepare(s, &t);
	void *p;

	if (r < 0)
		end_with(s, r);
	while (queue_pop(&s->queue, &p) > 0) {
		struct sweep_job *j = p;

		if (atomic_load(&s->err) == 0 && !(s->o.stop && atomic_load(s->o.stop)))
			sweep_scan(&t, j);
		end_job(s, j);
		if (t.err < 0)
			end_with(s, t.err);
	}
	rules_scanner_closep(&t.scanner);
	window_closep(&t.window);
	return NULL;
}

static void sweep_free(struct sweep *s)
{
	queue_done(&s->queue);
	(void)pthread_cond_destroy(&s->less);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

int sweep_start(const struct sweep_options *o, struct sweep **ret)
{
	struct sweep *s = calloc(1, sizeof(*s));
	unsigned jobs = o->jobs ? o->jobs : SWEEP_JOBS;
	int r;

	if (!s)
		return -ENOMEM;
	s->o = *o;
	if (!s->o.timeout)
		s->o.timeout = SWEEP_TIMEOUT;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->less, NULL);
	r = queue_init(&s->queue, QUEUED);
	for (unsigned i = 0; r == 0 && i < jobs && i < SWEEP_JOBS_MAX; i++) {
		r = thread_start(&s->threads[i], STACK, work, s);
		s->n += r == 0;
	}
	/* Fewer threads than asked for are enough. */
	if (r < 0 && s->n == 0) {
		sweep_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void sweep_wait(struct sweep *s)
{
	(void)pthread_mutex_lock(&s->lock);
	while (s->lists > SWEEP_LISTS_MAX - SWEEP_LIST_MAX)
		(void)pthread_cond_wait(&s->less, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
}

int sweep_push(struct sweep *s, struct sweep_job *j)
{
	int r = atomic_load(&s->err);

	add_lists(s, sweep_memory_bytes(&j->memory)); /* afterwards a thread may have ended it */
	if (r == 0)
		r = queue_push(&s->queue, j);
	if (r < 0)
		end_job(s, j);
	return r;
}

int sweep_end(struct sweep **s)
{
	int r;

	if (!*s)
		return 0;
	queue_close(&(*s)->queue);
	for (unsigned i = 0; i < (*s)->n; i++)
		pthread_join((*s)->threads[i], NULL);
	r = atomic_load(&(*s)->err);
	sweep_free(*s);
	*s = NULL;
	return r;
}
