/* SPDX-License-Identifier: Apache-2.0 */
/* csi triage: every sign of the catalogue over everything that can be seen, worst first. */
#include "cmd/cmd.h"
#include "signs/findings.h"
#include "work/finding_record.h"

#include "base/escape.h"
#include "format/hash.h"

#include <errno.h>
#include <stdio.h>

struct triage_args {
	struct common_args common;
	bool list;
	bool no_files;
	int fail_on; /* enum sign_level, -1: not asked */
};

static const char *const level_words[] = { "info", "low", "medium", "high", "critical", NULL };

static const struct opt triage_opts[] = {
	{ .name = "list",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct triage_args, list),
	  .help = "print the catalogue of signs, and look at nothing" },
	{ .name = "no-files",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct triage_args, no_files),
	  .help = "walk no root: signs about processes, sockets and containers only" },
	{ .name = "fail-on",
	  .kind = OPT_CHOICE,
	  .offset = offsetof(struct triage_args, fail_on),
	  .arg = "LEVEL",
	  .help = "exit 4 if a finding is at or above LEVEL: info, low, medium, high, critical",
	  .choices = level_words },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),    OPT_TABLE(common_proc_opts),    OPT_TABLE(triage_opts),
	OPT_TABLE(common_output_opts), OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

static const struct column columns[] = {
	{ F_CSI_LEVEL, "LEVEL", -8 },	 { F_RULE_ID, "SIGN", -20 }, { F_PROCESS_PID, "PID", 7 },
	{ F_PROCESS_NAME, "NAME", -15 }, { F_RULE_NAME, "WHY", 0 },
};

static const struct column list_columns[] = {
	{ F_CSI_LEVEL, "LEVEL", -8 },	     { F_RULE_ID, "SIGN", -20 },
	{ F_CSI_SUBJECT, "ABOUT", -9 },	     { F_THREAT_TECHNIQUE_ID, "ATT&CK", -20 },
	{ F_RULE_NAME, "WHAT IT TELLS", 0 },
};

struct triage {
	struct run *run;
	const struct triage_args *args;
	struct findings found;
	size_t processes;
	int err;
};

static void on_finding(void *ctx, const struct sign_about *about, const struct sign *s,
		       const struct finding *f)
{
	struct triage *t = ctx;

	if (t->err == 0)
		t->err = findings_add(&t->found, about, s, f);
	if (t->args->fail_on >= 0 && (int)f->level >= t->args->fail_on)
		t->run->exit = (int)exit_worse((enum exit_code)t->run->exit, EXIT_FINDINGS);
}

/* Below a row of the table: what it rests on, and what to type. */
static int put_line(struct triage *t, const char *label, struct bytes target, const char *ours)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = buf_addf(&b, "         %s%s", label, *label ? ": " : "");

	if (r == 0)
		r = escape_add(&b, target);
	if (r == 0)
		r = buf_adds(&b, ours);
	return r < 0 ? r : out_text(t->run->out, buf_bytes(&b));
}

static int put_where(struct triage *t, const struct sign_about *about)
{
	char text[64];
	size_t n = about->container_id.n < 12 ? about->container_id.n : 12;

	if (n)
		return put_line(t, "container", bytes_of(about->container_id.p, n), "");
	if (!about->ns_mnt)
		return 0;
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)about->ns_mnt);
	return put_line(t, "mount namespace", bytes_of(NULL, 0), text);
}

static int put_hash(struct triage *t, const struct sign_about *about)
{
	char hex[HASH_HEX_MAX];

	if (!about->hashed)
		return 0;
	hash_hex(about->exe_sha256, sizeof(about->exe_sha256), hex);
	return put_line(t, "SHA-256 of its executable", bytes_of(NULL, 0), hex);
}

static int put_techniques(struct triage *t, const struct sign *s)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s%s%s%s%s", s->technique[0],
		       s->technique[1] ? " " : "", s->technique[1] ? s->technique[1] : "",
		       s->technique[2] ? " " : "", s->technique[2] ? s->technique[2] : "");
	return put_line(t, "ATT&CK", bytes_of(NULL, 0), text);
}

static int show(void *ctx, const struct sign_about *about, const struct sign *s,
		const struct finding *f)
{
	struct triage *t = ctx;
	char next[NEXT_MAX];
	int r;

	/* Notes are many and no trouble: for a person only when asked for. */
	if (!t->run->args->json && !t->run->args->verbose && f->level == LEVEL_INFO)
		return 0;
	r = finding_record(t->run->out, about, s, f);

	if (r < 0 || t->run->args->json)
		return r;
	if (about->path.n)
		r = put_line(t, "file.path", about->path, "");
	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = put_line(t, f->evidence[i].field,
			     bytes_of(f->evidence[i].value, f->evidence[i].len), "");
	if (r == 0)
		r = put_hash(t, about);
	if (r == 0)
		r = put_where(t, about);
	if (r == 0)
		r = put_techniques(t, s);
	finding_next(s, about->pid, next);
	return r < 0 ? r : put_line(t, "next", bytes_of(NULL, 0), next);
}

/* "2 high, 1 low", or that there is none: what a person reads last. */
static int put_summary(struct triage *t)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = buf_addf(&b, "%zu process%s looked at: ", t->processes,
			 t->processes == 1 ? "" : "es");
	bool some = false;

	for (size_t l = LEVEL_KINDS; r == 0 && l-- > 0;) {
		if (t->found.level[l].n == 0)
			continue;
		r = buf_addf(&b, "%s%zu %s", some ? ", " : "", t->found.level[l].n,
			     sign_level_name((enum sign_level)l));
		some = true;
	}
	if (r == 0 && !some)
		r = buf_adds(&b, "no sign found");
	if (r == 0 && t->found.level[LEVEL_INFO].n && !t->run->args->verbose)
		r = buf_adds(&b, " (-v shows info)");
	return r < 0 ? r : out_text(t->run->out, buf_bytes(&b));
}

static int report(struct triage *t)
{
	const struct gap dropped = { .err = -E2BIG,
				     .what = "keep findings (the least severe were dropped)",
				     .len = t->found.dropped };
	int r = findings_each(&t->found, show, t);

	if (t->found.dropped)
		gap_tell(&t->run->gaps, &dropped);
	if (r == 0 && !t->run->args->quiet)
		r = put_summary(t);
	return r;
}

static int judge(struct triage *t, const struct selection *sel)
{
	AUTO_DONE(facts_shared_closep) struct facts_shared *shared = NULL;
	struct judging j = {
		.source = t->run->source,
		.ids = sel->ids,
		.nids = sel->n,
		.whole = t->run->args->pids.n == 0,
		.no_files = t->args->no_files,
		.gaps = &t->run->gaps,
		.stop = &t->run->stop,
		.fn = on_finding,
		.ctx = t,
	};
	int r = facts_shared_open(t->run->source, &shared);

	j.shared = shared;
	if (r == 0)
		r = judge_all(&j);
	t->processes = sel->n;
	return r < 0 ? r : t->err;
}

static int look(struct triage *t)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	int r = cmd_select(t->run, &sel);

	if (r >= 0)
		return r;
	r = judge(t, &sel);
	if (r == 0)
		r = report(t);
	/* What failed in writing is said by cmd_end. */
	if (r == 0 || r == out_error(t->run->out))
		return t->run->exit;
	cmd_fail(t->run, "look for signs", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int list(struct run *run)
{
	size_t n;
	const struct sign_table *const *all = signs_tables(&n);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; r == 0 && k < all[i]->n; k++)
			r = sign_record(run->out, all[i]->subject, &all[i]->v[k]);
	return EXIT_COMPLETE;
}

static int triage_run(const struct command *self, int argc, char **argv)
{
	struct triage_args args = { .fail_on = -1 };
	struct run run = { 0 };
	struct triage t = { .run = &run, .args = &args };
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0 && args.list && (args.no_files || args.fail_on >= 0 || args.common.pids.n))
		r = cmd_usage(self, "--list looks at nothing: leave out -p, --no-files, --fail-on");
	if (r >= 0)
		return r;
	r = cmd_begin(&run, self, &args.common, args.list ? list_columns : columns,
		      args.list ? ARRAY_LEN(list_columns) : ARRAY_LEN(columns));
	if (r >= 0)
		return r;
	run.exit = args.list ? list(&run) : look(&t);
	findings_done(&t.found);
	return cmd_end(&run);
}

const struct command cmd_triage = {
	.name = "triage",
	.summary = "what is wrong here: every sign of intrusion, worst first, with its evidence",
	.usage = "[-p PID]... [--no-files] [--list] [--fail-on LEVEL] [--json] [-o FILE]",
	.example = "csi triage\ncsi triage --json --fail-on high > findings.jsonl",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = triage_run,
};
