/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of one process: each gatherer reads one thing, says 0 (known), 1 (not there) or -errno. */
#include "signs/facts_priv.h"
#include "signs/match.h"

#include "base/when.h"
#include "model/mem.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
	CMDLINE_MAX = 1 << 20, /* kept; the kernel gives all that execve(2) was given */
	ENVIRON_MAX = 1 << 20,
	CGROUP_MAX = 64 << 10,
	GATHER_TRIES = 3, /* of a process that executes another program meanwhile */
};

void gathering_tell(struct gathering *g, const char *what, int err)
{
	const struct gap gap = { .err = err, .what = what, .pid = process_id(g->p).pid };

	gap_tell(g->gaps, &gap);
}

static int gather_status(struct gathering *g)
{
	return process_status(g->p, &g->f->status);
}

static int gather_owner(struct gathering *g)
{
	return process_owner(g->p, &g->f->uid, &g->f->gid);
}

static int gather_ns(struct gathering *g)
{
	int r;

	if (g->bare)
		return 1;
	r = process_ns(g->p, LINK_NS_MNT, &g->f->ns_mnt);
	if (r < 0)
		g->f->ns_mnt = 0;
	if (process_ns(g->p, LINK_NS_PID, &g->f->ns_pid) < 0)
		g->f->ns_pid = 0;
	return r;
}

static int gather_exe_link(struct gathering *g)
{
	return g->bare ? 1 : process_link(g->p, LINK_EXE, &g->f->exe_link);
}

static int gather_exe_file(struct gathering *g)
{
	struct statfs fs;
	int r;

	if (g->bare)
		return 1;
	/* One gap is enough for one thing that cannot be read. */
	if (!(g->f->known & FACT_EXE_LINK))
		return 1;
	r = process_pin(g->p, FILE_EXE, 0, &g->exe_pin, &g->f->exe);
	if (r < 0)
		return r;
	if (fstatfs(g->exe_pin, &fs) == 0)
		g->f->exe_shmem = fs.f_type == TMPFS_MAGIC || fs.f_type == HUGETLBFS_MAGIC;
	return 0;
}

static int gather_text(struct gathering *g, enum proc_text t, struct buf *b, size_t max)
{
	int r = process_text(g->p, t, b, max);

	if (r != -EFBIG)
		return r;
	/* What fits is kept and judged; that it is cut is told. */
	gathering_tell(g, t == TEXT_CMDLINE ? "read cmdline" : "read environ", r);
	return 0;
}

static int gather_cmdline(struct gathering *g)
{
	/* Without memory there is no command line: known to be empty. */
	if (g->bare)
		return 0;
	return gather_text(g, TEXT_CMDLINE, &g->f->cmdline, CMDLINE_MAX);
}

static int gather_environ(struct gathering *g)
{
	return g->bare ? 1 : gather_text(g, TEXT_ENVIRON, &g->f->environ, ENVIRON_MAX);
}

/* Stat was read when it was opened: it may have executed another program since. */
static int gather_comm(struct gathering *g)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	const struct proc_stat *st = g->f->stat;
	int r = process_text(g->p, TEXT_COMM, &text, PROC_COMM_MAX + 1);

	if (r < 0 && r != -EFBIG)
		return r;
	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	return bytes_eq(buf_bytes(&text), bytes_of(st->comm, st->comm_len)) ? 0 : 1;
}

static int gather_cgroup(struct gathering *g)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	int r = process_text(g->p, TEXT_CGROUP, &text, CGROUP_MAX);

	if (r < 0 && r != -EFBIG)
		return r;
	return buf_addb(&g->f->container_id, proc_container_id(buf_bytes(&text)));
}

int gathering_space(struct gathering *g)
{
	if (!g->space_asked) {
		g->space_asked = true;
		g->space_err = shared_space(g->sh, g->p, g->f->ns_mnt, &g->space);
		return g->space_err;
	}
	return g->space_err < 0 ? 1 : 0;
}

int gathering_mem(struct gathering *g)
{
	if (!g->mem_asked) {
		g->mem_asked = true;
		g->mem_err = mem_open(g->p, &g->mem);
		/* A copy of /proc has no memory, and that is known of it. */
		return g->mem_err == -EOPNOTSUPP ? 1 : g->mem_err;
	}
	return g->mem_err < 0 ? 1 : 0;
}

static int gather_preload(struct gathering *g)
{
	int r;

	if (g->bare)
		return 1;
	r = gathering_space(g);
	if (r)
		return r;
	if (g->space->preload_err < 0) {
		gathering_tell(g, "read /etc/ld.so.preload", g->space->preload_err);
		return 1;
	}
	g->f->preload_exists = g->space->preload_exists;
	g->f->preload_birth = g->space->preload_birth;
	return buf_addb(&g->f->preload, buf_bytes(&g->space->preload));
}

/* Whether a file has the name PATH: 0 and RET, or -errno. */
static int stat_name(struct gathering *g, struct bytes path, struct file_info *ret)
{
	AUTO_CLOSE int pin = -1;

	return root_pin(g->space->root, path, &pin, ret);
}

/* What has its exe's name now, if that is another file. */
static void look_at_name(struct gathering *g, struct bytes path)
{
	static const char deleted[] = " (deleted)";
	struct file_info info;
	int r = stat_name(g, path, &info);

	/* The name that it was started by is gone, and another link keeps the file. */
	if (r == -ENOENT && bytes_ends(path, deleted))
		r = stat_name(g, bytes_of(path.p, path.n - (sizeof(deleted) - 1)), &info);
	bool other = r == 0 && S_ISREG(info.mode) && info.ino != g->f->exe.ino;

	g->f->exe_replaced = other && g->f->exe.nlink == 0;
	g->f->exe_other = other && g->f->exe.nlink != 0;
}

static int gather_exe_dir(struct gathering *g)
{
	struct bytes path = exe_path_of(g->f);
	struct bytes dir = path;
	struct file_info info;
	int r;

	if (g->bare || path.n == 0 || path.p[0] != '/' || !(g->f->known & FACT_EXE_FILE))
		return 1;
	r = gathering_space(g);
	if (r)
		return r;
	look_at_name(g, path);
	while (dir.n > 1 && dir.p[dir.n - 1] != '/')
		dir.n--;
	AUTO_CLOSE int pin = -1;
	r = root_pin(g->space->root, dir, &pin, &info);
	if (r < 0)
		return r == -ENOMEM ? r : 1;
	g->f->exe_dir_writable = S_ISDIR(info.mode) && (info.mode & S_IWOTH);
	return 0;
}

static int gather_birth(struct gathering *g)
{
	int r;

	if (g->bare || !(g->f->known & FACT_EXE_FILE) || g->exe_pin < 0)
		return 1;
	r = gathering_space(g);
	if (r)
		return r;
	if (g->space->birth.basis == BIRTH_NONE)
		return 1;
	g->f->birth_basis = g->space->birth.basis;
	g->f->birth = space_birth(g->space, g->exe_pin, &g->f->exe, exe_path_of(g->f));
	return g->f->birth == BIRTH_UNKNOWN ? 1 : 0;
}

static int gather_vantage(struct gathering *g)
{
	struct mount_ns *ns = shared_ns(g->sh, g->f->ns_mnt, process_id(g->p));
	int r;

	if (ns && (ns->err < 0 || ns->cut) && !ns->told && !g->bare) {
		ns->told = true;
		gathering_tell(g, "read mountinfo", ns->err < 0 ? ns->err : -EFBIG);
	}
	if (!g->bare) {
		/* Opens the root's /proc for the comparison by mount ids; its own gap is told. */
		r = gathering_space(g);
		if (r < 0 && !err_is_gone(r))
			gathering_tell(g, "open root", r);
	}
	return shared_vantage(g->sh, g->p, g->f->ns_mnt, &g->f->vantage);
}

/* In this order: later ones use what earlier ones found. */
static const struct gatherer {
	enum fact fact;
	unsigned also; /* facts it rests on */
	const char *what;
	gather_fn fn;
} gatherers[] = {
	{ FACT_STATUS, 0, "read status", gather_status },
	{ FACT_OWNER, 0, "read owner", gather_owner },
	{ FACT_NS, 0, "read ns/mnt", gather_ns },
	{ FACT_CGROUP, 0, "read cgroup", gather_cgroup },
	{ FACT_CMDLINE, 0, "read cmdline", gather_cmdline },
	{ FACT_EXE_LINK, 0, "read exe", gather_exe_link },
	{ FACT_EXE_FILE, FACT_EXE_LINK, "open exe", gather_exe_file },
	{ FACT_ENVIRON, 0, "read environ", gather_environ },
	{ FACT_VANTAGE, FACT_NS, "compare /proc", gather_vantage },
	{ FACT_PRELOAD, FACT_NS, "open root", gather_preload },
	{ FACT_EXE_DIR, FACT_NS | FACT_EXE_LINK | FACT_EXE_FILE, "open root", gather_exe_dir },
	{ FACT_BIRTH, FACT_NS | FACT_EXE_LINK | FACT_EXE_FILE, "open root", gather_birth },
	{ FACT_CWD, FACT_NS | FACT_EXE_LINK, "read cwd", learn_cwd },
	{ FACT_ARGV0, FACT_NS | FACT_CMDLINE | FACT_EXE_FILE, "open root", learn_argv0 },
	{ FACT_EXE_BYTES, FACT_EXE_FILE, "read exe", learn_exe_bytes },
	{ FACT_FDS, 0, "read fd", learn_fds },
	{ FACT_SOCKETS, FACT_FDS, "read ns/net", learn_sockets },
	{ FACT_MAPS, FACT_NS | FACT_EXE_LINK, "read maps", learn_maps },
	{ FACT_LOADER, FACT_NS | FACT_MAPS, "open root", learn_loader },
	{ FACT_MEMORY, FACT_MAPS, "read pagemap", learn_memory },
	{ FACT_PATCHED, FACT_MAPS, "read pagemap", learn_patched },
	{ FACT_PARENT, 0, "look for parent", learn_parent },
	{ FACT_TRACER, FACT_STATUS, "look for tracer", learn_tracer },
	{ FACT_FIRST, FACT_NS | FACT_STATUS, "read status", learn_first },
	{ FACT_USER, FACT_NS | FACT_OWNER, "open root", learn_user },
	{ FACT_COMM, 0, "read comm", gather_comm },
	{ FACT_JVM_ATTACH, FACT_NS | FACT_STATUS | FACT_MAPS, "open root", learn_jvm_attach },
};

static unsigned with_dependencies(unsigned needs)
{
	for (size_t i = ARRAY_LEN(gatherers); i-- > 0;)
		if (needs & gatherers[i].fact)
			needs |= gatherers[i].also;
	return needs;
}

static int run_gatherer(struct gathering *g, const struct gatherer *t)
{
	int r = t->fn(g);

	if (r == 0)
		g->f->known |= t->fact;
	if (r >= 0)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (err_is_gone(r))
		return process_verify(g->p) == -ESRCH ? -ESRCH : 0;
	gathering_tell(g, t->what, r);
	return 0;
}

static uint64_t cpu_ms(struct source *s, const struct proc_stat *st)
{
	uint64_t ticks = 0;
	int64_t boot;

	if (source_boot(s, &boot, &ticks) < 0 || ticks == 0 ||
	    st->utime + st->stime > UINT64_MAX / 1000)
		return 0;
	return (st->utime + st->stime) * 1000 / ticks;
}

static int gather_once(struct facts_shared *sh, struct process *p, unsigned needs,
		       const struct gap_sink *gaps, struct facts *ret)
{
	struct gathering g = { .sh = sh, .p = p, .f = ret, .gaps = gaps, .exe_pin = -1 };
	const struct proc_stat *st = process_stat(p);
	int64_t start = process_start(p);
	int r = 0;

	ret->process = p;
	ret->stat = st;
	ret->known = FACT_STAT | (needs & FACT_UNLISTED);
	ret->birth = ret->preload_birth = ret->loader_birth = BIRTH_UNKNOWN;
	ret->age = start == INT64_MIN ? INT64_MIN : when_now(CLOCK_REALTIME) - start;
	ret->cpu_ms = sh ? cpu_ms(sh->source, st) : 0;
	g.bare = proc_is_bare(st);
	needs = with_dependencies(needs);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(gatherers); i++)
		if (needs & gatherers[i].fact)
			r = run_gatherer(&g, &gatherers[i]);
	base_closep(&g.exe_pin);
	mem_close(g.mem);
	return r;
}

/* Whether another program took over meanwhile: then facts of two were mixed. */
static bool executed_since(struct process *p, const struct facts *f)
{
	AUTO_DONE(buf_done) struct buf link = BUF_NONE;

	if (!(f->known & FACT_EXE_LINK) || process_link(p, LINK_EXE, &link) < 0)
		return false;
	return !exe_link_same(buf_bytes(&f->exe_link), buf_bytes(&link));
}

int facts_gather(struct facts_shared *sh, struct process *p, unsigned needs,
		 const struct gap_sink *gaps, struct facts *ret)
{
	const struct gap changed = { .err = -EAGAIN,
				     .what = "look at process (it kept executing others)",
				     .pid = process_id(p).pid };
	int r = 0;

	for (int i = 0; i < GATHER_TRIES; i++) {
		bool unlisted = ret->unlisted;

		facts_reset(ret);
		ret->unlisted = unlisted;
		r = gather_once(sh, p, needs, gaps, ret);
		if (r < 0 || !executed_since(p, ret))
			return r;
	}
	/* What is left is not mixed: who it is. */
	ret->known &= FACT_STAT | FACT_OWNER | FACT_NS | FACT_CGROUP;
	gap_tell(gaps, &changed);
	return 0;
}

int facts_exe_hash(struct facts_shared *sh, struct process *p, const struct gap_sink *gaps,
		   struct facts *f)
{
	struct gathering g = { .sh = sh, .p = p, .f = f, .gaps = gaps, .exe_pin = -1 };
	int r;

	if ((f->known & FACT_EXE_HASH) || !(f->known & FACT_EXE_FILE))
		return 0;
	r = learn_exe_hash(&g);
	if (r == 0)
		f->known |= FACT_EXE_HASH;
	if (r < 0 && !err_is_gone(r) && r != -ENOMEM)
		gathering_tell(&g, "read exe", r);
	return r == -ENOMEM ? r : 0;
}

typedef void (*buf_fn)(struct buf *b);

/* Every buffer of F. */
static void each_buf(struct facts *f, buf_fn fn)
{
	struct buf *const v[] = { &f->exe_link,	    &f->cmdline,      &f->environ,
				  &f->preload,	    &f->container_id, &f->vantage.detail,
				  &f->cwd,	    &f->maps.loader,  &f->fds.sockets,
				  &f->patched.path, &f->tracer_name,  &f->user_name,
				  &f->jvm_attach };

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		fn(v[i]);
	for (size_t i = 0; i < MAP_KINDS; i++)
		fn(&f->maps.v[i].text);
	for (size_t i = 0; i < FD_KINDS; i++)
		fn(&f->fds.v[i].text);
	for (size_t i = 0; i < ARRAY_LEN(f->fds.stdio); i++) {
		fn(&f->fds.stdio[i].link);
		fn(&f->fds.stdio[i].peer);
	}
}

/* Takes over FROM's memory. */
static void move_bufs(struct facts *to, struct facts *from)
{
	to->exe_link = from->exe_link;
	to->cmdline = from->cmdline;
	to->environ = from->environ;
	to->preload = from->preload;
	to->container_id = from->container_id;
	to->vantage.detail = from->vantage.detail;
	to->cwd = from->cwd;
	to->maps.loader = from->maps.loader;
	to->fds.sockets = from->fds.sockets;
	to->patched.path = from->patched.path;
	to->tracer_name = from->tracer_name;
	to->jvm_attach = from->jvm_attach;
	to->user_name = from->user_name;
	for (size_t i = 0; i < MAP_KINDS; i++)
		to->maps.v[i].text = from->maps.v[i].text;
	for (size_t i = 0; i < FD_KINDS; i++)
		to->fds.v[i].text = from->fds.v[i].text;
	for (size_t i = 0; i < ARRAY_LEN(from->fds.stdio); i++) {
		to->fds.stdio[i].link = from->fds.stdio[i].link;
		to->fds.stdio[i].peer = from->fds.stdio[i].peer;
	}
}

void facts_reset(struct facts *f)
{
	struct facts kept = *f;

	*f = (struct facts){ 0 };
	move_bufs(f, &kept);
	each_buf(f, buf_clear);
}

void facts_done(struct facts *f)
{
	each_buf(f, buf_done);
	*f = (struct facts){ 0 };
}
