/* SPDX-License-Identifier: Apache-2.0 */
/* Two vantages of /proc: mount tables of every mount namespace, and mount ids in every root. */
#include "signs/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

enum {
	LINE_BUFFER = 64 << 10, /* a mountinfo line is at most a few pages (fs/proc_namespace.c) */
	DETAIL_MAX = 4096,	/* bytes of a mount point that are kept */
	PROC_STAT_TEXT_MAX = 4096,
};

/* "/proc/123" or "/proc/123/...": 123. -EINVAL for any other path. */
static int hidden_pid(struct bytes point, pid_t *ret)
{
	static const char prefix[] = "/proc/";
	size_t start = sizeof(prefix) - 1, n = start;

	if (!bytes_starts(point, prefix))
		return -EINVAL;
	while (n < point.n && point.p[n] >= '0' && point.p[n] <= '9')
		n++;
	if (n < point.n && point.p[n] != '/')
		return -EINVAL;
	return proc_parse_pid(bytes_of(point.p + start, n - start), ret);
}

static int add_hidden(struct facts_shared *sh, pid_t pid, struct bytes point)
{
	struct hidden *grown;
	struct hidden h = { .pid = pid, .detail = BUF_LIMIT(DETAIL_MAX) };

	if (sh->nhidden == SHARED_HIDDEN_MAX) {
		sh->hidden_cut = true;
		return 0;
	}
	if ((sh->nhidden & (sh->nhidden + 1)) == 0) {
		grown = realloc(sh->hidden, (sh->nhidden * 2 + 2) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		sh->hidden = grown;
	}
	if (proc_unmangle(&h.detail, point) == -ENOMEM) {
		buf_done(&h.detail);
		return -ENOMEM;
	}
	sh->hidden[sh->nhidden++] = h;
	return 0;
}

/* Whether the comma-separated OPTIONS hide processes: hidepid=1, 2, 4, noaccess, invisible,
 * ptraceable. */
static bool hides_pids(struct bytes options)
{
	static const char key[] = "hidepid=";
	size_t n = sizeof(key) - 1;

	for (size_t i = 0; i + n < options.n; i++)
		if ((i == 0 || options.p[i - 1] == ',') && memcmp(options.p + i, key, n) == 0)
			return options.p[i + n] != '0' && options.p[i + n] != 'o';
	return false;
}

static int take_mount(struct facts_shared *sh, struct mount_ns *ns, struct bytes line)
{
	struct proc_mount m;
	pid_t pid;

	if (proc_parse_mount(line, &m) < 0)
		return 0;
	if (bytes_eq(m.point, bytes_str("/proc"))) {
		ns->proc_mounts++;
		ns->proc_is_proc = bytes_eq(m.fstype, bytes_str("proc"));
		ns->hidepid = hides_pids(m.super_options);
		return 0;
	}
	/* In another PID namespace the number is another process's. */
	if (ns->ns_pid && sh->ns_pid && ns->ns_pid != sh->ns_pid)
		return 0;
	if (hidden_pid(m.point, &pid) < 0)
		return 0;
	return add_hidden(sh, pid, m.point);
}

/* Feeds whole lines of P[0..n) to take_mount; returns bytes used, or -errno. */
static ssize_t take_lines(struct facts_shared *sh, struct mount_ns *ns, const unsigned char *p,
			  size_t n, size_t *lines)
{
	size_t used = 0;

	for (;;) {
		const unsigned char *end = memchr(p + used, '\n', n - used);
		int r;

		if (!end)
			return (ssize_t)used;
		if (++*lines > SHARED_MOUNTS_MAX) {
			ns->cut = true;
			return (ssize_t)n;
		}
		r = take_mount(sh, ns, bytes_of(p + used, (size_t)(end - (p + used))));
		if (r < 0)
			return r;
		used = (size_t)(end - p) + 1;
	}
}

int shared_read_mounts(struct facts_shared *sh, struct process *p, struct mount_ns *ns)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	AUTO_FREE unsigned char *text = malloc(LINE_BUFFER);
	size_t have = 0, lines = 0;
	uint64_t offset = 0;

	if (!text)
		return -ENOMEM;
	ns->err = process_text_open(p, TEXT_MOUNTINFO, &f);
	if (ns->err < 0)
		return 0;
	while (!ns->cut) {
		ssize_t n = file_read_at(f, text + have, LINE_BUFFER - have, offset);

		if (n < 0)
			ns->err = (int)n;
		if (n <= 0)
			return 0;
		offset += (uint64_t)n;
		have += (size_t)n;
		n = take_lines(sh, ns, text, have, &lines);
		if (n < 0)
			return (int)n;
		if (n == 0 && have == LINE_BUFFER)
			ns->cut = true;
		have -= (size_t)n;
		memmove(text, text + n, have);
	}
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct hidden *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Shorter mount points first: the process itself before a file of it. */
static int by_pid_and_point(const void *a, const void *b)
{
	const struct hidden *x = a, *y = b;
	int r = by_pid(a, b);

	if (r == 0)
		r = (x->detail.n > y->detail.n) - (x->detail.n < y->detail.n);
	if (r || x->detail.n == 0)
		return r;
	return memcmp(x->detail.p, y->detail.p, x->detail.n);
}

void shared_sort_hidden(struct facts_shared *sh)
{
	if (sh->nhidden)
		qsort(sh->hidden, sh->nhidden, sizeof(*sh->hidden), by_pid_and_point);
}

static const struct hidden *find_hidden(const struct facts_shared *sh, pid_t pid)
{
	const struct hidden key = { .pid = pid };
	const struct hidden *h = NULL;

	if (sh->nhidden)
		h = bsearch(&key, sh->hidden, sh->nhidden, sizeof(*h), by_pid);
	while (h && h > sh->hidden && h[-1].pid == pid)
		h--;
	return h;
}

/*
 * Whether DIR, a procfs, numbers processes as we do: the stat of P below it says the same start.
 * A mount over P itself would answer for another, so its mount id must be DIR's.
 */
static bool same_numbers(int dir, uint64_t mnt, struct process *p)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct file_info info;
	struct proc_stat st;
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)process_id(p).pid);
	AUTO_CLOSE int pid = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pid < 0 || file_info_fd(pid, &info) < 0 || info.mnt_id != mnt)
		return false;
	AUTO_CLOSE int fd = openat(pid, "stat", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || buf_read_fd(&text, fd, PROC_STAT_TEXT_MAX) < 0)
		return false;
	return proc_parse_stat(buf_bytes(&text), &st) == 0 && st.pid == process_id(p).pid &&
	       st.start_ticks == process_stat(p)->start_ticks;
}

void space_open_proc(struct facts_shared *sh, struct space *sp, struct process *p,
		     const struct mount_ns *ns)
{
	AUTO_CLOSE int dir = -1;
	struct file_info info;
	struct statfs fs;

	sp->procdir = -1;
	if (source_kind(sh->source) != SOURCE_LIVE || !ns)
		return;
	if (ns->ns_pid && sh->ns_pid && ns->ns_pid != sh->ns_pid)
		return;
	if (root_pin(sp->root, bytes_str("/proc"), &dir, &info) < 0)
		return;
	if (fstatfs(dir, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC || !(info.have & FILE_MNT_ID))
		return;
	if (!same_numbers(dir, info.mnt_id, p))
		return;
	sp->proc_mnt = info.mnt_id;
	sp->procdir = take_fd(&dir);
}

/* 1: NAME below DIR lies on another mount than MNT; 0: it does not, or cannot be told; -ENOENT. */
static int differs(int dir, const char *name, uint64_t mnt)
{
	struct file_info info;
	int r = file_info_at(dir, name, &info);

	if (r < 0)
		return r == -ENOENT ? r : 0;
	return (info.have & FILE_MNT_ID) && info.mnt_id != mnt;
}

/* What of process NAME below SP's /proc lies on another mount. "" if nothing does. */
static const char *covered(const struct space *sp, const char *name, bool hidepid,
			   struct process *p)
{
	static const char *const files[] = { "stat", "cmdline", "comm", "status", "exe", "maps" };
	int r = differs(sp->procdir, name, sp->proc_mnt);

	if (r == -ENOENT)
		return !hidepid && process_verify(p) == 0 ? "missing" : "";
	if (r == 1)
		return "its directory";
	AUTO_CLOSE int dir =
		openat(sp->procdir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	for (size_t i = 0; dir >= 0 && i < ARRAY_LEN(files); i++)
		if (differs(dir, files[i], sp->proc_mnt) == 1)
			return files[i];
	return "";
}

static int look_by_mount_id(struct facts_shared *sh, struct process *p, struct vantage *v)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)process_id(p).pid);
	for (size_t i = 0; i < SHARED_SPACES_MAX; i++) {
		const struct space *sp = &sh->spaces[i];
		const struct mount_ns *ns;
		const char *what;

		if (!sp->used || !sp->root || sp->procdir < 0)
			continue;
		ns = shared_ns(sh, sp->ns_mnt, process_id(p));
		/* A whole mount table has said all that the mount ids can say. */
		if (ns && !ns->err && !ns->cut)
			continue;
		what = covered(sp, name, ns && ns->hidepid, p);
		if (!*what)
			continue;
		v->hidden = true;
		return buf_addf(&v->detail, "mnt:[%llu] /proc/%s: %s",
				(unsigned long long)sp->ns_mnt, name, what);
	}
	return 0;
}

int shared_vantage(struct facts_shared *sh, struct process *p, uint64_t ns_mnt, struct vantage *v)
{
	const struct hidden *h = find_hidden(sh, process_id(p).pid);
	const struct mount_ns *ns = shared_ns(sh, ns_mnt, process_id(p));

	if (ns && !ns->err && ns->proc_mounts) {
		v->proc_replaced = ns->proc_mounts > 1 || !ns->proc_is_proc;
		v->proc_is_proc = ns->proc_is_proc;
	}
	if (h) {
		v->hidden = true;
		return buf_addb(&v->detail, buf_bytes(&h->detail));
	}
	return look_by_mount_id(sh, p, v);
}

void facts_shared_unseen(struct facts_shared *sh, const struct gap_sink *gaps)
{
	for (size_t i = 0; i < sh->nhidden; i++) {
		AUTO_DONE(process_closep) struct process *p = NULL;
		const struct hidden *h = &sh->hidden[i];
		const struct gap gap = { .err = -ENOENT,
					 .what = "open process (something is mounted over it)",
					 .pid = h->pid,
					 .on = buf_bytes(&h->detail) };

		if (i > 0 && sh->hidden[i - 1].pid == h->pid)
			continue;
		if (process_open(sh->source, (struct process_id){ .pid = h->pid }, &p) < 0)
			gap_tell(gaps, &gap);
	}
}
