/* SPDX-License-Identifier: Apache-2.0 */
/* What the proven content of bundles says of their own making. */
#include "work/custody.h"

#include "format/json_get.h"
#include "sys/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Lines of one table or ledger part: they have at most TARCHECK_KEEP_MAX bytes anyway. */
enum { CUSTODY_LINES_MAX = 1 << 20 };

int custody_new(struct custody **ret)
{
	AUTO_DONE(custody_closep) struct custody *c = calloc(1, sizeof(*c));

	if (c)
		c->proven = calloc(1, sizeof(*c));
	if (!c || !c->proven)
		return -ENOMEM;
	*ret = take_ptr(&c);
	return 0;
}

void custody_closep(struct custody **c)
{
	if (*c)
		free((*c)->proven);
	free(*c);
	*c = NULL;
}

static struct custody_run *run_of(struct custody *c)
{
	return c->nruns < CUSTODY_RUNS_MAX ? &c->run[c->nruns] : NULL;
}

/* ---- texts --------------------------------------------------------------------------------- */

static void keep(struct custody_text *t, struct bytes b)
{
	t->cut = b.n > sizeof(t->p);
	t->n = t->cut ? sizeof(t->p) : b.n;
	copy_bytes(t->p, b.p, t->n);
}

static bool same(const struct custody_text *t, struct bytes b)
{
	size_t n = b.n > sizeof(t->p) ? sizeof(t->p) : b.n;

	return t->n == n && memcmp(t->p, b.p, n) == 0;
}

/* A member, through one object if INSIDE: what the string stands for, or the number as it is. */
static bool member(struct bytes o, const char *inside, const char *key, struct buf *ret)
{
	struct bytes v = o;

	buf_clear(ret);
	if (inside && json_get(o, inside, &v) < 0)
		return false;
	if (json_get(v, key, &v) < 0)
		return false;
	if (v.n > 0 && v.p[0] == '"')
		return json_undo(ret, v) == 0;
	return buf_addb(ret, v) == 0;
}

static uint64_t number(struct bytes o, const char *inside, const char *key)
{
	struct bytes v = o;
	uint64_t n = 0;

	if (inside && json_get(o, inside, &v) < 0)
		return 0;
	if (json_get(v, key, &v) < 0 || scan_dec(&v, &n) < 0)
		return 0;
	return n;
}

static bool next_line(struct bytes *rest, struct bytes *line)
{
	const unsigned char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	if (!end)
		return false;
	*line = bytes_of(rest->p, (size_t)(end - rest->p));
	*rest = bytes_of(end + 1, rest->n - line->n - 1);
	return true;
}

/* ---- case.json of a bundle ----------------------------------------------------------------- */

static const struct {
	const char *inside, *key, *name;
} whats[] = {
	[CUSTODY_RUN_ID] = { NULL, "run_id", "run_id" },
	[CUSTODY_SOURCE] = { NULL, "source", "source" },
	[CUSTODY_SCOPE] = { NULL, "scope", "scope" },
	[CUSTODY_VERSION] = { "tool", "version", "version" },
	[CUSTODY_TOOL_SHA256] = { "tool", "sha256", "tool_sha256" },
	[CUSTODY_ARGV] = { NULL, NULL, "argv" },
	[CUSTODY_HOSTNAME] = { "pod", "hostname", "hostname" },
	[CUSTODY_POD] = { "pod", "POD_NAME", "pod" },
	[CUSTODY_NAMESPACE] = { "pod", "POD_NAMESPACE", "namespace" },
	[CUSTODY_NODE] = { "pod", "NODE_NAME", "node" },
	[CUSTODY_KERNEL] = { "kernel", "release", "kernel" },
	[CUSTODY_KERNEL_BUILD] = { "kernel", "version", "kernel_build" },
	[CUSTODY_MACHINE] = { "kernel", "machine", "machine" },
	[CUSTODY_BOOT_ID] = { NULL, "boot_id", "boot_id" },
	[CUSTODY_START_UTC] = { "clocks", "utc", "start_utc" },
	[CUSTODY_START_MONOTONIC] = { "clocks", "monotonic_ns", "start_monotonic_ns" },
	[CUSTODY_START_BOOTTIME] = { "clocks", "boottime_ns", "start_boottime_ns" },
	[CUSTODY_END_UTC] = { NULL, NULL, "end_utc" },
	[CUSTODY_END_MONOTONIC] = { NULL, NULL, "end_monotonic_ns" },
	[CUSTODY_END_BOOTTIME] = { NULL, NULL, "end_boottime_ns" },
	[CUSTODY_LAST_UTC] = { NULL, NULL, "last_record_utc" },
};

const char *custody_what_name(enum custody_what w)
{
	return whats[w].name;
}

/* ["collect","-p","1"] as it was typed, but for quotes: words with one space between. */
static void keep_argv(struct custody_run *run, struct bytes o)
{
	AUTO_DONE(buf_done) struct buf words = BUF_NONE;
	struct bytes list;

	if (json_get(o, "tool", &list) < 0 || json_get(list, "argv", &list) < 0)
		return;
	for (size_t i = 0; i < list.n; i++) {
		size_t from = i;

		if (list.p[i] != '"')
			continue;
		for (i++; i < list.n && list.p[i] != '"'; i++)
			i += list.p[i] == '\\';
		if (i >= list.n)
			return;
		if (words.n > 0 && buf_addc(&words, ' ') < 0)
			return;
		if (json_undo(&words, bytes_of(list.p + from, i + 1 - from)) < 0)
			return;
	}
	keep(&run->text[CUSTODY_ARGV], buf_bytes(&words));
}

static void take_case(struct custody *c, struct bytes o)
{
	AUTO_DONE(buf_done) struct buf v = BUF_NONE;
	struct custody_run *run = run_of(c);

	if (!run)
		return;
	for (size_t i = 0; i < ARRAY_LEN(whats); i++)
		if (whats[i].key && member(o, whats[i].inside, whats[i].key, &v))
			keep(&run->text[i], buf_bytes(&v));
	keep_argv(run, o);
}

static void take_containers(struct custody *c, struct bytes rest)
{
	AUTO_DONE(buf_done) struct buf v = BUF_NONE;
	struct bytes line;

	while (next_line(&rest, &line)) {
		size_t have = c->ncontainers < CUSTODY_CONTAINERS_MAX ? (size_t)c->ncontainers
								      : CUSTODY_CONTAINERS_MAX;
		bool known = false;

		if (!member(line, "container", "id", &v) || v.n == 0)
			continue;
		for (size_t i = 0; i < have; i++)
			known |= same(&c->container[i], buf_bytes(&v));
		if (known)
			continue;
		if (have < CUSTODY_CONTAINERS_MAX)
			keep(&c->container[have], buf_bytes(&v));
		c->ncontainers++;
	}
}

/* ---- the ledger ---------------------------------------------------------------------------- */

static void count(struct custody *c, enum custody_why why, const struct custody_group *g)
{
	for (size_t i = 0; i < c->ngroups; i++) {
		struct custody_group *have = &c->group[i];

		if (have->why == why && same(&have->action, bytes_of(g->action.p, g->action.n)) &&
		    same(&have->code, bytes_of(g->code.p, g->code.n))) {
			have->n++;
			return;
		}
	}
	if (c->ngroups == CUSTODY_GROUPS_MAX) {
		c->others++;
		return;
	}
	c->group[c->ngroups] = *g;
	c->group[c->ngroups].why = why;
	c->group[c->ngroups++].n = 1;
}

/* What a record of WHY is on: a gap says csi.on, an item its path. */
static void take_absence(struct custody *c, enum custody_why why, struct bytes line)
{
	AUTO_DONE(buf_done) struct buf v = BUF_NONE;
	struct custody_group g = { .why = why };
	bool gap = why == CUSTODY_GAP;

	if (member(line, gap ? "event" : "csi", "action", &v))
		keep(&g.action, buf_bytes(&v));
	if (member(line, "error", "code", &v))
		keep(&g.code, buf_bytes(&v));
	if (member(line, gap ? "csi" : "file", gap ? "on" : "path", &v) ||
	    (!gap && member(line, "csi", "on", &v)))
		keep(&g.first, buf_bytes(&v));
	else if (member(line, "process", "pid", &v) && v.n < 16) {
		char pid[32];
		int n = snprintf(pid, sizeof(pid), "pid %.*s", (int)v.n, (const char *)v.p);

		keep(&g.first, bytes_of(pid, (size_t)n));
	}
	count(c, why, &g);
}

/* Of several runs numbers add up, but for a peak. */
static void add_fact(struct custody_text *t, struct bytes key, struct bytes text)
{
	struct bytes old = bytes_of(t->p, t->n), new = text;
	uint64_t a, b;
	char sum[24];

	if (scan_dec(&old, &a) < 0 || old.n || scan_dec(&new, &b) < 0 || new.n || a + b < a) {
		keep(t, text);
		return;
	}
	uint64_t most = a > b ? a : b;
	bool peak = memmem(key.p, key.n, "peak", 4) != NULL;
	int n = snprintf(sum, sizeof(sum), "%" PRIu64, peak ? most : a + b);
	keep(t, bytes_of(sum, (size_t)n));
}

static void take_footprint(struct custody *c, struct bytes line)
{
	static const struct {
		const char *key;
		enum custody_what what;
	} ends[] = {
		{ "ended, UTC", CUSTODY_END_UTC },
		{ "ended, monotonic_ns", CUSTODY_END_MONOTONIC },
		{ "ended, boottime_ns", CUSTODY_END_BOOTTIME },
	};
	AUTO_DONE(buf_done) struct buf key = BUF_NONE, text = BUF_NONE;
	struct custody_run *run = run_of(c);

	if (!member(line, "csi", "key", &key) || !member(line, "csi", "text", &text))
		return;
	struct bytes k = buf_bytes(&key), t = buf_bytes(&text);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (bytes_eq(k, bytes_str(ends[i].key))) {
			if (run)
				keep(&run->text[ends[i].what], t);
			return;
		}
	for (size_t i = 0; i < c->nfacts; i++)
		if (same(&c->fact[i].key, k)) {
			add_fact(&c->fact[i].text, k, t);
			return;
		}
	if (c->nfacts == CUSTODY_FACTS_MAX) {
		c->odd++;
		return;
	}
	keep(&c->fact[c->nfacts].key, k);
	keep(&c->fact[c->nfacts++].text, t);
}

static const struct {
	enum custody_kind kind;
	const char *prefix, *name;
} kinds[] = {
	{ CUSTODY_TABLES, NULL, "tables" },
	{ CUSTODY_EXES, "exe/", "executables" },
	{ CUSTODY_DELETED, "deleted/", "deleted files" },
	{ CUSTODY_PROC, "proc/", "proc text" },
	{ CUSTODY_MEMORY, "mem/", "memory" },
	{ CUSTODY_FILES, "files/", "files" },
	{ CUSTODY_OTHERS, NULL, "others" },
};

const char *custody_kind_name(enum custody_kind k)
{
	return kinds[k].name;
}

static enum custody_kind kind_of(struct bytes item)
{
	if (!memchr(item.p, '/', item.n))
		return CUSTODY_TABLES;
	if (bytes_starts(item, "long/"))
		return CUSTODY_FILES;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].prefix && bytes_starts(item, kinds[i].prefix))
			return kinds[i].kind;
	return CUSTODY_OTHERS;
}

static void take_entry(struct custody *c, struct bytes line, struct bytes item, bool partial)
{
	AUTO_DONE(buf_done) struct buf type = BUF_NONE;
	enum custody_kind k = kind_of(item);
	bool typed = member(line, "file", "type", &type);

	c->kind[k].entries++;
	c->kind[k].partial += partial;
	if (!typed || bytes_eq(buf_bytes(&type), bytes_str("file")))
		c->kind[k].bytes += number(line, "file", "size");
	else
		c->links += bytes_eq(buf_bytes(&type), bytes_str("symlink"));
}

static bool outcome_is(const struct buf *outcome, enum bundle_outcome o)
{
	return bytes_eq(buf_bytes(outcome), bytes_str(bundle_outcome_name(o)));
}

/* One item of the collection: there, there in part, or not there and why. */
static void take_item(struct custody *c, struct bytes line, const struct buf *action)
{
	AUTO_DONE(buf_done) struct buf outcome = BUF_NONE, v = BUF_NONE;

	if (!member(line, "csi", "outcome", &outcome) ||
	    bytes_eq(buf_bytes(action), bytes_str("salvage")))
		return;
	struct bytes csi, read;
	if (json_get(line, "csi", &csi) == 0 && json_get(csi, "read", &read) == 0 &&
	    member(read, NULL, "noatime", &v))
		c->noatime += bytes_eq(buf_bytes(&v), bytes_str("false"));
	if (bytes_eq(buf_bytes(action), bytes_str("cite file"))) {
		c->cited++;
		c->cited_bytes += number(line, "file", "size");
	} else if (outcome_is(&outcome, OUTCOME_SKIPPED)) {
		take_absence(c, CUSTODY_SKIPPED, line);
	} else if (outcome_is(&outcome, OUTCOME_MISSING)) {
		take_absence(c, CUSTODY_MISSING, line);
	} else if (outcome_is(&outcome, OUTCOME_FAILED)) {
		return; /* its gap record counts */
	} else if (member(line, "csi", "item", &v) && v.n > 0) {
		take_entry(c, line, buf_bytes(&v), outcome_is(&outcome, OUTCOME_PARTIAL));
	} else if (member(line, "file", "type", &v)) {
		c->nodes++;
	}
}

static void take_record(struct custody *c, struct bytes line)
{
	AUTO_DONE(buf_done) struct buf kind = BUF_NONE, v = BUF_NONE;
	struct custody_run *run = run_of(c);

	if (!member(line, "event", "kind", &kind)) {
		c->odd++;
		return;
	}
	if (run && member(line, NULL, "@timestamp", &v))
		keep(&run->text[CUSTODY_LAST_UTC], buf_bytes(&v));
	if (bytes_eq(buf_bytes(&kind), bytes_str("pipeline_error")))
		take_absence(c, CUSTODY_GAP, line);
	else if (bytes_eq(buf_bytes(&kind), bytes_str("alert")))
		c->findings++;
	else if (!member(line, "csi", "action", &v))
		c->odd++;
	else if (bytes_eq(buf_bytes(&v), bytes_str("footprint")))
		take_footprint(c, line);
	else
		take_item(c, line, &v);
}

/* ---- the interface ------------------------------------------------------------------------- */

bool custody_want(void *ctx, struct bytes name)
{
	(void)ctx;
	return bytes_eq(name, bytes_str("case.json")) || bytes_starts(name, "ledger/") ||
	       (bytes_starts(name, "containers.") && !memchr(name.p, '/', name.n));
}

int custody_content(void *ctx, struct bytes name, struct bytes content)
{
	struct custody *c = ctx;
	struct bytes rest = content, line;

	c->passed = true;
	if (bytes_eq(name, bytes_str("case.json")))
		take_case(c, content);
	else if (bytes_starts(name, "containers."))
		take_containers(c, content);
	else
		for (size_t i = 0; i < CUSTODY_LINES_MAX && next_line(&rest, &line); i++)
			take_record(c, line);
	return 0;
}

int custody_settle(void *ctx, bool proven)
{
	struct custody *c = ctx, *kept = c->proven;

	if (!c->passed)
		return 0;
	c->passed = false;
	if (proven) {
		*kept = *c;
	} else {
		*c = *kept;
		c->proven = kept;
	}
	return 0;
}

void custody_done(struct custody *c, struct bytes file, bool encrypted,
		  const struct verify_result *res)
{
	struct custody_run *run = run_of(c);

	if (run) {
		keep(&run->file, file);
		run->encrypted = encrypted;
		run->verdict = res->verdict;
		run->has_seal = res->has_seal;
		run->status = res->status;
		run->checkpoints = res->checkpoints;
		run->entries = res->proven_entries;
		run->bytes = res->stored_bytes;
		memcpy(run->sha256, res->stored_sha256, sizeof(run->sha256));
	}
	c->nruns++;
	c->passed = true;
	(void)custody_settle(c, true);
}
