/* SPDX-License-Identifier: Apache-2.0 */
/* What --minimise keeps of mounts, environments and findings. */
#include "work/minimise.h"

#include "sys/proc.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

enum { ENVIRON_NAMES_MAX = 1 << 20, ENVIRON_NAME_MAX = 256, OWN_MOUNTS = 3 };

/* Mount ids of a container's own root, /dev and /dev/shm. */
struct own_mounts {
	uint64_t id[OWN_MOUNTS];
	size_t n;
};

struct minimise {
	const struct targets *targets;
	struct own_mounts *roots;
	struct file_info memfd; /* of one of our own: all memfds lie on the same hidden mount */
};

/* A memory file system that is mounted right there, and is not the root's own mount. */
static void own_memory(struct root *root, const char *path, struct own_mounts *own)
{
	AUTO_CLOSE int fd = -1;
	struct file_info info;
	struct statfs fs;

	if (root_pin(root, bytes_str(path), &fd, &info) < 0 || !(info.have & FILE_MNT_ID))
		return;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
		own->id[own->n++] = info.mnt_id;
}

static bool is_whole(const struct target_root *r)
{
	return r->link.n == 0 || bytes_eq(buf_bytes(&r->link), bytes_str("/"));
}

/* The root that a container began with: that of its lowest PID which is no chroot. */
static const struct target_root *first_of_container(const struct targets *ts,
						    const struct target_root *r)
{
	for (size_t i = 0; r->container_id[0] && i < ts->nroots; i++) {
		const struct target_root *o = &ts->roots[i];

		if (o->root && is_whole(o) && strcmp(o->container_id, r->container_id) == 0)
			return o;
	}
	return r;
}

/*
 * A process that went into a volume by chroot(2) or pivot_root(2) has it as "/", which is not the
 * container's own: a whole root on the device that the container's first one is on is. A chroot is
 * judged by whether its mount is that of a whole root of its namespace.
 */
static void find_own(const struct targets *ts, const struct target_root *r, struct own_mounts *own)
{
	const struct target_root *first = first_of_container(ts, r);
	struct file_info mine, theirs;

	if (!r->root || !first->root || root_info(r->root, &mine) < 0 ||
	    root_info(first->root, &theirs) < 0 || !(mine.have & theirs.have & FILE_MNT_ID))
		return;
	if (!is_whole(r)) {
		if (first == r || mine.mnt_id != theirs.mnt_id)
			return;
		own->id[own->n++] = mine.mnt_id;
		return;
	}
	if (mine.dev_major != theirs.dev_major || mine.dev_minor != theirs.dev_minor)
		return;
	own->id[own->n++] = mine.mnt_id;
	own_memory(r->root, "/dev", own);
	own_memory(r->root, "/dev/shm", own);
}

int minimise_open(const struct targets *ts, struct minimise **ret)
{
	AUTO_DONE(minimise_closep) struct minimise *m = calloc(1, sizeof(*m));
	AUTO_CLOSE int fd = -1;

	if (!m)
		return -ENOMEM;
	m->targets = ts;
	m->roots = calloc(ts->nroots ? ts->nroots : 1, sizeof(*m->roots));
	if (!m->roots)
		return -ENOMEM;
	for (size_t i = 0; i < ts->nroots; i++)
		find_own(ts, &ts->roots[i], &m->roots[i]);
	fd = memfd_create("csi", MFD_CLOEXEC);
	if (fd < 0 || file_info_fd(fd, &m->memfd) < 0)
		m->memfd.have = 0;
	*ret = take_ptr(&m);
	return 0;
}

void minimise_close(struct minimise *m)
{
	if (!m)
		return;
	free(m->roots);
	free(m);
}

void minimise_closep(struct minimise **m)
{
	minimise_close(*m);
	*m = NULL;
}

bool minimise_keeps(const struct minimise *m, size_t root, const struct file_info *info)
{
	if (root >= m->targets->nroots || !(info->have & FILE_MNT_ID))
		return false;
	for (size_t i = 0; i < m->roots[root].n; i++)
		if (m->roots[root].id[i] == info->mnt_id)
			return true;
	return false;
}

bool minimise_keeps_pinned(const struct minimise *m, size_t root, const struct file_info *info)
{
	bool memfd = (info->have & m->memfd.have & FILE_MNT_ID) &&
		     info->mnt_id == m->memfd.mnt_id && info->dev_major == m->memfd.dev_major &&
		     info->dev_minor == m->memfd.dev_minor;

	return memfd || minimise_keeps(m, root, info);
}

static bool name_ok(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	return name.n > 0 && name.n <= ENVIRON_NAME_MAX;
}

int minimise_environ(struct bytes text, struct buf *ret)
{
	struct bytes s;
	int r = 0;

	for (int n = 0; r == 0 && n < ENVIRON_NAMES_MAX && proc_next_string(&text, &s) > 0; n++) {
		const unsigned char *equals = s.n ? memchr(s.p, '=', s.n) : NULL;

		if (!equals || !name_ok(bytes_of(s.p, (size_t)(equals - s.p))))
			continue;
		r = buf_add(ret, s.p, (size_t)(equals - s.p) + 1);
		if (r == 0)
			r = buf_addc(ret, '\0');
	}
	return r;
}

/* "LD_PRELOAD=/x" becomes "LD_PRELOAD="; the text of a file goes. */
bool minimise_finding(struct finding *f)
{
	bool some = false;

	for (size_t i = 0; i < f->n; i++) {
		struct bytes v = bytes_of(f->evidence[i].value, f->evidence[i].len);
		const unsigned char *equals = v.n ? memchr(v.p, '=', v.n) : NULL;

		if (strcmp(f->evidence[i].field, "process.env_vars") == 0)
			f->evidence[i].len = equals ? (size_t)(equals - v.p) + 1 : 0;
		else if (strcmp(f->evidence[i].field, "csi.text") == 0)
			f->evidence[i].len = 0;
		else
			continue;
		some = true;
	}
	return some;
}

int minimise_tell(struct gather *g, const char *what, const char *omit, struct process *p)
{
	char entity[96];

	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, what);
	out_str(g->record, F_CSI_OMIT, omit);
	out_str(g->record, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_SKIPPED));
	if (p) {
		process_entity_id(p, entity);
		out_str(g->record, F_PROCESS_ENTITY_ID, entity);
		out_u64(g->record, F_PROCESS_PID, (uint64_t)process_id(p).pid);
	}
	if (out_end(g->record) < 0)
		return -ENOMEM;
	return gather_record_end(g);
}
