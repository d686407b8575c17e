/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of one process: each gatherer reads one thing, says 0 (known), 1 (not there) or -errno. */
#include "signs/facts.h"
#include "signs/shared.h"

#include "base/when.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
	CMDLINE_MAX = 1 << 20, /* kept; the kernel gives all that execve(2) was given */
	ENVIRON_MAX = 1 << 20,
	CGROUP_MAX = 64 << 10,
};

struct gathering {
	struct facts_shared *sh;
	struct process *p;
	struct facts *f;
	const struct gap_sink *gaps;
	struct space *space; /* once asked for */
	int space_err;
	bool space_asked;
	bool bare;   /* a kernel thread or a zombie: no memory, no files */
	int exe_pin; /* while gathering; -1 */
};

static void tell(struct gathering *g, const char *what, int err)
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
	tell(g, t == TEXT_CMDLINE ? "read cmdline" : "read environ", r);
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

static int gather_cgroup(struct gathering *g)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	int r = process_text(g->p, TEXT_CGROUP, &text, CGROUP_MAX);

	if (r < 0 && r != -EFBIG)
		return r;
	return buf_addb(&g->f->container_id, proc_container_id(buf_bytes(&text)));
}

/* Opened at most once a process, told at most once. */
static int need_space(struct gathering *g)
{
	if (!g->space_asked) {
		g->space_asked = true;
		g->space_err = shared_space(g->sh, g->p, g->f->ns_mnt, &g->space);
		return g->space_err;
	}
	return g->space_err < 0 ? 1 : 0;
}

static int gather_preload(struct gathering *g)
{
	int r;

	if (g->bare)
		return 1;
	r = need_space(g);
	if (r)
		return r;
	if (g->space->preload_err < 0) {
		tell(g, "read /etc/ld.so.preload", g->space->preload_err);
		return 1;
	}
	g->f->preload_exists = g->space->preload_exists;
	g->f->preload_birth = g->space->preload_birth;
	return buf_addb(&g->f->preload, buf_bytes(&g->space->preload));
}

/* The path that the exe link shows, without what the kernel appends when the file has no name. */
static struct bytes exe_path(const struct facts *f)
{
	static const char deleted[] = " (deleted)";
	struct bytes path = buf_bytes(&f->exe_link);

	if ((f->known & FACT_EXE_FILE) && f->exe.nlink == 0 && bytes_ends(path, deleted))
		path.n -= sizeof(deleted) - 1;
	return path;
}

static int gather_exe_dir(struct gathering *g)
{
	struct bytes path = exe_path(g->f);
	struct bytes dir = path;
	struct file_info info;
	int r;

	if (g->bare || path.n == 0 || path.p[0] != '/' || !(g->f->known & FACT_EXE_FILE))
		return 1;
	r = need_space(g);
	if (r)
		return r;
	if (g->f->exe.nlink == 0) {
		AUTO_CLOSE int pin = -1;

		g->f->exe_replaced =
			root_pin(g->space->root, path, &pin, &info) == 0 && S_ISREG(info.mode);
	}
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
	r = need_space(g);
	if (r)
		return r;
	if (g->space->birth.basis == BIRTH_NONE)
		return 1;
	g->f->birth_basis = g->space->birth.basis;
	g->f->birth = space_birth(g->space, g->exe_pin, &g->f->exe, exe_path(g->f));
	return g->f->birth == BIRTH_UNKNOWN ? 1 : 0;
}

static int gather_vantage(struct gathering *g)
{
	struct mount_ns *ns = shared_ns(g->sh, g->f->ns_mnt, process_id(g->p));
	int r;

	if (ns && (ns->err < 0 || ns->cut) && !ns->told && !g->bare) {
		ns->told = true;
		tell(g, "read mountinfo", ns->err < 0 ? ns->err : -EFBIG);
	}
	if (!g->bare) {
		/* Opens the root's /proc for the comparison by mount ids; its own gap is told. */
		r = need_space(g);
		if (r < 0 && r != -ENOENT && r != -ESRCH)
			tell(g, "open root", r);
	}
	return shared_vantage(g->sh, g->p, g->f->ns_mnt, &g->f->vantage);
}

/* In this order: later ones use what earlier ones found. */
static const struct gatherer {
	enum fact fact;
	unsigned also; /* facts it rests on */
	const char *what;
	int (*fn)(struct gathering *g);
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
	if (r == -ENOENT || r == -ESRCH)
		return process_verify(g->p) == -ESRCH ? -ESRCH : 0;
	tell(g, t->what, r);
	return 0;
}

int facts_gather(struct facts_shared *sh, struct process *p, unsigned needs,
		 const struct gap_sink *gaps, struct facts *ret)
{
	struct gathering g = { .sh = sh, .p = p, .f = ret, .gaps = gaps, .exe_pin = -1 };
	const struct proc_stat *st = process_stat(p);
	int64_t start = process_start(p);
	int r = 0;

	ret->process = p;
	ret->stat = st;
	ret->known = FACT_STAT;
	ret->birth = ret->preload_birth = BIRTH_UNKNOWN;
	ret->age = start == INT64_MIN ? INT64_MIN : when_now(CLOCK_REALTIME) - start;
	g.bare = (st->flags & PROC_PF_KTHREAD) || st->state == 'Z' || st->state == 'X';
	needs = with_dependencies(needs);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(gatherers); i++)
		if (needs & gatherers[i].fact)
			r = run_gatherer(&g, &gatherers[i]);
	base_closep(&g.exe_pin);
	return r;
}

void facts_reset(struct facts *f)
{
	struct facts kept = *f;

	*f = (struct facts){ .exe_link = kept.exe_link,
			     .cmdline = kept.cmdline,
			     .environ = kept.environ,
			     .preload = kept.preload,
			     .container_id = kept.container_id,
			     .vantage.detail = kept.vantage.detail };
	buf_clear(&f->exe_link);
	buf_clear(&f->cmdline);
	buf_clear(&f->environ);
	buf_clear(&f->preload);
	buf_clear(&f->container_id);
	buf_clear(&f->vantage.detail);
}

void facts_done(struct facts *f)
{
	buf_done(&f->exe_link);
	buf_done(&f->cmdline);
	buf_done(&f->environ);
	buf_done(&f->preload);
	buf_done(&f->container_id);
	buf_done(&f->vantage.detail);
	*f = (struct facts){ 0 };
}
