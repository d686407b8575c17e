/* SPDX-License-Identifier: Apache-2.0 */
/* The custody summary as a page of text. */
#include "base/escape.h"
#include "sys/scan.h"
#include "work/custody.h"

#include <errno.h>
#include <inttypes.h>

enum {
	PAGE_LABEL = 13, /* columns before the text */
	PAGE_GROUPS = 8, /* told of what was not read */
	PAGE_RUNS = 3,	 /* runs and bundles told each */
	PAGE_FIRST = 40, /* bytes of an example */
	PAGE_LINE_MAX = 4096,
};

static const char written[] = "Written", signature[] = "Signature";

/* One line under way, escaped; the page ends with the first failure. */
struct page {
	struct buf *b;
	struct buf line;
	int err;
};

/* Ours, printf-like. */
#define put(page, ...)                                                      \
	do {                                                                \
		if ((page)->err == 0)                                       \
			(page)->err = buf_addf(&(page)->line, __VA_ARGS__); \
	} while (0)

static void put_text(struct page *p, const struct custody_text *t)
{
	struct bytes b = bytes_of(t->p, t->n);

	if (p->err == 0)
		p->err = t->n ? escape_add(&p->line, b) : buf_adds(&p->line, "not known");
	if (t->cut)
		put(p, "...");
}

/* The line, cut at the page's width, so marked. */
static void end(struct page *p)
{
	struct bytes l = buf_bytes(&p->line);
	bool cut = escape_width(l) > CUSTODY_WIDTH;

	if (cut)
		l.n = escape_fit(l, CUSTODY_WIDTH - 3);
	if (p->err == 0)
		p->err = buf_addb(p->b, l);
	if (p->err == 0)
		p->err = buf_adds(p->b, cut ? "...\n" : "\n");
	buf_clear(&p->line);
}

static void begin(struct page *p, const char *label)
{
	put(p, "%-*s", PAGE_LABEL, label);
}

static void whole(struct page *p, const char *label, const char *text)
{
	begin(p, label);
	put(p, "%s", text);
	end(p);
}

static void put_hex(struct page *p, const unsigned char sha256[32])
{
	char hex[HASH_HEX_MAX];

	hash_hex(sha256, 32, hex);
	put(p, "sha256=%s", hex);
}

/* ---- who, what, with which tool ------------------------------------------------------------ */

/* The last four are what the API server calls the target: the pod itself seldom knows. */
static void put_case(struct page *p, const struct custody_case *info)
{
	static const struct {
		const char *label, *unknown;
		enum custody_value v;
	} rows[] = {
		{ "Case", "not known", CUSTODY_CASE_ID },
		{ "Operator", "not known", CUSTODY_OPERATOR },
		{ "Authority", "not known", CUSTODY_AUTHORITY },
		{ "Cluster uid", "not known", CUSTODY_CLUSTER },
		{ "Pod", NULL, CUSTODY_API_POD },
		{ "Namespace", NULL, CUSTODY_API_NAMESPACE },
		{ "Pod uid", NULL, CUSTODY_API_POD_UID },
		{ "Node", NULL, CUSTODY_API_NODE },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *v = info->v[rows[i].v];

		if (v[0] || rows[i].unknown)
			whole(p, rows[i].label, v[0] ? v : rows[i].unknown);
	}
	begin(p, "Clock skew");
	put(p, "to the API's Date: node %s%s, workstation %s%s",
	    info->v[CUSTODY_SKEW_NODE][0] ? info->v[CUSTODY_SKEW_NODE] : "not measured",
	    info->v[CUSTODY_SKEW_NODE][0] ? " s" : "",
	    info->v[CUSTODY_SKEW_WORKSTATION][0] ? info->v[CUSTODY_SKEW_WORKSTATION]
						 : "not measured",
	    info->v[CUSTODY_SKEW_WORKSTATION][0] ? " s" : "");
	end(p);
}

static bool differs(const struct custody_text *a, const struct custody_text *b)
{
	return !bytes_eq(bytes_of(a->p, a->n), bytes_of(b->p, b->n));
}

static void put_differences(struct page *p, const struct custody *c, size_t nruns)
{
	static const enum custody_what alike[] = { CUSTODY_HOSTNAME,   CUSTODY_POD,
						   CUSTODY_NAMESPACE,  CUSTODY_NODE,
						   CUSTODY_KERNEL,     CUSTODY_BOOT_ID,
						   CUSTODY_SOURCE,     CUSTODY_VERSION,
						   CUSTODY_TOOL_SHA256 };

	for (size_t k = 0; k < ARRAY_LEN(alike); k++)
		for (size_t i = 1; i < nruns; i++) {
			const struct custody_text *t = &c->run[i].text[alike[k]];

			if (!differs(t, &c->run[0].text[alike[k]]))
				continue;
			begin(p, "");
			put(p, "%s is other in run %zu: ", custody_what_name(alike[k]), i + 1);
			put_text(p, t);
			end(p);
			break;
		}
}

static void put_pairs(struct page *p, const struct custody_run *run, const enum custody_what *w,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put(p, "%s%s ", i ? ", " : "", custody_what_name(w[i]));
		put_text(p, &run->text[w[i]]);
	}
	end(p);
}

static void put_target(struct page *p, const struct custody *c, size_t nruns)
{
	static const enum custody_what pod[] = { CUSTODY_POD, CUSTODY_NAMESPACE, CUSTODY_HOSTNAME,
						 CUSTODY_NODE };
	static const enum custody_what kernel[] = { CUSTODY_KERNEL, CUSTODY_MACHINE,
						    CUSTODY_BOOT_ID };
	const struct custody_run *run = &c->run[0];
	uint64_t have = c->ncontainers;

	begin(p, "Target");
	put_pairs(p, run, pod, ARRAY_LEN(pod));
	begin(p, "");
	put_pairs(p, run, kernel, ARRAY_LEN(kernel));
	begin(p, "Containers");
	put(p, "%" PRIu64 " named by their cgroup", have);
	for (size_t i = 0; i < have && i < CUSTODY_CONTAINERS_MAX; i++) {
		struct custody_text t = c->container[i];

		t.n = t.n > 12 ? 12 : t.n; /* as in files/LABEL */
		put(p, " ");
		put_text(p, &t);
	}
	end(p);
	begin(p, "Tool");
	put(p, "csi ");
	put_text(p, &run->text[CUSTODY_VERSION]);
	end(p);
	begin(p, "");
	put(p, "sha256 of itself ");
	put_text(p, &run->text[CUSTODY_TOOL_SHA256]);
	end(p);
	begin(p, "");
	put(p, "csi ");
	put_text(p, &run->text[CUSTODY_ARGV]);
	end(p);
	put_differences(p, c, nruns);
}

/* ---- when ---------------------------------------------------------------------------------- */

static bool ns_of(const struct custody_text *t, uint64_t *ret)
{
	struct bytes b = bytes_of(t->p, t->n);

	return scan_dec(&b, ret) == 0 && b.n == 0;
}

static void put_clock(struct page *p, const struct custody_run *run, const char *label,
		      enum custody_what utc)
{
	put(p, "%s ", label);
	put_text(p, &run->text[utc]);
	end(p);
	begin(p, "");
	put(p, "      monotonic ");
	put_text(p, &run->text[utc + 1]);
	put(p, " ns, boottime ");
	put_text(p, &run->text[utc + 2]);
	put(p, " ns");
	end(p);
}

static void put_run(struct page *p, const struct custody_run *run)
{
	uint64_t a, b;

	begin(p, "Run");
	put_text(p, &run->text[CUSTODY_RUN_ID]);
	put(p, ", scope ");
	put_text(p, &run->text[CUSTODY_SCOPE]);
	if (ns_of(&run->text[CUSTODY_START_MONOTONIC], &a) &&
	    ns_of(&run->text[CUSTODY_END_MONOTONIC], &b) && b >= a)
		put(p, ", took %" PRIu64 ".%03" PRIu64 " s by its monotonic clock",
		    (b - a) / NS_PER_SEC, (b - a) % NS_PER_SEC / 1000000);
	end(p);
	begin(p, "");
	put_clock(p, run, "began", CUSTODY_START_UTC);
	begin(p, "");
	if (run->text[CUSTODY_END_UTC].n) {
		put_clock(p, run, "ended", CUSTODY_END_UTC);
		return;
	}
	put(p, "its end is not in it; its last proven record is of ");
	put_text(p, &run->text[CUSTODY_LAST_UTC]);
	end(p);
}

/* ---- what ---------------------------------------------------------------------------------- */

static void put_read(struct page *p, const struct custody *c)
{
	const char *label = "Read";

	for (size_t k = 0; k < CUSTODY_KINDS; k++) {
		if (c->kind[k].entries == 0)
			continue;
		begin(p, label);
		put(p, "%-14s %10" PRIu64 " entries %16" PRIu64 " bytes",
		    custody_kind_name((enum custody_kind)k), c->kind[k].entries, c->kind[k].bytes);
		if (c->kind[k].partial)
			put(p, ", %" PRIu64 " of them in part", c->kind[k].partial);
		end(p);
		label = "";
	}
	if (c->nodes || c->cited) {
		begin(p, "");
		put(p,
		    "%" PRIu64 " fifos, sockets and devices recorded only; %" PRIu64
		    " files (%" PRIu64 " bytes) cited from earlier runs",
		    c->nodes, c->cited, c->cited_bytes);
		end(p);
	}
	begin(p, "How");
	put(p, "no process was stopped by csi; %" PRIu64 " findings in the ledger", c->findings);
	end(p);
	begin(p, "");
	put(p, "O_NOATIME refused for %" PRIu64 " files or directories: their atime may have moved",
	    c->noatime);
	end(p);
	begin(p, "");
	put(p, "%" PRIu64 " symbolic links collected: reading one moves its atime", c->links);
	end(p);
}

/* The most frequent group that is not told yet. */
static const struct custody_group *next_group(const struct custody *c, enum custody_why why,
					      bool *told)
{
	size_t best = c->ngroups;

	for (size_t i = 0; i < c->ngroups; i++)
		if (!told[i] && c->group[i].why == why &&
		    (best == c->ngroups || c->group[i].n > c->group[best].n))
			best = i;
	if (best == c->ngroups)
		return NULL;
	told[best] = true;
	return &c->group[best];
}

static void put_group(struct page *p, const struct custody_group *g)
{
	static const char *const words[] = { [CUSTODY_GAP] = "gap",
					     [CUSTODY_SKIPPED] = "left out",
					     [CUSTODY_MISSING] = "not there" };
	struct custody_text first = g->first;

	if (first.n > PAGE_FIRST) {
		first.n = PAGE_FIRST;
		first.cut = true;
	}
	put(p, "%8" PRIu64 " x %s: ", g->n, words[g->why]);
	put_text(p, &g->action);
	if (g->code.n) {
		put(p, " ");
		put_text(p, &g->code);
	}
	put(p, ", first: ");
	put_text(p, &first);
	end(p);
}

static void put_not_read(struct page *p, const struct custody *c)
{
	bool told[CUSTODY_GROUPS_MAX] = { false };
	const struct custody_group *g;
	uint64_t rest = c->others;
	const char *label = "Not read";
	size_t n = 0;

	for (int why = CUSTODY_GAP; why <= CUSTODY_MISSING; why++)
		while ((g = next_group(c, (enum custody_why)why, told))) {
			if (n++ >= PAGE_GROUPS) {
				rest += g->n;
				continue;
			}
			begin(p, label);
			put_group(p, g);
			label = "";
		}
	if (n == 0)
		whole(p, label, "nothing is recorded as left out");
	if (rest) {
		begin(p, "");
		put(p, "%8" PRIu64 " x others (--json has the kinds, the ledger has each)", rest);
		end(p);
	}
	if (c->odd) {
		begin(p, "");
		put(p, "%" PRIu64 " lines of the ledger were not understood by this csi", c->odd);
		end(p);
	}
}

static void put_footprint(struct page *p, const struct custody *c)
{
	const char *label = "Footprint";
	size_t on_line = 0;

	for (size_t i = 0; i < c->nfacts; i++) {
		if (on_line == 0)
			begin(p, label);
		label = "";
		put_text(p, &c->fact[i].key);
		put(p, ": ");
		put_text(p, &c->fact[i].text);
		/* Two on a line, if both are short. */
		if (on_line == 0 && i + 1 < c->nfacts && escape_width(buf_bytes(&p->line)) < 54 &&
		    c->fact[i + 1].key.n + c->fact[i + 1].text.n < 42) {
			put(p, "; ");
			on_line = 1;
			continue;
		}
		end(p);
		on_line = 0;
	}
	if (c->nfacts == 0)
		whole(p, label, "no record of it is proven");
	whole(p, "",
	      "besides: an ephemeral container in the pod's spec, its image, log and audit "
	      "entries");
}

/* ---- bundles and signature ----------------------------------------------------------------- */

static void put_bundle(struct page *p, const char *label, const struct custody_run *run)
{
	static const char *const words[] = { [VERIFY_SEALED] = "sealed",
					     [VERIFY_CUT] = "cut",
					     [VERIFY_ALTERED] = "ALTERED",
					     [VERIFY_NOT_ONE] = "NOT A BUNDLE",
					     [VERIFY_LOCKED] = "not opened" };
	bool known = (size_t)run->verdict < ARRAY_LEN(words);

	begin(p, label);
	put_text(p, &run->file);
	end(p);
	begin(p, "");
	put_hex(p, run->sha256);
	put(p, " bytes=%" PRIu64, run->bytes);
	end(p);
	begin(p, "");
	put(p, "%s%s%s, %s, %" PRIu64 " checkpoints, %" PRIu64 " entries proven",
	    known ? words[run->verdict] : "not verified", run->has_seal ? ", " : "",
	    run->has_seal ? bundle_status_name(run->status) : "",
	    run->encrypted ? "encrypted (age)" : "not encrypted", run->checkpoints, run->entries);
	end(p);
}

static void put_signature(struct page *p, const struct custody_place *place)
{
	begin(p, "Sums");
	if (place->has_sums) {
		put(p, "SHA256SUMS over %" PRIu64 " files", place->sums_files);
		if (place->sums_wrong)
			put(p, ", of which %" PRIu64 " DO NOT AGREE", place->sums_wrong);
		end(p);
		begin(p, "");
		put_hex(p, place->sums_sha256);
	} else {
		put(p, "there is no SHA256SUMS");
	}
	end(p);
	whole(p, signature,
	      place->sums_signed ? "SHA256SUMS.minisig lies beside; csi has not checked it: do"
				 : "there is none yet. Sign SHA256SUMS on the workstation:");
	whole(p, signature,
	      place->sums_signed ? "minisign -Vm SHA256SUMS -p CASE.pub"
				 : "minisign -Sm SHA256SUMS -s CASE.key -t 'CASE-ID UTC-TIME'");
}

static void put_limits(struct page *p)
{
	whole(p, "Not proven",
	      "that the pod, its kernel and csi in it told the truth: the place was hostile. A");
	whole(p, "",
	      "bundle shows loss and damage by itself, but anyone can forge a whole one: these");
	whole(p, "",
	      "files are proven unchanged only since SHA256SUMS was signed, by who holds the key.");
}

int custody_page(const struct custody *c, const struct custody_place *place, struct buf *ret)
{
	struct page p = { .b = ret, .line = BUF_LIMIT(PAGE_LINE_MAX) };
	size_t nruns = c->nruns < CUSTODY_RUNS_MAX ? (size_t)c->nruns : CUSTODY_RUNS_MAX;
	size_t shown = nruns < PAGE_RUNS ? nruns : PAGE_RUNS;
	char now[WHEN_TEXT_MAX];

	when_text(when_now(CLOCK_REALTIME), now);
	whole(&p, "CUSTODY SUMMARY", "");
	begin(&p, written);
	put(&p, "%s by the workstation's clock, csi %s", now, place->version);
	end(&p);
	put_case(&p, place->info);
	put_target(&p, c, nruns);
	for (size_t i = 0; i < shown; i++)
		put_run(&p, &c->run[i]);
	put_read(&p, c);
	put_not_read(&p, c);
	put_footprint(&p, c);
	for (size_t i = 0; i < shown; i++)
		put_bundle(&p, i ? "" : "Bundles", &c->run[i]);
	if (c->nruns > shown) {
		begin(&p, "");
		put(&p, "and %" PRIu64 " more, in SHA256SUMS and with --json", c->nruns - shown);
		end(&p);
	}
	put_signature(&p, place);
	put_limits(&p);
	buf_done(&p.line);
	return p.err;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static bool next_line(struct bytes *rest, struct bytes *line)
{
	const unsigned char *nl = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	if (!nl)
		return false;
	*line = bytes_of(rest->p, (size_t)(nl - rest->p));
	*rest = bytes_of(nl + 1, rest->n - line->n - 1);
	return true;
}

bool custody_page_agrees(struct bytes old, struct bytes now, uint64_t *ret_line)
{
	struct bytes a, b;

	for (uint64_t n = 1;; n++) {
		bool more = next_line(&old, &a), want = next_line(&now, &b);
		bool varies = more && want &&
			      ((bytes_starts(a, written) && bytes_starts(b, written)) ||
			       (bytes_starts(a, signature) && bytes_starts(b, signature)));

		*ret_line = n;
		if (!more && !want)
			return old.n == 0;
		if (more != want || (!varies && !bytes_eq(a, b)))
			return false;
	}
}
