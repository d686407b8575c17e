/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of which every mapping, page, descriptor and thread is known. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MIB = 1 << 20, BIG = 64 * MIB, ANON = 4 * MIB };

static void announce(const char *name, const void *addr, size_t size)
{
	dprintf(READY_FD, "%s %lx %zx\n", name, (unsigned long)addr, size);
}

static void *map(const char *name, size_t size, int prot, int flags, int fd)
{
	void *addr = mmap(NULL, size, prot, flags, fd, 0);

	if (addr == MAP_FAILED)
		dprintf(READY_FD, "error: %s: %s\n", name, strerror(errno));
	else
		announce(name, addr, size);
	return addr;
}

static int sparse_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && ftruncate(fd, (off_t)size) < 0)
		return -1;
	return fd;
}

/* Each page of an even number gets its number as text; the others are never touched. */
static void touch_half(char *at, size_t size)
{
	long page = sysconf(_SC_PAGESIZE);

	for (size_t off = 0; off < size; off += (size_t)(2 * page))
		snprintf(at + off, 32, "page %zu", off / (size_t)page);
}

/*
 * maps [DIR]: says "NAME ADDRESS SIZE" (hex) of: file (64 MiB, untouched), half (anonymous, each
 * second page touched), none (PROT_NONE), memfd (rwx of it), shared, exec (anonymous r-x).
 */
int mode_maps(int argc, char **argv)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;
	char path[256];
	char *text = canary(getpid());

	snprintf(path, sizeof(path), "%s/big-file", argc > 0 ? argv[0] : "/data");
	map("file", BIG, PROT_READ, MAP_PRIVATE, sparse_file(path, BIG));
	char *half = map("half", ANON, PROT_READ | PROT_WRITE, private, -1);
	madvise(half, ANON, MADV_NOHUGEPAGE);
	touch_half(half, ANON);
	map("none", MIB, PROT_NONE, private, -1);
	int fd = memfd_create("payload", MFD_CLOEXEC);
	if (ftruncate(fd, MIB) < 0)
		return 1;
	char *memfd = map("memfd", MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	memcpy(memfd, text, strlen(text) + 1);
	char *shared = map("shared", MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	touch_half(shared, MIB);
	char *exec = map("exec", 65536, PROT_READ | PROT_WRITE, private, -1);
	memset(exec, 0xcc, 4096);
	mprotect(exec, 65536, PROT_READ | PROT_EXEC);
	ready("canary %s\n", text);
	rest();
}

/*
 * patched: its own program once more as code ("code ADDRESS SIZE"); page 1 is written with the same
 * bytes, page 2 gets one int3, page 3 a jump of 5 bytes at 16.
 */
int mode_patched(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)argc;
	(void)argv;
	volatile unsigned char *at =
		map("code", 8 * page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd);
	at[page] = at[page];
	at[2 * page + 7] = at[2 * page + 7] == 0xcc ? 0xcd : 0xcc;
	for (size_t i = 0; i < 5; i++)
		at[3 * page + 16 + i] = (unsigned char)~at[3 * page + 16 + i];
	mprotect((void *)(uintptr_t)at, 8 * page, PROT_READ | PROT_EXEC);
	ready("patched\n");
	rest();
}

/* fds [DIR]: a deleted file, a memfd, a pipe, a socket, a unix socket; says "NAME FD". */
int mode_fds(int argc, char **argv)
{
	char path[256];
	int pipes[2];

	snprintf(path, sizeof(path), "%s/deleted-file", argc > 0 ? argv[0] : "/data");
	int deleted = open(path, O_RDWR | O_CREAT, 0600);
	if (write(deleted, "was deleted\n", 12) != 12)
		return 1;
	unlink(path);
	int memfd = memfd_create("loot", 0);
	if (write(memfd, "in memory\n", 10) != 10 || pipe(pipes) < 0)
		return 1;
	int tcp = socket(AF_INET, SOCK_STREAM, 0), un = socket(AF_UNIX, SOCK_STREAM, 0);
	ready("deleted %d\nmemfd %d\npipe %d\ntcp %d\nunix %d\n", deleted, memfd, pipes[0], tcp,
	      un);
	rest();
}

/* ram MIB: so much memory of its own, which does not compress */
int mode_ram(int argc, char **argv)
{
	size_t n = (size_t)(argc > 0 ? number(argv[0]) : 1) << 20;
	uint64_t *words = malloc(n), x = 88172645463325252u;

	for (size_t i = 0; words && i < n / sizeof(*words); i++) {
		x ^= x << 13; /* xorshift64 */
		x ^= x >> 7;
		x ^= x << 17;
		words[i] = x;
	}
	ready("%s", words ? "ram\n" : "error: no memory\n");
	rest();
}

/*
 * lazy FILE ANON RESIDENT [DIR]: MiB of a file mapping and of anonymous memory that are never
 * touched, and of memory that is, in which a text lies across every border of 256 KiB; says how
 * often, and "text TEXT".
 */
int mode_lazy(int argc, char **argv)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;
	char path[256], *text = canary(getpid());
	size_t n = strlen(text), count = 0;

	if (argc < 3)
		return 2;
	size_t file = (size_t)number(argv[0]) * MIB, anon = (size_t)number(argv[1]) * MIB;
	size_t resident = (size_t)number(argv[2]) * MIB;
	snprintf(path, sizeof(path), "%s/lazy-file", argc > 3 ? argv[3] : "/data");
	map("file", file, PROT_READ, MAP_PRIVATE, sparse_file(path, file));
	map("anon", anon, PROT_READ | PROT_WRITE, private, -1);
	char *at = map("resident", resident, PROT_READ | PROT_WRITE, private, -1);
	memset(at, '.', resident);
	for (size_t off = MIB / 4; off < resident; off += MIB / 4, count++) {
		char *to = at + off - 1 - off / (MIB / 4) % (n - 1);

		for (size_t i = 0; i < n; i++)
			to[i] = text[i]; /* bytes, without an end */
	}
	ready("count %zu\ntext %s\n", count, text);
	memset(text, 0, n); /* only there is it */
	rest();
}

static void *sleeper(void *arg)
{
	(void)arg;
	rest();
}

/* threads N */
int mode_threads(int argc, char **argv)
{
	int n = argc > 0 ? number(argv[0]) : 4, made = 1;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	while (made < n && pthread_create(&thread, &attr, sleeper, NULL) == 0)
		made++;
	ready("threads %d\n", made);
	rest();
}
