/* SPDX-License-Identifier: Apache-2.0 */
/* The live source: this process, a child, one that ended, and one of another user by its own ids.
 */
#include "model/source.h"

#include "test.h"
#include "tree.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { STRANGER = 65532 };

static struct process *open_process(struct source *s, pid_t pid)
{
	struct process *p = NULL;

	CHECK_INT(process_open(s, (struct process_id){ .pid = pid }, &p), 0);
	return p;
}

static void live_self(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_DONE(file_closep) struct file *exe = NULL;
	const struct proc_status *st;
	struct file_info info, own;
	struct stat ns_mnt, ns_pid;
	uint64_t ticks, ns;
	int64_t boot, age;

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	CHECK_BYTES(bytes_str(source_name(s)), "live");
	p = open_process(s, getpid());
	CHECK_INT(source_boot(s, &boot, &ticks), 0);
	CHECK(boot > 0 && ticks > 0);
	struct timespec now;
	CHECK_INT(clock_gettime(CLOCK_REALTIME, &now), 0);
	age = (int64_t)now.tv_sec * (int64_t)NS_PER_SEC + now.tv_nsec - process_start(p);
	CHECK(age >= -(int64_t)(NS_PER_SEC / ticks) && age < 600 * (int64_t)NS_PER_SEC);
	CHECK_INT(strlen(source_boot_id(s)), 36);
	CHECK_INT(stat("/proc/self/ns/pid", &ns_pid), 0);
	CHECK_INT(source_pid_ns(s), ns_pid.st_ino);
	CHECK_INT(stat("/proc/self/ns/mnt", &ns_mnt), 0);
	CHECK_INT(process_ns(p, LINK_NS_MNT, &ns), 0);
	CHECK_INT(ns, ns_mnt.st_ino);
	CHECK_INT(process_status(p, &st), 0);
	CHECK_INT(st->uid[1], geteuid());
	CHECK_INT(process_file(p, FILE_EXE, 0, &exe), 0);
	CHECK_INT(file_info(exe, &info), 0);
	AUTO_CLOSE int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	CHECK_INT(file_info_fd(fd, &own), 0);
	CHECK(info.ino == own.ino && info.dev_minor == own.dev_minor);
	CHECK_INT(process_text(p, TEXT_ENVIRON, &text, 1 << 20), 0);
	CHECK_INT(process_verify(p), 0);
	OK("live: this process, its start, executable and namespaces");
}

/* Every text can be read of oneself, and under its limit it is what a plain read gives. */
static void live_texts(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	p = open_process(s, getpid());
	for (int t = 0; t < TEXT_KINDS; t++) {
		AUTO_DONE(buf_done) struct buf got = BUF_NONE;
		AUTO_DONE(file_closep) struct file *f = NULL;
		int r = process_text(p, (enum proc_text)t, &got, 4 << 20);

		/* A kernel may lack io accounting, auditing, a security module, IPv6. */
		CHECK(r == 0 || r == -ENOENT || r == -EINVAL);
		if (r == 0 && t < TEXT_MOUNTINFO && t != TEXT_CMDLINE)
			CHECK(got.n > 0);
		CHECK_INT(process_text_open(p, (enum proc_text)t, &f) == 0, r == 0 || r == -EINVAL);
	}
	OK("live: every text of this process");
}

/* A child with a memfd, a deleted file and a socket, that waits on a pipe. */
struct child {
	pid_t pid;
	int hold;
};

static void child_main(int gate, uid_t uid)
{
	char c;
	int memfd = memfd_create("loot", 0);

	if (dup2(memfd, 20) < 0 || write(20, "in memory\n", 10) != 10)
		_exit(1);
	if (dup2(socket(AF_UNIX, SOCK_STREAM, 0), 21) < 0)
		_exit(1);
	if (uid && (syscall(SYS_setresgid, uid, uid, uid) < 0 ||
		    syscall(SYS_setresuid, uid, uid, uid) < 0))
		_exit(1);
	/* As execve would, in a process whose ids are its own. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0 || write(gate, "", 1) != 1)
		_exit(1);
	(void)!read(gate, &c, 1);
	_exit(0);
}

static struct child child_start(uid_t uid)
{
	int gate[2];
	struct child c;
	char byte;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate), 0);
	c.pid = fork();
	CHECK(c.pid >= 0);
	if (c.pid == 0) {
		(void)close(gate[0]);
		child_main(gate[1], uid);
	}
	(void)close(gate[1]);
	c.hold = gate[0];
	CHECK_INT(read(c.hold, &byte, 1), 1);
	return c;
}

static void child_end(struct child *c)
{
	(void)close(c->hold);
	CHECK_INT(waitpid(c->pid, NULL, 0), c->pid);
}

/* Everything that needs the target's consent, as the kernel sees it. */
static void read_child(struct source *s, pid_t pid)
{
	AUTO_DONE(process_closep) struct process *p = open_process(s, pid);
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_DONE(root_closep) struct root *root = NULL;
	AUTO_DONE(file_closep) struct file *f = NULL;
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	static const enum proc_text guarded[] = { TEXT_ENVIRON, TEXT_MAPS, TEXT_SMAPS, TEXT_AUXV,
						  TEXT_WCHAN };
	struct file_info info;
	struct fd_entry e;
	int found = 0, pin = -1, r;
	char content[16];
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(guarded); i++)
		CHECK_INT(process_text(p, guarded[i], &text, 4 << 20), 0);
	r = process_text(p, TEXT_IO, &text, 4096);
	CHECK(r == 0 || r == -ENOENT);
	CHECK_INT(process_link(p, LINK_EXE, &text), 0);
	CHECK_INT(process_link(p, LINK_CWD, &text), 0);
	CHECK_INT(process_ns(p, LINK_NS_NET, &ns), 0);
	CHECK_INT(process_root(p, &root), 0);
	CHECK_INT(process_pin(p, FILE_EXE, 0, &pin, &info), 0);
	CHECK(S_ISREG(info.mode));
	(void)close(pin);
	CHECK_INT(process_pin(p, FILE_FD, 21, &pin, &info), 0);
	CHECK(S_ISSOCK(info.mode));
	(void)close(pin);
	CHECK_INT(process_file(p, FILE_FD, 21, &f), -EINVAL);
	CHECK_INT(process_file(p, FILE_FD, 20, &f), 0);
	CHECK_INT(file_read_at(f, content, sizeof(content), 0), 10);
	CHECK_INT(fd_iter_open(p, &it), 0);
	while ((r = fd_iter_next(it, &e)) == 1) {
		found += e.fd == 20 && bytes_eq(e.link, bytes_str("/memfd:loot (deleted)"));
		found += e.fd == 21 && bytes_starts(e.link, "socket:[");
	}
	CHECK_INT(r, 0);
	CHECK_INT(found, 2);
}

static void live_child(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	struct child c = child_start(0);

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	read_child(s, c.pid);
	child_end(&c);
	OK("live: a child, its memory file and its socket");
}

static void live_exit(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	struct process_iter threads;
	struct child c = child_start(0);
	struct process *again = NULL;
	struct root *root = NULL;
	struct file_info info;
	struct fd_entry e;
	int pin = -1;

	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	p = open_process(s, c.pid);
	CHECK_INT(fd_iter_open(p, &it), 0);
	child_end(&c);
	CHECK_INT(process_verify(p), -ESRCH);
	for (int t = 0; t < TEXT_KINDS; t++)
		CHECK_INT(process_text(p, (enum proc_text)t, &text, 4096), -ESRCH);
	CHECK_INT(process_link(p, LINK_EXE, &text), -ESRCH);
	CHECK_INT(process_pin(p, FILE_EXE, 0, &pin, &info), -ESRCH);
	CHECK_INT(process_root(p, &root), -ESRCH);
	CHECK_INT(fd_iter_next(it, &e), -ESRCH);
	CHECK_INT(thread_iter_init(p, &threads), -ESRCH);
	CHECK_INT(process_open(s, process_id(p), &again), -ESRCH);
	CHECK_INT(text.n, 0);
	OK("live: everything of a process that ended is ESRCH");
}

/* What a container runtime gives by default: neither SYS_PTRACE nor PERFMON, which since Linux 6.13
 * opens maps as well (mm_access). */
#define RUNTIME_CAPS UINT64_C(0xa80425fb)

/* In a child of the test: root with no other capabilities than KEEP. */
static void keep_caps(uint64_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	CHECK_INT(syscall(SYS_capget, &head, data), 0);
	data[0].effective &= (uint32_t)keep;
	data[0].permitted &= (uint32_t)keep;
	data[1].effective = data[1].permitted = 0;
	data[0].inheritable = data[1].inheritable = 0;
	CHECK_INT(syscall(SYS_capset, &head, data), 0);
}

static void borrowed(pid_t target)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;

	keep_caps(RUNTIME_CAPS);
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	p = open_process(s, target);
	read_child(s, target);
	CHECK_INT(syscall(SYS_setfsuid, -1), 0);
	CHECK_INT(syscall(SYS_setfsgid, -1), 0);
	CHECK_INT(process_verify(p), 0);
}

/* Without SETUID nothing can be borrowed: the first refusal is the answer, and plain text still
 * comes. */
static void refused(pid_t target)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct root *root = NULL;
	struct fd_iter *it = NULL;
	uint64_t ns;

	keep_caps(RUNTIME_CAPS & ~(UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_DAC_OVERRIDE));
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	p = open_process(s, target);
	CHECK_INT(process_text(p, TEXT_ENVIRON, &text, 4096), -EACCES);
	CHECK_INT(process_text(p, TEXT_MAPS, &text, 4096), -EACCES);
	CHECK_INT(process_link(p, LINK_EXE, &text), -EACCES);
	CHECK_INT(process_ns(p, LINK_NS_MNT, &ns), -EACCES);
	CHECK_INT(process_root(p, &root), -EACCES);
	CHECK_INT(fd_iter_open(p, &it), -EACCES);
	CHECK_INT(text.n, 0);
	CHECK_INT(process_text(p, TEXT_CMDLINE, &text, 4096), 0);
	CHECK_INT(process_text(p, TEXT_MOUNTINFO, &text, 1 << 20), 0);
	CHECK_INT(process_text(p, TEXT_CGROUP, &text, 4096), 0);
	CHECK_INT(syscall(SYS_setfsgid, -1), 0);
}

static bool in_child(void (*fn)(pid_t), pid_t target)
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		fn(target);
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void live_stranger(void)
{
	struct child c;

	if (geteuid() != 0) {
		SKIP("another user's process without SYS_PTRACE", "not root");
		return;
	}
	c = child_start(STRANGER);
	CHECK(in_child(borrowed, c.pid));
	CHECK(in_child(refused, c.pid));
	child_end(&c);
	OK("another user's process without SYS_PTRACE, by its own ids; without SETUID, refused");
}

/* Between its end and wait(2) a process has no mount namespace: that is not a gap but its end. */
static void live_zombie(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_DONE(file_closep) struct file *f = NULL;
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0)
		_exit(0);
	CHECK(pid > 0);
	CHECK_INT(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	p = open_process(s, pid);
	CHECK_INT(process_stat(p)->state, 'Z');
	CHECK_INT(process_text(p, TEXT_MOUNTINFO, &text, 4096), -ESRCH);
	CHECK_INT(process_text_open(p, TEXT_MOUNTINFO, &f), -ESRCH);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	OK("live: a zombie's mountinfo is ESRCH");
}

int main(void)
{
	live_self();
	live_texts();
	live_child();
	live_exit();
	live_zombie();
	live_stranger();
	TEST_END();
}
