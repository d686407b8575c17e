/* SPDX-License-Identifier: Apache-2.0 */
/* posture.jsonl: what each process and each container may do; the risks go into the ledger. */
#include "signs/container.h"
#include "sys/creds.h"
#include "work/gather.h"
#include "work/posture_record.h"

#include <errno.h>

enum { SMALL_TEXT_MAX = 64 << 10, CAPS_KNOWN = 41 };

static void put_caps(struct out *o, uint64_t caps)
{
	out_list(o, F_CSI_POSTURE_CAPS);
	for (int i = 0; i < CAPS_KNOWN; i++)
		if (((caps >> i) & 1) && creds_cap_name(i))
			out_list_add(o, bytes_str(creds_cap_name(i)));
}

static void put_text(struct out *o, struct process *p, enum proc_text text, enum field field)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(SMALL_TEXT_MAX + 1);

	if (process_text(p, text, &b, SMALL_TEXT_MAX) < 0)
		return;
	while (b.n && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '\0'))
		b.n--;
	if (b.n)
		out_bytes(o, field, buf_bytes(&b));
}

static int put_posture(struct gather_table *table, const struct target *t)
{
	const struct proc_status *st;
	struct out *o = table->out;
	int r = process_status(t->p, &st);

	if (r < 0) {
		if (!err_is_gone(r))
			gather_tell(table->g, r, "read status", process_id(t->p).pid,
				    bytes_of("", 0));
		return 0;
	}
	out_begin(o, "state");
	gather_put_identity(o, t);
	gather_put_namespaces(o, t->p);
	if (st->have & STATUS_CAPS) {
		put_caps(o, st->cap_eff);
		out_hex(o, F_CSI_POSTURE_CAP_EFF, st->cap_eff);
		out_hex(o, F_CSI_POSTURE_CAP_PRM, st->cap_prm);
		out_hex(o, F_CSI_POSTURE_CAP_BND, st->cap_bnd);
	}
	if (st->have & STATUS_NNP)
		out_i64(o, F_CSI_POSTURE_NNP, st->no_new_privs);
	if (st->have & STATUS_SECCOMP)
		out_i64(o, F_CSI_POSTURE_SECCOMP, st->seccomp);
	put_text(o, t->p, TEXT_ATTR_CURRENT, F_CSI_POSTURE_LSM);
	put_text(o, t->p, TEXT_UID_MAP, F_CSI_POSTURE_USERNS);
	if (out_end(o) < 0)
		return -ENOMEM;
	return gather_table_step(table);
}

struct posture {
	struct gather *g;
	struct gather_table *table;
	struct sign_about about;
	int err;
};

static int step(void *ctx)
{
	return gather_table_step(ctx);
}

static void on_match(void *ctx, const struct sign *s, const struct finding *f)
{
	struct posture *p = ctx;

	if (p->err == 0)
		p->err = gather_finding(p->g, &p->about, s, f, NULL);
}

static int put_container(void *ctx, const struct container_facts *f)
{
	struct posture *p = ctx;
	int r = posture_records(p->table->out, f, step, p->table);

	if (r < 0 || f->node)
		return r;
	sign_about_container(f, &p->about);
	signs_judge_container(f, f->known, on_match, p);
	return p->err;
}

static int put_containers(struct gather *g, struct gather_table *table)
{
	static const atomic_bool never = false;
	AUTO_DONE(facts_shared_closep) struct facts_shared *shared = NULL;
	AUTO_FREE struct process_id *ids = calloc(g->targets->n + 1, sizeof(*ids));
	struct posture p = { .g = g, .table = table };
	struct judging j = {
		.source = g->source,
		.ids = ids,
		.nids = g->targets->n,
		.gaps = &g->ledger_gaps,
		.stop = g->stop ? g->stop : &never,
	};
	int r = ids ? facts_shared_open(g->source, &shared) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < g->targets->n; i++)
		ids[i] = process_id(g->targets->v[i].p);
	j.shared = shared;
	return r < 0 ? r : containers_each(&j, put_container, &p);
}

int gather_posture(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table table;
	int r = gather_table_open(g, "posture", &table);

	for (size_t i = 0; r == 0 && i < g->targets->n; i++)
		r = put_posture(&table, &g->targets->v[i]);
	/* Which reads tokens: a plan opens no content. */
	if (r == 0 && g->targets->n && !g->plan)
		r = put_containers(g, &table);
	return r < 0 ? r : gather_table_close(&table);
}
