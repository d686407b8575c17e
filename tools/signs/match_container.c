/* SPDX-License-Identifier: Apache-2.0 */
/* Signs about a container: what its processes could do to the node. */
#include "signs/container.h"

#include "signs/match_container.h"

enum {
	CAP_DAC_READ_SEARCH = 2,
	CAP_NET_ADMIN = 12,
	CAP_SYS_MODULE = 16,
	CAP_SYS_RAWIO = 17,
	CAP_SYS_PTRACE = 19,
	CAP_SYS_ADMIN = 21,
	CAP_SYS_BOOT = 22,
	CAP_MAC_OVERRIDE = 32,
	CAP_MAC_ADMIN = 33,
	CAP_SYSLOG = 34,
	CAP_PERFMON = 38,
	CAP_BPF = 39,
	EVIDENCE_PATHS = 5,
};

#define CAP(n) (UINT64_C(1) << (n))

/* Each of these alone is a way out of the initial user namespace (capabilities(7)). */
static const uint64_t caps_out = CAP(CAP_SYS_ADMIN) | CAP(CAP_SYS_MODULE) | CAP(CAP_SYS_RAWIO) |
				 CAP(CAP_DAC_READ_SEARCH) | CAP(CAP_BPF) | CAP(CAP_MAC_ADMIN) |
				 CAP(CAP_MAC_OVERRIDE);
/* With these nothing else is needed: mount a disk, load a module, write to memory. */
static const uint64_t caps_at_once = CAP(CAP_SYS_ADMIN) | CAP(CAP_SYS_MODULE) | CAP(CAP_SYS_RAWIO);
/* A way out together with the node's PID namespace. */
static const uint64_t caps_of_node_pids = CAP(CAP_SYS_PTRACE);
/* They help, or harm the node. */
static const uint64_t caps_helpful = CAP(CAP_NET_ADMIN) | CAP(CAP_SYS_BOOT) | CAP(CAP_SYSLOG) |
				     CAP(CAP_PERFMON) | CAP(CAP_SYS_PTRACE);

/* Capabilities count for the node only in its own user namespace. */
static uint64_t effective_on_node(const struct rights *r)
{
	return r->user_ns_known && !r->user_ns_initial ? 0 : r->cap_eff;
}

static bool has_node_root(const struct container_facts *f)
{
	for (size_t i = 0; i < f->nrights; i++)
		if (f->rights[i].uid == 0 &&
		    (!f->rights[i].user_ns_known || f->rights[i].user_ns_initial))
			return true;
	return false;
}

static bool has_cap(const struct container_facts *f, uint64_t caps)
{
	for (size_t i = 0; i < f->nrights; i++)
		if (effective_on_node(&f->rights[i]) & caps)
			return true;
	return false;
}

static void add_caps(struct finding *ret, const struct rights *r, uint64_t caps)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	if (caps_text(caps, &b) == 0)
		finding_add(ret, "csi.posture.caps", buf_bytes(&b));
	finding_add_hex(ret, "csi.posture.cap_eff", r->cap_eff);
	finding_add_u64(ret, "process.pid", (uint64_t)r->pid);
}

static bool is_privileged(const struct rights *r)
{
	/* BPF and PERFMON are not in every kernel, MAC_ADMIN does nothing in some. */
	const uint64_t all =
		(caps_out | caps_helpful) &
		~(CAP(CAP_BPF) | CAP(CAP_PERFMON) | CAP(CAP_MAC_ADMIN) | CAP(CAP_MAC_OVERRIDE));

	return (effective_on_node(r) & all) == all;
}

static const struct rights *find_privileged(const struct container_facts *f)
{
	for (size_t i = 0; i < f->nrights; i++)
		if (is_privileged(&f->rights[i]))
			return &f->rights[i];
	return NULL;
}

/* Everything that a runtime withholds by default is there. */
bool match_privileged(const struct container_facts *f, struct finding *ret)
{
	const struct rights *r = find_privileged(f);

	if (!r)
		return false;
	add_caps(ret, r, r->cap_eff & ~caps_runtime_default);
	if (r->seccomp >= 0)
		finding_add_u64(ret, "csi.posture.seccomp", (uint64_t)r->seccomp);
	return true;
}

bool match_dangerous_caps(const struct container_facts *f, struct finding *ret)
{
	uint64_t out = caps_out | (f->host_pid ? caps_of_node_pids : 0);

	if (find_privileged(f))
		return false;
	for (size_t i = 0; i < f->nrights; i++) {
		const struct rights *r = &f->rights[i];
		uint64_t caps = effective_on_node(r) & (caps_out | caps_helpful);

		if (!caps)
			continue;
		if (!(caps & out))
			ret->level = LEVEL_LOW;
		else if (!(caps & caps_at_once))
			ret->level = LEVEL_MEDIUM;
		add_caps(ret, r, caps);
		if (f->host_pid)
			finding_add(ret, "message", bytes_str("in the node's PID namespace"));
		return true;
	}
	return false;
}

/* The paths of KIND, at most EVIDENCE_PATHS of them. Whether there is one; *RET_WRITABLE: any is.
 */
static bool add_risks(const struct container_facts *f, enum risk_kind kind, struct finding *ret,
		      bool *ret_writable)
{
	size_t n = 0;

	*ret_writable = false;
	for (size_t i = 0; i < f->nrisks; i++) {
		const struct risk *r = &f->risks[i];

		if (r->kind != kind)
			continue;
		*ret_writable |= r->writable;
		if (n++ >= EVIDENCE_PATHS)
			continue;
		finding_add(ret, "file.path", buf_bytes(&r->path));
		if (n == 1 && r->from.n)
			finding_add(ret, "csi.mount.source", buf_bytes(&r->from));
	}
	if (n > EVIDENCE_PATHS)
		finding_add_u64(ret, "count", n);
	return n > 0;
}

bool match_runtime_socket(const struct container_facts *f, struct finding *ret)
{
	bool writable;

	/* A read-only mount does not keep anyone from connecting. */
	return add_risks(f, RISK_RUNTIME_SOCKET, ret, &writable);
}

bool match_host_root(const struct container_facts *f, struct finding *ret)
{
	bool writable;

	if (!add_risks(f, RISK_HOST_ROOT, ret, &writable))
		return false;
	if (!writable)
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "csi.mount.options", bytes_str(writable ? "rw" : "ro"));
	return true;
}

bool match_host_path(const struct container_facts *f, struct finding *ret)
{
	bool writable;

	if (!add_risks(f, RISK_HOST_PATH, ret, &writable))
		return false;
	if (!writable)
		ret->level = LEVEL_LOW;
	else if (!has_node_root(f))
		ret->level = LEVEL_MEDIUM;
	finding_add(ret, "csi.mount.options", bytes_str(writable ? "rw" : "ro"));
	return true;
}

bool match_host_proc(const struct container_facts *f, struct finding *ret)
{
	bool writable;

	if (!add_risks(f, RISK_HOST_PROC, ret, &writable))
		return false;
	if (!writable || !has_node_root(f))
		ret->level = LEVEL_MEDIUM;
	return true;
}

bool match_device(const struct container_facts *f, struct finding *ret)
{
	bool writable;

	if (!add_risks(f, RISK_DEVICE, ret, &writable))
		return false;
	/* A raw block volume looks the same; who may mount it as well has the node's disk. */
	if (has_node_root(f) && has_cap(f, CAP(CAP_SYS_ADMIN)))
		ret->level = LEVEL_HIGH;
	return true;
}

bool match_release_agent(const struct container_facts *f, struct finding *ret)
{
	bool writable;

	if (!add_risks(f, RISK_CGROUP, ret, &writable))
		return false;
	/* Since Linux 5.17 the writer needs SYS_ADMIN in the initial user namespace. */
	if (!has_cap(f, CAP(CAP_SYS_ADMIN)))
		ret->level = LEVEL_MEDIUM;
	return true;
}

bool match_kernel_file(const struct container_facts *f, struct finding *ret)
{
	bool writable;

	if (!add_risks(f, RISK_KERNEL_FILE, ret, &writable))
		return false;
	if (!has_node_root(f))
		ret->level = LEVEL_LOW;
	return true;
}

bool match_host_namespace(const struct container_facts *f, struct finding *ret)
{
	if (!f->host_pid && !f->host_net)
		return false;
	if (f->host_pid)
		finding_add(ret, "csi.ns.pid", bytes_str("the node's: it has kernel threads"));
	if (f->node_interfaces.n)
		finding_add(ret, "csi.ns.net", buf_bytes(&f->node_interfaces.names));
	else if (f->host_net)
		finding_add(ret, "csi.ns.net", bytes_str("the node's"));
	/* The network alone is what a proxy or an agent has on every node. */
	if (!f->host_pid)
		ret->level = LEVEL_LOW;
	return true;
}

/* The defaults of Kubernetes lack some of it; that alone is a note. */
bool match_missing_confinement(const struct container_facts *f, struct finding *ret)
{
	for (size_t i = 0; i < f->nrights; i++) {
		const struct rights *r = &f->rights[i];
		struct bytes lsm = bytes_of(r->lsm, r->lsm_len);
		bool unconfined = bytes_starts(lsm, "unconfined");

		if (r->seccomp != 0 && !unconfined)
			continue;
		finding_add_u64(ret, "process.pid", (uint64_t)r->pid);
		if (r->seccomp >= 0)
			finding_add_u64(ret, "csi.posture.seccomp", (uint64_t)r->seccomp);
		if (r->no_new_privs >= 0)
			finding_add_u64(ret, "csi.posture.no_new_privs", (uint64_t)r->no_new_privs);
		if (lsm.n)
			finding_add(ret, "csi.posture.lsm", lsm);
		if (r->user_ns_known)
			finding_add(ret, "csi.posture.uid_map",
				    bytes_str(r->user_ns_initial ? "the node's" : "its own"));
		if (r->seccomp != 0 || r->uid != 0 || (r->user_ns_known && !r->user_ns_initial))
			ret->level = LEVEL_INFO;
		return true;
	}
	return false;
}

static bool is_odd_exe(struct bytes exe)
{
	static const char *const starts[] = { "/tmp/", "/var/tmp/", "/dev/shm/", "/memfd:" };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (bytes_starts(exe, starts[i]))
			return true;
	return bytes_ends(exe, " (deleted)");
}

static void add_token(const struct token *t, struct finding *ret)
{
	finding_add(ret, "file.path", buf_bytes(&t->path));
	if (t->claims.n)
		finding_add(ret, "csi.token.claims", buf_bytes(&t->claims));
	if (!t->holder)
		return;
	/* Clients read it and close it. */
	if (ret->level < LEVEL_LOW)
		ret->level = LEVEL_LOW;
	if (is_odd_exe(buf_bytes(&t->holder_exe)))
		ret->level = LEVEL_HIGH;
	finding_add_u64(ret, "process.pid", (uint64_t)t->holder);
	finding_add(ret, "process.executable", buf_bytes(&t->holder_exe));
}

bool match_token(const struct container_facts *f, struct finding *ret)
{
	if (f->ntokens == 0)
		return false;
	ret->level = LEVEL_INFO;
	/* What somebody holds comes first: a finding keeps only so much evidence. */
	for (int held = 1; held >= 0; held--)
		for (size_t i = 0; i < f->ntokens; i++)
			if ((f->tokens[i].holder != 0) == held)
				add_token(&f->tokens[i], ret);
	return true;
}

bool match_metadata(const struct container_facts *f, struct finding *ret)
{
	if (!f->metadata_route || (!f->cloud_names.n && !f->host_net && !f->metadata_own_route))
		return false;
	finding_add(ret, "destination.ip", bytes_str("169.254.169.254"));
	if (f->metadata_own_route)
		finding_add(ret, "message", bytes_str("a route for it alone"));
	if (f->cloud_names.n)
		finding_add(ret, "process.env_vars", buf_bytes(&f->cloud_names.names));
	if (f->host_net)
		finding_add(ret, "csi.ns.net", bytes_str("the node's"));
	return true;
}
