/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one control group. */
#include "sys/cgroup.h"

#include "base/buf.h"
#include "sys/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

enum { CGROUP_TEXT_MAX = 64 << 10, CGROUP_LINES_MAX = 1024 };

int cgroup_parse_number(struct bytes text, uint64_t *ret)
{
	uint64_t v;

	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	if (bytes_eq(text, bytes_str("max"))) {
		*ret = CGROUP_NO_LIMIT;
		return 0;
	}
	if (scan_dec(&text, &v) < 0 || text.n)
		return -EBADMSG;
	*ret = v >= UINT64_C(1) << 62 ? CGROUP_NO_LIMIT : v;
	return 0;
}

int cgroup_parse_stat(struct bytes text, const char *key, uint64_t *ret)
{
	for (int i = 0; i < CGROUP_LINES_MAX && text.n; i++) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		struct bytes line = bytes_of(text.p, end ? (size_t)(end - text.p) : text.n);
		size_t n = strlen(key);

		scan_skip(&text, line.n + (end ? 1 : 0));
		if (!bytes_starts(line, key) || line.n <= n || line.p[n] != ' ')
			continue;
		return cgroup_parse_number(bytes_of(line.p + n + 1, line.n - n - 1), ret);
	}
	return -ENOENT;
}

static int read_at(int dir, const char *name, struct buf *ret)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	buf_clear(ret);
	if (fd < 0)
		return -errno;
	return buf_read_fd(ret, fd, CGROUP_TEXT_MAX);
}

static int read_number(int dir, const char *name, uint64_t *ret)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = read_at(dir, name, &b);

	return r < 0 ? r : cgroup_parse_number(buf_bytes(&b), ret);
}

static int read_v1(int fd, struct cgroup_memory *ret)
{
	AUTO_DONE(buf_done) struct buf stat = BUF_NONE;
	struct cgroup_memory m = { 0 };
	uint64_t above = CGROUP_NO_LIMIT;
	int r = read_number(fd, "memory.limit_in_bytes", &m.limit);

	if (r == 0)
		r = read_number(fd, "memory.usage_in_bytes", &m.usage);
	if (r == 0)
		r = read_at(fd, "memory.stat", &stat);
	if (r == 0)
		r = cgroup_parse_stat(buf_bytes(&stat), "total_inactive_file", &m.inactive);
	if (r == 0)
		r = cgroup_parse_stat(buf_bytes(&stat), "hierarchical_memory_limit", &above);
	if (r < 0)
		return r;
	if (above < m.limit) {
		m.limit = above;
		m.from_above = true;
	}
	*ret = m;
	return 0;
}

/* memory.high throttles, memory.max kills: only the second is a limit here. */
static int read_v2(int fd, struct cgroup_memory *ret)
{
	AUTO_DONE(buf_done) struct buf stat = BUF_NONE;
	struct cgroup_memory m = { 0 };
	int r = read_number(fd, "memory.max", &m.limit);

	if (r == 0)
		r = read_number(fd, "memory.current", &m.usage);
	if (r == 0)
		r = read_at(fd, "memory.stat", &stat);
	if (r == 0)
		r = cgroup_parse_stat(buf_bytes(&stat), "inactive_file", &m.inactive);
	if (r == 0)
		*ret = m;
	return r;
}

int cgroup_memory_read(int fd, struct cgroup_memory *ret)
{
	struct statfs fs;
	int r = -EOPNOTSUPP;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type == CGROUP_SUPER_MAGIC)
		r = read_v1(fd, ret);
	else if (fs.f_type == CGROUP2_SUPER_MAGIC)
		r = read_v2(fd, ret);
	return r == -ENOENT ? -EOPNOTSUPP : r;
}
