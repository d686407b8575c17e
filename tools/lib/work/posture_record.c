/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a container as records. csi.text is the one line of each that a person reads. */
#include "work/posture_record.h"

#include <stdio.h>

struct writer {
	struct out *o;
	const struct container_facts *f;
	posture_step step;
	void *ctx;
	struct buf text;
};

static void begin(struct writer *w, const char *fact)
{
	struct out *o = w->o;

	buf_clear(&w->text);
	out_begin(o, "state");
	if (w->f->container_id.n)
		out_bytes(o, F_CONTAINER_ID, buf_bytes(&w->f->container_id));
	if (w->f->ns_mnt)
		out_u64(o, F_CSI_NS_MNT, w->f->ns_mnt);
	out_str(o, F_CSI_POSTURE_FACT, fact);
}

static int end(struct writer *w)
{
	int r;

	if (w->text.n)
		out_bytes(w->o, F_CSI_TEXT, buf_bytes(&w->text));
	r = out_end(w->o);
	return r < 0 ? r : w->step(w->ctx);
}

static int put_container(struct writer *w)
{
	const struct container_facts *f = w->f;
	int r;

	begin(w, "container");
	out_str(w->o, F_PROCESS_ENTITY_ID, f->entity_id);
	out_bytes(w->o, F_PROCESS_NAME, buf_bytes(&f->name));
	out_u64(w->o, F_PROCESS_PID, (uint64_t)f->first.pid);
	out_u64(w->o, F_CSI_POSTURE_COUNT, f->processes);
	r = buf_addf(&w->text, "%zu process%s%s", f->processes, f->processes == 1 ? "" : "es",
		     f->node ? ", the node's own root: not judged" : "");
	return r < 0 ? r : end(w);
}

static void put_caps(struct out *o, const struct rights *r)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct bytes rest;

	if (caps_text(r->cap_eff, &b) < 0)
		return;
	rest = buf_bytes(&b);
	out_list(o, F_CSI_POSTURE_CAPS);
	while (rest.n) {
		const unsigned char *blank = memchr(rest.p, ' ', rest.n);
		size_t n = blank ? (size_t)(blank - rest.p) : rest.n;

		out_list_add(o, bytes_of(rest.p, n));
		n += blank != NULL;
		rest = bytes_of(rest.p + n, rest.n - n);
	}
}

/* "runtime's default", "default and SYS_PTRACE", "none", "KILL": against what runtimes leave. */
static int caps_words(struct buf *b, uint64_t caps)
{
	uint64_t more = caps & ~caps_runtime_default;
	AUTO_DONE(buf_done) struct buf names = BUF_NONE;
	bool has_default = (caps & caps_runtime_default) == caps_runtime_default;
	int r = caps_text(has_default ? more : caps, &names);

	if (r < 0)
		return r;
	if (!caps)
		return buf_adds(b, "none");
	if (has_default)
		r = buf_adds(b, more ? "the runtime's default and " : "the runtime's default");
	return r < 0 ? r : buf_addb(b, buf_bytes(&names));
}

static int rights_words(struct buf *b, const struct rights *r)
{
	static const char *const modes[] = { "off", "strict", "filter" };
	const char *seccomp = r->seccomp < 0 || r->seccomp > 2 ? "unknown" : modes[r->seccomp];
	const char *ns = r->user_ns_initial ? "the node's" : "its own";
	int err = caps_words(b, r->cap_eff);

	if (err == 0)
		err = buf_addf(b, "; seccomp %s; no_new_privs %s; user namespace %s", seccomp,
			       r->no_new_privs < 0 ? "unknown"
			       : r->no_new_privs   ? "on"
						   : "off",
			       r->user_ns_known ? ns : "unknown");
	if (err == 0 && r->lsm_len) {
		err = buf_adds(b, "; ");
		if (err == 0)
			err = buf_add(b, r->lsm, r->lsm_len);
	}
	return err;
}

static int put_rights(struct writer *w, const struct rights *r)
{
	struct out *o = w->o;
	int err;

	begin(w, "rights");
	put_caps(o, r);
	out_hex(o, F_CSI_POSTURE_CAP_EFF, r->cap_eff);
	out_hex(o, F_CSI_POSTURE_CAP_PRM, r->cap_prm);
	out_hex(o, F_CSI_POSTURE_CAP_BND, r->cap_bnd);
	out_hex(o, F_CSI_POSTURE_CAP_AMB, r->cap_amb);
	out_hex(o, F_CSI_POSTURE_CAP_INH, r->cap_inh);
	out_u64(o, F_CSI_POSTURE_COUNT, r->n);
	if (r->no_new_privs >= 0)
		out_i64(o, F_CSI_POSTURE_NNP, r->no_new_privs);
	if (r->seccomp >= 0)
		out_i64(o, F_CSI_POSTURE_SECCOMP, r->seccomp);
	if (r->lsm_len)
		out_bytes(o, F_CSI_POSTURE_LSM, bytes_of(r->lsm, r->lsm_len));
	if (r->user_ns_known)
		out_str(o, F_CSI_POSTURE_USERNS, r->user_ns_initial ? "0 0 4294967295" : "own");
	const struct {
		enum field field;
		uint64_t v;
	} ns[] = { { F_CSI_NS_PID, r->ns_pid },
		   { F_CSI_NS_NET, r->ns_net },
		   { F_CSI_NS_USER, r->ns_user } };
	for (size_t i = 0; i < ARRAY_LEN(ns); i++)
		if (ns[i].v)
			out_u64(o, ns[i].field, ns[i].v);
	out_u64(o, F_PROCESS_PID, (uint64_t)r->pid);
	if (r->uid != (uid_t)-1)
		out_id(o, F_PROCESS_USER_ID, r->uid);
	err = r->n > 1 ? buf_addf(&w->text, "and %zu more: ", r->n - 1) : 0;
	if (err == 0)
		err = rights_words(&w->text, r);
	return err < 0 ? err : end(w);
}

static int put_risk(struct writer *w, const struct risk *risk)
{
	int r;

	begin(w, "mount");
	out_str(w->o, F_CSI_POSTURE_RISK, risk_name(risk->kind));
	out_bool(w->o, F_CSI_POSTURE_WRITABLE, risk->writable);
	if (risk->from.n)
		out_bytes(w->o, F_CSI_MOUNT_SOURCE, buf_bytes(&risk->from));
	out_bytes(w->o, F_FILE_PATH, buf_bytes(&risk->path));
	out_u64(w->o, F_PROCESS_PID, (uint64_t)w->f->first.pid);
	r = buf_addf(&w->text, "%s, %s: ", risk_name(risk->kind),
		     risk->writable ? "writable" : "read-only");
	if (r == 0)
		r = buf_addb(&w->text, buf_bytes(&risk->path));
	return r < 0 ? r : end(w);
}

static int put_token(struct writer *w, const struct token *t)
{
	int r;

	begin(w, "token");
	if (t->claims.n)
		out_bytes(w->o, F_CSI_TOKEN_CLAIMS, buf_bytes(&t->claims));
	out_bytes(w->o, F_FILE_PATH, buf_bytes(&t->path));
	if (t->holder)
		out_u64(w->o, F_PROCESS_PID, (uint64_t)t->holder);
	if (t->holder_exe.n)
		out_bytes(w->o, F_PROCESS_EXECUTABLE, buf_bytes(&t->holder_exe));
	r = buf_addb(&w->text, buf_bytes(&t->path));
	if (r == 0)
		r = buf_adds(&w->text,
			     t->holder ? ", held open by this process" : ", held open by nobody");
	if (r == 0 && t->claims.n == 0)
		r = buf_adds(&w->text, "; not read, or no token");
	return r < 0 ? r : end(w);
}

static int put_network(struct writer *w)
{
	const struct container_facts *f = w->f;
	int r;

	begin(w, "network");
	out_u64(w->o, F_PROCESS_PID, (uint64_t)f->first.pid);
	r = buf_adds(&w->text,
		     f->host_net ? "the node's" : "not the node's, as far as its interfaces tell");
	if (r == 0 && f->node_interfaces.n) {
		r = buf_adds(&w->text, ": ");
		if (r == 0)
			r = buf_addb(&w->text, buf_bytes(&f->node_interfaces.names));
	}
	if (r == 0)
		r = buf_adds(&w->text, f->metadata_route ? "; 169.254.169.254 has a route"
							 : "; 169.254.169.254 has no route");
	if (r == 0 && f->cloud_names.n) {
		r = buf_adds(&w->text, "; environment names ");
		if (r == 0)
			r = buf_addb(&w->text, buf_bytes(&f->cloud_names.names));
	}
	return r < 0 ? r : end(w);
}

static int put_all(struct writer *w)
{
	const struct container_facts *f = w->f;
	int r = put_container(w);

	for (size_t i = 0; r == 0 && i < f->nrights; i++)
		r = put_rights(w, &f->rights[i]);
	if (f->node)
		return r;
	for (size_t i = 0; r == 0 && i < f->nrisks; i++)
		r = put_risk(w, &f->risks[i]);
	for (size_t i = 0; r == 0 && i < f->ntokens; i++)
		r = put_token(w, &f->tokens[i]);
	if (r == 0 && f->host_pid) {
		begin(w, "pid namespace");
		out_u64(w->o, F_PROCESS_PID, (uint64_t)f->first.pid);
		r = buf_adds(&w->text, "the node's: kernel threads are in it");
		if (r == 0)
			r = end(w);
	}
	return r == 0 && (f->known & CONTAINER_NET) ? put_network(w) : r;
}

int posture_records(struct out *o, const struct container_facts *f, posture_step step, void *ctx)
{
	struct writer w = { .o = o, .f = f, .step = step, .ctx = ctx };
	int r = put_all(&w);

	buf_done(&w.text);
	return r;
}
