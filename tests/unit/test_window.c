/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that come when they are touched. */
#include "sys/window.h"

#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MIB (UINT64_C(1) << 20)

struct reader {
	uint64_t size; /* ends there, whatever was promised */
	uint64_t salt;
	uint64_t reads, bytes;
	uint64_t hole; /* the page from here on cannot be read; 0: none */
	int err;
};

static unsigned char byte_at(const struct reader *r, uint64_t at)
{
	return (unsigned char)((at ^ at >> 9 ^ r->salt) * 167);
}

/* In pieces of an odd size, as pread(2) may give them. */
static ssize_t read_it(void *ctx, uint64_t at, void *p, size_t n)
{
	struct reader *r = ctx;
	unsigned char *to = p;

	r->reads++;
	if (at >= r->size)
		return r->err;
	if (r->hole && at >= r->hole && at < r->hole + WINDOW_PAGE)
		return -EIO;
	if (r->hole && at < r->hole && n > r->hole - at)
		n = (size_t)(r->hole - at);
	if (n > 70001)
		n = 70001;
	if (n > r->size - at)
		n = (size_t)(r->size - at);
	for (size_t i = 0; i < n; i++)
		to[i] = byte_at(r, at + i);
	r->bytes += n;
	return (ssize_t)n;
}

static bool same(const unsigned char *p, const struct reader *r, uint64_t from, uint64_t to,
		 uint64_t step)
{
	for (uint64_t at = from; at < to; at += step)
		if (p[at] != byte_at(r, at))
			return false;
	return true;
}

static void test_whole(void)
{
	AUTO_DONE(window_closep) struct window *w = NULL;
	const unsigned char *p = NULL;
	int err;

	CHECK(window_open(&w) == 0);
	for (uint64_t salt = 0; salt < 4; salt++) {
		static const uint64_t sizes[] = {
			1, 4096, WINDOW_CHUNK, WINDOW_CHUNK + 1, 20 * MIB + 123, 7, 3 * MIB
		};

		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			struct reader r = { .size = sizes[i], .salt = salt * 31 + i };

			CHECK(window_show(w, r.size, read_it, &r, &p) == 0);
			CHECK(same(p, &r, 0, r.size, 1));
			CHECK(r.bytes == r.size);
			CHECK(window_missed(w, &err) == 0 && err == 0);
		}
	}
}

static void test_jumps(void)
{
	AUTO_DONE(window_closep) struct window *w = NULL;
	struct reader r = { .size = UINT64_C(1) << 40, .salt = 9 };
	const unsigned char *p = NULL;
	uint64_t at = 1, wrong = 0;

	(void)window_open(&w);
	CHECK(window_show(w, r.size, read_it, &r, &p) == 0);
	for (int i = 0; i < 300; i++) {
		at = (at * UINT64_C(6364136223846793005) + 1442695040888963407) % r.size;
		wrong += p[at] != byte_at(&r, at);
		wrong += p[at / 2] != byte_at(&r, at / 2); /* two far ones by turns */
	}
	CHECK(wrong == 0);
	CHECK(p[r.size - 1] == byte_at(&r, r.size - 1));
	CHECK(window_show(w, UINT64_MAX, read_it, &r, &p) == -EFBIG);
}

static void test_short(void)
{
	AUTO_DONE(window_closep) struct window *w = NULL;
	struct reader r = { .size = 2 * MIB, .err = -EIO }, all = { .size = 4 * MIB };
	const unsigned char *p = NULL;
	unsigned sum = 0;
	int err;

	(void)window_open(&w);
	(void)window_show(w, all.size, read_it, &all, &p);
	CHECK(same(p, &all, 0, all.size, 1));
	CHECK(window_show(w, 3 * MIB, read_it, &r, &p) == 0);
	CHECK(same(p, &r, 0, r.size, 1));
	for (size_t i = 2 * MIB; i < 3 * MIB; i++)
		sum += p[i];
	CHECK(sum == 0);
	CHECK(window_missed(w, &err) == MIB && err == -EIO);
	window_reset(w);
	CHECK(window_missed(w, &err) == 0 && err == 0);
}

/* What stands behind a page that cannot be read is there. */
static void test_hole(void)
{
	AUTO_DONE(window_closep) struct window *w = NULL;
	struct reader r = { .size = MIB, .hole = UINT64_C(5) * WINDOW_PAGE };
	const unsigned char *p = NULL;
	int err;

	(void)window_open(&w);
	CHECK(window_show(w, r.size, read_it, &r, &p) == 0);
	CHECK(same(p, &r, 0, r.hole, 1));
	CHECK(same(p, &r, r.hole + WINDOW_PAGE, r.size, 1));
	for (uint64_t i = 0; i < WINDOW_PAGE; i++)
		CHECK(p[r.hole + i] == 0);
	CHECK(window_missed(w, &err) == WINDOW_PAGE && err == -EIO);
}

static void *in_thread(void *arg)
{
	AUTO_DONE(window_closep) struct window *w = NULL;
	struct reader r = { .size = 9 * MIB, .salt = (uintptr_t)arg };
	const unsigned char *p = NULL;
	bool good = window_open(&w) == 0;

	for (int i = 0; i < 5; i++)
		good = good && window_show(w, r.size, read_it, &r, &p) == 0 &&
		       same(p, &r, 0, r.size, 13);
	return good ? arg : NULL;
}

static void test_threads(void)
{
	pthread_t t[4];
	void *got;

	for (uintptr_t i = 0; i < ARRAY_LEN(t); i++)
		(void)pthread_create(&t[i], NULL, in_thread, (void *)(i + 1)); /* NOLINT */
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		(void)pthread_join(t[i], &got);
		CHECK(got != NULL);
	}
}

/* Whatever else faults still ends the program: how it ended. */
static int fault(bool mapped)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct window *w = NULL;
		struct reader r = { .size = 4096 };
		const unsigned char *p = NULL;
		volatile const unsigned char *bad = (const unsigned char *)8; /* NOLINT */

		(void)signal(SIGSEGV, SIG_DFL);
		(void)window_open(&w);
		(void)window_show(w, r.size, read_it, &r, &p);
		if (mapped)
			bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		_exit(*bad == 0 ? 1 : 2);
	}
	(void)waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int main(void)
{
	/* First: the handler that is put aside must be the default one. */
	CHECK(fault(false) == SIGSEGV);
	CHECK(fault(true) == SIGSEGV);
	OK("other faults are not hidden");
	test_whole();
	OK("whole");
	test_jumps();
	OK("jumps");
	test_short();
	OK("short");
	test_hole();
	OK("a page that cannot be read");
	test_threads();
	OK("threads");
	TEST_END();
}
