/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of signs, and judging one process by it. */
#include "signs/signs.h"
#include "signs/match.h"

static const struct {
	const char *name;
	unsigned severity;
} levels[] = {
	[LEVEL_INFO] = { "info", 1 },	       [LEVEL_LOW] = { "low", 21 },
	[LEVEL_MEDIUM] = { "medium", 47 },     [LEVEL_HIGH] = { "high", 73 },
	[LEVEL_CRITICAL] = { "critical", 99 },
};

const char *sign_level_name(enum sign_level l)
{
	return (size_t)l < ARRAY_LEN(levels) ? levels[l].name : "info";
}

unsigned sign_level_severity(enum sign_level l)
{
	return (size_t)l < ARRAY_LEN(levels) ? levels[l].severity : 1;
}

/*
 * The level of a row is what the sign means with nothing against it; a predicate says why it means
 * less, or more. False positives and the facts behind each row: attack.mitre.org, tests/attacks/.
 */
static const struct sign catalogue[] = {
	{ .id = "deleted-exe",
	  .title = "Executable was deleted while it runs",
	  .level = LEVEL_HIGH,
	  .technique = { "T1070.004" },
	  .needs = FACT_EXE_LINK | FACT_EXE_FILE,
	  .match = match_deleted_exe,
	  .next = "csi dump -p %d -o core" },
	{ .id = "memfd-exe",
	  .title = "Executable lives in memory only (memfd)",
	  .level = LEVEL_HIGH,
	  .technique = { "T1620" },
	  .needs = FACT_EXE_LINK | FACT_EXE_FILE,
	  .match = match_memfd_exe,
	  .next = "csi dump -p %d -o core" },
	{ .id = "exe-writable-dir",
	  .title = "Executable in a directory that everyone may write to",
	  .level = LEVEL_MEDIUM,
	  .technique = { "T1059", "T1036.005" },
	  .needs = FACT_EXE_LINK | FACT_EXE_FILE,
	  .match = match_exe_writable_dir,
	  .next = "csi walk -p %d --new --hash" },
	{ .id = "exe-hidden-dir",
	  .title = "Executable in a hidden directory",
	  .level = LEVEL_MEDIUM,
	  .technique = { "T1564.001" },
	  .needs = FACT_EXE_LINK | FACT_EXE_FILE,
	  .match = match_exe_hidden_dir,
	  .next = "csi walk -p %d --new --hash" },
	{ .id = "exe-new",
	  .title = "Executable is new since the container started",
	  .level = LEVEL_LOW,
	  .technique = { "T1105" },
	  .needs = FACT_EXE_LINK | FACT_EXE_FILE | FACT_BIRTH,
	  .match = match_exe_new,
	  .next = "csi walk -p %d --new --hash" },
	{ .id = "kthread-masquerade",
	  .title = "Process calls itself a kernel thread",
	  .level = LEVEL_HIGH,
	  .technique = { "T1036.004" },
	  .needs = FACT_STAT | FACT_CMDLINE,
	  .match = match_kthread_masquerade,
	  .next = "csi maps -p %d" },
	{ .id = "ld-preload",
	  .title = "LD_PRELOAD or LD_AUDIT in the environment",
	  .level = LEVEL_LOW,
	  .technique = { "T1574.006" },
	  .needs = FACT_ENVIRON,
	  .match = match_ld_preload,
	  .next = "csi maps -p %d" },
	{ .id = "ld-so-preload",
	  .title = "/etc/ld.so.preload names a library",
	  .level = LEVEL_MEDIUM,
	  .technique = { "T1574.006" },
	  .needs = FACT_PRELOAD,
	  .match = match_ld_so_preload,
	  .next = "csi walk -p %d --new --hash /etc" },
	{ .id = "proc-hidden",
	  .title = "Something is mounted over this process in /proc",
	  .level = LEVEL_HIGH,
	  .technique = { "T1564.013", "T1014" },
	  .needs = FACT_VANTAGE,
	  .match = match_proc_hidden,
	  .next = "csi maps -p %d" },
	{ .id = "proc-replaced",
	  .title = "/proc is not the one that the runtime mounted",
	  .level = LEVEL_HIGH,
	  .technique = { "T1564.013", "T1014" },
	  .needs = FACT_VANTAGE,
	  .match = match_proc_replaced,
	  .next = "csi ps -p %d --json" },
};

const struct sign *signs_all(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(catalogue);
	return catalogue;
}

unsigned signs_needs(void)
{
	/* What only corroborates: never needed, always wanted. */
	unsigned needs = FACT_EXE_DIR | FACT_BIRTH;

	for (size_t i = 0; i < ARRAY_LEN(catalogue); i++)
		needs |= catalogue[i].needs;
	return needs;
}

void finding_add(struct finding *f, const char *field, struct bytes value)
{
	static const char cut[] = "...";
	size_t n = value.n < FINDING_VALUE_MAX ? value.n : FINDING_VALUE_MAX;

	if (f->n == FINDING_EVIDENCE_MAX)
		return;
	f->evidence[f->n].field = field;
	if (n)
		memcpy(f->evidence[f->n].value, value.p, n);
	if (n < value.n)
		memcpy(f->evidence[f->n].value + n - (sizeof(cut) - 1), cut, sizeof(cut) - 1);
	f->evidence[f->n].len = n;
	f->n++;
}

void signs_judge(const struct facts *f, sign_fn fn, void *ctx)
{
	for (size_t i = 0; i < ARRAY_LEN(catalogue); i++) {
		const struct sign *s = &catalogue[i];
		struct finding found;

		if ((f->known & s->needs) != s->needs)
			continue;
		/* Not zeroed as a whole: it holds 3 KiB of values, and this runs for every process.
		 */
		found.level = s->level;
		found.n = 0;
		if (s->match(f, &found))
			fn(ctx, s, &found);
	}
}
