/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that are slow, or never give anything. */
#include "base/io.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { MUCH = 1 << 20, NAP_US = 50000 };

static void *set_later(void *stop)
{
	(void)usleep(NAP_US);
	atomic_store((atomic_bool *)stop, true);
	return NULL;
}

static void *drain(void *arg)
{
	static char chunk[4096];
	const int fd = *(int *)arg;
	size_t all = 0;
	ssize_t n;

	(void)usleep(NAP_US);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		all += (size_t)n;
	CHECK_INT(all, MUCH);
	return NULL;
}

static void test_wait(void)
{
	atomic_bool stop = false;
	pthread_t other;
	int fds[2];

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(pthread_create(&other, NULL, set_later, &stop), 0);
	CHECK_INT(io_wait_input(fds[0], &stop), -ECANCELED);
	CHECK_INT(pthread_join(other, NULL), 0);
	atomic_store(&stop, false);
	CHECK_INT(write(fds[1], "x", 1), 1);
	CHECK_INT(io_wait_input(fds[0], &stop), 0);
	CHECK_INT(io_wait_input(fds[0], NULL), 0);
	(void)close(fds[1]);
	CHECK_INT(io_wait_input(fds[0], &stop), 0);
	(void)close(fds[0]);
	OK("a wait for input ends with input, the end of it, or a stop");
}

static void test_write(void)
{
	static char much[MUCH];
	pthread_t other;
	int fds[2], full;

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	CHECK_INT(pthread_create(&other, NULL, drain, &fds[0]), 0);
	CHECK_INT(io_write_all(fds[1], much, sizeof(much)), 0);
	(void)close(fds[1]);
	CHECK_INT(pthread_join(other, NULL), 0);
	(void)close(fds[0]);
	full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	CHECK_INT(io_write_all(full, much, 1), -ENOSPC);
	CHECK_INT(io_write_all(full, much, 0), 0);
	(void)close(full);
	OK("all is written, also to a pipe that says EAGAIN");
}

int main(void)
{
	test_wait();
	test_write();
	TEST_END();
}
