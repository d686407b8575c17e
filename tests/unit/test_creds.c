/* SPDX-License-Identifier: Apache-2.0 */
/* Own powers; borrowed ids change one thread's file-system ids and nothing else, and go back whole.
 */
#include "sys/creds.h"

#include "sys/proc.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

enum { STRANGER = 65532 };

static struct proc_status thread_status(void)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_CLOSE int fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	struct proc_status st;

	CHECK_INT(buf_read_fd(&text, fd, 1 << 20), 0);
	CHECK_INT(proc_parse_status(buf_bytes(&text), &st), 0);
	return st;
}

static void self(void)
{
	struct creds_self c;
	struct proc_status st = thread_status();

	CHECK_INT(creds_read_self(&c), 0);
	CHECK(c.euid == geteuid() && c.egid == getegid() && c.ruid == getuid() &&
	      c.rgid == getgid());
	CHECK(c.cap_eff == st.cap_eff && c.cap_prm == st.cap_prm && c.cap_bnd == st.cap_bnd);
	CHECK(c.seccomp == st.seccomp && c.no_new_privs == st.no_new_privs);
	CHECK_INT(creds_has(&c, CREDS_CAP_SYS_PTRACE), (st.cap_eff >> 19) & 1);
	CHECK(c.yama >= -1 && c.yama <= 3);
	CHECK(memchr(c.lsm, '\0', sizeof(c.lsm)));
	OK("own ids, capabilities, seccomp");

	CHECK_BYTES(bytes_str(creds_cap_name(CREDS_CAP_CHOWN)), "CHOWN");
	CHECK_BYTES(bytes_str(creds_cap_name(CREDS_CAP_SETUID)), "SETUID");
	CHECK_BYTES(bytes_str(creds_cap_name(CREDS_CAP_SYS_PTRACE)), "SYS_PTRACE");
	CHECK_BYTES(bytes_str(creds_cap_name(CREDS_CAP_SYS_ADMIN)), "SYS_ADMIN");
	CHECK_BYTES(bytes_str(creds_cap_name(40)), "CHECKPOINT_RESTORE");
	CHECK(!creds_cap_name(41) && !creds_cap_name(-1));
	OK("names of capabilities");
}

static void borrow_as_root(void)
{
	struct proc_status before = thread_status(), inside, after;

	CHECK_INT(creds_enter(STRANGER, STRANGER), 0);
	inside = thread_status();
	CHECK(inside.uid[3] == STRANGER && inside.gid[3] == STRANGER);
	for (int i = 0; i < 3; i++)
		CHECK(inside.uid[i] == before.uid[i] && inside.gid[i] == before.gid[i]);
	/* The kernel takes the file-system capabilities away meanwhile, and only those. */
	CHECK_INT((inside.cap_eff >> CREDS_CAP_DAC_OVERRIDE) & 1, 0);
	CHECK_INT((inside.cap_eff >> CREDS_CAP_SETUID) & 1, 1);
	CHECK_INT(inside.cap_prm, before.cap_prm);
	errno = EXDEV;
	creds_leave();
	CHECK_INT(errno, EXDEV);
	after = thread_status();
	CHECK_INT(after.cap_eff, before.cap_eff);
	CHECK(memcmp(after.uid, before.uid, sizeof(after.uid)) == 0);
	CHECK(memcmp(after.gid, before.gid, sizeof(after.gid)) == 0);
}

struct meanwhile {
	pthread_barrier_t entered, looked;
};

static void *borrower(void *arg)
{
	struct meanwhile *m = arg;
	int r = creds_enter(STRANGER, STRANGER);

	(void)pthread_barrier_wait(&m->entered);
	(void)pthread_barrier_wait(&m->looked);
	creds_leave();
	return r == 0 ? m : NULL;
}

static void only_one_thread(void)
{
	struct proc_status before = thread_status(), meanwhile;
	struct meanwhile m;
	pthread_t thread;
	void *done;

	CHECK_INT(pthread_barrier_init(&m.entered, NULL, 2), 0);
	CHECK_INT(pthread_barrier_init(&m.looked, NULL, 2), 0);
	CHECK_INT(pthread_create(&thread, NULL, borrower, &m), 0);
	(void)pthread_barrier_wait(&m.entered);
	meanwhile = thread_status();
	(void)pthread_barrier_wait(&m.looked);
	CHECK_INT(pthread_join(thread, &done), 0);
	CHECK(done == &m);
	CHECK(meanwhile.uid[3] == before.uid[3] && meanwhile.cap_eff == before.cap_eff);
}

static void borrow_as_user(void)
{
	struct proc_status before = thread_status(), after;

	CHECK_INT(creds_enter(geteuid() + 1, getegid()), -EPERM);
	CHECK_INT(creds_enter(geteuid(), getegid() + 1), -EPERM);
	CHECK_INT(creds_enter(geteuid(), getegid()), 0);
	creds_leave();
	after = thread_status();
	CHECK(memcmp(after.uid, before.uid, sizeof(after.uid)) == 0);
	CHECK(memcmp(after.gid, before.gid, sizeof(after.gid)) == 0);
}

/* In a child: borrowing makes a process non-dumpable, and the leak checker wants to trace this one.
 */
static bool in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void impossible(void)
{
	CHECK_INT(creds_enter((uid_t)-1, getegid()), -EINVAL);
	CHECK_INT(creds_enter(geteuid(), (gid_t)-1), -EINVAL);
}

static void oom(void)
{
	AUTO_CLOSE int fd = -1;
	char text[8] = "";

	CHECK_INT(creds_oom_first(), 0);
	fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	CHECK_BYTES(bytes_str(text), "1000\n");
}

int main(void)
{
	struct creds_self c;

	self();
	CHECK_INT(creds_read_self(&c), 0);
	if (creds_has(&c, CREDS_CAP_SETUID) && creds_has(&c, CREDS_CAP_SETGID)) {
		CHECK(in_child(borrow_as_root));
		CHECK(in_child(only_one_thread));
		OK("borrowed ids: one thread's, file system only, given back with every "
		   "capability");
	} else {
		CHECK(in_child(borrow_as_user));
		OK("without SETUID and SETGID borrowing is refused and changes nothing");
	}
	CHECK(in_child(impossible));
	OK("the id that means none is refused");
	CHECK(in_child(oom));
	OK("first to die");
	TEST_END();
}
