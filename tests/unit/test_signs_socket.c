/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of sockets over made-up rows. */
#include "signs/socket.h"

#include "test.h"

struct seen {
	int n;
	enum sign_level level;
};

static void note(void *ctx, const struct sign *s, const struct finding *f)
{
	struct seen *seen = ctx;

	CHECK(strcmp(s->id, "socket-unowned") == 0);
	seen->n++;
	seen->level = f->level;
}

/* The level of what is found of K, or -1. */
static int level(const struct sock *k, enum socket_owner owner, bool all_seen)
{
	const struct socket_row row = { .sock = k, .owner = owner, .inode = 7 };
	const struct socket_facts f = { .row = &row, .all_seen = all_seen };
	struct seen seen = { 0 };

	signs_judge_socket(&f, SOCKET_FACT_OWNER, note, &seen);
	CHECK(seen.n <= 1);
	return seen.n ? (int)seen.level : -1;
}

static void test_unowned(void)
{
	static const struct {
		enum sock_table table;
		const char *state;
		int seen, unseen; /* level where all processes are seen, and where not */
	} cases[] = {
		{ TABLE_TCP, "LISTEN", LEVEL_MEDIUM, LEVEL_LOW },
		{ TABLE_TCP6, "LISTEN", LEVEL_MEDIUM, LEVEL_LOW },
		{ TABLE_TCP, "ESTABLISHED", LEVEL_MEDIUM, -1 },
		{ TABLE_TCP, "TIME_WAIT", -1, -1 },
		{ TABLE_RAW, "", LEVEL_MEDIUM, LEVEL_LOW },
		{ TABLE_RAW6, "", LEVEL_MEDIUM, LEVEL_LOW },
		{ TABLE_PACKET, "", LEVEL_MEDIUM, LEVEL_LOW },
		{ TABLE_UDP, "", -1, -1 },
		{ TABLE_UNIX, "", -1, -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct sock k = { .table = cases[i].table, .state = cases[i].state };

		CHECK_INT(level(&k, SOCKET_UNOWNED, true), cases[i].seen);
		CHECK_INT(level(&k, SOCKET_UNOWNED, false), cases[i].unseen);
		CHECK_INT(level(&k, SOCKET_UNKNOWN, true), -1);
	}
	OK("who may listen without an owner, by table and state");
}

int main(void)
{
	test_unowned();
	TEST_END();
}
