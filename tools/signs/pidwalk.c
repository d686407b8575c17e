/* SPDX-License-Identifier: Apache-2.0 */
/* getsid(2) of every PID against the list of /proc. */
#include "signs/pidwalk.h"

#include "base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum {
	PID_MAX_TEXT = 32,
	CLOCK_EVERY = 1 << 16, /* PIDs between two looks at the clock */
	RECHECKS = 3,	       /* a process or thread that comes or goes is no hidden one */
	STATUS_TEXT_MAX = 64 << 10,
};

/* Which numbers are known, one bit each. */
struct pid_set {
	unsigned char bits[PIDWALK_PIDS_MAX / 8];
};

static void set_add(struct pid_set *set, pid_t pid)
{
	if (pid > 0 && pid < PIDWALK_PIDS_MAX)
		set->bits[pid / 8] |= (unsigned char)(1U << (pid % 8));
}

static bool set_has(const struct pid_set *set, pid_t pid)
{
	return set->bits[pid / 8] & (1U << (pid % 8));
}

static int add_threads(struct source *s, struct process_id id, struct pid_set *set)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id thread;
	int r;

	if (process_open(s, id, &p) < 0 || process_stat(p)->threads <= 1)
		return 0;
	r = thread_iter_init(p, &it);
	while (r >= 0 && (r = process_iter_next(&it, &thread)) > 0)
		set_add(set, thread.pid);
	return r == -ENOMEM ? r : 0;
}

/* Adds all that the list shows, with their threads. */
static int add_listed(struct source *s, struct pid_set *set)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r = process_iter_init(s, &it);

	while (r >= 0 && (r = process_iter_next(&it, &id)) > 0) {
		set_add(set, id.pid);
		if (add_threads(s, id, set) < 0)
			return -ENOMEM;
	}
	return r;
}

static bool answers(pid_t pid)
{
	return getsid(pid) >= 0 || errno == EPERM;
}

/* A thread that its leader's list did not show: told by the thread itself. */
static bool is_thread(pid_t pid)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct proc_status st;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || buf_read_fd(&text, fd, STATUS_TEXT_MAX) < 0)
		return false;
	return proc_parse_status(buf_bytes(&text), &st) == 0 && st.tgid && st.tgid != pid;
}

static pid_t pid_max(void)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_CLOSE int fd = open("/proc/sys/kernel/pid_max", O_RDONLY | O_CLOEXEC);
	pid_t n = 0;

	if (fd < 0 || buf_read_fd(&text, fd, PID_MAX_TEXT) < 0)
		return PIDWALK_PIDS_MAX;
	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	/* An intruder may lower it below what is there already: then it proves nothing. */
	if (proc_parse_pid(buf_bytes(&text), &n) < 0 || n > PIDWALK_PIDS_MAX || n < (1 << 15))
		return PIDWALK_PIDS_MAX;
	return n;
}

/* Keeps those of PIDS that still answer and are still in no list. */
static int recheck(struct source *s, struct pid_set *set, struct pidwalk *ret)
{
	size_t kept = 0;
	int r = ret->n ? add_listed(s, set) : 0;

	for (size_t i = 0; r >= 0 && i < ret->n; i++)
		if (!set_has(set, ret->hidden[i]) && answers(ret->hidden[i]) &&
		    !is_thread(ret->hidden[i]))
			ret->hidden[kept++] = ret->hidden[i];
	ret->n = r < 0 ? 0 : kept;
	return r < 0 ? r : 0;
}

static int ask_all(const struct pid_set *set, struct pidwalk *ret)
{
	int64_t end = when_now(CLOCK_PROCESS_CPUTIME_ID) + PIDWALK_MILLISECONDS * INT64_C(1000000);
	pid_t most = pid_max();

	for (pid_t pid = 1; pid < most; pid++) {
		ret->upto = pid;
		if (pid % CLOCK_EVERY == 0 && when_now(CLOCK_PROCESS_CPUTIME_ID) > end)
			return -ETIME;
		if (set_has(set, pid) || !answers(pid))
			continue;
		if (is_thread(pid))
			continue;
		if (ret->n == PIDWALK_HIDDEN_MAX)
			return -E2BIG;
		ret->hidden[ret->n++] = pid;
	}
	return 0;
}

int pidwalk(struct source *s, struct pidwalk *ret)
{
	AUTO_FREE struct pid_set *set = NULL;
	int cut, r;

	ret->n = 0;
	ret->upto = 0;
	if (source_kind(s) != SOURCE_LIVE)
		return -EOPNOTSUPP;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	r = add_listed(s, set);
	if (r < 0)
		return r;
	cut = ask_all(set, ret);
	for (int i = 0; r == 0 && i < RECHECKS; i++)
		r = recheck(s, set, ret);
	return r < 0 ? r : cut;
}
