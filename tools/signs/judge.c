/* SPDX-License-Identifier: Apache-2.0 */
/* Every sign over everything: processes, and the list of the other subjects. */
#include "signs/judge.h"
#include "signs/pidwalk.h"
#include "signs/shared.h"

#include <errno.h>

/* One row a subject. */
static int (*const judges[])(struct judging *j) = {
	judge_processes,
	judge_containers,
	judge_sockets,
	judge_files,
};

int judge_all(struct judging *j)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(judges) && !atomic_load(j->stop); i++)
		r = judges[i](j);
	return r;
}

void sign_about_process(const struct facts *f, struct sign_about *ret)
{
	*ret = (struct sign_about){
		.subject = SUBJECT_PROCESS,
		.pid = f->stat->pid,
		.name = bytes_of(f->stat->comm, f->stat->comm_len),
		.container_id = buf_bytes(&f->container_id),
		.ns_mnt = f->ns_mnt,
		.hashed = f->known & FACT_EXE_HASH,
	};
	memcpy(ret->exe_sha256, f->exe_sha256, EXE_HASH_BYTES);
	if (f->process)
		process_entity_id(f->process, ret->entity_id);
}

struct judged_process {
	const struct judging *j;
	struct process *p; /* NULL: not even opened */
	struct facts *f;
	bool hash_tried;
	int err;
};

static void on_match(void *ctx, const struct sign *s, const struct finding *f)
{
	struct judged_process *p = ctx;
	struct sign_about about;

	if (p->p && !p->hash_tried)
		p->err = facts_exe_hash(p->j->shared, p->p, p->j->gaps, p->f);
	p->hash_tried = true;
	sign_about_process(p->f, &about);
	p->j->fn(p->j->ctx, &about, s, f);
}

static int judge_one(struct judging *j, struct process_id id, struct facts *f)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	struct judged_process judged = { .j = j, .f = f };
	int r = process_open(j->source, id, &p);

	if (r == 0)
		r = facts_gather(j->shared, p, signs_needs(SUBJECT_PROCESS), j->gaps, f);
	/* Ended since it was listed: not a gap in the evidence. */
	if (err_is_gone(r))
		return 0;
	if (r < 0) {
		const struct gap gap = { .err = r, .what = "open process", .pid = id.pid };

		gap_tell(j->gaps, &gap);
		return r == -ENOMEM ? r : 0;
	}
	judged.p = p;
	signs_judge_process(f, on_match, &judged);
	return judged.err;
}

/* One that /proc does not open either: all that is known is that it answers. */
static void judge_number(struct judging *j, pid_t pid, struct facts *f)
{
	const struct proc_stat none = { .pid = pid };
	struct judged_process judged = { .j = j, .f = f };

	facts_reset(f);
	f->stat = &none;
	f->known = FACT_UNLISTED;
	f->unlisted = true;
	f->process = NULL;
	signs_judge_process(f, on_match, &judged);
	f->stat = NULL;
}

static int judge_unlisted(struct judging *j, struct facts *f)
{
	AUTO_FREE struct pidwalk *w = malloc(sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	/* A /proc that hides the processes of others has them in no list. */
	if (shared_own_hides(j->shared))
		return 0;
	r = pidwalk(j->source, w);
	if (r == -ENOMEM || r == -EOPNOTSUPP)
		return r == -ENOMEM ? r : 0;
	if (r < 0) {
		const struct gap gap = { .err = r, .what = "ask for every PID" };

		gap_tell(j->gaps, &gap);
	}
	r = 0;
	for (size_t i = 0; r == 0 && i < w->n; i++) {
		struct process_id id = { .pid = w->hidden[i] };
		AUTO_DONE(process_closep) struct process *p = NULL;

		f->unlisted = true;
		if (process_open(j->source, id, &p) == 0)
			r = judge_one(j, id, f);
		else
			judge_number(j, id.pid, f);
		f->unlisted = false;
	}
	return r;
}

int judge_processes(struct judging *j)
{
	AUTO_DONE(facts_done) struct facts facts = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->nids && !atomic_load(j->stop); i++)
		r = judge_one(j, j->ids[i], &facts);
	if (r == 0 && j->whole && !atomic_load(j->stop))
		r = judge_unlisted(j, &facts);
	if (r == 0 && j->whole)
		facts_shared_unseen(j->shared, j->gaps);
	return r;
}
