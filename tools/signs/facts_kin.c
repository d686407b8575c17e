/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a process beside others: parent, tracer, the first of its container, where it stands. */
#include "signs/facts_priv.h"

#include "sys/passwd.h"

#include <errno.h>
#include <stdio.h>

enum { STAT_TEXT_MAX = 4096, SECCOMP_FILTER = 2 };

/* Its parent as it is now: the one that stat showed may have ended since, and another adopted it.
 */
static int parent_now(struct process *p, pid_t *ret)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct proc_stat st;
	int r = process_text(p, TEXT_STAT, &text, STAT_TEXT_MAX);

	if (r == 0)
		r = proc_parse_stat(buf_bytes(&text), &st);
	if (r == 0)
		*ret = st.ppid;
	return r;
}

/* 0: there is such a process; 1: there is none that can be seen; -errno. */
static int is_missing(struct source *s, pid_t pid)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	int r = process_open(s, (struct process_id){ .pid = pid }, &p);

	return err_is_gone(r) ? 1 : r;
}

int learn_parent(struct gathering *g)
{
	pid_t parent = g->f->stat->ppid;
	int r;

	/* In a copy, or where /proc hides what is another's, an absence proves nothing. */
	if (source_kind(g->sh->source) != SOURCE_LIVE || shared_own_hides(g->sh))
		return 1;
	if (parent == 0 || shared_has(g->sh, parent))
		return 0;
	/* Twice, so that a parent that ended between two reads is not taken for a hidden one. */
	for (int i = 0; i < 2; i++) {
		r = is_missing(g->sh->source, parent);
		if (r <= 0)
			return r;
		r = parent_now(g->p, &parent);
		if (r < 0)
			return r;
		if (parent == 0)
			return 0;
	}
	g->f->parent_missing = is_missing(g->sh->source, parent) == 1;
	return 0;
}

int learn_tracer(struct gathering *g)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	const struct proc_status *st = g->f->status;

	if (!(g->f->known & FACT_STATUS) || !(st->have & STATUS_TRACER))
		return 1;
	g->f->tracer = st->tracer;
	if (!st->tracer ||
	    process_open(g->sh->source, (struct process_id){ .pid = st->tracer }, &p) < 0)
		return 0;
	return buf_add(&g->f->tracer_name, process_stat(p)->comm, process_stat(p)->comm_len);
}

/* Of the first process of NS: -1 unknown. Asked once. */
static int first_seccomp(struct facts_shared *sh, struct mount_ns *ns)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	const struct proc_status *st;

	if (ns->first_asked)
		return ns->first_seccomp;
	ns->first_asked = true;
	ns->first_seccomp = -1;
	if (process_open(sh->source, ns->first, &p) == 0 && process_status(p, &st) == 0 &&
	    (st->have & STATUS_SECCOMP))
		ns->first_seccomp = st->seccomp;
	return ns->first_seccomp;
}

int learn_first(struct gathering *g)
{
	struct mount_ns *ns = shared_ns(g->sh, g->f->ns_mnt, process_id(g->p));
	const struct proc_status *st = g->f->status;
	int first;

	if (g->bare || !g->f->ns_mnt || !ns || !(g->f->known & FACT_STATUS) ||
	    !(st->have & STATUS_SECCOMP))
		return 1;
	first = first_seccomp(g->sh, ns);
	if (first < 0)
		return 1;
	g->f->less_confined = first == SECCOMP_FILTER && st->seccomp == 0;
	return 0;
}

int learn_cwd(struct gathering *g)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r;

	/* The same permission as for the exe link, whose gap was told. */
	if (g->bare || !(g->f->known & FACT_EXE_LINK))
		return 1;
	r = process_link(g->p, LINK_CWD, &g->f->cwd);
	if (r < 0)
		return r;
	if (!bytes_ends(buf_bytes(&g->f->cwd), " (deleted)"))
		return 0;
	r = gathering_space(g);
	if (r)
		return r;
	/* A directory may really be called so. */
	r = root_pin(g->space->root, buf_bytes(&g->f->cwd), &pin, &info);
	g->f->cwd_deleted = r == -ENOENT || r == -ENOTDIR;
	return 0;
}

int learn_jvm_attach(struct gathering *g)
{
	static const char *const names[] = { "/tmp/.java_pid", "/tmp/.attach_pid" };
	const struct proc_status *st = g->f->status;
	char path[48];
	int r;

	if (g->bare || g->f->maps.jit != JIT_RUNTIME || !(g->f->known & FACT_STATUS))
		return 1;
	r = gathering_space(g);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(names); i++) {
		AUTO_CLOSE int pin = -1;
		struct file_info info;

		/* The JVM names them by what it sees as its own PID. */
		(void)snprintf(path, sizeof(path), "%s%d", names[i],
			       (int)(st->nspid ? st->nspid : process_id(g->p).pid));
		if (root_pin(g->space->root, bytes_str(path), &pin, &info) == 0)
			return buf_adds(&g->f->jvm_attach, path);
	}
	return r;
}

int learn_user(struct gathering *g)
{
	struct space *sp;
	int r;

	if (g->bare || !(g->f->known & FACT_OWNER))
		return 1;
	r = gathering_space(g);
	if (r)
		return r;
	sp = g->space;
	if (!sp->passwd_asked) {
		sp->passwd_asked = true;
		sp->passwd_err = root_passwd(sp->root, &sp->passwd);
	}
	if (sp->passwd_err < 0 && !sp->passwd_told) {
		sp->passwd_told = true;
		gathering_tell(g, "read /etc/passwd", sp->passwd_err);
	}
	return buf_addb(&g->f->user_name, passwd_name(buf_bytes(&sp->passwd), g->f->uid));
}
