/* SPDX-License-Identifier: Apache-2.0 */
/* Signs: predicates over made-up facts. */
#include "sign_kit.h"

enum { SIGNS_MAX = 256 };

static void test_catalogue(void)
{
	const struct sign *seen_rows[SIGNS_MAX];
	size_t ntables, n = 0;
	const struct sign_table *const *tables = signs_tables(&ntables);

	for (size_t t = 0; t < ntables; t++)
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct sign *s = &tables[t]->v[i];
			const char *percent = strchr(s->next, '%');

			CHECK(s->id && s->title && s->match.process && s->needs);
			CHECK(s->technique[0] && s->technique[0][0] == 'T');
			CHECK(!percent || (percent[1] == 'd' && !strchr(percent + 1, '%')));
			CHECK((signs_needs(tables[t]->subject) & s->needs) == s->needs);
			for (size_t k = 0; k < n; k++)
				CHECK(strcmp(s->id, seen_rows[k]->id) != 0);
			CHECK(n < SIGNS_MAX);
			seen_rows[n++] = s;
		}
	CHECK(n >= 10);
	OK("each row of the catalogue is whole, and no id is used twice");
	CHECK_INT(sign_level_severity(LEVEL_INFO), 1);
	CHECK_INT(sign_level_severity(LEVEL_LOW), 21);
	CHECK_INT(sign_level_severity(LEVEL_MEDIUM), 47);
	CHECK_INT(sign_level_severity(LEVEL_HIGH), 73);
	CHECK_INT(sign_level_severity(LEVEL_CRITICAL), 99);
	OK("severities are those of the record format");
}

static void test_finding(void)
{
	static char big[FINDING_VALUE_MAX + 10];
	struct finding f = { .n = 0 };

	memset(big, 'x', sizeof(big));
	finding_add(&f, "a", bytes_of(big, sizeof(big)));
	CHECK_INT(f.evidence[0].len, FINDING_VALUE_MAX);
	CHECK(memcmp(f.evidence[0].value + FINDING_VALUE_MAX - 4, "x...", 4) == 0);
	finding_add(&f, "b", bytes_of(big, FINDING_VALUE_MAX));
	CHECK(f.evidence[1].value[FINDING_VALUE_MAX - 1] == 'x');
	finding_add(&f, "c", bytes_of(NULL, 0));
	for (int i = 0; i < 20; i++)
		finding_add(&f, "d", bytes_str("more"));
	CHECK_INT(f.n, FINDING_EVIDENCE_MAX);
	OK("evidence is cut with a mark, and a full finding takes no more");
}

static void test_exe(struct facts *f)
{
	struct proc_stat st;

	quiet(f, &st, "/usr/bin/app", "app");
	CHECK_SIGNS(f, "");
	f->exe.nlink = 0;
	buf_adds(&f->exe_link, " (deleted)");
	CHECK_SIGNS(f, "deleted-exe:high");
	f->exe_replaced = true;
	CHECK_SIGNS(f, "deleted-exe:medium");
	quiet(f, &st, "/usr/bin/x (deleted)", "x");
	CHECK_SIGNS(f, "");
	OK("deleted is what has no link, not what is called so");

	quiet(f, &st, "/memfd:payload (deleted)", "sh");
	f->exe.nlink = 0;
	f->exe_shmem = true;
	f->known &= ~(unsigned)(FACT_BIRTH | FACT_EXE_DIR);
	CHECK_SIGNS(f, "memfd-exe:high");
	f->exe_shmem = false; /* a deleted file at the root that is called memfd:payload */
	CHECK_SIGNS(f, "deleted-exe:high");
	quiet(f, &st, "/memfd:runc_cloned:/proc/self/exe (deleted)", "runc");
	f->exe.nlink = 0;
	f->exe_shmem = true;
	f->age = (int64_t)NS_PER_SEC;
	CHECK_SIGNS(f, "memfd-exe:low");
	f->age = 11 * (int64_t)NS_PER_SEC;
	CHECK_SIGNS(f, "memfd-exe:high");
	OK("a memfd is told by its name, its link count and its file system; runc's only for a "
	   "start");

	quiet(f, &st, "/tmp/zzz", "zzz");
	CHECK_SIGNS(f, "exe-writable-dir:low");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-writable-dir:medium exe-new:low");
	f->birth_basis = BIRTH_START_TIME;
	CHECK_SIGNS(f, "exe-writable-dir:medium exe-new:info");
	f->known &= ~(unsigned)FACT_BIRTH;
	CHECK_SIGNS(f, "exe-writable-dir:medium");
	quiet(f, &st, "/tmpfile", "x");
	CHECK_SIGNS(f, "");
	f->exe_dir_writable = true;
	CHECK_SIGNS(f, "exe-writable-dir:low");
	f->known &= ~(unsigned)FACT_EXE_DIR;
	CHECK_SIGNS(f, "");
	f->birth = BIRTH_BELOW;
	CHECK_SIGNS(f, "exe-new:high");
	OK("writable directories by custom and by mode, weighed by birth");
}

static void test_hidden_names(struct facts *f)
{
	struct proc_stat st;

	quiet(f, &st, "/home/u/.local/bin/tool", "tool");
	CHECK_SIGNS(f, "exe-hidden-dir:low");
	f->birth = BIRTH_NEW;
	CHECK_SIGNS(f, "exe-hidden-dir:medium exe-new:low");
	quiet(f, &st, "/usr/lib/.../x", "x");
	CHECK_SIGNS(f, "exe-hidden-dir:medium");
	quiet(f, &st, "/usr/lib/ /x", "x");
	CHECK_SIGNS(f, "exe-hidden-dir:medium");
	quiet(f, &st, "/usr/lib/a.b/x.", "x.");
	CHECK_SIGNS(f, "");
	quiet(f, &st, "", "x");
	CHECK_SIGNS(f, "");
	quiet(f, &st, "////", "x");
	CHECK_SIGNS(f, "");
	OK("hidden directories: dots at the front, dots and blanks alone");
}

static void test_names(struct facts *f)
{
	static const struct {
		const char *comm, *argv0, *want;
	} cases[] = {
		{ "kworker/0:1", "/bin/x", "kthread-masquerade:high" },
		{ "x", "[kworker/u8:2]", "kthread-masquerade:high" },
		{ "x", "kthreadd", "kthread-masquerade:high" },
		{ "kdevtmpfsi", "/tmp/kdevtmpfsi", "kthread-masquerade:high kinsing:high" },
		{ "x", "[kswapd0]   ", "kthread-masquerade:high" },
		{ "rcu_sched", "x", "kthread-masquerade:high" },
		{ "x", "[lru-add-drain]", "kthread-masquerade:low" },
		{ "celery", "[celeryd: a@b:MainProcess]", "" },
		{ "kworkers-api", "kworkers-api", "" },
		{ "netnsd-foo", "x", "" },
		{ "x", "[]", "" },
		{ "x", "[", "" },
		{ "x", "", "" },
	};
	struct proc_stat st;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		quiet(f, &st, "/bin/x", cases[i].comm);
		cmdline(f, cases[i].argv0, strlen(cases[i].argv0) + 1);
		CHECK_SIGNS(f, cases[i].want);
	}
	quiet(f, &st, "/bin/x", "kworker/0:1");
	st.flags = PROC_PF_KTHREAD;
	CHECK_SIGNS(f, "");
	st.flags = 0;
	f->known &= ~(unsigned)FACT_EXE_LINK;
	CHECK_SIGNS(f, "kthread-masquerade:medium");
	cmdline(f, "", 0);
	st.ppid = 2;
	CHECK_SIGNS(f, "");
	f->known &= ~(unsigned)FACT_CMDLINE;
	CHECK_SIGNS(f, "");
	OK("kernel threads are known by their flag; who borrows their names is not one");
}

static void test_preload(struct facts *f)
{
	static const char env[] = "A=1\0LD_PRELOAD=/usr/lib/libjemalloc.so\0B";
	static const char odd[] = "LD_PRELOAD=/usr/lib/a.so:/dev/shm/x.so";
	static const char none[] = "LD_PRELOAD=\0XLD_PRELOAD=a\0LD_PRELOAD";
	struct proc_stat st;

	quiet(f, &st, "/bin/x", "x");
	buf_add(&f->environ, env, sizeof(env));
	CHECK_SIGNS(f, "ld-preload:low");
	buf_clear(&f->environ);
	buf_add(&f->environ, odd, sizeof(odd));
	CHECK_SIGNS(f, "ld-preload:medium");
	buf_clear(&f->environ);
	buf_add(&f->environ, none, sizeof(none));
	CHECK_SIGNS(f, "");
	buf_clear(&f->environ);
	buf_adds(&f->environ, "LD_AUDIT=/x");
	CHECK_SIGNS(f, "ld-preload:low");
	f->known &= ~(unsigned)FACT_ENVIRON;
	CHECK_SIGNS(f, "");
	OK("LD_PRELOAD and LD_AUDIT; an empty one is none; an odd place weighs more");

	quiet(f, &st, "/bin/x", "x");
	f->preload_exists = true;
	CHECK_SIGNS(f, "");
	buf_adds(&f->preload, " \n");
	CHECK_SIGNS(f, "");
	buf_adds(&f->preload, "/lib/libsystem.so\n");
	f->preload_birth = BIRTH_UNKNOWN;
	CHECK_SIGNS(f, "ld-so-preload:medium");
	f->preload_birth = BIRTH_NEW;
	CHECK_SIGNS(f, "ld-so-preload:high");
	f->preload_birth = BIRTH_OLD;
	CHECK_SIGNS(f, "ld-so-preload:low");
	OK("/etc/ld.so.preload: empty is nothing, new is worse than what the image brought");
}

static void test_unknown(struct facts *f)
{
	struct proc_stat st;

	quiet(f, &st, "/tmp/.x (deleted)", "kworker/0:0");
	f->exe.nlink = 0;
	f->birth = BIRTH_NEW;
	f->preload_exists = f->vantage.hidden = f->vantage.proc_replaced = true;
	f->preload_birth = BIRTH_NEW;
	buf_adds(&f->preload, "/x.so");
	buf_adds(&f->environ, "LD_PRELOAD=/tmp/x");
	f->known = FACT_STAT;
	CHECK_SIGNS(f, "");
	f->known = ALL_KNOWN;
	CHECK_SIGNS(f, "deleted-exe:high exe-writable-dir:medium exe-hidden-dir:medium exe-new:low "
		       "kthread-masquerade:high ld-preload:medium ld-so-preload:high "
		       "proc-hidden:high proc-replaced:high");
	OK("unknown never matches, and one process may have them all");
}

int main(void)
{
	struct facts f = { 0 };

	test_catalogue();
	test_finding();
	test_exe(&f);
	test_hidden_names(&f);
	test_names(&f);
	test_preload(&f);
	test_unknown(&f);
	facts_done(&f);
	buf_done(&seen);
	TEST_END();
}
