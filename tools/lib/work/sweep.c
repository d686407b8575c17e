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
	atomic_int err;	     /* what ended it */
	atomic_int confined; /* the last refusal */
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

static int prepare(struct sweep *s, struct sweep_thread *t)
{
	int r = window_open(&t->window);

	if (r == 0 && s->o.rules)
		r = rules_scanner_new(s->o.rules, s->o.timeout, &t->scanner);
	/* What is refused is told by doctor: it is never why evidence is not looked at. */
	int refused = confine_self(CONFINE_SCANNER);
	if (refused < 0)
		atomic_store(&s->confined, refused);
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
		sweep_job_closep(&j);
		if (t.err < 0)
			end_with(s, t.err);
	}
	rules_scanner_closep(&t.scanner);
	window_closep(&t.window);
	return NULL;
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
	r = queue_init(&s->queue, QUEUED);
	for (unsigned i = 0; r == 0 && i < jobs && i < SWEEP_JOBS_MAX; i++) {
		r = thread_start(&s->threads[i], STACK, work, s);
		s->n += r == 0;
	}
	/* Fewer threads than asked for are enough. */
	if (r < 0 && s->n == 0) {
		queue_done(&s->queue);
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

int sweep_push(struct sweep *s, struct sweep_job *j)
{
	int r = atomic_load(&s->err);

	if (r == 0)
		r = queue_push(&s->queue, j);
	if (r < 0)
		sweep_job_closep(&j);
	return r;
}

int sweep_confined(const struct sweep *s)
{
	return atomic_load(&s->confined);
}

int sweep_end(struct sweep **s)
{
	int r;

	if (!*s)
		return 0;
	queue_close(&(*s)->queue);
	for (unsigned i = 0; i < (*s)->n; i++)
		pthread_join((*s)->threads[i], NULL);
	queue_done(&(*s)->queue);
	r = atomic_load(&(*s)->err);
	free(*s);
	*s = NULL;
	return r;
}
