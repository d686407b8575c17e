/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are csi's own: in a pod, on a plain host, alone, and on a fixture. */
#include "model/select.h"

#include "test.h"
#include "tree.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { WAIT_MS = 20000 };

/* Who is who, by the PID it has in the new PID namespace. */
enum role {
	ROLE_FIRST,    /* PID 1 */
	ROLE_IMPOSTOR, /* in the target's mounts, named csi */
	ROLE_INIT,     /* csi init */
	ROLE_SERVANT,  /* its child */
	ROLE_OTHER,    /* another shell in our container, of which nothing is known */
	ROLE_SHELL,    /* the session that we run in */
	ROLE_SIBLING,  /* started by the same shell */
	ROLE_ENTERED,  /* started by it too, but in mounts of its own */
	ROLE_SELF,     /* the one that selects */
	ROLES
};

/* Shared by all processes of a scene. */
struct scene {
	volatile pid_t pid[ROLES];
	volatile size_t n, own;
	volatile bool alone;
	volatile int result;
	volatile bool done, barred;
	volatile pid_t seen[64];
};

static struct scene *scene;

static void wait_for(volatile pid_t *what)
{
	for (int i = 0; i < WAIT_MS && !*what && !scene->barred; i++)
		(void)usleep(1000);
	if (!*what)
		_exit(10);
}

/* What this user may not do here: the scene is skipped. */
static void barred(void)
{
	scene->barred = true;
	_exit(1);
}

static void here_for_good(enum role role, const char *name)
{
	(void)prctl(PR_SET_NAME, name);
	scene->pid[role] = getpid();
	for (;;)
		(void)pause();
}

static bool born(void)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(11);
	return pid == 0;
}

static void select_here(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	int r;

	scene->pid[ROLE_SELF] = getpid();
	r = source_open(SOURCE_LIVE, NULL, &s);
	if (r == 0)
		r = selection_make(s, NULL, 0, &sel, NULL);
	scene->result = r;
	scene->n = sel.n;
	scene->own = sel.own;
	scene->alone = sel.alone;
	for (size_t i = 0; i < sel.n && i < ARRAY_LEN(scene->seen); i++)
		scene->seen[i] = sel.ids[i].pid;
	scene->done = true;
}

static bool mount_proc(void)
{
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0;
}

/* PID 1 of the new namespace: when it dies, all in there do. */
static void die_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* PID 1 of the target, with a child that took csi's name. */
static void target_first(void)
{
	die_with_parent();
	if (!mount_proc())
		barred();
	if (born())
		here_for_good(ROLE_IMPOSTOR, "csi");
	here_for_good(ROLE_FIRST, "target");
}

static void session(void)
{
	if (born())
		here_for_good(ROLE_SIBLING, "sibling");
	if (born()) {
		if (unshare(CLONE_NEWNS) < 0)
			barred();
		here_for_good(ROLE_ENTERED, "entered");
	}
	wait_for(&scene->pid[ROLE_FIRST]);
	wait_for(&scene->pid[ROLE_SIBLING]);
	wait_for(&scene->pid[ROLE_ENTERED]);
	if (born()) {
		wait_for(&scene->pid[ROLE_SHELL]);
		select_here();
		_exit(0);
	}
	here_for_good(ROLE_SHELL, "sh");
}

static void container_init(void)
{
	/* Its mounts are those of its parent, who cannot mount this /proc itself. */
	if (!mount_proc())
		barred();
	if (born())
		here_for_good(ROLE_SERVANT, "servant");
	here_for_good(ROLE_INIT, "csi");
}

/*
 * Beside the target as kubelet does it: its PID namespace, mounts of our own; each process that
 * this one starts has no parent in there.
 */
static void pod(void)
{
	if (born())
		target_first();
	wait_for(&scene->pid[ROLE_FIRST]);
	if (unshare(CLONE_NEWNS) < 0)
		barred();
	if (born())
		container_init();
	wait_for(&scene->pid[ROLE_INIT]);
	wait_for(&scene->pid[ROLE_SERVANT]);
	wait_for(&scene->pid[ROLE_IMPOSTOR]);
	if (born())
		here_for_good(ROLE_OTHER, "sh");
	wait_for(&scene->pid[ROLE_OTHER]);
	if (born())
		session();
}

/* A developer's machine: one mount namespace, a PID 1 that is not csi. */
static void host(void)
{
	if (born()) {
		die_with_parent();
		if (!mount_proc())
			barred();
		if (born())
			session();
		here_for_good(ROLE_FIRST, "systemd");
	}
}

/* The csi image by itself. */
static void lonely(void)
{
	if (born()) {
		die_with_parent();
		if (!mount_proc())
			barred();
		if (born()) {
			wait_for(&scene->pid[ROLE_FIRST]);
			select_here();
			_exit(0);
		}
		here_for_good(ROLE_FIRST, "csi");
	}
}

/* As root, or else in a user namespace of our own. */
static bool enter_namespaces(void)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) < 0)
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Plays one scene in namespaces of its own, all of which end with it. False where that may not be.
 */
static bool play(void (*fn)(void))
{
	pid_t pid;
	int status;

	memset(scene, 0, sizeof(*scene));
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		if (!enter_namespaces())
			barred();
		fn();
		for (int i = 0; i < WAIT_MS && !scene->done && !scene->barred; i++)
			(void)usleep(1000);
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (scene->barred)
		return false;
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(scene->done);
	CHECK_INT(scene->result, 0);
	return true;
}

static bool shown(enum role role)
{
	CHECK(scene->pid[role] > 0);
	for (size_t i = 0; i < scene->n; i++)
		if (scene->seen[i] == scene->pid[role])
			return true;
	return false;
}

static void in_a_pod(void)
{
	static const char what[] = "in a pod: csi init, our session and what they started are ours";

	if (!play(pod)) {
		SKIP(what, "may not make namespaces here");
		return;
	}
	CHECK_INT(scene->pid[ROLE_FIRST], 1);
	CHECK(shown(ROLE_FIRST) && shown(ROLE_IMPOSTOR) && shown(ROLE_OTHER) &&
	      shown(ROLE_ENTERED));
	CHECK(!shown(ROLE_INIT) && !shown(ROLE_SERVANT) && !shown(ROLE_SHELL) &&
	      !shown(ROLE_SIBLING));
	CHECK(!shown(ROLE_SELF));
	CHECK(scene->n == 4 && scene->own == 5 && !scene->alone);
	OK(what);
}

static void on_a_host(void)
{
	static const char what[] = "on a plain host: only our ancestors are ours";

	if (!play(host)) {
		SKIP(what, "may not make namespaces here");
		return;
	}
	CHECK(shown(ROLE_FIRST) && shown(ROLE_SIBLING) && shown(ROLE_ENTERED));
	CHECK(!shown(ROLE_SHELL) && !shown(ROLE_SELF));
	CHECK(scene->n == 3 && scene->own == 2 && !scene->alone);
	OK(what);
}

static void on_our_own(void)
{
	static const char what[] = "with nothing but csi in sight: alone";

	if (!play(lonely)) {
		SKIP(what, "may not make namespaces here");
		return;
	}
	CHECK(scene->alone && scene->n == 0 && scene->own == 2);
	OK(what);
}

static void on_a_fixture(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(selection_done) struct selection sel = { 0 }, some = { 0 };
	static const pid_t asked[] = { 9, 7, 9, 7, 7 }, wrong[] = { 7, 10 };
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);
	pid_t missing = 0;

	for (int i = 7; i <= 9; i++) {
		char name[8], text[128];
		int n = snprintf(name, sizeof(name), "%d", i);

		CHECK(n > 0);
		int p = tree_dir(dir, name);
		/* 7 and 8 are each other's parent; 9 says nothing that can be read. */
		n = snprintf(text, sizeof(text),
			     "%d (csi) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d\n", i, 15 - i,
			     100 + i);
		tree_file(p, "stat", text, i == 9 ? 4 : (size_t)n);
		(void)close(p);
	}
	CHECK_INT(source_open(SOURCE_PROC, path, &s), 0);
	CHECK_INT(selection_make(s, NULL, 0, &sel, &missing), 0);
	CHECK(sel.n == 3 && sel.own == 0 && !sel.alone && sel.ids[0].pid == 7 &&
	      sel.ids[2].pid == 9);
	CHECK_INT(selection_make(s, asked, ARRAY_LEN(asked), &some, &missing), 0);
	CHECK(some.n == 2 && some.ids[0].pid == 7 && some.ids[1].pid == 9 && !some.alone);
	CHECK(some.ids[0].start_ticks == 107 && some.ids[1].start_ticks == 0);
	struct selection none = { 0 };
	CHECK_INT(selection_make(s, wrong, ARRAY_LEN(wrong), &none, &missing), -ESRCH);
	CHECK_INT(missing, 10);
	tree_remove(path);
	OK("on a fixture: everything, sorted; what was asked for, once each; what is missing, "
	   "named");
}

static void on_a_root(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	struct selection sel = { 0 };
	static const pid_t one[] = { 1 };
	pid_t missing = 0;

	CHECK_INT(source_open(SOURCE_ROOT, "/", &s), 0);
	CHECK_INT(selection_make(s, NULL, 0, &sel, &missing), -EOPNOTSUPP);
	CHECK_INT(selection_make(s, one, 1, &sel, &missing), -EOPNOTSUPP);
	OK("a root has no processes");
}

/* Here, whatever this machine is: ourselves never, a child's fate by -p. */
static void here(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(selection_done) struct selection sel = { 0 }, one = { 0 };
	pid_t self = getpid(), missing = 0;

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	CHECK_INT(selection_make(s, NULL, 0, &sel, &missing), 0);
	for (size_t i = 0; i < sel.n; i++) {
		CHECK(sel.ids[i].pid != self && sel.ids[i].pid != getppid());
		CHECK(i == 0 || sel.ids[i].pid > sel.ids[i - 1].pid);
	}
	CHECK_INT(selection_make(s, &self, 1, &one, &missing), 0);
	CHECK(one.n == 1 && one.ids[0].pid == self && one.ids[0].start_ticks > 0);
	OK("here: never this process or its parent, unless asked for");
}

int main(void)
{
	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	CHECK(scene != MAP_FAILED);
	on_a_fixture();
	on_a_root();
	here();
	in_a_pod();
	on_a_host();
	on_our_own();
	TEST_END();
}
