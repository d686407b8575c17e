/* SPDX-License-Identifier: Apache-2.0 */
/* Each thing that a job has not is really tried, in a child of its own; what it has still works. */
#include "sys/confine.h"
#include "sys/pagemap.h"

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define ANY(job) (1u << (job))

enum {
	WALKER = ANY(CONFINE_WALKER),
	PIPELINE = ANY(CONFINE_PIPELINE),
	SCANNER = ANY(CONFINE_SCANNER),
	VERIFY = ANY(CONFINE_VERIFY),
	ALL = WALKER | PIPELINE | SCANNER | VERIFY,
	DIES = -1, /* by SIGSYS */
};

static char dir[64];
static int dirfd_, filefd, sock, pagemap;
static bool pagemap_known;

/* Each returns what the system call did. */
static long do_execve(void)
{
	char *const none[] = { NULL };

	return execve("/nosuch", none, none);
}
static long do_execveat(void)
{
	char *const none[] = { NULL };

	return syscall(SYS_execveat, filefd, "", none, none, AT_EMPTY_PATH);
}
static long do_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static long do_vm_writev(void)
{
	char c = 0;
	struct iovec v = { &c, 1 };

	return process_vm_writev(getpid(), &v, 1, &v, 1, 0);
}
static long do_connect(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(sock, (struct sockaddr *)&a, sizeof(a));
}
static long do_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}
static long do_kill(void)
{
	return kill(getppid(), 0);
}
static long do_fork(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}
static long do_create(void)
{
	return openat(dirfd_, "made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}
static long openat2_as(uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC };

	return syscall(SYS_openat2, dirfd_, "file", &how, sizeof(how));
}
static long do_openat2_read(void)
{
	return openat2_as(O_RDONLY);
}
static long do_openat2_write(void)
{
	return openat2_as(O_WRONLY);
}
static long do_write_open(void)
{
	return openat(dirfd_, "file", O_WRONLY | O_CLOEXEC);
}
static long do_truncate_open(void)
{
	return openat(dirfd_, "file", O_RDONLY | O_TRUNC | O_CLOEXEC);
}
static long do_tmpfile(void)
{
	return openat(dirfd_, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}
static long do_unlink(void)
{
	return unlinkat(dirfd_, "file", 0);
}
static long do_rename(void)
{
	return renameat(dirfd_, "file", dirfd_, "other");
}
static long do_mkdir(void)
{
	return mkdirat(dirfd_, "sub", 0700);
}
static long do_chmod(void)
{
	return fchmodat(dirfd_, "file", 0777, 0);
}
static long do_utimes(void)
{
	return utimensat(dirfd_, "file", NULL, 0);
}
static long do_mount(void)
{
	return syscall(SYS_mount, "none", dir, "tmpfs", 0, NULL);
}
static long do_unshare(void)
{
	return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}
static long do_io_uring(void)
{
	return syscall(425, 1, NULL);
}
static long do_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}
static long do_read_open(void)
{
	return openat(dirfd_, "file", O_RDONLY | O_CLOEXEC);
}
static long do_list(void)
{
	char dents[512];
	int fd = openat(dirfd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? fd : syscall(SYS_getdents64, fd, dents, sizeof(dents));
}
static long do_read(void)
{
	char c;

	return pread(filefd, &c, 1, 0);
}
static long do_write(void)
{
	return write(filefd, "x", 1);
}
static long do_map(void)
{
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : munmap(p, 1 << 20);
}
static void *nothing(void *arg)
{
	return arg;
}
static long do_thread(void)
{
	pthread_t t;
	int r = pthread_create(&t, NULL, nothing, NULL);

	if (r == 0)
		r = pthread_join(t, NULL);
	errno = r;
	return r == 0 ? 0 : -1;
}
static long do_fsids(void)
{
	return syscall(SYS_setfsuid, -1) < 0 ? -1 : 0;
}
static long do_vm_readv(void)
{
	char a = 1, b = 2;
	struct iovec here = { &a, 1 }, there = { &b, 1 };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0);
}
static long do_pagemap_scan(void)
{
	struct pagemap_scan arg = { .size = sizeof(arg), .any_of = 1, .returned = 1 };

	/* Older kernels do not know it, and neither does it then read anything. */
	return pagemap_known ? syscall(SYS_ioctl, pagemap, PAGEMAP_SCAN_CALL, &arg) : 0;
}
static long do_other_ioctl(void)
{
	int n;

	return ioctl(sock, FIONREAD, &n);
}
static long do_more(void)
{
	return confine_self(CONFINE_PIPELINE) == 0 ? 0 : -1;
}

/* WANT: 0 it works, an errno, or DIES. */
static const struct attempt {
	const char *name;
	long (*fn)(void);
	unsigned jobs;
	int want;
} attempts[] = {
	{ "execve", do_execve, ALL, DIES },
	{ "execveat", do_execveat, ALL, DIES },
	{ "ptrace", do_ptrace, ALL, DIES },
	{ "process_vm_writev", do_vm_writev, ALL, DIES },
	{ "connect", do_connect, ALL, DIES },
	{ "socket", do_socket, ALL, EPERM },
	{ "kill", do_kill, ALL, EPERM },
	{ "fork", do_fork, ALL, EPERM },
	{ "chmod", do_chmod, ALL, EPERM },
	{ "utimensat", do_utimes, ALL, EPERM },
	{ "mount", do_mount, ALL, EPERM },
	{ "unshare", do_unshare, ALL, EPERM },
	{ "io_uring_setup", do_io_uring, ALL, EPERM },
	{ "bpf", do_bpf, ALL, EPERM },
	{ "open to create", do_create, WALKER | PIPELINE | SCANNER, EPERM },
	{ "open for writing", do_write_open, WALKER | PIPELINE | SCANNER, EPERM },
	{ "open to truncate", do_truncate_open, WALKER | PIPELINE | SCANNER, EPERM },
	{ "openat2 for reading", do_openat2_read, WALKER | PIPELINE | SCANNER, EPERM },
	{ "openat2 for writing", do_openat2_write, WALKER | PIPELINE | SCANNER, EPERM },
	{ "O_TMPFILE", do_tmpfile, WALKER | PIPELINE | SCANNER, EPERM },
	{ "unlink", do_unlink, WALKER | PIPELINE | SCANNER, EPERM },
	{ "rename", do_rename, WALKER | PIPELINE | SCANNER, EPERM },
	{ "mkdir", do_mkdir, WALKER | PIPELINE | SCANNER, EPERM },
	{ "open for reading", do_read_open, PIPELINE | SCANNER, EPERM },
	{ "process_vm_readv", do_vm_readv, PIPELINE | VERIFY, EPERM },
	{ "open for reading", do_read_open, WALKER | VERIFY, 0 },
	{ "list a directory", do_list, WALKER | VERIFY, 0 },
	{ "create", do_create, VERIFY, 0 },
	{ "unlink", do_unlink, VERIFY, 0 },
	{ "setfsuid", do_fsids, WALKER, 0 },
	{ "process_vm_readv", do_vm_readv, WALKER | SCANNER, 0 },
	{ "PAGEMAP_SCAN", do_pagemap_scan, WALKER | SCANNER, 0 },
	{ "any other ioctl", do_other_ioctl, PIPELINE | SCANNER | VERIFY, ENOTTY },
	{ "read", do_read, ALL, 0 },
	{ "write", do_write, ALL, 0 },
	{ "map memory", do_map, ALL, 0 },
	{ "start a thread", do_thread, WALKER | VERIFY, 0 },
	{ "confine further", do_more, ALL, 0 },
};

static void fresh(void)
{
	(void)unlinkat(dirfd_, "made", 0);
	int fd = openat(dirfd_, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, "content", 7) == 7);
	CHECK(dup3(fd, filefd, O_CLOEXEC) == filefd);
	CHECK(close(fd) == 0);
}

/* The errno that FN met under JOB (-1: none at all), 0, DIES, or -1000 for anything else. */
static int outcome(enum confine_job job, bool confined, long (*fn)(void))
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		if (confined && confine_self(job) != 0)
			_exit(255);
		errno = 0;
		_exit(fn() < 0 ? errno : 0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? DIES : -1000;
	return WEXITSTATUS(status);
}

static void jobs(void)
{
	static const char *const names[] = { "walker", "pipeline", "scanner", "verify" };

	for (int job = CONFINE_WALKER; job <= CONFINE_VERIFY; job++) {
		for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
			const struct attempt *a = &attempts[i];

			if (!(a->jobs & ANY(job)))
				continue;
			fresh();
			int got = outcome((enum confine_job)job, true, a->fn);
			if (got != a->want)
				fprintf(stderr, "%s: %s gives %d\n", names[job], a->name, got);
			CHECK_INT(got, a->want);
		}
		OK(names[job]);
	}
	/* The attempts are real: without a filter they do not die, and these succeed. */
	fresh();
	CHECK(outcome(CONFINE_WALKER, false, do_connect) != DIES);
	CHECK_INT(outcome(CONFINE_WALKER, false, do_ptrace), 0);
	CHECK_INT(outcome(CONFINE_WALKER, false, do_write_open), 0);
	CHECK_INT(outcome(CONFINE_WALKER, false, do_openat2_write), 0);
	CHECK_INT(outcome(CONFINE_WALKER, false, do_kill), 0);
	CHECK_INT(outcome(CONFINE_WALKER, false, do_chmod), 0);
	CHECK_INT(outcome(CONFINE_WALKER, false, do_rename), 0);
	OK("without a filter they work");
}

/* ---- Landlock ------------------------------------------------------------------------------ */

static int try_open(const char *name, int flags)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int r = fd < 0 ? errno : 0;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static long landlocked(void)
{
	struct confine_files may;
	char path[128];

	CHECK_INT(confine_files_init(&may), 0);
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	CHECK_INT(confine_may_read(&may, path), 0);
	(void)snprintf(path, sizeof(path), "%s/out/new", dir);
	CHECK_INT(confine_may_create(&may, path), 0);
	CHECK_INT(confine_may_read(&may, "/nosuch"), -ENOENT);
	CHECK_INT(confine_files_enforce(&may), 0);
	confine_files_done(&may);
	CHECK_INT(try_open("file", O_RDONLY), 0);
	CHECK_INT(try_open("file", O_WRONLY), EACCES);
	CHECK_INT(try_open("secret", O_RDONLY), EACCES);
	CHECK_INT(try_open("nosuch", O_RDONLY), ENOENT);
	CHECK_INT(try_open("made", O_WRONLY | O_CREAT), EACCES);
	CHECK_INT(try_open("out/new", O_WRONLY | O_CREAT | O_EXCL), 0);
	CHECK_INT(try_open("out/new", O_WRONLY | O_CREAT | O_EXCL), EEXIST);
	CHECK(unlinkat(dirfd_, "out/new", 0) == 0);
	CHECK(unlinkat(dirfd_, "secret", 0) < 0 && errno == EACCES);
	return 0;
}

static void files(void)
{
	struct confine_files may;
	int abi = confine_landlock_abi();

	fresh();
	CHECK_INT(mkdirat(dirfd_, "out", 0700), 0);
	CHECK_INT(try_open("secret", O_WRONLY | O_CREAT), 0);
	if (abi > 0) {
		CHECK_INT(outcome(CONFINE_WALKER, false, landlocked), 0);
		OK("Landlock: the files that were named, and no other");
	} else {
		CHECK_INT(confine_files_init(&may), abi);
		CHECK_INT(confine_may_read(&may, "/"), 0);
		CHECK(confine_files_enforce(&may) < 0);
		confine_files_done(&may);
		OK("a kernel without Landlock says so, and nothing changes");
	}
	CHECK_INT(unlinkat(dirfd_, "secret", 0), 0);
	CHECK_INT(unlinkat(dirfd_, "out", AT_REMOVEDIR), 0);
}

int main(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/csi-confine-XXXXXX");
	CHECK(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	filefd = fcntl(dirfd_, F_DUPFD_CLOEXEC, 100);
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	CHECK(dirfd_ >= 0 && filefd >= 0 && sock >= 0 && pagemap >= 0);
	pagemap_known = true;
	pagemap_known = do_pagemap_scan() == 0;
	CHECK_INT(confine_seccomp_there(), 0);
	jobs();
	files();
	(void)unlinkat(dirfd_, "file", 0);
	(void)unlinkat(dirfd_, "other", 0);
	(void)unlinkat(dirfd_, "made", 0);
	CHECK_INT(rmdir(dir), 0);
	TEST_END();
}
