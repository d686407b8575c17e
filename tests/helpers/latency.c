/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency SECONDS COMMAND... - a service that measures its own latency: a request of half a
 * millisecond of work every two milliseconds, alone for SECONDS, then while COMMAND runs, for at
 * most twice that. Prints p50 and p99 in microseconds before, the same during, and how many
 * requests there were during. A request counts from when it was due, so a stall counts for all that
 * wait behind it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PERIOD = 2000 * 1000, /* ns */
	WORK = 500 * 1000,
	SAMPLES_MAX = 1 << 17,
	TRIALS = 50,
};

static volatile uint64_t work_done;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void work(uint64_t rounds)
{
	uint64_t x = work_done;

	for (uint64_t i = 0; i < rounds; i++) {
		x = x * UINT64_C(6364136223846793005) + 1;
		__asm__ volatile("" : "+r"(x));
	}
	work_done = x;
}

/* Rounds that take WORK when nothing is in the way: the best of some trials. */
static uint64_t calibrate(void)
{
	uint64_t rounds = 100000;
	int64_t best = INT64_MAX;

	for (int i = 0; i < TRIALS; i++) {
		int64_t from = now();

		work(rounds);
		int64_t took = now() - from;
		if (took < best)
			best = took;
	}
	return rounds * WORK / (uint64_t)(best > 0 ? best : 1);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Until CHILD has ended (0: none) or the time is over. Sorted, how many. */
static size_t measure(uint64_t rounds, int64_t length, pid_t *child, int64_t *took)
{
	int64_t due = now(), end = due + length;
	size_t n = 0;

	while (due < end && n < SAMPLES_MAX) {
		due += PERIOD;
		struct timespec at = { due / 1000000000, due % 1000000000 };

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
			;
		work(rounds);
		took[n++] = now() - due;
		if (*child && waitpid(*child, NULL, WNOHANG) == *child) {
			*child = 0;
			break;
		}
	}
	qsort(took, n, sizeof(*took), by_size);
	return n;
}

static pid_t begin(char **argv)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
	}
	execvp(argv[0], argv);
	_exit(127);
}

static void print(const int64_t *took, size_t n)
{
	size_t middle = n / 2, high = n * 99 / 100;

	printf("%.1f %.1f ", (double)took[middle] / 1000, (double)took[high] / 1000);
}

int main(int argc, char **argv)
{
	static int64_t took[SAMPLES_MAX];
	int64_t length = argc > 2 ? strtoll(argv[1], NULL, 10) * INT64_C(1000000000) : 0;
	pid_t child = 0;

	if (length <= 0)
		return 2;
	prctl(PR_SET_TIMERSLACK, 1);
	uint64_t rounds = calibrate();
	print(took, measure(rounds, length, &child, took));
	child = begin(argv + 2);
	if (child < 0)
		return 1;
	size_t n = measure(rounds, 2 * length, &child, took);
	if (child) {
		kill(child, SIGTERM);
		waitpid(child, NULL, 0);
	}
	print(took, n);
	printf("%zu\n", n);
	return n > 100 ? 0 : 1;
}
