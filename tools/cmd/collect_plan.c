/* SPDX-License-Identifier: Apache-2.0 */
/* csi collect --plan: what it would take, before anything is read. And --minimise, its options. */
#include "cmd/collect.h"
#include "work/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	PLAN_TEXT = 160,
	SIZE_TEXT = 24,
};
#define PLAN_RSS (UINT64_C(32) << 20)

const struct opt collect_plan_opts[3] = {
	{ .name = "plan",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct collect_args, plan),
	  .help = "do not collect: say what would be taken, what left out and why, and what it "
		  "costs; "
		  "no content of a file is opened" },
	{ .name = "speed",
	  .kind = OPT_SIZE,
	  .offset = offsetof(struct collect_args, speed),
	  .arg = "SIZE",
	  .help = "with --plan: bytes a second that the line carries (default: told for several)",
	  .min = 1 },
	{ .name = "json",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct collect_args, common.json),
	  .help = "with --plan: JSON lines instead of a table" },
};

const struct opt collect_minimise_opts[1] = {
	{ .name = "minimise",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct collect_args, minimise),
	  .help = "for law and privacy: names of environment variables without values, claims of "
		  "service account tokens without signature, no content on any mount but the "
		  "container's own root, /dev and /dev/shm (names and facts stay; executables and "
		  "deleted files too); arguments stay. Each omission is a record and no gap" },
};

static const struct column columns[] = {
	{ F_CSI_PLAN_KIND, "KIND", -18 },      { F_CSI_ITEM, "WHERE", -22 },
	{ F_CSI_MOUNT_KIND, "MOUNT", -7 },     { F_CSI_PLAN_NUMBER, "NUMBER", 8 },
	{ F_CSI_PLAN_CONTENT, "CONTENT", 10 }, { F_CSI_PLAN_READ, "READ", 10 },
	{ F_CSI_PLAN_STREAM, "STREAM~", 10 },  { F_CSI_PLAN_MOST, "AT MOST", 10 },
	{ F_CSI_OMIT, "LEFT OUT, WHY", -1 },
};

const struct column *collect_plan_columns(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(columns);
	return columns;
}

int collect_plan_check(const struct command *self, const struct collect_args *args)
{
	if (args->minimise && args->memory)
		return cmd_usage(self, "--minimise and --memory: memory holds everything that "
				       "--minimise leaves out");
	if (args->speed && !args->plan)
		return cmd_usage(self, "--speed goes with --plan");
	if (args->common.json && !args->plan)
		return cmd_usage(self, "--json goes with --plan: a bundle is one binary stream");
	return -1;
}

/* "1.5 GiB": for people, where JSON has the bytes. */
static void size_text(uint64_t n, char ret[SIZE_TEXT])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t u = 0;
	uint64_t rest = 0;

	for (; n >= 1024 && u + 1 < ARRAY_LEN(units); u++) {
		rest = n % 1024 * 10 / 1024;
		n /= 1024;
	}
	if (u)
		snprintf(ret, SIZE_TEXT, "%" PRIu64 ".%" PRIu64 " %s", n, rest, units[u]);
	else
		snprintf(ret, SIZE_TEXT, "%" PRIu64 " B", n);
}

static void put_size(struct job *job, enum field f, uint64_t n)
{
	char text[SIZE_TEXT];

	if (job->args->common.json) {
		out_u64(job->run->out, f, n);
		return;
	}
	size_text(n, text);
	out_str(job->run->out, f, text);
}

static void put_where(struct job *job, const struct plan_row *r)
{
	struct out *o = job->run->out;
	char where[64];

	if (r->kind != PLAN_FILES || !r->root)
		return;
	snprintf(where, sizeof(where), "files/%s", r->root->label);
	out_str(o, F_CSI_ITEM, where);
	out_str(o, F_CSI_MOUNT_KIND, mount_kind_name(r->mount));
}

/* Of a mount only what its file system holds is known, and of a network's or a kernel's nothing. */
static int put_row(struct job *job, const struct plan_row *r)
{
	struct out *o = job->run->out;

	out_begin(o, "state");
	put_where(job, r);
	if (r->omit)
		out_str(o, F_CSI_OMIT, r->omit);
	out_str(o, F_CSI_OUTCOME, bundle_outcome_name(r->omit ? OUTCOME_SKIPPED : OUTCOME_OK));
	out_str(o, F_CSI_PLAN_KIND, r->is_mount ? "mounts" : plan_kind_name(r->kind));
	if (r->number)
		out_u64(o, F_CSI_PLAN_NUMBER, r->number);
	if (!r->is_mount || r->content)
		put_size(job, F_CSI_PLAN_CONTENT, r->content);
	if (!r->is_mount)
		put_size(job, F_CSI_PLAN_READ, r->read);
	if (!r->omit) {
		put_size(job, F_CSI_PLAN_STREAM, r->stream);
		put_size(job, F_CSI_PLAN_MOST, r->most);
	}
	return out_end(o);
}

/* On a line of SPEED, or of --rate if that is less, at --cpu. */
static uint64_t seconds(const struct job *job, const struct plan_row *total, uint64_t speed)
{
	const struct collect_limits *l = &job->args->limits;

	if (speed && l->rate && l->rate < speed)
		speed = l->rate;
	return plan_seconds(total, speed, (unsigned)l->cpu);
}

static const uint64_t assumed[] = { 1 << 20, 10 << 20, 100 << 20 };

static int put_times(struct job *job, const struct plan_row *total)
{
	const uint64_t *speeds = job->args->speed ? &job->args->speed : assumed;
	size_t n = job->args->speed ? 1 : ARRAY_LEN(assumed);
	char speed[SIZE_TEXT], text[PLAN_TEXT];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t s = seconds(job, total, speeds[i]);

		size_text(speeds[i], speed);
		snprintf(text, sizeof(text),
			 "time at %s a second%s: about %" PRIu64 " s, at most %" PRIu64 " s", speed,
			 job->args->speed ? "" : " (assumed; --speed)", s,
			 (total->most + speeds[i] - 1) / speeds[i] > s
				 ? (total->most + speeds[i] - 1) / speeds[i]
				 : s);
		r = out_text(job->run->out, bytes_str(text));
	}
	return r;
}

static void put_times_json(struct job *job, const struct plan_row *total)
{
	const uint64_t *speeds = job->args->speed ? &job->args->speed : assumed;
	size_t n = job->args->speed ? 1 : ARRAY_LEN(assumed);
	char speed[SIZE_TEXT], time[SIZE_TEXT];

	out_pairs(job->run->out, F_CSI_PLAN_TIMES, "speed", "seconds");
	for (size_t i = 0; i < n; i++) {
		snprintf(speed, sizeof(speed), "%" PRIu64, speeds[i]);
		snprintf(time, sizeof(time), "%" PRIu64, seconds(job, total, speeds[i]));
		out_pair_add(job->run->out, bytes_str(speed), bytes_str(time));
	}
}

/* Whether --max-bytes is enough. */
static int put_limit(struct job *job, const struct plan *p)
{
	uint64_t max = job->args->limits.max_bytes, over;
	char limit[SIZE_TEXT], much[SIZE_TEXT], text[PLAN_TEXT];
	enum plan_kind first;

	if (max == 0)
		return 0;
	over = plan_over(p, max, &first);
	if (job->args->common.json) {
		out_u64(job->run->out, F_CSI_PLAN_OVER, over);
		if (over)
			out_str(job->run->out, F_CSI_OMIT, plan_kind_name(first));
		return 0;
	}
	size_text(max, limit);
	size_text(over, much);
	if (over)
		snprintf(text, sizeof(text),
			 "--max-bytes %s: about %s too little; what is left out begins with: %s",
			 limit, much, plan_kind_name(first));
	else
		snprintf(text, sizeof(text), "--max-bytes %s: enough, as far as can be told",
			 limit);
	return out_text(job->run->out, bytes_str(text));
}

/* No more than --max-bytes leaves. */
static void cap(const struct job *job, struct plan_row *total)
{
	uint64_t max = job->args->limits.max_bytes;

	if (max && total->stream > max)
		total->stream = max;
	if (max && total->most > max)
		total->most = max;
}

static int put_costs(struct job *job, const struct plan_row *total)
{
	struct out *o = job->run->out;
	char text[PLAN_TEXT];
	int r;

	r = put_times(job, total);
	snprintf(text, sizeof(text),
		 "CPU: about %" PRIu64 " ms, at --cpu %" PRIu64 " about %" PRIu64
		 " s. Memory: csi keeps within 32 MiB.",
		 plan_cpu_ms(total), job->args->limits.cpu, seconds(job, total, 0));
	if (r == 0)
		r = out_text(o, bytes_str(text));
	if (r == 0)
		r = out_text(o,
			     bytes_str("Page cache: what was not cached before is given back after "
				       "it was read; what was cached stays."));
	if (r == 0)
		r = out_text(o, bytes_str("NUMBER and CONTENT are exact while nothing changes (of "
					  "/proc about); STREAM~, time and CPU are estimates."));
	return r;
}

static int put_total(struct job *job, const struct plan *p)
{
	struct out *o = job->run->out;
	struct plan_row total;
	int r;

	plan_total(p, &total);
	out_begin(o, "state");
	out_str(o, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_OK));
	out_str(o, F_CSI_PLAN_KIND, "total");
	out_u64(o, F_CSI_PLAN_NUMBER, total.number);
	put_size(job, F_CSI_PLAN_CONTENT, total.content);
	put_size(job, F_CSI_PLAN_READ, total.read);
	put_size(job, F_CSI_PLAN_STREAM, total.stream);
	put_size(job, F_CSI_PLAN_MOST, total.most);
	if (job->args->common.json) {
		(void)put_limit(job, p);
		cap(job, &total);
		out_u64(o, F_CSI_PLAN_CPU_MS, plan_cpu_ms(&total));
		out_u64(o, F_CSI_PLAN_RSS, PLAN_RSS);
		put_times_json(job, &total);
	}
	r = out_end(o);
	if (r < 0 || job->args->common.json)
		return r;
	r = put_limit(job, p);
	cap(job, &total);
	return r < 0 ? r : put_costs(job, &total);
}

/* What is taken first, then what is left out. */
static int put_plan(struct job *job, const struct plan *p)
{
	int r = 0;

	for (int omitted = 0; omitted < 2; omitted++)
		for (size_t i = 0; r == 0 && i < p->nrows; i++)
			if ((p->rows[i].omit != NULL) == (omitted == 1))
				r = put_row(job, &p->rows[i]);
	return r < 0 ? r : put_total(job, p);
}

void collect_plan(struct job *job)
{
	AUTO_DONE(plan_done) struct plan plan = { .max_file = job->args->common.max_file };
	struct gather g;
	int r;

	collect_gather(job, &g);
	g.plan = &plan;
	r = gather_open(&g);
	if (r == 0)
		r = collect_all(&g, job);
	gather_done(&g);
	if (r == 0 || r == -ECANCELED)
		r = plan_end(&plan);
	if (r == 0)
		r = put_plan(job, &plan);
	if (r < 0)
		collect_fail(job->run, "plan", r, NULL);
}
