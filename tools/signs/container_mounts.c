/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that lead out of a container, by its mountinfo and what lies in them. */
#include "signs/container_priv.h"

#include "sys/proc.h"

#include <errno.h>
#include <sys/stat.h>

enum {
	LOOKED_INTO_MAX = 256, /* mounts that are looked into, a few names each */
	PATH_BYTES_MAX = 8192,
};

/* One line of mountinfo, unescaped. */
struct mounted {
	struct buf point, root, source;
	struct bytes fstype;
	bool read_only;
};

static void mounted_done(struct mounted *m)
{
	buf_done(&m->point);
	buf_done(&m->root);
	buf_done(&m->source);
}

/* "rw,nosuid,ro": a whole word. */
static bool has_option(struct bytes options, const char *word)
{
	size_t n = strlen(word);

	for (size_t at = 0; at < options.n;) {
		const unsigned char *from = options.p + at;
		const unsigned char *comma = memchr(from, ',', options.n - at);
		size_t len = comma ? (size_t)(comma - from) : options.n - at;

		if (len == n && memcmp(from, word, n) == 0)
			return true;
		at += len + 1;
	}
	return false;
}

static int mounted_parse(struct bytes line, struct mounted *ret)
{
	struct proc_mount m;
	int r = proc_parse_mount(line, &m);

	if (r < 0)
		return r;
	buf_clear(&ret->point);
	buf_clear(&ret->root);
	buf_clear(&ret->source);
	r = proc_unmangle(&ret->point, m.point);
	if (r == 0)
		r = proc_unmangle(&ret->root, m.root);
	if (r == 0)
		r = proc_unmangle(&ret->source, m.source);
	ret->fstype = m.fstype;
	ret->read_only = has_option(m.options, "ro") || has_option(m.super_options, "ro");
	return r;
}

/* "SOURCE ROOT", such as "/dev/sda1 /etc". */
static int add(struct look *l, enum risk_kind kind, const struct mounted *m, struct bytes path)
{
	AUTO_DONE(buf_done) struct buf from = BUF_NONE;
	int r = buf_addb(&from, buf_bytes(&m->source));

	if (r == 0)
		r = buf_addc(&from, ' ');
	if (r == 0)
		r = buf_addb(&from, buf_bytes(&m->root));
	return r < 0 ? r : look_add_risk(l, kind, !m->read_only, path, buf_bytes(&from));
}

/* What lies at POINT/NAME: its type, or 0. */
static uint32_t type_below(struct look *l, struct bytes point, const char *name)
{
	AUTO_DONE(buf_done) struct buf path = BUF_LIMIT(PATH_BYTES_MAX);
	AUTO_CLOSE int pin = -1;
	struct file_info info;

	if (!l->root || buf_addb(&path, point) < 0 || buf_adds(&path, name) < 0)
		return 0;
	return root_pin(l->root, buf_bytes(&path), &pin, &info) == 0 ? info.mode & S_IFMT : 0;
}

static const char *const sockets[] = {
	"/docker.sock",	     "/containerd.sock",
	"/crio.sock",	     "/podman.sock",
	"/cri-dockerd.sock", "/dockershim.sock",
	"/buildkitd.sock",   "/containerd/containerd.sock",
	"/crio/crio.sock",   "/podman/podman.sock",
};

/* The socket itself, or a directory with it. */
static int look_for_socket(struct look *l, const struct mounted *m)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct bytes point = buf_bytes(&m->point);

	for (size_t i = 0; i < ARRAY_LEN(sockets); i++)
		if (bytes_ends(point, sockets[i]) || bytes_ends(buf_bytes(&m->root), sockets[i]))
			return type_below(l, point, "") == S_IFDIR
				       ? 0
				       : add(l, RISK_RUNTIME_SOCKET, m, point);
	for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
		if (type_below(l, point, sockets[i]) != S_IFSOCK)
			continue;
		if (buf_addb(&path, point) < 0 || buf_adds(&path, sockets[i]) < 0)
			return -ENOMEM;
		return add(l, RISK_RUNTIME_SOCKET, m, buf_bytes(&path));
	}
	return 0;
}

/*
 * A file system's own root may be any volume; one that has users and programs, and what runs
 * containers, is a node's.
 */
static bool is_node_root(struct look *l, const struct mounted *m)
{
	static const char *const of_nodes[] = { "/var/lib/kubelet",   "/var/lib/containerd",
						"/var/lib/docker",    "/var/lib/containers",
						"/etc/kubernetes",    "/boot",
						"/etc/systemd/system" };
	struct bytes point = buf_bytes(&m->point);

	if (!bytes_eq(buf_bytes(&m->root), bytes_str("/")) ||
	    type_below(l, point, "/etc/passwd") != S_IFREG ||
	    type_below(l, point, "/usr/bin") != S_IFDIR)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(of_nodes); i++)
		if (type_below(l, point, of_nodes[i]) == S_IFDIR)
			return true;
	return false;
}

/* Parts of a node's root that give it away, as mountinfo's root names them. */
static bool is_node_path(struct bytes root)
{
	static const char *const paths[] = {
		"/etc",
		"/root",
		"/root/.ssh",
		"/home",
		"/usr",
		"/usr/bin",
		"/usr/local/bin",
		"/usr/sbin",
		"/bin",
		"/sbin",
		"/lib",
		"/usr/lib",
		"/boot",
		"/var",
		"/var/lib",
		"/var/lib/kubelet",
		"/var/lib/docker",
		"/var/lib/containerd",
		"/var/lib/etcd",
		"/var/spool/cron",
		"/etc/kubernetes",
		"/etc/cron.d",
		"/etc/ssh",
		"/etc/systemd/system",
		"/opt/cni/bin",
		"/etc/cni/net.d",
		"/etc/pam.d",
		"/var/lib/kubelet/pki",
		"/etc/kubernetes/manifests",
		"/etc/kubernetes/pki",
		"/var/lib/kubelet/pods",
		"/var/spool/cron/crontabs",
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (bytes_eq(root, bytes_str(paths[i])))
			return true;
	return false;
}

static bool is_type(const struct mounted *m, const char *fstype)
{
	return bytes_eq(m->fstype, bytes_str(fstype));
}

static int judge_mount(struct look *l, const struct mounted *m, size_t *looked_into)
{
	struct bytes point = buf_bytes(&m->point);

	if (bytes_eq(point, bytes_str("/")))
		return 0;
	if (is_type(m, "proc")) {
		bool runtimes =
			bytes_eq(point, bytes_str("/proc")) || bytes_starts(point, "/proc/");

		return runtimes ? 0 : add(l, RISK_HOST_PROC, m, point);
	}
	if (is_type(m, "devtmpfs"))
		return add(l, RISK_DEVICE, m, point);
	if (is_type(m, "cgroup"))
		return type_below(l, point, "/release_agent") == S_IFREG && !m->read_only
			       ? add(l, RISK_CGROUP, m, point)
			       : 0;
	if (mount_kind_of_type(m->fstype) == MOUNT_PSEUDO)
		return 0;
	if (is_node_path(buf_bytes(&m->root)) && !is_type(m, "tmpfs"))
		return add(l, RISK_HOST_PATH, m, point);
	/* A dead server must not hold us. */
	if (mount_kind_of_type(m->fstype) == MOUNT_NETWORK)
		return 0;
	if (++*looked_into > LOOKED_INTO_MAX) {
		if (*looked_into == LOOKED_INTO_MAX + 1)
			look_tell(l, -E2BIG, "look into mounts", point);
		return 0;
	}
	if (is_node_root(l, m))
		return add(l, RISK_HOST_ROOT, m, point);
	return look_for_socket(l, m);
}

int look_at_mounts(struct look *l)
{
	AUTO_DONE(mounted_done) struct mounted m = { 0 };
	struct bytes rest = buf_bytes(&l->mountinfo), line;
	size_t looked_into = 0;
	int r = 0;

	while (r == 0 && proc_next_line(&rest, &line)) {
		r = mounted_parse(line, &m);
		if (r == 0)
			r = judge_mount(l, &m, &looked_into);
		if (r < 0 && r != -ENOMEM) {
			look_tell(l, r, "parse mountinfo", line);
			r = 0;
		}
	}
	return r;
}
