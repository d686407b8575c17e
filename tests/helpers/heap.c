/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap - what the benchmarks of memory look at, and compare with.
 *
 *	heap run MIB THREADS    fills so much anonymous memory (small pages), starts idle threads,
 *says "ready", then for each line on standard input the longest pause of its own clock in
 *microseconds since the last one heap shape DIR          200 MiB of a file and 200 MiB anonymous
 *mapped and not touched, 100 MiB resident; says "ready" and sleeps heap copy PID           the
 *resident bytes of PID by process_vm_readv(2) to standard output
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, CHUNK = 256 << 10, BATCH = 8192 };

static atomic_ulong longest;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Sleeps a little each time, so that a scheduler has no reason to pause it. */
static void *heartbeat(void *arg)
{
	uint64_t last = now();

	for (;;) {
		uint64_t at = now();

		if (at - last > longest)
			longest = at - last;
		last = at;
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
	return arg;
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static char *fill(size_t n)
{
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || madvise(p, n, MADV_NOHUGEPAGE) < 0)
		exit(1);
	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = i * UINT64_C(0x9e3779b97f4a7c15);

		memcpy(p + i, &word, sizeof(word));
	}
	return p;
}

static int run(size_t mib, int threads)
{
	pthread_attr_t attr;
	pthread_t t;
	char line[16];

	fill(mib << 20);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_create(&t, &attr, heartbeat, NULL);
	for (int i = 2; i < threads; i++)
		pthread_create(&t, &attr, idle, NULL);
	longest = 0;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%lu\n", longest);
		fflush(stdout);
		longest = 0;
	}
	return 0;
}

static int shape(const char *dir)
{
	const size_t big = (size_t)200 << 20;
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/untouched", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)big) < 0 ||
	    mmap(NULL, big, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ||
	    mmap(NULL, big, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		    MAP_FAILED)
		return 1;
	fill((size_t)100 << 20);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

static int put(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(STDOUT_FILENO, p, n);

		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static int copy_range(pid_t pid, uint64_t start, uint64_t end)
{
	static char chunk[CHUNK];

	while (start < end) {
		struct iovec to = { chunk, end - start < CHUNK ? end - start : CHUNK };
		struct iovec from = { (void *)(uintptr_t)start, to.iov_len };
		ssize_t n = process_vm_readv(pid, &to, 1, &from, 1, 0);

		if (n <= 0)
			return 0;
		if (put(chunk, (size_t)n) < 0)
			return -1;
		start += (uint64_t)n;
	}
	return 0;
}

static int copy_mapping(pid_t pid, int pagemap, uint64_t start, uint64_t end)
{
	static uint64_t entries[BATCH];
	uint64_t from = 0, to = 0;

	for (uint64_t at = start; at < end; at += (uint64_t)BATCH * PAGE) {
		uint64_t n = (end - at) / PAGE < BATCH ? (end - at) / PAGE : BATCH;

		if (pread(pagemap, entries, n * 8, (off_t)(at / PAGE * 8)) != (ssize_t)(n * 8))
			return 0;
		for (uint64_t i = 0; i < n; i++) {
			if (!(entries[i] >> 63))
				continue;
			if (to != at + i * PAGE) {
				if (copy_range(pid, from, to) < 0)
					return -1;
				from = at + i * PAGE;
			}
			to = at + (i + 1) * PAGE;
		}
	}
	return copy_range(pid, from, to);
}

static int parse_range(const char *line, uint64_t *start, uint64_t *end)
{
	char *rest;

	*start = strtoull(line, &rest, 16);
	*end = *rest == '-' ? strtoull(rest + 1, NULL, 16) : 0;
	return *end > *start;
}

static int copy(pid_t pid)
{
	char path[64], line[8192];
	uint64_t start, end;
	FILE *maps;
	int pagemap;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	pagemap = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	if (pagemap < 0 || !maps)
		return 1;
	while (fgets(line, sizeof(line), maps))
		if (!strstr(line, "[v") && parse_range(line, &start, &end) &&
		    copy_mapping(pid, pagemap, start, end) < 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "run") == 0)
		return run(strtoul(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "shape") == 0)
		return shape(argv[2]);
	if (argc == 3 && strcmp(argv[1], "copy") == 0)
		return copy((pid_t)strtol(argv[2], NULL, 10));
	return 2;
}
