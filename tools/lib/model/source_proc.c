/* SPDX-License-Identifier: Apache-2.0 */
/* One process of /proc or of a fixture of it: pinning, identity, text. */
#include "model/source_priv.h"

#include "sys/creds.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	STAT_ROOM = 4096,  /* the longest stat is under 1 KiB */
	FIRST_READ = 4096, /* most texts come whole in one read of this size */
};

/* How a text is read. */
enum text_how {
	TEXT_WHOLE =
		1 << 0, /* one record: a read that is not filled had all of it (seq_file.rst) */
	TEXT_SILENT = 1 << 1, /* without permission the kernel writes 0 instead of failing */
};

static const struct text_row {
	const char *name;
	unsigned how;
} texts[TEXT_KINDS] = {
	[TEXT_STAT] = { "stat", TEXT_WHOLE },
	[TEXT_STATUS] = { "status", TEXT_WHOLE },
	[TEXT_CMDLINE] = { "cmdline", TEXT_WHOLE },
	[TEXT_ENVIRON] = { "environ", 0 },
	[TEXT_MAPS] = { "maps", 0 },
	[TEXT_SMAPS] = { "smaps", 0 },
	[TEXT_MOUNTINFO] = { "mountinfo", 0 },
	[TEXT_LIMITS] = { "limits", TEXT_WHOLE },
	[TEXT_CGROUP] = { "cgroup", TEXT_WHOLE },
	[TEXT_IO] = { "io", TEXT_WHOLE },
	[TEXT_AUXV] = { "auxv", 0 },
	[TEXT_COMM] = { "comm", TEXT_WHOLE },
	[TEXT_WCHAN] = { "wchan", TEXT_WHOLE | TEXT_SILENT },
	[TEXT_SCHEDSTAT] = { "schedstat", TEXT_WHOLE },
	[TEXT_OOM_SCORE_ADJ] = { "oom_score_adj", TEXT_WHOLE },
	[TEXT_UID_MAP] = { "uid_map", 0 },
	[TEXT_LOGINUID] = { "loginuid", TEXT_WHOLE },
	[TEXT_ATTR_CURRENT] = { "attr/current", TEXT_WHOLE },
	[TEXT_NET_TCP] = { "net/tcp", 0 },
	[TEXT_NET_TCP6] = { "net/tcp6", 0 },
	[TEXT_NET_UDP] = { "net/udp", 0 },
	[TEXT_NET_UDP6] = { "net/udp6", 0 },
	[TEXT_NET_UDPLITE] = { "net/udplite", 0 },
	[TEXT_NET_UDPLITE6] = { "net/udplite6", 0 },
	[TEXT_NET_RAW] = { "net/raw", 0 },
	[TEXT_NET_RAW6] = { "net/raw6", 0 },
	[TEXT_NET_ICMP] = { "net/icmp", 0 },
	[TEXT_NET_ICMP6] = { "net/icmp6", 0 },
	[TEXT_NET_UNIX] = { "net/unix", 0 },
	[TEXT_NET_PACKET] = { "net/packet", 0 },
	[TEXT_NET_NETLINK] = { "net/netlink", 0 },
	[TEXT_NET_DEV] = { "net/dev", 0 },
	[TEXT_NET_ROUTE] = { "net/route", 0 },
};

const char *proc_text_name(enum proc_text t)
{
	return texts[t].name;
}

/* Gone, a zombie, or on its way out: its memory is gone first, and with it the right to look. */
static bool is_ending(const struct process *p)
{
	enum { EXITING = 0x4, TEXT_MAX = 1024 }; /* PF_EXITING, include/linux/sched.h */
	AUTO_CLOSE int fd = openat(p->fd, "stat", O_RDONLY | O_CLOEXEC);
	unsigned char text[TEXT_MAX];
	struct proc_stat st;
	ssize_t n;

	if (fd < 0)
		return true;
	n = read(fd, text, sizeof(text));
	if (n <= 0 || proc_parse_stat(bytes_of(text, (size_t)n), &st) < 0)
		return true;
	return st.state == 'Z' || st.state == 'X' || (st.flags & EXITING);
}

int process_gone(const struct process *p, int err)
{
	if (!p->source->procfs)
		return err;
	if (process_refused(err))
		return is_ending(p) ? -ESRCH : err;
	if (err != -ENOENT)
		return err;
	return faccessat(p->fd, "stat", F_OK, 0) < 0 ? -ESRCH : err;
}

/*
 * /proc/PID itself always belongs to the effective ids (task_dump_owner, fs/proc/base.c), as they
 * are now. Whether they are enough is the kernel's to say: real and saved ids must be the same.
 */
int process_borrow(const struct process *p)
{
	struct stat st;

	if (!p->source->procfs || fstat(p->fd, &st) < 0)
		return -EPERM;
	if (st.st_uid == geteuid() && st.st_gid == getegid())
		return -EPERM;
	return creds_enter(st.st_uid, st.st_gid);
}

int process_openat(const struct process *p, const char *name, int flags)
{
	int fd, r;

	if (!p->source->procfs)
		return fixture_openat(p->fd, name, flags);
	fd = openat(p->fd, name, flags | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	r = -errno;
	if (process_refused(r) && process_borrow(p) == 0) {
		fd = openat(p->fd, name, flags | O_CLOEXEC);
		creds_leave();
	}
	return fd >= 0 ? fd : process_gone(p, r);
}

ssize_t process_readlinkat(const struct process *p, int dirfd, const char *name, char *ret,
			   size_t size)
{
	ssize_t n;
	int r;

	if (!p->source->procfs)
		return fixture_readlinkat(dirfd, name, ret, size);
	n = readlinkat(dirfd, name, ret, size);
	if (n >= 0)
		return n;
	r = -errno;
	if (process_refused(r) && process_borrow(p) == 0) {
		n = readlinkat(dirfd, name, ret, size);
		creds_leave();
	}
	return n >= 0 ? n : process_gone(p, r);
}

static int read_stat(const struct process *p, struct proc_stat *ret)
{
	AUTO_CLOSE int fd = process_openat(p, "stat", O_RDONLY);
	char text[STAT_ROOM];
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = read(fd, text, sizeof(text));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n == sizeof(text))
		return -EBADMSG;
	return proc_parse_stat(bytes_of(text, (size_t)n), ret);
}

int process_open(struct source *s, struct process_id id, struct process **ret)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	char name[16];
	int r;

	if (s->kind == SOURCE_ROOT)
		return -EOPNOTSUPP;
	if (id.pid <= 0)
		return -ESRCH;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->source = s;
	(void)snprintf(name, sizeof(name), "%d", (int)id.pid);
	p->fd = openat(s->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = read_stat(p, &p->stat);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* The directory is the PID; what a fixture's stat says of it must not join other records.
	 */
	if (p->stat.pid != id.pid)
		return -EBADMSG;
	if (id.start_ticks && id.start_ticks != p->stat.start_ticks)
		return -ESRCH;
	p->id = (struct process_id){ .pid = id.pid, .start_ticks = p->stat.start_ticks };
	*ret = take_ptr(&p);
	return 0;
}

void process_close(struct process *p)
{
	if (!p)
		return;
	base_closep(&p->fd);
	free(p);
}

void process_closep(struct process **p)
{
	process_close(*p);
}

struct process_id process_id(const struct process *p)
{
	return p->id;
}

const struct proc_stat *process_stat(const struct process *p)
{
	return &p->stat;
}

int64_t process_start(const struct process *p)
{
	const struct source *s = p->source;
	uint64_t ticks = p->stat.start_ticks;
	uint64_t sec = ticks / s->ticks;
	int64_t ns;

	if (s->boot_error || sec >= INT64_MAX / NS_PER_SEC)
		return INT64_MIN;
	ns = (int64_t)(sec * NS_PER_SEC + ticks % s->ticks * NS_PER_SEC / s->ticks);
	return __builtin_add_overflow(ns, s->boot_ns, &ns) ? INT64_MIN : ns;
}

int process_status(struct process *p, const struct proc_status **ret)
{
	if (!p->status_done) {
		AUTO_DONE(buf_done) struct buf text = BUF_NONE;
		int r = process_text(p, TEXT_STATUS, &text, SOURCE_STATUS_MAX);

		if (r == 0)
			r = proc_parse_status(buf_bytes(&text), &p->status);
		p->status_error = r;
		p->status_done = true;
	}
	if (p->status_error == 0)
		*ret = &p->status;
	return p->status_error;
}

void source_entity_id(const struct source *s, struct process_id id, char ret[96])
{
	(void)snprintf(ret, 96, "%s:%" PRIu64 ":%d:%" PRIu64, s->boot_id[0] ? s->boot_id : "-",
		       s->pid_ns, (int)id.pid, id.start_ticks);
}

void process_entity_id(const struct process *p, char ret[96])
{
	source_entity_id(p->source, p->id, ret);
}

int process_verify(struct process *p)
{
	struct proc_stat now = { 0 };
	int r = read_stat(p, &now);

	if (r != 0)
		return r == -ENOENT ? -ESRCH : r;
	return now.pid == p->id.pid && now.start_ticks == p->id.start_ticks ? 0 : -ESRCH;
}

/* One read that most texts fit in, then the rest. */
static int read_text(int fd, unsigned how, struct buf *ret, size_t max)
{
	size_t room = max < FIRST_READ ? max : FIRST_READ;
	ssize_t n;

	if (!(how & TEXT_WHOLE) || room == 0 || buf_reserve(ret, room) < 0)
		return buf_read_fd(ret, fd, max);
	do
		n = read(fd, ret->p + ret->n, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	ret->n += (size_t)n;
	if ((size_t)n < room)
		return 0;
	return buf_read_fd(ret, fd, max - (size_t)n);
}

/* A process that is ending has left its mount namespace already: EINVAL (mounts_open_common). */
static int open_text(struct process *p, enum proc_text t)
{
	int fd = process_openat(p, texts[t].name, O_RDONLY);

	return fd == -EINVAL && t == TEXT_MOUNTINFO ? -ESRCH : fd;
}

int process_text(struct process *p, enum proc_text t, struct buf *ret, size_t max)
{
	const struct text_row *row = &texts[t];
	AUTO_CLOSE int fd = open_text(p, t);
	size_t before = ret->n;
	int r;

	if (fd < 0)
		return fd;
	if ((row->how & TEXT_SILENT) && process_borrow(p) == 0) {
		r = read_text(fd, row->how, ret, max);
		creds_leave();
		return r;
	}
	r = read_text(fd, row->how, ret, max);
	/* io is checked when it is read, not when it is opened (do_io_accounting). */
	if (process_refused(r) && ret->n == before && process_borrow(p) == 0) {
		int again = read_text(fd, row->how, ret, max);

		creds_leave();
		r = process_refused(again) ? r : again;
	}
	return r;
}

int process_text_open(struct process *p, enum proc_text t, struct file **ret)
{
	int fd = open_text(p, t);

	return fd < 0 ? fd : file_from_fd(fd, ret);
}
