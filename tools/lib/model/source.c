/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a source, its clocks and identity, and the list of its processes. */
#include "model/source_priv.h"

#include "sys/numdir.h"
#include "sys/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

enum {
	BOOT_SAMPLES = 8,
	STAT_TEXT_MAX = 4 << 20, /* /proc/stat: a line a CPU, and one with every interrupt */
	DEFAULT_TICKS = 100,
	SMALL_TEXT = 256,
};

/* By enum source_kind. */
static const char *const kind_names[] = { "live", "proc", "root" };

static int source_set_name(struct source *s, const char *where)
{
	const char *kind = kind_names[s->kind];
	size_t n = strlen(kind) + (where ? strlen(where) : 0) + 2;

	s->name = malloc(n);
	if (!s->name)
		return -ENOMEM;
	if (where)
		(void)snprintf(s->name, n, "%s:%s", kind, where);
	else
		(void)snprintf(s->name, n, "%s", kind);
	return 0;
}

static bool on_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == PROC_SUPER_MAGIC;
}

int source_open(enum source_kind kind, const char *where, struct source **ret)
{
	AUTO_DONE(source_closep) struct source *s = calloc(1, sizeof(*s));
	const char *path = kind == SOURCE_LIVE ? "/proc" : where;
	int r;

	if (!s)
		return -ENOMEM;
	s->fd = -1;
	if (!path || (size_t)kind >= ARRAY_LEN(kind_names))
		return -EINVAL;
	s->kind = kind;
	s->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	s->procfs = kind != SOURCE_ROOT && on_procfs(s->fd);
	if (kind == SOURCE_LIVE && !s->procfs)
		return -ENODEV;
	r = source_set_name(s, kind == SOURCE_LIVE ? NULL : where);
	if (r < 0)
		return r;
	source_read_facts(s);
	*ret = take_ptr(&s);
	return 0;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	base_closep(&s->fd);
	free(s->name);
	free(s);
}

void source_closep(struct source **s)
{
	source_close(*s);
}

enum source_kind source_kind(const struct source *s)
{
	return s->kind;
}

const char *source_name(const struct source *s)
{
	return s->name;
}

/* A file below the source itself: /proc/stat and its like. */
static int facts_text(const struct source *s, const char *name, struct buf *ret, size_t max)
{
	AUTO_CLOSE int fd = -1;

	if (s->procfs)
		fd = openat(s->fd, name, O_RDONLY | O_CLOEXEC);
	else
		fd = fixture_openat(s->fd, name, O_RDONLY);
	if (fd < 0)
		return s->procfs ? -errno : fd;
	return buf_read_fd(ret, fd, max);
}

/*
 * When the machine started, on the wall clock as it runs now: /proc/stat's btime was 0.63 s off.
 * The closest of a few samples, since a preemption between two clocks would be an error of that
 * length. In a time namespace CLOCK_BOOTTIME and the start times of /proc/PID/stat are shifted
 * alike (time_namespaces(7)), so that their sum is still right.
 */
static int boot_live(int64_t *ret)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < BOOT_SAMPLES; i++) {
		struct timespec a, boot, b;
		int64_t before, after, booted;

		if (clock_gettime(CLOCK_REALTIME, &a) < 0 ||
		    clock_gettime(CLOCK_BOOTTIME, &boot) < 0 ||
		    clock_gettime(CLOCK_REALTIME, &b) < 0)
			return -errno;
		before = (int64_t)a.tv_sec * (int64_t)NS_PER_SEC + a.tv_nsec;
		after = (int64_t)b.tv_sec * (int64_t)NS_PER_SEC + b.tv_nsec;
		booted = (int64_t)boot.tv_sec * (int64_t)NS_PER_SEC + boot.tv_nsec;
		if (after < before || after - before >= best)
			continue;
		best = after - before;
		*ret = before + best / 2 - booted;
	}
	return best == INT64_MAX ? -EAGAIN : 0;
}

/* "btime 1732387200" in the fixture's stat: its second is the precision. */
static int boot_fixture(const struct source *s, int64_t *ret)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bytes rest, line;
	uint64_t sec;
	int r;

	r = facts_text(s, "stat", &text, STAT_TEXT_MAX);
	if (r < 0)
		return r;
	rest = buf_bytes(&text);
	while (proc_next_line(&rest, &line)) {
		if (!bytes_starts(line, "btime "))
			continue;
		scan_skip(&line, strlen("btime "));
		if (scan_dec(&line, &sec) < 0 || line.n || sec > INT64_MAX / NS_PER_SEC)
			return -EBADMSG;
		*ret = (int64_t)(sec * NS_PER_SEC);
		return 0;
	}
	return -ENOENT;
}

static bool is_uuid_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
}

static void read_boot_id(struct source *s)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bytes id;

	if (facts_text(s, "sys/kernel/random/boot_id", &text, SMALL_TEXT) < 0)
		return;
	id = buf_bytes(&text);
	if (bytes_ends(id, "\n"))
		id.n--;
	if (id.n != SOURCE_BOOT_ID_LEN)
		return;
	for (size_t i = 0; i < id.n; i++)
		if (!is_uuid_char(id.p[i]))
			return;
	memcpy(s->boot_id, id.p, id.n);
}

/* The link "self", where this process can be seen at all. */
static void read_self(struct source *s)
{
	char text[16];
	ssize_t n = readlinkat(s->fd, "self", text, sizeof(text));

	if (n > 0 && proc_parse_pid(bytes_of(text, (size_t)n), &s->self) == 0)
		s->own_pids = s->kind == SOURCE_LIVE && s->self == getpid();
}

static void read_pid_ns(struct source *s)
{
	static const pid_t first = 1;
	struct process_id id = { .pid = s->self ? s->self : first };
	AUTO_DONE(process_closep) struct process *p = NULL;

	if (process_open(s, id, &p) == 0)
		(void)process_ns(p, LINK_NS_PID, &s->pid_ns);
}

void source_read_facts(struct source *s)
{
	long ticks = sysconf(_SC_CLK_TCK);

	s->ticks = ticks > 0 ? (uint64_t)ticks : DEFAULT_TICKS;
	if (s->kind == SOURCE_ROOT) {
		s->boot_error = -EOPNOTSUPP;
		return;
	}
	s->boot_error = s->procfs ? boot_live(&s->boot_ns) : boot_fixture(s, &s->boot_ns);
	read_boot_id(s);
	if (s->procfs)
		read_self(s);
	read_pid_ns(s);
}

int source_boot(struct source *s, int64_t *ret_boot_ns, uint64_t *ret_ticks)
{
	if (s->boot_error)
		return s->boot_error;
	*ret_boot_ns = s->boot_ns;
	*ret_ticks = s->ticks;
	return 0;
}

const char *source_boot_id(struct source *s)
{
	return s->boot_id;
}

uint64_t source_pid_ns(struct source *s)
{
	return s->pid_ns;
}

int process_iter_init(struct source *s, struct process_iter *ret)
{
	AUTO_CLOSE int fd = -1;
	int *pids;
	size_t n;
	int r;

	if (s->kind == SOURCE_ROOT)
		return -EOPNOTSUPP;
	fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = numdir_read(fd, SOURCE_PIDS_MAX, &pids, &n);
	if (r < 0)
		return r;
	*ret = (struct process_iter){ .source = s, .pids = pids, .n = n };
	return 0;
}

int process_iter_next(struct process_iter *it, struct process_id *ret)
{
	/* No process has PID 0; a fixture may have a directory of that name. */
	while (it->next < it->n && it->pids[it->next] == 0)
		it->next++;
	if (it->next == it->n)
		return 0;
	*ret = (struct process_id){ .pid = it->pids[it->next++] };
	return 1;
}

void process_iter_done(struct process_iter *it)
{
	free(it->pids);
	*it = (struct process_iter){ 0 };
}
