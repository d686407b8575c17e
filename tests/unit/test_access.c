/* SPDX-License-Identifier: Apache-2.0 */
/* What can be read of a process is tried, not guessed; and what is missing is judged from facts. */
#include "model/access.h"

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

enum {
	PTRACE = 1 << CREDS_CAP_SYS_PTRACE,
	SEARCH = 1 << CREDS_CAP_DAC_READ_SEARCH,
	OVERRIDE = 1 << CREDS_CAP_DAC_OVERRIDE,
};

static void own_child(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	struct access a;
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	CHECK(pid > 0);
	CHECK_INT(source_open(SOURCE_LIVE, NULL, &s), 0);
	{
		AUTO_DONE(process_closep) struct process *p = NULL;

		CHECK_INT(process_open(s, (struct process_id){ .pid = pid }, &p), 0);
		CHECK_INT(access_try(p, &a), 0);
		for (int i = 0; i < ACCESS_OBJECTS; i++)
			CHECK_INT(a.err[i], 0);
		CHECK(access_complete(&a));
		CHECK(a.page != 0);
		OK("a child of ours can be read whole, a present page among it");

		CHECK_INT(kill(pid, SIGKILL), 0);
		CHECK_INT(waitpid(pid, NULL, 0), pid);
		CHECK_INT(access_try(p, &a), -ESRCH);
	}
	OK("one that has ended is gone, not refused");
}

/* Objects that are refused with EACCES, by bit. */
static enum access_lack judge(unsigned refused, uint64_t caps, int yama)
{
	const struct creds_self self = { .cap_eff = caps, .yama = yama };
	struct access a = { 0 };

	for (int i = 0; i < ACCESS_OBJECTS; i++)
		a.err[i] = refused >> i & 1 ? -EACCES : 0;
	return access_judge(&a, &self);
}

static void judged(void)
{
	const unsigned all = (1 << ACCESS_OBJECTS) - 1;
	const unsigned memory = 1 << ACCESS_MEM | 1 << ACCESS_VM_READV;
	const unsigned owned = 1 << ACCESS_FD | 1 << ACCESS_ENVIRON | 1 << ACCESS_PAGEMAP;

	CHECK_INT(judge(0, 0, -1), LACK_NOTHING);
	CHECK_INT(judge(1 << ACCESS_VM_READV, 0, -1), LACK_NOTHING);
	CHECK_INT(judge(1 << ACCESS_MEM, PTRACE, -1), LACK_NOTHING);
	CHECK_INT(judge(all, 0, -1), LACK_PTRACE);
	CHECK_INT(judge(all, OVERRIDE | SEARCH, 0), LACK_PTRACE);
	CHECK_INT(judge(memory, 0, 1), LACK_PTRACE);
	CHECK_INT(judge(memory, PTRACE, 3), LACK_YAMA);
	CHECK_INT(judge(memory, 0, 3), LACK_YAMA);
	CHECK_INT(judge(all, 0, 3), LACK_PTRACE);
	CHECK_INT(judge(owned | 1 << ACCESS_MEM, PTRACE, -1), LACK_DAC);
	CHECK_INT(judge(owned, PTRACE | OVERRIDE, -1), LACK_OTHER);
	CHECK_INT(judge(all, PTRACE, -1), LACK_OTHER);
	OK("SYS_PTRACE, DAC_READ_SEARCH, Yama, or none of them");
}

int main(void)
{
	own_child();
	judged();
	TEST_END();
}
