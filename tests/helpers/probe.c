/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe PID [UID:GID] - what of a process can be read from here, one line an object: "NAME yes" or
 * "NAME ERRNO". With UID:GID the file system ids of this thread are those around each open, the way
 * csi reads another user's process without SYS_PTRACE. tests/roles.tsv is measured with it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned long fs_uid, fs_gid;
static bool switching;

static void borrow_ids(void)
{
	if (!switching)
		return;
	syscall(SYS_setfsgid, fs_gid);
	syscall(SYS_setfsuid, fs_uid);
}

static void return_ids(void)
{
	if (!switching)
		return;
	syscall(SYS_setfsuid, 0);
	syscall(SYS_setfsgid, 0);
}

static const char *name_of(int err)
{
	switch (err) {
	case EACCES:
		return "EACCES";
	case EPERM:
		return "EPERM";
	case ENOENT:
		return "ENOENT";
	case ESRCH:
		return "ESRCH";
	default:
		return strerror(err);
	}
}

static void verdict(const char *object, int err)
{
	printf("%s %s\n", object, err ? name_of(err) : "yes");
}

static int open_at(int proc, const char *name, int flags, int *ret)
{
	borrow_ids();
	int fd = openat(proc, name, flags | O_CLOEXEC | O_NONBLOCK);
	int err = errno;
	return_ids();
	*ret = fd;
	return fd < 0 ? err : 0;
}

/* Opens and reads: maps and environ check again at read. An empty file is readable. */
static int try_text(int proc, const char *name)
{
	char word[8]; /* the least that pagemap gives */
	int fd, err = open_at(proc, name, O_RDONLY, &fd);

	if (err)
		return err;
	err = read(fd, word, sizeof(word)) < 0 ? errno : 0;
	close(fd);
	return err;
}

static int try_link(int proc, const char *name, int flags)
{
	int fd, err = open_at(proc, name, flags, &fd);

	if (!err)
		close(fd);
	return err;
}

/* The list of descriptors, and the link of the first of them. */
static int try_fds(int proc)
{
	char target[256];
	int fd, err = open_at(proc, "fd", O_RDONLY | O_DIRECTORY, &fd);

	if (err)
		return err;
	borrow_ids();
	DIR *dir = fdopendir(fd);
	errno = 0;
	struct dirent *first = NULL;
	while ((first = readdir(dir)) && first->d_name[0] == '.')
		;
	err = errno;
	if (first && readlinkat(dirfd(dir), first->d_name, target, sizeof(target)) < 0)
		err = errno;
	return_ids();
	closedir(dir);
	return err;
}

/* The start of the first mapping. */
static uint64_t first_address(int proc)
{
	char line[64] = "";
	int fd;

	if (open_at(proc, "maps", O_RDONLY, &fd))
		return 0;
	ssize_t n = read(fd, line, sizeof(line) - 1);
	close(fd);
	return n > 0 ? strtoull(line, NULL, 16) : 0;
}

static int try_mem(int proc, uint64_t at)
{
	char byte;
	int fd, err = open_at(proc, "mem", O_RDONLY, &fd);

	if (err)
		return err;
	err = at && pread(fd, &byte, 1, (off_t)at) != 1 ? errno : 0;
	close(fd);
	return err;
}

/* Without maps the address is unknown; then EFAULT is as good as a byte. */
static int try_vm(pid_t pid, uint64_t at)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)at, 1 };

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) == 1 || errno == EFAULT)
		return 0;
	return errno;
}

static void probe(pid_t pid, int proc)
{
	static const char *const texts[] = { "stat",	"cmdline",   "status", "environ", "maps",
					     "pagemap", "mountinfo", "cgroup", "net/tcp" };
	uint64_t at = first_address(proc);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		verdict(strcmp(texts[i], "net/tcp") ? texts[i] : "net", try_text(proc, texts[i]));
	verdict("exe", try_link(proc, "exe", O_RDONLY));
	verdict("root", try_link(proc, "root/.", O_RDONLY | O_DIRECTORY));
	verdict("cwd", try_link(proc, "cwd/.", O_RDONLY | O_DIRECTORY));
	verdict("fd", try_fds(proc));
	verdict("mem", try_mem(proc, at));
	verdict("vm_readv", try_vm(pid, at));
}

static void parse_ids(const char *text)
{
	char *colon;

	fs_uid = strtoul(text, &colon, 10);
	fs_gid = strtoul(colon + (*colon == ':'), NULL, 10);
	switching = true;
}

int main(int argc, char **argv)
{
	char path[32];

	if (argc < 2) {
		fprintf(stderr, "usage: probe PID [UID:GID]\n");
		return 2;
	}
	pid_t pid = (pid_t)strtol(argv[1], NULL, 10);
	if (argc > 2)
		parse_ids(argv[2]);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	int proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0) {
		perror(path);
		return 1;
	}
	probe(pid, proc);
	close(proc);
	return 0;
}
