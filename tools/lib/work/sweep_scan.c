/* SPDX-License-Identifier: Apache-2.0 */
/* One file or one process's memory through the rules. */
#include "work/filehash.h"
#include "work/sweep_priv.h"

#include <errno.h>

#define CHANGED "scan (it changed while it was read)"
enum { SPARSE_FROM = 1 << 20, BLOCK = 512, MAGIC_BYTES = 16 };

static void tell(struct sweep_thread *t, const char *what, int err, const char *mend,
		 uint64_t missing)
{
	const struct sweep_job *j = t->job;
	struct gap gap = { .err = err, .what = what, .pid = j->pid, .mend = mend, .len = missing };

	if (j->kind != SWEEP_MEMORY)
		gap.on = j->path.head;
	gap_tell(t->o->gaps, &gap);
}

static bool stopped(const struct sweep_thread *t)
{
	return t->o->stop && atomic_load_explicit(t->o->stop, memory_order_relaxed);
}

/* ---- bytes for the window: perhaps in a signal handler --------------------------------------- */

/*
 * What went away since the pages were listed must not be faulted in: they are looked up again.
 * -ESTALE: they are not there any more.
 */
static ssize_t read_memory(struct mem *m, uint64_t addr, void *p, size_t n)
{
	struct page_run run;
	ssize_t got;
	int r = mem_next_run(m, addr, addr + n, &run);

	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	if (run.state != PAGE_PRESENT)
		return -ESTALE;
	got = mem_read(m, addr, p, run.end - addr < n ? (size_t)(run.end - addr) : n);
	if (got != -EIO && got != -EFAULT)
		return got;
	/* Between the look and the read, or for another reason. */
	r = mem_next_run(m, addr, addr + 1, &run);
	return r > 0 && run.state != PAGE_PRESENT ? -ESTALE : got;
}

static ssize_t read_bytes(void *ctx, uint64_t at, void *p, size_t n)
{
	struct sweep_thread *t = ctx;

	if (stopped(t) && t->scanner)
		rules_scanner_stop(t->scanner);
	if (t->job->kind == SWEEP_MEMORY)
		return read_memory(t->job->memory.mem, t->base + at, p, n);
	return file_read_at(t->job->file, p, n, t->base + at);
}

static const unsigned char *show(void *ctx, size_t i)
{
	struct sweep_thread *t = ctx;
	static const unsigned char none[1];
	const unsigned char *p = NULL;
	int r;

	if (t->blocks[i].size == 0)
		return none;
	if (t->shown == i)
		return window_again(t->window);
	t->base = t->blocks[i].base;
	r = window_show(t->window, t->blocks[i].size, read_bytes, t, &p);
	t->shown = r == 0 ? i : SIZE_MAX;
	if (r < 0)
		tell(t, "scan", r, NULL, t->blocks[i].size);
	return p;
}

/* ---- external variables ---------------------------------------------------------------------- */

/* What Loki calls a few types by their first bytes; others are "unknown" there too. */
static struct bytes type_of(const unsigned char *p, uint64_t n)
{
	static const struct {
		const char *magic, *name;
	} types[] = {
		{ "\x7f"
		  "ELF",
		  "elf" },
		{ "MZ", "exe" },
		{ "PK\x03\x04", "zip" },
		{ "\x1f\x8b", "gzip" },
		{ "%PDF-", "pdf" },
		{ "\x28\xb5\x2f\xfd", "zstd" },
		{ "BZh", "bzip2" },
		{ "\xfd"
		  "7zXZ",
		  "xz" },
		{ "GIF8", "gif" },
		{ "\xff\xd8\xff", "jpg" },
		{ "\x89PNG", "png" },
		{ "Rar!", "rar" },
		{ "#!", "script" },
		{ "\xd0\xcf\x11\xe0", "oledoc" },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (bytes_starts(bytes_of(p, n < MAGIC_BYTES ? (size_t)n : MAGIC_BYTES),
				 types[i].magic))
			return bytes_str(types[i].name);
	return bytes_str("unknown");
}

/* The last component of a path, and what begins with its last dot. */
static void name_input(const struct sweep_job *j, struct rules_input *in)
{
	struct bytes path = j->path.head, name;
	size_t at = path.n;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	name = j->path.left_off ? j->path.name : bytes_of(path.p + at, path.n - at);
	in->filepath = path;
	in->filename = name;
	for (at = name.n; at > 1; at--)
		if (name.p[at - 1] == '.')
			break;
	if (at > 1)
		in->extension = bytes_of(name.p + at - 1, name.n - at + 1);
	in->owner = bytes_str(j->owner);
}

/* ---- hooks ----------------------------------------------------------------------------------- */

static int on_match(void *ctx, const struct rules_match *m)
{
	struct sweep_thread *t = ctx;

	t->matched = true;
	t->err = t->o->found(t->o->ctx, t->job, m);
	return t->err;
}

static void on_too_many(void *ctx, const char *rule, const char *string)
{
	struct sweep_thread *t = ctx;

	(void)string;
	/* The rule's name is the operator's, and short. */
	gap_tell(t->o->gaps, &(struct gap){ .err = -E2BIG,
					    .what = "count all matches of a string of a rule",
					    .pid = t->job->pid,
					    .on = bytes_str(rule) });
}

static int run_rules(struct sweep_thread *t, struct rules_input *in)
{
	const struct rules_hooks hooks = { on_match, on_too_many, t };
	int r;

	in->fetch = show;
	in->ctx = t;
	in->blocks = t->blocks;
	r = rules_scan(t->scanner, in, &hooks);
	/* Stopped, or nobody takes what is found: that is told once, at the end. */
	if (r == -ECANCELED || t->err < 0)
		return r;
	if (r == -ETIMEDOUT)
		tell(t, "scan", r, "--timeout-each SECONDS", 0);
	else if (r == -ENOMEM)
		tell(t, "scan", r, "--rules-memory SIZE", 0);
	else if (r < 0)
		tell(t, "scan", r, NULL, 0);
	return r;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_sparse(const struct file_info *info)
{
	return info->size >= SPARSE_FROM && info->blocks * BLOCK < info->size;
}

/* The data of a sparse file. How many extents, or -errno. */
static int find_extents(struct sweep_job *j, struct rules_block *v)
{
	uint64_t at = 0, start, end;
	int n = 0, r;

	while ((r = file_next_data(j->file, at, j->info.size, &start, &end)) > 0) {
		if (end > j->info.size)
			end = j->info.size;
		if (end <= at)
			return -EIO;
		if (n == SWEEP_EXTENTS_MAX)
			return -E2BIG;
		v[n++] = (struct rules_block){ .base = start, .size = end - start };
		at = end;
	}
	return r < 0 ? r : n;
}

static void tell_changes(struct sweep_thread *t)
{
	struct file_info now;
	uint64_t missed;
	int err;

	missed = window_missed(t->window, &err);
	if (missed && err < 0)
		tell(t, "read", err, NULL, missed);
	else if (file_info(t->job->file, &now) == 0 && !file_unchanged(&t->job->info, &now))
		tell(t, CHANGED, -ESTALE, NULL, missed);
	else if (missed)
		tell(t, "read", -EIO, NULL, missed);
}

static uint64_t max_file(const struct sweep_thread *t)
{
	return t->o->max_file ? t->o->max_file : SWEEP_MAX_FILE;
}

/* The limit is for one that grows while it is read. */
static void judge_hashes(struct sweep_thread *t)
{
	const struct filehash_options o = {
		.kinds = t->o->hashes, .most = max_file(t), .stop = t->o->stop, .keep_cache = true
	};
	int r = filehash(t->job->file, &o, &t->job->sums, NULL);

	if (r == 0) {
		r = t->o->hashed(t->o->ctx, t->job);
		t->matched = r > 0;
		if (r < 0)
			t->err = r;
	} else {
		tell(t, "hash", r, r == -EFBIG ? "--max-file SIZE" : NULL, 0);
	}
}

static void scan_blocks(struct sweep_thread *t, size_t n)
{
	struct sweep_job *j = t->job;
	struct rules_input in = { .file_size = j->info.size, .n = n };
	const unsigned char *p;
	int r = 0;

	window_reset(t->window);
	t->shown = SIZE_MAX;
	name_input(j, &in);
	p = n ? show(t, 0) : NULL;
	in.filetype = p ? type_of(p, t->blocks[0].size) : bytes_str("unknown");
	if (p || !n)
		r = run_rules(t, &in);
	if (r == 0)
		tell_changes(t);
	if (r == 0 && !t->matched && t->o->clean)
		fileset_add(t->o->clean, &j->info);
}

static void scan_sparse(struct sweep_thread *t)
{
	AUTO_FREE struct rules_block *v = malloc(SWEEP_EXTENTS_MAX * sizeof(*v));
	int n = v ? find_extents(t->job, v) : -ENOMEM;

	tell(t, "scan (its holes are left out)", n < 0 ? n : -EFBIG, "--max-file SIZE", 0);
	if (n < 0)
		return;
	t->blocks = v;
	scan_blocks(t, (size_t)n);
	t->blocks = NULL;
}

static void scan_file(struct sweep_thread *t)
{
	struct sweep_job *j = t->job;
	const uint64_t max = max_file(t);
	const struct rules_block whole = { .size = j->info.size };

	if (j->info.size > max && (!is_sparse(&j->info) || j->info.blocks * BLOCK > max)) {
		tell(t, "scan", -EFBIG, "--max-file SIZE", 0);
		return;
	}
	file_cache_note(j->file, 0, j->info.size);
	if (t->o->hashes && j->info.size <= max)
		judge_hashes(t);
	if (t->scanner && !t->err && j->info.size > max) {
		scan_sparse(t);
	} else if (t->scanner && !t->err) {
		t->blocks = &whole;
		scan_blocks(t, 1);
		t->blocks = NULL;
	}
	file_cache_drop(j->file, 0, j->info.size);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void scan_memory(struct sweep_thread *t)
{
	struct sweep_job *j = t->job;
	struct rules_input in = { .memory = true, .n = j->memory.nblocks };
	uint64_t missed;
	int err;

	if (!t->scanner)
		return;
	window_reset(t->window);
	t->shown = SIZE_MAX;
	t->blocks = j->memory.blocks;
	name_input(j, &in);
	in.filetype = bytes_str("memory");
	(void)run_rules(t, &in);
	t->blocks = NULL;
	missed = window_missed(t->window, &err);
	if (missed && err == -ESTALE)
		tell(t, CHANGED, err, NULL, missed);
	else if (missed)
		tell(t, "read memory", err < 0 ? err : -EIO, NULL, missed);
	if (j->memory.swapped)
		tell(t, "read swapped memory (it is left where it is)", -ENODATA, NULL,
		     j->memory.swapped);
}

void sweep_scan(struct sweep_thread *t, struct sweep_job *j)
{
	t->job = j;
	t->matched = false;
	if (j->kind == SWEEP_MEMORY)
		scan_memory(t);
	else
		scan_file(t);
	t->job = NULL;
}
