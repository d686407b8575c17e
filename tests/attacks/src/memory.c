/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks in memory: code without a file, images loaded by hand, code written over. */
#include "attacks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CODE_SIZE = 65536 };

/* x86-64 mov $42, %eax; ret: what each of them runs. */
static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

typedef int (*code_fn)(void);

/* Runs it, so that it is code and not merely bytes. */
static int run_code(void *at)
{
	code_fn fn;

	memcpy(&fn, &at, sizeof(fn));
	if (fn() != 42) {
		ready("error: the code does not run\n");
		return 1;
	}
	ready("%s", "");
	rest();
}

static void *anonymous(size_t size, int prot)
{
	void *at = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		ready("error: mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

/* rwx: shell code in memory that stays writable. */
int attack_rwx(int argc, char **argv)
{
	void *at = anonymous(CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);

	(void)argc;
	(void)argv;
	memcpy(at, code, sizeof(code));
	return run_code(at);
}

/* rx: shell code that was written, and then made executable. */
int attack_rx(int argc, char **argv)
{
	void *at = anonymous(CODE_SIZE, PROT_READ | PROT_WRITE);

	(void)argc;
	(void)argv;
	memcpy(at, code, sizeof(code));
	mprotect(at, CODE_SIZE, PROT_READ | PROT_EXEC);
	return run_code(at);
}

static size_t read_self(void *at, size_t size)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	while (fd >= 0 && used < size && (n = read(fd, (char *)at + used, size - used)) > 0)
		used += (size_t)n;
	close(fd);
	return used;
}

/* elf: a program that was loaded by hand, its header and its code in anonymous memory. */
int attack_elf(int argc, char **argv)
{
	char *at = anonymous(1 << 20, PROT_READ | PROT_WRITE);
	size_t n = read_self(at, 1 << 20);

	(void)argc;
	(void)argv;
	memcpy(at + n / 4096 * 4096, code, sizeof(code));
	mprotect(at, 1 << 20, PROT_READ | PROT_EXEC);
	return run_code(at + n / 4096 * 4096);
}

/* A memory file with this program in it. */
static int memfd_of_self(void)
{
	int fd = memfd_create("libc-2.36.so", 0);
	char *at = anonymous(1 << 20, PROT_READ | PROT_WRITE);
	size_t n = read_self(at, 1 << 20);

	if (fd < 0 || write(fd, at, n) != (ssize_t)n)
		ready("error: memfd: %s\n", strerror(errno));
	munmap(at, 1 << 20);
	return fd;
}

/* memfd-map: code of a memory file, as a loader that leaves no file maps a library. */
int attack_memfd_map(int argc, char **argv)
{
	int fd = memfd_create("library", 0);
	void *at;

	(void)argc;
	(void)argv;
	if (write(fd, code, sizeof(code)) != sizeof(code))
		return 1;
	at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	return at == MAP_FAILED ? 1 : run_code(at);
}

/* memfd-elf: a program in a memory file, not started yet. */
int attack_memfd_elf(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	memfd_of_self();
	ready("%s", "");
	rest();
}

/* What is written over: nobody calls it but patch and the one who checks. */
__attribute__((noinline, used, aligned(64))) static int victim(void)
{
	__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop");
	return 7;
}

/* patch: writes over its own code through /proc/self/mem, as DDexec and debuggers' injectors do. */
int attack_patch(int argc, char **argv)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	int (*volatile fn)(void) = victim;

	(void)argc;
	(void)argv;
	if (fd < 0 || pwrite(fd, code, sizeof(code), (off_t)(uintptr_t)victim) != sizeof(code)) {
		ready("error: mem: %s\n", strerror(errno));
		return 1;
	}
	close(fd);
	if (fn() != 42) {
		ready("error: not patched\n");
		return 1;
	}
	ready("%s", "");
	rest();
}

/* Position-independent: forgets all between FROM and TO, which is the program, and sleeps. */
__attribute__((noinline, used, aligned(64))) static void leave(long from, long size)
{
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(SYS_munmap), "D"(from), "S"(size)
			 : "rcx", "r11", "memory");
	for (;;)
		__asm__ volatile("syscall" : "=a"(r) : "a"(SYS_pause) : "rcx", "r11", "memory");
}

/* Where the program lies, from the first to the last line of maps that names it. */
static int own_span(unsigned long *ret_from, unsigned long *ret_to)
{
	char line[512], exe[256];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	FILE *f = fopen("/proc/self/maps", "re");

	*ret_from = *ret_to = 0;
	exe[n > 0 ? n : 0] = '\0';
	while (f && n > 0 && fgets(line, sizeof(line), f)) {
		char *end;
		unsigned long from = strtoul(line, &end, 16);

		if (!strstr(line, exe) || *end != '-')
			continue;
		*ret_from = *ret_from ? *ret_from : from;
		*ret_to = strtoul(end + 1, NULL, 16);
	}
	if (f)
		fclose(f);
	return *ret_to ? 0 : -ENOENT;
}

/* replace: code elsewhere takes over, and what the process was started from is mapped no more. */
int attack_replace(int argc, char **argv)
{
	unsigned char *at = anonymous(CODE_SIZE, PROT_READ | PROT_WRITE);
	void (*go)(long from, long size);
	unsigned long from, to;

	(void)argc;
	(void)argv;
	memcpy(at, (const void *)(uintptr_t)leave, 256);
	mprotect(at, CODE_SIZE, PROT_READ | PROT_EXEC);
	if (own_span(&from, &to) < 0)
		return 1;
	memcpy(&go, &at, sizeof(go));
	ready("%s", "");
	go((long)from, (long)(to - from));
	return 1;
}

/* traced: a debugger of its own that holds its child. Says which is the child. */
int attack_traced(int argc, char **argv)
{
	pid_t pid = fork();

	(void)argc;
	(void)argv;
	if (pid == 0) {
		close(READY_FD);
		rest();
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		ready("error: ptrace: %s\n", strerror(errno));
	ready("child %d\n", (int)pid);
	rest();
}

/* deleted-library: maps code of the file that is named, and takes the file away. */
int attack_deleted_library(int argc, char **argv)
{
	int fd;

	if (argc < 1 || copy_self(argv[0]) < 0)
		return 1;
	fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return 1;
	close(fd);
	if (argc < 2)
		unlink(argv[0]);
	ready("%s", "");
	rest();
}
