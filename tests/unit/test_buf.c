/* SPDX-License-Identifier: Apache-2.0 */
/* struct buf: growth, its hard limit, and reading a descriptor of unknown size. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>

static void grows(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	for (int i = 0; i < 100000; i++)
		CHECK_INT(buf_addc(&b, (unsigned char)i), 0);
	CHECK_INT(b.n, 100000);
	for (size_t i = 0; i < b.n; i++)
		CHECK(b.p[i] == (unsigned char)i);
	buf_clear(&b);
	CHECK_INT(b.n, 0);
	CHECK_INT(buf_addf(&b, "%s-%d", "x", 7), 0);
	CHECK_INT(buf_adds(&b, ""), 0);
	CHECK_INT(buf_add(&b, NULL, 0), 0);
	CHECK_BYTES(buf_bytes(&b), "x-7");
	buf_done(&b);
	CHECK_INT(buf_adds(&b, "again"), 0);
	CHECK_BYTES(buf_bytes(&b), "again");
	OK("grows, clears, and is usable after done");
}

static void limited(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(10);

	CHECK_INT(buf_adds(&b, "12345"), 0);
	CHECK_INT(buf_adds(&b, "123456"), -EFBIG);
	CHECK_INT(buf_addf(&b, "%d", 123456), -EFBIG);
	CHECK_INT(buf_reserve(&b, SIZE_MAX), -EFBIG);
	CHECK_INT(buf_reserve(&b, SIZE_MAX - 4), -EFBIG);
	CHECK_BYTES(buf_bytes(&b), "12345");
	CHECK_INT(buf_adds(&b, "67890"), 0);
	CHECK_INT(buf_addc(&b, 'x'), -EFBIG);
	CHECK_BYTES(buf_bytes(&b), "1234567890");
	OK("the limit is exact, and a refusal changes nothing");

	AUTO_DONE(buf_done) struct buf whole = BUF_NONE;
	AUTO_FREE char *big = calloc(1, BUF_MAX_DEFAULT);
	CHECK(big);
	CHECK_INT(buf_add(&whole, big, BUF_MAX_DEFAULT), 0);
	CHECK_INT(buf_addc(&whole, 0), -EFBIG);
	OK("4 MiB unless told otherwise");
}

static void long_format(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(1000);

	CHECK_INT(buf_addf(&b, "%*d", 1000, 7), 0);
	CHECK_INT(b.n, 1000);
	CHECK(b.p[999] == '7');
	CHECK_INT(buf_addf(&b, "%*d", 1, 7), -EFBIG);
	OK("a format longer than any line, up to the last byte of the limit");
}

static void reads_fd(void)
{
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(write(fds[1], "hello world", 11), 11);
	CHECK_INT(close(fds[1]), 0);
	{
		AUTO_DONE(buf_done) struct buf b = BUF_NONE;

		CHECK_INT(buf_adds(&b, "> "), 0);
		CHECK_INT(buf_read_fd(&b, fds[0], 5), -EFBIG);
		CHECK_BYTES(buf_bytes(&b), "> hello");
		/* One byte went into finding out that there is more. */
		CHECK_INT(buf_read_fd(&b, fds[0], 5), 0);
		CHECK_BYTES(buf_bytes(&b), "> helloworld");
		CHECK_INT(buf_read_fd(&b, fds[0], 0), 0);
	}
	CHECK_INT(close(fds[0]), 0);
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(3);
	AUTO_CLOSE int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	CHECK_INT(buf_read_fd(&b, fd, 100), -EFBIG);
	CHECK_INT(b.n, 3);
	CHECK_INT(buf_read_fd(&b, -1, 100), -EBADF);
	OK("reads a descriptor to its end, to MAX, or to the buffer's own limit");
}

int main(void)
{
	grows();
	limited();
	long_format();
	reads_fd();
	TEST_END();
}
