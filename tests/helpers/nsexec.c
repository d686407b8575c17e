/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsexec - the fallback where runc cannot run (plain.py): a command with its own root, namespaces,
 * ids and capabilities. No seccomp filter and no cgroups.
 *
 *	nsexec new ROOT UID GID CAPS NNP CMD...        a target: its own namespaces, CMD is PID 1
 *	nsexec beside PID ROOT UID GID CAPS NNP CMD... csi: PID's pid, net and ipc namespaces, own
 *mounts nsexec into PID UID GID CAPS NNP CMD...        all namespaces and the root of PID
 *
 * CAPS is a hexadecimal mask, NNP 0 or 1. It forks once, ends with the code of CMD, and takes it
 *along.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct rights {
	uid_t uid;
	gid_t gid;
	uint64_t caps;
	int nnp;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "nsexec: %s: %s\n", what, strerror(errno));
	exit(126);
}

static void join(const char *pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, 0) < 0)
		die(path);
	close(fd);
}

/* Makes ROOT the root of a private mount namespace, with its own proc. */
static void change_root(const char *root, int own_pid)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(root) < 0)
		die(root);
	if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		die("mount proc");
	if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755") == 0) {
		mkdir("dev/shm", 01777);
		mknod("dev/null", S_IFCHR | 0666, 0x103);
		chmod("dev/null", 0666);
	}
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		die("pivot_root");
	if (!own_pid && mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		die("read-only root");
}

static void limit(const struct rights *r)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	uint64_t left = r->uid == 0 ? r->caps : 0;

	for (unsigned long cap = 0; cap < 64; cap++)
		if (!(r->caps >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 &&
		    errno != EINVAL)
			die("bounding set");
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (setgroups(0, NULL) < 0 || setresgid(r->gid, r->gid, r->gid) < 0 ||
	    setresuid(r->uid, r->uid, r->uid) < 0)
		die("ids");
	for (int i = 0; i < 2; i++)
		sets[i].effective = sets[i].permitted = (uint32_t)(left >> (32 * i));
	if (syscall(SYS_capset, &head, sets) < 0)
		die("capabilities");
	if (r->nnp && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("no_new_privs");
}

static struct rights parse_rights(char **argv)
{
	struct rights r = {
		.uid = (uid_t)strtoul(argv[0], NULL, 10),
		.gid = (gid_t)strtoul(argv[1], NULL, 10),
		.caps = strtoull(argv[2], NULL, 16),
		.nnp = argv[3][0] == '1',
	};
	return r;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The child is in the new or joined PID namespace. ROOT NULL: it stays where it is. */
static int run(const char *root, int own_pid, char **rights, char **cmd)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return wait_for(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (root)
		change_root(root, own_pid);
	struct rights r = parse_rights(rights);
	limit(&r);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	execvp(cmd[0], cmd);
	die(cmd[0]);
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		die("lo");
	close(fd);
}

static int run_new(char **argv)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		die("unshare");
	loopback_up();
	return run(argv[0], 1, argv + 1, argv + 5);
}

static int run_beside(char **argv)
{
	join(argv[0], "pid");
	join(argv[0], "net");
	join(argv[0], "ipc");
	if (unshare(CLONE_NEWNS) < 0)
		die("unshare");
	return run(argv[1], 0, argv + 2, argv + 6);
}

static int run_into(char **argv)
{
	static const char *const kinds[] = { "pid", "net", "ipc", "mnt" };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/root", argv[0]);
	int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		join(argv[0], kinds[i]);
	if (root < 0 || fchdir(root) < 0 || chroot(".") < 0)
		die(path);
	return run(NULL, 0, argv + 1, argv + 5);
}

int main(int argc, char **argv)
{
	setenv("PATH", "/usr/bin:/bin", 1);
	if (argc >= 8 && !strcmp(argv[1], "new"))
		return run_new(argv + 2);
	if (argc >= 9 && !strcmp(argv[1], "beside"))
		return run_beside(argv + 2);
	if (argc >= 8 && !strcmp(argv[1], "into"))
		return run_into(argv + 2);
	fprintf(stderr, "usage: nsexec new|beside|into ...\n");
	return 2;
}
