/* SPDX-License-Identifier: Apache-2.0 */
/* A child of which every mapping is known, for tests of memory. */
#ifndef CSI_TESTS_UNIT_MEM_CHILD_H
#define CSI_TESTS_UNIT_MEM_CHILD_H

#include "model/mem.h"
#include "test.h"
#include "tree.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	MIB = 1 << 20,
	BIG = 64 * MIB,
	VMAS_MAX = 4096,
	GUARD_INSTALL = 102, /* MADV_GUARD_INSTALL, Linux 6.13 */
	SANE_VMA = 1 << 30,  /* a sanitizer maps terabytes: not walked page by page here */
};

/* What the child has mapped. */
struct layout {
	unsigned char *file, *half, *none, *shared, *exec, *deleted, *memfd, *odd, *guard;
	bool guarded; /* two pages in the middle of GUARD: the kernel can do that */
};

struct child {
	pid_t pid;
	int gate;
	struct layout at;
};

static size_t page_size;
static char dir_path[TREE_PATH];
static struct source *source;

static inline unsigned char *map(size_t size, int prot, int flags, int fd)
{
	void *p = mmap(NULL, size, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		_exit(2);
	if (flags & MAP_ANONYMOUS)
		(void)madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

/* Each page of an even number gets its number; the others are never touched. */
static inline void touch_half(unsigned char *p, size_t size)
{
	for (size_t at = 0; at < size; at += 2 * page_size)
		memset(p + at, (int)(1 + at / page_size % 250), page_size);
}

static inline int sparse(const char *name)
{
	AUTO_CLOSE int dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, BIG) < 0)
		_exit(3);
	return fd;
}

static inline void lay_out(struct layout *at)
{
	const int anon = MAP_PRIVATE | MAP_ANONYMOUS;
	int fd;

	at->file = map(BIG, PROT_READ, MAP_PRIVATE, sparse("untouched"));
	at->half = map(BIG, PROT_READ | PROT_WRITE, anon, -1);
	touch_half(at->half, BIG);
	at->none = map(MIB, PROT_READ | PROT_WRITE, anon, -1);
	memset(at->none, 'n', page_size);
	(void)mprotect(at->none, MIB, PROT_NONE);
	at->shared = map(MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	touch_half(at->shared, MIB);
	at->exec = map(16 * page_size, PROT_READ | PROT_WRITE, anon, -1);
	memset(at->exec, 0xcc, page_size);
	(void)mprotect(at->exec, 16 * page_size, PROT_READ | PROT_EXEC);
	at->deleted = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, sparse("gone"));
	at->deleted[0] = 'd';
	fd = memfd_create("payload \n\033[2J", MFD_CLOEXEC);
	(void)!ftruncate(fd, MIB);
	at->memfd = map(MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	at->memfd[0] = 'm';
	at->odd = map(MIB, PROT_READ, MAP_SHARED, sparse("new\nline\\012 x"));
	at->guard = map(16 * page_size, PROT_READ | PROT_WRITE, anon, -1);
	memset(at->guard, 'g', 16 * page_size);
	at->guarded = madvise(at->guard + 4 * page_size, 2 * page_size, GUARD_INSTALL) == 0;
	fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)unlinkat(fd, "gone", 0);
}

static inline void child_main(int gate)
{
	struct layout at;
	char order;

	lay_out(&at);
	(void)prctl(PR_SET_DUMPABLE, 1);
	if (write(gate, &at, sizeof(at)) != sizeof(at) || read(gate, &order, 1) != 1)
		_exit(0);
	if (order == 'x')
		(void)execl("/proc/self/exe", "test_mem", "sleep", NULL);
	_exit(0);
}

static inline struct child child_start(void)
{
	int gate[2];
	struct child c;

	/* Not closed on exec: its end is what the parent waits for. */
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, gate), 0);
	c.pid = fork();
	CHECK(c.pid >= 0);
	if (c.pid == 0) {
		(void)close(gate[0]);
		(void)dup2(gate[1], STDIN_FILENO);
		child_main(gate[1]);
	}
	(void)close(gate[1]);
	c.gate = gate[0];
	CHECK_INT(read(c.gate, &c.at, sizeof(c.at)), sizeof(c.at));
	return c;
}

static inline void child_end(struct child *c)
{
	(void)close(c->gate);
	CHECK_INT(waitpid(c->pid, NULL, 0), c->pid);
}

static inline struct process *open_child(const struct child *c)
{
	struct process *p = NULL;

	CHECK_INT(process_open(source, (struct process_id){ .pid = c->pid }, &p), 0);
	return p;
}

#endif
