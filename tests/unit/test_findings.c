/* SPDX-License-Identifier: Apache-2.0 */
/* Findings are kept whole, worst first, and within their limits whatever comes. */
#include "signs/findings.h"

#include "test.h"

#include <errno.h>

static const struct sign sign = { .id = "some-sign", .title = "t", .technique = { "T1" } };

static int add(struct findings *k, enum sign_level level, pid_t pid, struct bytes value)
{
	struct sign_about about = { .pid = pid,
				    .name = bytes_str("a\nb"),
				    .path = bytes_str("/p"),
				    .container_id = bytes_str("0123") };
	struct finding f = { .level = level };

	finding_add(&f, "file.path", value);
	finding_add_u64(&f, "file.size", 7);
	finding_add_hex(&f, "csi.map.start", 0x7f00);
	return findings_add(k, &about, &sign, &f);
}

struct walk {
	size_t n;
	int last; /* level */
	pid_t pids[4];
	int stop_at;
};

static int look(void *ctx, const struct sign_about *about, const struct sign *s,
		const struct finding *f)
{
	struct walk *w = ctx;

	CHECK(s == &sign);
	CHECK((int)f->level <= w->last);
	w->last = (int)f->level;
	if (w->n < ARRAY_LEN(w->pids))
		w->pids[w->n] = about->pid;
	w->n++;
	CHECK(f->n == 3);
	CHECK(bytes_eq(about->name, bytes_str("a\nb")));
	CHECK(bytes_eq(about->path, bytes_str("/p")));
	CHECK(bytes_eq(about->container_id, bytes_str("0123")));
	CHECK(bytes_eq(bytes_of(f->evidence[1].value, f->evidence[1].len), bytes_str("7")));
	CHECK(bytes_eq(bytes_of(f->evidence[2].value, f->evidence[2].len), bytes_str("0x7f00")));
	return w->stop_at && (int)w->n == w->stop_at ? -ENOSPC : 0;
}

static void test_order(void)
{
	struct findings k = { 0 };
	struct walk w = { .last = LEVEL_KINDS };
	struct walk cut = { .last = LEVEL_KINDS, .stop_at = 2 };

	CHECK_INT(add(&k, LEVEL_LOW, 1, bytes_str("x")), 0);
	CHECK_INT(add(&k, LEVEL_CRITICAL, 2, bytes_str("")), 0);
	CHECK_INT(add(&k, LEVEL_LOW, 3, bytes_str("x")), 0);
	CHECK_INT(add(&k, LEVEL_HIGH, 4, bytes_str("x")), 0);
	CHECK_INT(findings_each(&k, look, &w), 0);
	CHECK_INT(w.n, 4);
	CHECK(w.pids[0] == 2 && w.pids[1] == 4 && w.pids[2] == 1 && w.pids[3] == 3);
	CHECK_INT(findings_each(&k, look, &cut), -ENOSPC);
	CHECK_INT(cut.n, 2);
	findings_done(&k);
	CHECK_INT(k.n, 0);
	OK("worst first, then as they came; a callback can end it");
}

static void test_limit(void)
{
	struct findings k = { 0 };
	struct walk w = { .last = LEVEL_KINDS };

	for (pid_t i = 0; i < FINDINGS_MAX + 10; i++)
		CHECK_INT(add(&k, LEVEL_LOW, 1 + i, bytes_str("x")), 0);
	CHECK_INT(k.n, FINDINGS_MAX);
	CHECK_INT(k.dropped, 10);
	/* The last of the lowest makes room; the same level does not. */
	CHECK_INT(add(&k, LEVEL_HIGH, 7, bytes_str("x")), 0);
	CHECK_INT(add(&k, LEVEL_INFO, 7, bytes_str("x")), 0);
	CHECK_INT(k.n, FINDINGS_MAX);
	CHECK_INT(k.dropped, 12);
	CHECK_INT(k.level[LEVEL_HIGH].n, 1);
	CHECK_INT(k.level[LEVEL_INFO].n, 0);
	CHECK_INT(findings_each(&k, look, &w), 0);
	CHECK_INT(w.n, FINDINGS_MAX);
	findings_done(&k);
	OK("no more than FINDINGS_MAX, and what was dropped is counted");
}

static void test_bytes(void)
{
	static unsigned char big[FINDING_VALUE_MAX];
	struct findings k = { 0 };

	memset(big, 'x', sizeof(big));
	for (pid_t i = 0; i < FINDINGS_MAX; i++)
		CHECK_INT(add(&k, LEVEL_MEDIUM, 1 + i, bytes_of(big, sizeof(big))), 0);
	CHECK(k.n < FINDINGS_MAX);
	CHECK(k.bytes <= FINDINGS_BYTES_MAX);
	CHECK_INT(k.n + k.dropped, FINDINGS_MAX);
	CHECK_INT(add(&k, LEVEL_CRITICAL, 1, bytes_of(big, sizeof(big))), 0);
	CHECK_INT(k.level[LEVEL_CRITICAL].n, 1);
	CHECK(k.bytes <= FINDINGS_BYTES_MAX);
	findings_done(&k);
	OK("no more than FINDINGS_BYTES_MAX bytes, and the worst is kept");
}

int main(void)
{
	test_order();
	test_limit();
	test_bytes();
	TEST_END();
}
