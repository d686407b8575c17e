/* SPDX-License-Identifier: Apache-2.0 */
/* Containers of a source: their processes by mount namespace, and what those may do. */
#include "signs/container_priv.h"

#include "signs/shared.h"
#include "sys/creds.h"
#include "sys/scan.h"

#include <errno.h>
#include <fcntl.h>

enum { UID_MAP_MAX = 64 << 10, CGROUP_MAX = 64 << 10, KTHREADD = 2, CAPS = 64 };

/* CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT
 * MKNOD AUDIT_WRITE SETFCAP (containerd oci/spec.go, moby oci/caps/defaults.go) */
const uint64_t caps_runtime_default = UINT64_C(0xa80425fb);

struct member {
	struct process_id id;
	uint64_t ns_mnt;
	pid_t group; /* lowest PID of its mount namespace */
};

void look_tell(const struct look *l, int err, const char *what, struct bytes on)
{
	const struct gap gap = { .err = err, .what = what, .pid = process_id(l->p).pid, .on = on };

	if (!err_is_gone(err))
		gap_tell(l->j->gaps, &gap);
}

int look_add_risk(struct look *l, enum risk_kind kind, bool writable, struct bytes path,
		  struct bytes from)
{
	struct container_facts *f = l->f;
	struct risk *r = &f->risks[f->nrisks];
	int err;

	f->risks_in_all++;
	if (f->nrisks == CONTAINER_RISKS_MAX)
		return 0;
	*r = (struct risk){ .kind = kind, .writable = writable };
	err = buf_addb(&r->path, path);
	if (err == 0)
		err = buf_addb(&r->from, from);
	f->nrisks++;
	return err;
}

const char *risk_name(enum risk_kind k)
{
	static const char *const names[RISK_KINDS] = {
		[RISK_RUNTIME_SOCKET] = "runtime socket",
		[RISK_HOST_ROOT] = "node's root",
		[RISK_HOST_PATH] = "path of the node",
		[RISK_HOST_PROC] = "second proc",
		[RISK_DEVICE] = "device",
		[RISK_CGROUP] = "cgroup release_agent",
		[RISK_KERNEL_FILE] = "kernel file",
	};

	return names[k];
}

int caps_text(uint64_t caps, struct buf *ret)
{
	int r = 0;

	for (int i = 0; r == 0 && i < CAPS; i++) {
		const char *name = creds_cap_name(i);

		if (!((caps >> i) & 1))
			continue;
		if (ret->n)
			r = buf_addc(ret, ' ');
		if (r == 0)
			r = name ? buf_adds(ret, name) : buf_addf(ret, "%d", i);
	}
	return r;
}

/* "         0          0 4294967295": every uid is itself. */
static void read_user_ns(struct process *p, struct rights *ret)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	uint64_t inside, outside, count;
	struct bytes rest;

	if (process_text(p, TEXT_UID_MAP, &b, UID_MAP_MAX) < 0)
		return;
	rest = buf_bytes(&b);
	scan_blanks(&rest);
	if (scan_dec(&rest, &inside) < 0)
		return; /* empty: a namespace that is not set up */
	scan_blanks(&rest);
	if (scan_dec(&rest, &outside) < 0)
		return;
	scan_blanks(&rest);
	if (scan_dec(&rest, &count) < 0)
		return;
	ret->user_ns_known = true;
	ret->user_ns_initial = inside == 0 && outside == 0 && count == UINT32_MAX;
}

static void read_lsm(struct process *p, struct rights *ret)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (process_text(p, TEXT_ATTR_CURRENT, &b, CGROUP_MAX) < 0)
		return;
	while (b.n && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '\0'))
		b.n--;
	ret->lsm_len = b.n < sizeof(ret->lsm) ? b.n : sizeof(ret->lsm);
	if (ret->lsm_len)
		memcpy(ret->lsm, b.p, ret->lsm_len);
}

static int read_rights(struct process *p, struct rights *ret)
{
	const struct proc_status *st;
	gid_t gid;
	int r = process_status(p, &st);

	*ret = (struct rights){
		.pid = process_id(p).pid, .n = 1, .no_new_privs = -1, .seccomp = -1
	};
	if (r < 0)
		return r;
	if (!(st->have & STATUS_CAPS))
		return -ENODATA;
	ret->cap_inh = st->cap_inh;
	ret->cap_prm = st->cap_prm;
	ret->cap_eff = st->cap_eff;
	ret->cap_bnd = st->cap_bnd;
	ret->cap_amb = st->cap_amb;
	if (st->have & STATUS_NNP)
		ret->no_new_privs = st->no_new_privs;
	if (st->have & STATUS_SECCOMP)
		ret->seccomp = st->seccomp;
	if (process_owner(p, &ret->uid, &gid) < 0)
		ret->uid = (uid_t)-1;
	(void)process_ns(p, LINK_NS_USER, &ret->ns_user);
	(void)process_ns(p, LINK_NS_PID, &ret->ns_pid);
	(void)process_ns(p, LINK_NS_NET, &ret->ns_net);
	(void)process_ns(p, LINK_NS_CGROUP, &ret->ns_cgroup);
	read_user_ns(p, ret);
	read_lsm(p, ret);
	return 0;
}

static bool same_rights(const struct rights *a, const struct rights *b)
{
	return a->cap_inh == b->cap_inh && a->cap_prm == b->cap_prm && a->cap_eff == b->cap_eff &&
	       a->cap_bnd == b->cap_bnd && a->cap_amb == b->cap_amb &&
	       a->no_new_privs == b->no_new_privs && a->seccomp == b->seccomp && a->uid == b->uid &&
	       a->ns_user == b->ns_user && a->ns_pid == b->ns_pid && a->ns_net == b->ns_net &&
	       a->ns_cgroup == b->ns_cgroup && a->user_ns_known == b->user_ns_known &&
	       a->user_ns_initial == b->user_ns_initial &&
	       bytes_eq(bytes_of(a->lsm, a->lsm_len), bytes_of(b->lsm, b->lsm_len));
}

static void add_rights(struct container_facts *f, const struct rights *r)
{
	f->known |= CONTAINER_RIGHTS;
	for (size_t i = 0; i < f->nrights; i++)
		if (same_rights(&f->rights[i], r)) {
			f->rights[i].n++;
			return;
		}
	if (f->nrights < CONTAINER_RIGHTS_MAX)
		f->rights[f->nrights++] = *r;
	else
		f->rights_cut = true;
}

static int look_at_member(struct look *l, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	struct rights rights;
	int r = process_open(l->j->source, id, &p);

	if (r == 0 && proc_is_bare(process_stat(p)))
		return 0;
	l->f->processes += r == 0;
	if (r == 0)
		r = read_rights(p, &rights);
	if (r == 0) {
		add_rights(l->f, &rights);
		if (l->f->ntokens)
			r = look_for_holder(l, p);
	}
	if (r < 0 && r != -ENOMEM && !err_is_gone(r)) {
		const struct gap gap = { .err = r, .what = "read status", .pid = id.pid };

		gap_tell(l->j->gaps, &gap);
	}
	return r == -ENOMEM ? r : 0;
}

/* PID 2 is kthreadd in the namespace of the node, and there alone. */
static bool sees_kernel_threads(struct source *s)
{
	AUTO_DONE(process_closep) struct process *p = NULL;

	return process_open(s, (struct process_id){ .pid = KTHREADD }, &p) == 0 &&
	       (process_stat(p)->flags & PROC_PF_KTHREAD);
}

static bool same_root(struct root *root, const struct file_info *b)
{
	struct file_info a;

	return root_info(root, &a) == 0 && file_same(&a, b);
}

bool container_is_node(const struct judging *j, struct process *p, struct root *root,
		       bool *ret_host_pid)
{
	AUTO_DONE(process_closep) struct process *init = NULL;
	AUTO_DONE(root_closep) struct root *of_init = NULL;
	struct file_info info;
	uint64_t ns_pid = 0;

	*ret_host_pid = process_ns(p, LINK_NS_PID, &ns_pid) == 0 &&
			ns_pid == source_pid_ns(j->source) && sees_kernel_threads(j->source);
	if (!*ret_host_pid || !root)
		return false;
	if (file_info_at(AT_FDCWD, "/", &info) == 0 && same_root(root, &info))
		return true;
	return process_open(j->source, (struct process_id){ .pid = 1 }, &init) == 0 &&
	       process_root(init, &of_init) == 0 && root_info(of_init, &info) == 0 &&
	       same_root(root, &info);
}

static void find_node(struct look *l)
{
	AUTO_DONE(process_closep) struct process *init = NULL;
	struct container_facts *f = l->f;
	uint64_t ns_net = 0, of_init = 0;

	f->node = container_is_node(l->j, l->p, l->root, &f->host_pid);
	if (f->host_pid &&
	    process_open(l->j->source, (struct process_id){ .pid = 1 }, &init) == 0 &&
	    process_ns(l->p, LINK_NS_NET, &ns_net) == 0 &&
	    process_ns(init, LINK_NS_NET, &of_init) == 0)
		f->host_net = ns_net == of_init;
}

static int read_identity(struct look *l)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct container_facts *f = l->f;
	const struct proc_stat *st = process_stat(l->p);
	int r = process_text(l->p, TEXT_CGROUP, &text, CGROUP_MAX);

	process_entity_id(l->p, f->entity_id);
	f->first = process_id(l->p);
	if (r == 0 || r == -EFBIG)
		r = buf_addb(&f->container_id, proc_container_id(buf_bytes(&text)));
	if (r != -ENOMEM)
		r = buf_addb(&f->name, bytes_of(st->comm, st->comm_len));
	return r;
}

static int read_root(struct look *l)
{
	int r = process_root(l->p, &l->root);

	if (r < 0 && r != -EOPNOTSUPP)
		look_tell(l, r, "open root", bytes_of("", 0));
	if (r == 0)
		l->f->known |= CONTAINER_FILES;
	l->mountinfo = BUF_LIMIT(CONTAINER_TEXT_MAX + 1);
	r = process_text(l->p, TEXT_MOUNTINFO, &l->mountinfo, CONTAINER_TEXT_MAX);
	if (r < 0)
		look_tell(l, r, "read mountinfo", bytes_of("", 0));
	if (r == 0 || r == -EFBIG)
		l->f->known |= CONTAINER_MOUNTS;
	return r == -ENOMEM ? r : 0;
}

static int look_around(struct look *l)
{
	static int (*const looks[])(struct look * l) = {
		look_at_mounts, look_at_kernel_files, look_at_devices,
		look_at_tokens, look_at_network,      look_at_environ,
	};
	int r = read_identity(l);

	if (r == 0)
		r = read_root(l);
	find_node(l);
	for (size_t i = 0; r == 0 && !l->f->node && i < ARRAY_LEN(looks); i++)
		r = looks[i](l);
	return r;
}

static void facts_clear(struct container_facts *f)
{
	buf_done(&f->name);
	buf_done(&f->container_id);
	for (size_t i = 0; i < f->nrisks; i++) {
		buf_done(&f->risks[i].path);
		buf_done(&f->risks[i].from);
	}
	for (size_t i = 0; i < f->ntokens; i++) {
		buf_done(&f->tokens[i].path);
		buf_done(&f->tokens[i].claims);
		buf_done(&f->tokens[i].holder_exe);
	}
	buf_done(&f->node_interfaces.names);
	buf_done(&f->cloud_names.names);
}

/* The first of its processes that is there and has a memory of its own. */
static int open_first(struct look *l, const struct member *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = process_open(l->j->source, v[i].id, &l->p);

		if (r == 0 && !proc_is_bare(process_stat(l->p)))
			return 1;
		if (r == 0) {
			process_close(l->p);
			l->p = NULL;
		}
		if (r == -ENOMEM)
			return r;
		if (r < 0 && !err_is_gone(r)) {
			const struct gap gap = { .err = r,
						 .what = "open process",
						 .pid = v[i].id.pid };

			gap_tell(l->j->gaps, &gap);
		}
	}
	return 0;
}

static int look_at(const struct judging *j, const struct member *v, size_t n, container_fn fn,
		   void *ctx)
{
	AUTO_FREE struct container_facts *f = calloc(1, sizeof(*f));
	struct look l = { .j = j, .f = f };
	int r;

	if (!f)
		return -ENOMEM;
	f->ns_mnt = v->ns_mnt;
	r = open_first(&l, v, n);
	if (r == 1)
		r = look_around(&l);
	for (size_t i = 0; r == 0 && l.p && i < n && !atomic_load(j->stop); i++)
		r = look_at_member(&l, v[i].id);
	if (f->rights_cut)
		look_tell(&l, -E2BIG, "keep different rights of one container", bytes_of("", 0));
	if (f->risks_in_all > f->nrisks)
		look_tell(&l, -E2BIG, "keep mounts and devices of one container", bytes_of("", 0));
	if (r == 0 && l.p)
		r = fn(ctx, f);
	process_close(l.p);
	root_close(l.root);
	buf_done(&l.mountinfo);
	facts_clear(f);
	return r;
}

static int by_namespace(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->ns_mnt != y->ns_mnt)
		return x->ns_mnt < y->ns_mnt ? -1 : 1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

static int by_group(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->id.pid > y->id.pid) - (x->id.pid < y->id.pid);
}

/* One that started since all were looked at, or whose namespace could not be read then. */
static uint64_t namespace_of(const struct judging *j, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	uint64_t ns = facts_shared_ns(j->shared, id);

	if (ns == 0 && process_open(j->source, id, &p) == 0)
		(void)process_ns(p, LINK_NS_MNT, &ns);
	return ns;
}

int containers_each(const struct judging *j, container_fn fn, void *ctx)
{
	AUTO_FREE struct member *v = calloc(j->nids + 1, sizeof(*v));
	int r = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < j->nids; i++)
		v[i] = (struct member){ .id = j->ids[i], .ns_mnt = namespace_of(j, j->ids[i]) };
	qsort(v, j->nids, sizeof(*v), by_namespace);
	for (size_t i = 0; i < j->nids; i++)
		v[i].group = i > 0 && v[i].ns_mnt == v[i - 1].ns_mnt ? v[i - 1].group : v[i].id.pid;
	qsort(v, j->nids, sizeof(*v), by_group);
	for (size_t i = 0, n; r == 0 && i < j->nids && !atomic_load(j->stop); i += n) {
		for (n = 1; i + n < j->nids && v[i + n].group == v[i].group;)
			n++;
		r = look_at(j, &v[i], n, fn, ctx);
	}
	return r;
}

void sign_about_container(const struct container_facts *f, struct sign_about *ret)
{
	*ret = (struct sign_about){
		.subject = SUBJECT_CONTAINER,
		.pid = f->first.pid,
		.name = buf_bytes(&f->name),
		.container_id = buf_bytes(&f->container_id),
		.ns_mnt = f->ns_mnt,
	};
	memcpy(ret->entity_id, f->entity_id, sizeof(ret->entity_id));
}
