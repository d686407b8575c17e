/* SPDX-License-Identifier: Apache-2.0 */
/* csi posture: could the target have got out? One container after the other. */
#include "cmd/cmd.h"
#include "signs/container.h"
#include "work/finding_record.h"
#include "work/posture_record.h"

#include <errno.h>
#include <stdio.h>

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),	OPT_TABLE(common_proc_opts), OPT_TABLE(common_output_opts),
	OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

static const struct column columns[] = {
	{ F_CSI_LEVEL, "LEVEL", -6 },
	{ F_CSI_POSTURE_FACT, "FACT", -14 },
	{ F_PROCESS_PID, "PID", 7 },
	{ F_CSI_TEXT, "WHAT IT IS", 0 },
};

struct posture {
	struct run *run;
	const struct judging *j;
	struct sign_about about;
	int err;
};

static int no_step(void *ctx)
{
	(void)ctx;
	return 0;
}

/* A risk as a row of the same table: its level, its sign, its title. */
static int put_row(struct posture *p, const struct sign *s, const struct finding *f)
{
	struct out *o = p->run->out;

	out_begin(o, "alert");
	out_str(o, F_CSI_LEVEL, sign_level_name(f->level));
	out_str(o, F_CSI_POSTURE_FACT, "risk");
	out_str(o, F_CSI_TEXT, s->title);
	out_u64(o, F_PROCESS_PID, (uint64_t)p->about.pid);
	return out_end(o);
}

static void on_match(void *ctx, const struct sign *s, const struct finding *f)
{
	struct posture *p = ctx;

	if (p->err < 0)
		return;
	if (p->run->args->json)
		p->err = finding_record(p->run->out, &p->about, s, f);
	else
		p->err = put_row(p, s, f);
}

static int put_heading(struct posture *p, const struct container_facts *f)
{
	char text[64];

	if (f->container_id.n)
		(void)snprintf(text, sizeof(text),
			       "container %.12s:", (const char *)f->container_id.p);
	else if (f->ns_mnt)
		(void)snprintf(text, sizeof(text),
			       "mount namespace %llu:", (unsigned long long)f->ns_mnt);
	else
		(void)snprintf(text, sizeof(text), "mount namespace unknown:");
	return out_text(p->run->out, bytes_str(text));
}

static int show(void *ctx, const struct container_facts *f)
{
	struct posture *p = ctx;
	int r = put_heading(p, f);

	if (r == 0)
		r = posture_records(p->run->out, f, no_step, NULL);
	if (r < 0 || f->node)
		return r;
	p->err = 0;
	sign_about_container(f, &p->about);
	signs_judge_container(f, f->known, on_match, p);
	return p->err;
}

static int look(struct posture *p)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	AUTO_DONE(facts_shared_closep) struct facts_shared *shared = NULL;
	struct run *run = p->run;
	int r = cmd_select(run, &sel);

	if (r >= 0)
		return r;
	r = facts_shared_open(run->source, &shared);
	const struct judging j = {
		.source = run->source,
		.ids = sel.ids,
		.nids = sel.n,
		.shared = shared,
		.gaps = &run->gaps,
		.stop = &run->stop,
	};
	if (r == 0)
		r = containers_each(&j, show, p);
	/* What failed in writing is said by cmd_end. */
	if (r == 0 || r == out_error(run->out))
		return EXIT_COMPLETE;
	cmd_fail(run, "look at containers", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int posture_run(const struct command *self, int argc, char **argv)
{
	struct common_args args = { 0 };
	struct run run = { 0 };
	struct posture p = { .run = &run };
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0)
		r = cmd_begin(&run, self, &args, columns, ARRAY_LEN(columns));
	if (r >= 0)
		return r;
	run.exit = look(&p);
	return cmd_end(&run);
}

const struct command cmd_posture = {
	.name = "posture",
	.summary = "what the target could do to the node: rights, mounts, namespaces, tokens",
	.usage = "[-p PID]... [--json] [-o FILE]",
	.example = "csi posture\ncsi posture --json | grep '\"kind\":\"alert\"'",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = posture_run,
};
