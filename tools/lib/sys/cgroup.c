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

/* ---- its files ----------------------------------------------------------------------------- */

enum { FILE_LIMIT, FILE_USAGE, FILE_STAT };

static const char *const names[][CGROUP_FILES] = {
	{ "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat" },
	{ "memory.max", "memory.current", "memory.stat" },
};

/* 1: version 1, 2: version 2, or -EOPNOTSUPP, -errno. */
static int version_of(int dir)
{
	struct statfs fs;

	if (fstatfs(dir, &fs) < 0)
		return -errno;
	if (fs.f_type == CGROUP2_SUPER_MAGIC)
		return 2;
	return fs.f_type == CGROUP_SUPER_MAGIC ? 1 : -EOPNOTSUPP;
}

int cgroup_files_open(int dir, struct cgroup_files *ret)
{
	AUTO_DONE(cgroup_files_done) struct cgroup_files f = CGROUP_FILES_NONE;
	int version = version_of(dir);

	*ret = f;
	if (version < 0)
		return version;
	f.unified = version == 2;
	for (size_t i = 0; i < CGROUP_FILES; i++) {
		f.fd[i] = openat(dir, names[f.unified][i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (f.fd[i] < 0)
			return errno == ENOENT ? -EOPNOTSUPP : -errno;
	}
	*ret = f;
	f = (struct cgroup_files)CGROUP_FILES_NONE;
	return 0;
}

void cgroup_files_done(const struct cgroup_files *f)
{
	for (size_t i = 0; i < CGROUP_FILES; i++)
		base_closep(&f->fd[i]);
}

/* From its beginning each time: the kernel makes the text anew then. */
static int read_again(int fd, struct buf *ret)
{
	buf_clear(ret);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return buf_read_fd(ret, fd, CGROUP_TEXT_MAX);
}

static int read_number(int fd, uint64_t *ret)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = read_again(fd, &b);

	return r < 0 ? r : cgroup_parse_number(buf_bytes(&b), ret);
}

/* memory.high throttles, memory.max kills: only the second is a limit here. */
int cgroup_files_read(const struct cgroup_files *f, struct cgroup_memory *ret)
{
	AUTO_DONE(buf_done) struct buf stat = BUF_NONE;
	struct cgroup_memory m = { 0 };
	uint64_t above = CGROUP_NO_LIMIT;
	int r = read_number(f->fd[FILE_LIMIT], &m.limit);

	if (r == 0)
		r = read_number(f->fd[FILE_USAGE], &m.usage);
	if (r == 0)
		r = read_again(f->fd[FILE_STAT], &stat);
	if (r == 0)
		r = cgroup_parse_stat(buf_bytes(&stat),
				      f->unified ? "inactive_file" : "total_inactive_file",
				      &m.inactive);
	if (r == 0 && !f->unified)
		r = cgroup_parse_stat(buf_bytes(&stat), "hierarchical_memory_limit", &above);
	if (r < 0)
		return r == -ENOENT ? -EOPNOTSUPP : r;
	if (above < m.limit) {
		m.limit = above;
		m.from_above = true;
	}
	*ret = m;
	return 0;
}

int cgroup_memory_read(int dir, struct cgroup_memory *ret)
{
	AUTO_DONE(cgroup_files_done) struct cgroup_files f = CGROUP_FILES_NONE;
	int r = cgroup_files_open(dir, &f);

	return r < 0 ? r : cgroup_files_read(&f, ret);
}

/* ---- CPU time ------------------------------------------------------------------------------ */

int cgroup_parse_cpu(struct bytes text, struct cgroup_cpu *ret)
{
	struct cgroup_cpu c = { 0 };
	uint64_t ns;
	int r = cgroup_parse_stat(text, "nr_periods", &c.periods);

	/* Version 2 leaves them out where the controller is off: then nothing is held back. */
	if (r == 0)
		r = cgroup_parse_stat(text, "nr_throttled", &c.throttled);
	if (r == 0) {
		r = cgroup_parse_stat(text, "throttled_usec", &c.throttled_us);
		if (r == -ENOENT) {
			r = cgroup_parse_stat(text, "throttled_time", &ns);
			c.throttled_us = r == 0 ? ns / 1000 : 0;
		}
	}
	if (r < 0 && r != -ENOENT)
		return r;
	*ret = c;
	return 0;
}

int cgroup_cpu_open(int dir, int *ret_fd)
{
	int version = version_of(dir);
	int fd;

	if (version < 0)
		return version;
	fd = openat(dir, "cpu.stat", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	*ret_fd = fd;
	return 0;
}

int cgroup_cpu_read(int fd, struct cgroup_cpu *ret)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = read_again(fd, &b);

	return r < 0 ? r : cgroup_parse_cpu(buf_bytes(&b), ret);
}
