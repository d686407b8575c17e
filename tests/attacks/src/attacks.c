/* SPDX-License-Identifier: Apache-2.0 */
/* The table of attacks, and those that are only a matter of how a process is started. */
#include "attacks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* sh TEXT: a shell that runs TEXT; it may say something on descriptor 3, and has to close it. */
static int attack_sh(int argc, char **argv)
{
	char *args[] = { "sh", "-c", argc > 0 ? argv[0] : ":", NULL };

	execv("/bin/sh", args);
	return 127;
}

/* as PATH ARGV0 COMM [ENV=]: a copy of this program at PATH, run by the name ARGV0, which calls
 * itself COMM. */
static int attack_as(int argc, char **argv)
{
	char *args[] = { argc > 2 ? argv[1] : "", "standin", argc > 2 ? argv[2] : "", NULL };

	if (argc < 3 || copy_self(argv[0]) < 0)
		return 2;
	execv(argv[0], args);
	return 127;
}

/* run PATH MODE ARGS...: a copy of this program at PATH, run as that with a mode. */
static int attack_run(int argc, char **argv)
{
	if (argc < 2 || copy_self(argv[0]) < 0)
		return 2;
	execv(argv[0], argv);
	return 127;
}

/* no-environ: as a back door cleans up behind itself. */
static int attack_no_environ(int argc, char **argv)
{
	char *args[] = { "agent", "standin", NULL }, *none[] = { NULL };

	(void)argc;
	(void)argv;
	execve("/proc/self/exe", args, none);
	return 127;
}

static int append_noise(const char *path)
{
	static unsigned char noise[1 << 16];
	int from = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int r = from < 0 || fd < 0 ? -errno : 0;

	for (int i = 0; r == 0 && i < 256; i++)
		if (read(from, noise, sizeof(noise)) != sizeof(noise) ||
		    write(fd, noise, sizeof(noise)) != sizeof(noise))
			r = -EIO;
	close(from);
	close(fd);
	return r;
}

/* packed PATH: a program most of which is as random as a packer makes it. */
static int attack_packed(int argc, char **argv)
{
	char *args[] = { argc > 0 ? argv[0] : "", "standin", NULL };

	if (argc < 1 || copy_self(argv[0]) < 0 || append_noise(argv[0]) < 0)
		return 2;
	execv(argv[0], args);
	return 127;
}

static void *burn(void *arg)
{
	volatile unsigned x = 0;

	while (arg != &x)
		x++;
	return NULL;
}

/* burn [ARGS...]: two threads that work, as a miner does; what follows is there to be read. */
static int attack_burn(int argc, char **argv)
{
	pthread_t thread;

	(void)argc;
	(void)argv;
	if (pthread_create(&thread, NULL, burn, NULL))
		return 1;
	ready("%s", "");
	burn(NULL);
	return 0;
}

/* parent: a child that stays; says which. */
static int attack_parent(int argc, char **argv)
{
	pid_t pid = fork();

	(void)argc;
	(void)argv;
	if (pid == 0) {
		close(READY_FD);
		rest();
	}
	ready("child %d\n", (int)pid);
	rest();
}

/* immutable PATH: chattr +i, which takes CAP_LINUX_IMMUTABLE. */
static int attack_immutable(int argc, char **argv)
{
	int fd = open(argc > 0 ? argv[0] : "", O_RDONLY | O_CLOEXEC), flags = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return 1;
	flags |= FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0;
}

/* file-capability PATH: cap_setuid+ep on it. */
static int attack_file_capability(int argc, char **argv)
{
	const uint32_t value[5] = { 0x02000001, 1 << 7, 0, 0, 0 };

	return argc < 1 || setxattr(argv[0], "security.capability", value, sizeof(value), 0) < 0;
}

/* hold PATH: keeps a file open, as who reads a token again and again. */
static int attack_hold(int argc, char **argv)
{
	int fd = open(argc > 0 ? argv[0] : "", O_RDONLY);

	ready("%s", fd < 0 ? "error: no such file\n" : "");
	rest();
}

const struct mode attacks[] = {
	{ "sh", attack_sh },
	{ "as", attack_as },
	{ "run", attack_run },
	{ "no-environ", attack_no_environ },
	{ "packed", attack_packed },
	{ "burn", attack_burn },
	{ "parent", attack_parent },
	{ "immutable", attack_immutable },
	{ "file-capability", attack_file_capability },
	{ "hold", attack_hold },
	{ "rwx", attack_rwx },
	{ "rx", attack_rx },
	{ "elf", attack_elf },
	{ "memfd-map", attack_memfd_map },
	{ "memfd-elf", attack_memfd_elf },
	{ "patch", attack_patch },
	{ "replace", attack_replace },
	{ "traced", attack_traced },
	{ "deleted-library", attack_deleted_library },
	{ "listen", attack_listen },
	{ "connect", attack_connect },
	{ "raw", attack_raw },
	{ "packet", attack_packet },
	{ "orphan", attack_orphan },
	{ "rootkit", attack_rootkit },
	{ NULL, NULL },
};
