/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of mounts: by mountinfo (proc_pid_mountinfo(5)) or, without it, by statfs(2). */
#include "model/birth.h"
#include "model/root_priv.h"
#include "sys/proc.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { MOUNTS_MAX = 131072 }; /* fs.mount-max is 100,000 by default */

/* What is not here is a volume. Magics are of linux/magic.h and the file systems' own sources. */
static const struct {
	const char *fstype;
	uint32_t magic; /* 0: none of its own */
	enum mount_kind kind;
} types[] = {
	{ "tmpfs", 0x01021994, MOUNT_MEMORY },
	{ "ramfs", 0x858458f6, MOUNT_MEMORY },
	{ "devtmpfs", 0, MOUNT_MEMORY },
	{ "hugetlbfs", 0x958458f6, MOUNT_MEMORY },

	{ "nfs", 0x6969, MOUNT_NETWORK },
	{ "nfs4", 0, MOUNT_NETWORK },
	{ "cifs", 0xff534d42, MOUNT_NETWORK },
	{ "smb3", 0xfe534d42, MOUNT_NETWORK },
	{ "smbfs", 0x517b, MOUNT_NETWORK },
	{ "ncpfs", 0x564c, MOUNT_NETWORK },
	{ "ceph", 0x00c36400, MOUNT_NETWORK },
	{ "9p", 0x01021997, MOUNT_NETWORK },
	{ "afs", 0x5346414f, MOUNT_NETWORK },
	{ "kafs", 0x6b414653, MOUNT_NETWORK },
	{ "coda", 0x73757245, MOUNT_NETWORK },
	{ "fuse", 0x65735546, MOUNT_NETWORK },
	{ "fuseblk", 0, MOUNT_NETWORK },
	{ "virtiofs", 0, MOUNT_NETWORK },
	{ "lustre", 0x0bd00bd0, MOUNT_NETWORK },
	{ "gfs2", 0x01161970, MOUNT_NETWORK },
	{ "ocfs2", 0x7461636f, MOUNT_NETWORK },
	{ "pvfs2", 0x20030528, MOUNT_NETWORK },
	{ "vboxsf", 0x786f4256, MOUNT_NETWORK },
	{ "vmhgfs", 0xbacbacbc, MOUNT_NETWORK },
	{ "gpfs", 0x47504653, MOUNT_NETWORK },
	{ "beegfs", 0x19830326, MOUNT_NETWORK },
	{ "panfs", 0xaad7aaea, MOUNT_NETWORK },

	{ "proc", 0x9fa0, MOUNT_PSEUDO },
	{ "sysfs", 0x62656572, MOUNT_PSEUDO },
	{ "cgroup", 0x0027e0eb, MOUNT_PSEUDO },
	{ "cgroup2", 0x63677270, MOUNT_PSEUDO },
	{ "cpuset", 0, MOUNT_PSEUDO },
	{ "devpts", 0x1cd1, MOUNT_PSEUDO },
	{ "mqueue", 0x19800202, MOUNT_PSEUDO },
	{ "bpf", 0xcafe4a11, MOUNT_PSEUDO },
	{ "tracefs", 0x74726163, MOUNT_PSEUDO },
	{ "debugfs", 0x64626720, MOUNT_PSEUDO },
	{ "securityfs", 0x73636673, MOUNT_PSEUDO },
	{ "configfs", 0x62656570, MOUNT_PSEUDO },
	{ "fusectl", 0x65735543, MOUNT_PSEUDO },
	{ "pstore", 0x6165676c, MOUNT_PSEUDO },
	{ "efivarfs", 0xde5e81e4, MOUNT_PSEUDO },
	{ "autofs", 0x0187, MOUNT_PSEUDO },
	{ "binfmt_misc", 0x42494e4d, MOUNT_PSEUDO },
	{ "selinuxfs", 0xf97cff8c, MOUNT_PSEUDO },
	{ "smackfs", 0x43415d53, MOUNT_PSEUDO },
	{ "apparmorfs", 0x5a3c69f0, MOUNT_PSEUDO },
	{ "nsfs", 0x6e736673, MOUNT_PSEUDO },
	{ "pidfs", 0x50494446, MOUNT_PSEUDO },
	{ "rpc_pipefs", 0x67596969, MOUNT_PSEUDO },
	{ "nfsd", 0x6e667364, MOUNT_PSEUDO },
	{ "resctrl", 0x07655821, MOUNT_PSEUDO },
	{ "binder", 0x6c6f6f70, MOUNT_PSEUDO },
	{ "usbfs", 0x9fa2, MOUNT_PSEUDO },
	{ "openpromfs", 0x9fa1, MOUNT_PSEUDO },
	{ "xenfs", 0xabba1974, MOUNT_PSEUDO },
	{ "bdev", 0x62646576, MOUNT_PSEUDO },
	{ "sockfs", 0x534f434b, MOUNT_PSEUDO },
	{ "pipefs", 0x50495045, MOUNT_PSEUDO },
	{ "anon_inodefs", 0x09041934, MOUNT_PSEUDO },
	{ "dmabuf", 0x444d4142, MOUNT_PSEUDO },
	{ "functionfs", 0xa647361, MOUNT_PSEUDO },
};

static const char *const kind_names[MOUNT_KINDS] = {
	[MOUNT_ROOT] = "root",	   [MOUNT_MEMORY] = "memory",	[MOUNT_BOUND] = "bound",
	[MOUNT_VOLUME] = "volume", [MOUNT_NETWORK] = "network", [MOUNT_PSEUDO] = "pseudo",
};

const char *mount_kind_name(enum mount_kind k)
{
	return kind_names[k];
}

enum mount_kind mount_kind_of_type(struct bytes fstype)
{
	if (bytes_starts(fstype, "fuse.")) /* the subtype is the daemon's word */
		return MOUNT_NETWORK;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (bytes_eq(fstype, bytes_str(types[i].fstype)))
			return types[i].kind;
	}
	return MOUNT_VOLUME;
}

/* fstatfs(2) of an O_PATH descriptor names an autofs point without triggering it: open(2), O_PATH.
 */
static enum mount_kind kind_of_statfs(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return MOUNT_NETWORK; /* ESTALE, EIO: it would not be read either */
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].magic != 0 && types[i].magic == (uint32_t)fs.f_type)
			return types[i].kind;
	}
	return MOUNT_VOLUME;
}

static bool is_bound_point(struct bytes point)
{
	static const char *const files[] = { "/etc/hosts/", "/etc/hostname/", "/etc/resolv.conf/",
					     "/dev/termination-log/" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (bytes_eq(point, bytes_str(files[i])))
			return true;
	}
	return false;
}

static struct bytes point_of(const struct mounts *m, size_t index)
{
	const struct mount *mount = &m->by_id[index];

	return bytes_of(m->points.p + mount->point_at, mount->point_n);
}

static int add_row(struct mounts *m, size_t *cap, const struct proc_mount *row)
{
	int r;

	if (m->n == MOUNTS_MAX || row->id > UINT32_MAX)
		return 0;
	if (m->n == *cap) {
		size_t more = *cap ? *cap * 2 : 64;
		struct mount *p = realloc(m->by_id, more * sizeof(*p));

		if (!p)
			return -ENOMEM;
		m->by_id = p;
		*cap = more;
	}
	size_t at = m->points.n;
	r = proc_unmangle(&m->points, row->point);
	if (r < 0)
		return r;
	if (m->points.n == at || m->points.p[m->points.n - 1] != '/')
		r = buf_addc(&m->points, '/');
	if (r < 0)
		return r;
	m->by_id[m->n] = (struct mount){
		.id = (uint32_t)row->id,
		.point_at = (uint32_t)at,
		.point_n = (uint32_t)(m->points.n - at),
		.kind = (uint8_t)mount_kind_of_type(row->fstype),
	};
	m->by_id[m->n].bound = is_bound_point(point_of(m, m->n));
	m->n++;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct mount *x = a;
	const struct mount *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n ? memcmp(a.p, b.p, n) : 0;

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

static int compare_points(const void *a, const void *b, void *ctx)
{
	const uint32_t *x = a;
	const uint32_t *y = b;

	return compare_bytes(point_of(ctx, *x), point_of(ctx, *y));
}

int mounts_parse(struct mounts *m, struct bytes mountinfo)
{
	struct bytes rest = mountinfo;
	struct bytes line;
	struct proc_mount row;
	size_t cap = 0;
	int r;

	m->points.max = mountinfo.n + MOUNTS_MAX;
	while (proc_next_line(&rest, &line)) {
		if (proc_parse_mount(line, &row) < 0)
			continue;
		r = add_row(m, &cap, &row);
		if (r < 0)
			return r;
	}
	if (m->n == 0)
		return 0;
	qsort(m->by_id, m->n, sizeof(*m->by_id), compare_ids);
	m->by_point = malloc(m->n * sizeof(*m->by_point));
	if (!m->by_point)
		return -ENOMEM;
	for (size_t i = 0; i < m->n; i++)
		m->by_point[i] = (uint32_t)i;
	qsort_r(m->by_point, m->n, sizeof(*m->by_point), compare_points, m);
	return 0;
}

void mounts_done(struct mounts *m)
{
	free(m->by_id);
	free(m->by_point);
	buf_done(&m->points);
	*m = (struct mounts){ 0 };
}

/*
 * Points end in "/" and are sorted, so those below PATH follow PATH + "/" directly. *RET_FIRST is
 * the first that is not before it.
 */
static bool is_before(struct bytes point, struct bytes path)
{
	int r = compare_bytes(bytes_of(point.p, point.n < path.n ? point.n : path.n), path);

	if (r == 0 && point.n > path.n) /* the first byte behind PATH against "/" */
		return point.p[path.n] < '/';
	return r < 0 || (r == 0 && point.n == path.n);
}

bool mounts_below(const struct mounts *m, struct bytes path)
{
	size_t lo = 0;
	size_t hi = m->n;

	while (path.n && path.p[path.n - 1] == '/') /* "/" is "" + "/" */
		path.n--;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (is_before(point_of(m, m->by_point[mid]), path))
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < m->n; lo++) {
		struct bytes point = point_of(m, m->by_point[lo]);

		if (point.n <= path.n || point.p[path.n] != '/' ||
		    (path.n && memcmp(point.p, path.p, path.n) != 0))
			return false;
		if (point.n >
		    path.n + 1) /* not PATH itself, which may be a point many times over */
			return true;
	}
	return false;
}

size_t root_mounts(const struct root *r)
{
	return r->mounts.n;
}

struct root_mount root_mount(const struct root *r, size_t i)
{
	const struct mount *m = &r->mounts.by_id[i];
	struct bytes point = point_of(&r->mounts, i);
	enum mount_kind kind = m->bound ? MOUNT_BOUND : (enum mount_kind)m->kind;

	if (point.n > 1)
		point.n--;
	return (struct root_mount){ .id = m->id, .point = point, .kind = kind };
}

bool root_above_mount(struct root *r, struct bytes path)
{
	return mounts_below(&r->mounts, path);
}

static const struct mount *find_id(const struct mounts *m, uint64_t id)
{
	const struct mount key = { .id = (uint32_t)id };

	if (id > UINT32_MAX || m->n == 0)
		return NULL;
	return bsearch(&key, m->by_id, m->n, sizeof(key), compare_ids);
}

size_t root_mount_index(const struct root *r, uint64_t id)
{
	const struct mount *found = find_id(&r->mounts, id);

	return found ? (size_t)(found - r->mounts.by_id) : r->mounts.n;
}

enum mount_kind mounts_kind(const struct mounts *m, int fd, const struct file_info *info)
{
	const struct mount *found = info->have & FILE_MNT_ID ? find_id(m, info->mnt_id) : NULL;

	if (!found)
		return kind_of_statfs(fd);
	return found->bound && S_ISREG(info->mode) ? MOUNT_BOUND : (enum mount_kind)found->kind;
}

bool mounts_same(const struct file_info *a, const struct file_info *b)
{
	if (a->have & b->have & FILE_MNT_ID)
		return a->mnt_id == b->mnt_id;
	/* Before Linux 5.8. Within one overlay only directories are sure to share the device
	 * number. */
	return !S_ISDIR(a->mode) || !S_ISDIR(b->mode) ||
	       (a->dev_major == b->dev_major && a->dev_minor == b->dev_minor);
}
