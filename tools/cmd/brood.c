/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that `init` and `shell` answer for. */
#include "cmd/brood.h"

#include "model/source.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum {
	BROOD_ROUND_MS = 50,
	BROOD_KILL_ROUNDS = 40, /* of SIGKILL; what forks faster than we list is left after 2 s */
	BROOD_CMDLINE_MAX = 64 << 10,
	BROOD_PASSES_MAX = 4096, /* depth of the tree */
};

struct member {
	struct process *p;
	pid_t pid, ppid;
	bool ours;
};

struct brood {
	struct source *source;
	struct member *v;
	size_t n;
};

static const int watched_signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };

static sigset_t signal_set(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(watched_signals); i++)
		(void)sigaddset(&set, watched_signals[i]);
	return set;
}

int brood_begin(void)
{
	sigset_t set = signal_set();

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

void brood_child(pid_t parent)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGTTOU, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before that. */
	if (getppid() != parent)
		_exit(1);
}

bool brood_reap(pid_t watched, int *status)
{
	bool found = false;
	pid_t pid;
	int s;

	while ((pid = waitpid(-1, &s, WNOHANG)) > 0) {
		if (pid != watched)
			continue;
		*status = s;
		found = true;
	}
	return found;
}

int brood_wait(int ms)
{
	sigset_t set = signal_set();
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
	int sig = sigtimedwait(&set, NULL, &t);

	return sig > 0 ? sig : 0;
}

static void brood_done(struct brood *b)
{
	for (size_t i = 0; i < b->n; i++)
		process_close(b->v[i].p);
	free(b->v);
	source_close(b->source);
	*b = (struct brood){ 0 };
}

/* Zombies are dead already, whoever has to reap them. */
static void add_member(struct brood *b, struct process_id id)
{
	struct member *m = &b->v[b->n];

	*m = (struct member){ .pid = id.pid };
	if (process_open(b->source, id, &m->p) < 0)
		return;
	const struct proc_stat *st = process_stat(m->p);
	if (proc_is_bare(st)) {
		process_close(m->p);
		return;
	}
	m->ppid = st->ppid;
	b->n++;
}

/*
 * Every process that is pinned costs a descriptor. Beyond the limit of those we may open the rest
 * is not seen, in this round.
 */
static int brood_list(struct brood *b)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r = source_open(SOURCE_LIVE, NULL, &b->source);

	if (r == 0)
		r = process_iter_init(b->source, &it);
	if (r < 0)
		return r;
	b->v = calloc(it.n + 1, sizeof(*b->v));
	if (!b->v)
		return -ENOMEM;
	while (process_iter_next(&it, &id) > 0 && b->n < it.n)
		if (id.pid != getpid())
			add_member(b, id);
	return 0;
}

static bool has_owner(const struct brood *b, const struct member *m)
{
	if (m->ppid == getpid())
		return true;
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].pid == m->ppid)
			return b->v[i].ours;
	return false;
}

/* Descendants of us and of all that are marked already. */
static void mark_descendants(struct brood *b)
{
	bool more = true;

	for (int pass = 0; more && pass < BROOD_PASSES_MAX; pass++) {
		more = false;
		for (size_t i = 0; i < b->n; i++) {
			if (b->v[i].ours || !has_owner(b, &b->v[i]))
				continue;
			b->v[i].ours = true;
			more = true;
		}
	}
}

struct self {
	uint64_t ns_mnt;
	struct file_info exe;
	uint64_t start_ticks;
	bool known;
};

/* Our own mount namespace and executable: what proves that a process is csi beside us. */
static struct self read_self(struct source *s)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_CLOSE int pin = -1;
	struct self self = { 0 };

	if (process_open(s, (struct process_id){ .pid = getpid() }, &p) < 0)
		return self;
	self.start_ticks = process_id(p).start_ticks;
	self.known = process_ns(p, LINK_NS_MNT, &self.ns_mnt) == 0 &&
		     process_pin(p, FILE_EXE, 0, &pin, &self.exe) == 0;
	return self;
}

static bool same_namespace(const struct member *m, const struct self *self)
{
	uint64_t ns;

	return self->known && process_ns(m->p, LINK_NS_MNT, &ns) == 0 && ns == self->ns_mnt;
}

static bool same_exe(const struct member *m, const struct self *self)
{
	AUTO_CLOSE int pin = -1;
	struct file_info exe;

	if (process_pin(m->p, FILE_EXE, 0, &pin, &exe) < 0)
		return false;
	return file_same(&exe, &self->exe);
}

/* "csi init" or "csi-init": one sleeper beside another is nobody's work. */
static bool is_sleeper(const struct member *m, const struct self *self)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bytes rest, word;

	if (!same_exe(m, self) || process_text(m->p, TEXT_CMDLINE, &text, BROOD_CMDLINE_MAX) < 0)
		return false;
	rest = buf_bytes(&text);
	if (proc_next_string(&rest, &word) == 0)
		return false;
	if (bytes_ends(word, "csi-init"))
		return true;
	return proc_next_string(&rest, &word) > 0 && bytes_eq(word, bytes_str("init"));
}

/* Whether an older sleeper is here: then that one is the container's entry point, and not we. */
static bool has_elder(const struct brood *b, const struct self *self)
{
	for (size_t i = 0; i < b->n; i++)
		if (same_namespace(&b->v[i], self) && is_sleeper(&b->v[i], self) &&
		    process_stat(b->v[i].p)->start_ticks <= self->start_ticks)
			return true;
	return false;
}

/*
 * Sessions are csi itself, in our mount namespace, with a parent outside this PID namespace: that
 * is how a container runtime starts one, and nobody else here can.
 */
static void mark_sessions(struct brood *b)
{
	struct self self = read_self(b->source);

	if (has_elder(b, &self))
		return;
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].ppid == 0 && same_namespace(&b->v[i], &self) &&
		    same_exe(&b->v[i], &self))
			b->v[i].ours = true;
}

/* By pidfd, checked between pinning and signalling, so that a reused PID is never hit. */
static void signal_member(const struct member *m, int sig)
{
	AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, m->pid, 0);

	if (process_verify(m->p) < 0)
		return;
	if (pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) == 0)
		return;
	if (pidfd < 0 || errno == ENOSYS || errno == EPERM)
		(void)kill(m->pid, sig);
}

/* How many are left, having sent them SIG (0: only counted). */
static size_t brood_signal(bool sessions, int sig)
{
	AUTO_DONE(brood_done) struct brood b = { 0 };
	size_t left = 0;

	if (brood_list(&b) < 0)
		return 0;
	if (sessions)
		mark_sessions(&b);
	mark_descendants(&b);
	for (size_t i = 0; i < b.n; i++) {
		if (!b.v[i].ours)
			continue;
		left++;
		if (sig)
			signal_member(&b.v[i], sig);
	}
	return left;
}

static void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

void brood_end(bool sessions, int grace_ms)
{
	int ignored;
	size_t left;

	(void)brood_reap(0, &ignored);
	left = brood_signal(sessions, SIGTERM);
	/* A stopped process dies of SIGTERM only when it goes on. */
	if (left > 0)
		(void)brood_signal(sessions, SIGCONT);
	for (int ms = 0; left > 0 && ms < grace_ms; ms += BROOD_ROUND_MS) {
		pause_ms(BROOD_ROUND_MS);
		(void)brood_reap(0, &ignored);
		left = brood_signal(sessions, 0);
	}
	for (int i = 0; left > 0 && i < BROOD_KILL_ROUNDS; i++) {
		(void)brood_signal(sessions, SIGKILL);
		pause_ms(BROOD_ROUND_MS);
		(void)brood_reap(0, &ignored);
		left = brood_signal(sessions, 0);
	}
}

static bool any_alive(struct brood *b)
{
	/* What cannot be listed may be there. */
	if (brood_list(b) < 0)
		return true;
	struct self self = read_self(b->source);
	mark_descendants(b);
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].ours ||
		    (same_namespace(&b->v[i], &self) && !is_sleeper(&b->v[i], &self)))
			return true;
	return false;
}

bool brood_alive(void)
{
	struct brood b = { 0 };
	bool alive = any_alive(&b);

	brood_done(&b);
	return alive;
}
