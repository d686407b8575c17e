/* SPDX-License-Identifier: Apache-2.0 */
/* Counting what a collection would take. */
#include "work/plan.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
	TAR_BLOCK = 512,
	TAR_HEADERS = 1536,	    /* extended header, its one block of records, ustar header */
	TAR_PATH_MORE = 350,	    /* a longer path takes another block */
	LEDGER_RECORD = 520,	    /* a record without its path: 507 to 518 in the runs below */
	SUMS_LINE = 67,		    /* digest, two spaces, newline */
	CHECKPOINT_EVERY = 2 << 20, /* one is at most so far from the next, or 2 seconds */
	CHECKPOINT_SIZE = 144,
	PROCESS_RECORD = 720, /* without its arguments: an assumption */
	PROC_STAT_MAX = 4096,
	STAT_ARG_START = 48, /* numbers of fields in proc_pid_stat(5) */
	STAT_ENV_START = 50,
	STAT_STATE = 3,
	PERCENT = 100,
	PACKED_HEADERS =
		6, /* what zstd -3 leaves of records and headers, in percent: 2 to 5 below */
};

static const struct {
	const char *name;
	uint64_t left; /* what zstd -3 leaves of it, in percent: executables and libraries of a
			  Debian were 32, its documents and scripts 37, random bytes 100; the other
			  rows are assumptions */
} kinds[PLAN_KINDS] = {
	[PLAN_TABLES] = { "tables", 20 },
	[PLAN_EXES] = { "executables", 35 },
	[PLAN_DELETED] = { "deleted files", 60 },
	[PLAN_TEXTS] = { "proc text", 30 },
	[PLAN_MEMORY] = { "memory", 35 },
	[PLAN_FILES] = { "files", 50 },
	[PLAN_LEDGER] = { "ledger and headers", PACKED_HEADERS },
};

const char *plan_kind_name(enum plan_kind k)
{
	return kinds[k].name;
}

void plan_done(struct plan *p)
{
	free(p->rows);
	p->rows = NULL;
	p->nrows = 0;
}

void plan_kind(struct plan *p, enum plan_kind kind)
{
	p->kind = kind;
	p->root = NULL;
	p->mount = MOUNT_ROOT;
}

void plan_place(struct plan *p, const struct target_root *root, enum mount_kind mount)
{
	p->root = root;
	p->mount = mount;
}

/* The row of what is at hand. OMIT is a literal, so that the address says it all. */
static struct plan_row *row(struct plan *p, const char *omit)
{
	struct plan_row *rows;

	for (size_t i = p->nrows; i > 0; i--) {
		struct plan_row *r = &p->rows[i - 1];

		if (r->kind == p->kind && r->root == p->root && r->mount == p->mount &&
		    r->omit == omit)
			return r;
	}
	if (p->nrows == PLAN_ROWS_MAX)
		return &p->rows[p->nrows - 1];
	rows = realloc(p->rows, (p->nrows + 1) * sizeof(*rows));
	if (!rows)
		return NULL;
	p->rows = rows;
	rows[p->nrows] = (struct plan_row){
		.kind = p->kind, .root = p->root, .mount = p->mount, .omit = omit
	};
	return &rows[p->nrows++];
}

static uint64_t round_up(uint64_t n)
{
	return (n + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

/* An entry's share of headers and records; its content is counted by the caller. */
static void count_entry(struct plan *p, const struct bundle_entry *e, bool sum)
{
	size_t path = e->path.n;

	p->entries++;
	p->record_bytes += TAR_HEADERS + (path > TAR_PATH_MORE ? round_up(path) : 0);
	p->record_bytes += LEDGER_RECORD + 2 * path;
	if (sum)
		p->record_bytes += SUMS_LINE + path;
}

static int count(struct plan *p, const struct bundle_entry *e, uint64_t content, uint64_t read)
{
	struct plan_row *r = row(p, NULL);

	if (!r)
		return -ENOMEM;
	r->number++;
	r->content += content;
	r->read += read;
	r->stream += read / PERCENT * kinds[p->kind].left +
		     read % PERCENT * kinds[p->kind].left / PERCENT;
	r->most += round_up(read);
	count_entry(p, e, true);
	return 0;
}

int plan_bytes(struct plan *p, const struct bundle_entry *e, uint64_t size)
{
	return count(p, e, size, size);
}

int plan_node(struct plan *p, const struct bundle_entry *e)
{
	struct plan_row *r;

	if (!S_ISDIR(e->info.mode) && !S_ISLNK(e->info.mode)) {
		p->record_bytes += LEDGER_RECORD + e->path.n; /* a device, fifo or socket */
		return 0;
	}
	r = row(p, NULL);
	if (!r)
		return -ENOMEM;
	r->number++;
	count_entry(p, e, false);
	return 0;
}

static int leave_out(struct plan *p, const struct bundle_entry *e, const char *why)
{
	struct plan_row *r = row(p, why);

	if (!r)
		return -ENOMEM;
	r->number++;
	if (e->has_info && S_ISREG(e->info.mode)) {
		r->content += e->info.size;
		r->read += e->info.blocks * TAR_BLOCK < e->info.size ? e->info.blocks * TAR_BLOCK
								     : e->info.size;
	}
	p->record_bytes += LEDGER_RECORD + e->path.n;
	return 0;
}

/* The extents of a sparse file are only known once it is open: its blocks are what it has. */
int plan_file(struct plan *p, const struct bundle_entry *e)
{
	uint64_t data = e->info.blocks * TAR_BLOCK;

	switch (bundle_fate(p->max_file, &e->info)) {
	case FATE_TOO_LARGE:
		return leave_out(p, e, "over --max-file");
	case FATE_SPARSE:
		if (data > bundle_max_file(p->max_file))
			return leave_out(p, e, "over --max-file");
		return count(p, e, e->info.size, data);
	case FATE_WHOLE:
		break;
	}
	return count(p, e, e->info.size, e->info.size);
}

int plan_missing(struct plan *p, const struct bundle_entry *e, enum bundle_outcome outcome, int err)
{
	const char *why = "cannot be read";

	if (e->omit)
		why = e->omit;
	else if (outcome == OUTCOME_SKIPPED && err == -EFBIG)
		why = "over the limit of --scope quick";
	else if (outcome == OUTCOME_SKIPPED)
		why = "left out on purpose";
	else if (outcome == OUTCOME_MISSING)
		why = "gone";
	return leave_out(p, e, why);
}

int plan_cited(struct plan *p, const struct bundle_entry *e)
{
	return leave_out(p, e, "an earlier bundle has it");
}

int plan_record(struct plan *p, size_t n)
{
	p->record_bytes += n;
	return 0;
}

/* A network's server may be dead, and is not asked. */
static uint64_t bytes_held(const struct target_root *root, const struct walk_entry *e)
{
	AUTO_CLOSE int fd = -1;
	struct file_info info;
	struct statfs fs;

	if (e->mount != MOUNT_VOLUME && e->mount != MOUNT_MEMORY)
		return 0;
	if (root_pin(root->root, e->path, &fd, &info) < 0 || fstatfs(fd, &fs) < 0 ||
	    fs.f_bfree > fs.f_blocks || fs.f_bsize <= 0)
		return 0;
	return (fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
}

int plan_mount(struct plan *p, const struct target_root *root, const struct walk_entry *e)
{
	const char *why = e->mount == MOUNT_PSEUDO ? "not a place of files" : "needs --volumes";
	struct plan_row *r = row(p, why);

	if (!r)
		return -ENOMEM;
	r->is_mount = true;
	r->number++;
	r->content += bytes_held(root, e);
	p->record_bytes += LEDGER_RECORD;
	return 0;
}

/* Field N, a number, of the text of stat; 0 where it is not shown. */
static uint64_t stat_field(struct bytes text, int n)
{
	size_t at = text.n;
	uint64_t v = 0;

	while (at > 0 && text.p[at - 1] != ')')
		at--;
	for (int field = STAT_STATE - 1; at < text.n && field < n; at++)
		field += text.p[at] == ' ';
	for (; at < text.n && text.p[at] >= '0' && text.p[at] <= '9'; at++)
		v = v * 10 + (uint64_t)(text.p[at] - '0');
	return v;
}

uint64_t plan_text_size(struct process *p, enum proc_text t)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(PROC_STAT_MAX + 1);
	int first = t == TEXT_ENVIRON ? STAT_ENV_START : STAT_ARG_START;
	uint64_t from, to;

	if (process_text(p, TEXT_STAT, &text, PROC_STAT_MAX) < 0)
		return 0;
	from = stat_field(buf_bytes(&text), first);
	to = stat_field(buf_bytes(&text), first + 1);
	return to > from && to - from < GATHER_TEXT_MAX ? to - from : 0;
}

int plan_processes(struct gather *g)
{
	struct bundle_entry e = { .path = bytes_str("processes.jsonl") };
	uint64_t n = 0;
	int r;

	for (size_t i = 0; i < g->targets->n; i++)
		n += PROCESS_RECORD + plan_text_size(g->targets->v[i].p, TEXT_CMDLINE);
	do {
		uint64_t part = n < GATHER_TABLE_PART ? n : GATHER_TABLE_PART;

		r = plan_bytes(g->plan, &e, part);
		n -= part;
	} while (r == 0 && n > 0);
	return r;
}

int plan_end(struct plan *p)
{
	struct plan_row *r;

	plan_kind(p, PLAN_LEDGER);
	r = row(p, NULL);
	if (!r)
		return -ENOMEM;
	r->content = r->read = p->record_bytes;
	r->stream = p->record_bytes / PERCENT * PACKED_HEADERS + CHECKPOINT_SIZE;
	r->most = 2 * p->record_bytes + CHECKPOINT_EVERY;
	return 0;
}

void plan_total(const struct plan *p, struct plan_row *ret)
{
	*ret = (struct plan_row){ 0 };
	for (size_t i = 0; i < p->nrows; i++) {
		const struct plan_row *r = &p->rows[i];

		if (r->omit)
			continue;
		ret->number += r->number;
		ret->content += r->content;
		ret->read += r->read;
		ret->stream += r->stream;
		ret->most += r->most;
	}
	/* Frames that do not compress, checkpoints, seek table. */
	ret->most += ret->most / PERCENT;
}

/*
 * CPU time in user mode and kernel of `csi collect --root DIR --scope full --cpu 0` on an AMD EPYC
 * with SHA-NI, files in the page cache, output thrown away, the best of two or three runs: 256 MiB
 * of random bytes 0.36 s, 2.8 GiB of executables and libraries 11.2 s, 217 MiB of text in 12,583
 * entries 1.06 s, 20,042 entries of 1 KiB 0.49 s, as many empty ones 0.40 s (one run). The start
 * is an assumption. Not in it: reading from a disk, and the walk over what the scope leaves out.
 */
enum {
	CPU_US_PER_MIB = 4200, /* read, SHA-256, zstd -3, SHA-256 of the stream: executables */
	CPU_US_PER_ENTRY = 20, /* walk, stat, headers, records */
	CPU_US_START = 30 * 1000,
};

uint64_t plan_cpu_ms(const struct plan_row *total)
{
	return ((total->read >> 10) * CPU_US_PER_MIB / 1024 + total->number * CPU_US_PER_ENTRY +
		CPU_US_START) /
	       1000;
}

uint64_t plan_seconds(const struct plan_row *total, uint64_t speed, unsigned cpu_percent)
{
	uint64_t line = speed ? (total->stream + speed - 1) / speed : 0;
	uint64_t cpu = cpu_percent ? plan_cpu_ms(total) * PERCENT / cpu_percent / 1000 + 1 : 0;

	return line > cpu ? line : cpu;
}

uint64_t plan_over(const struct plan *p, uint64_t max, enum plan_kind *ret)
{
	uint64_t by[PLAN_KINDS] = { 0 };
	uint64_t sum = 0;

	for (size_t i = 0; i < p->nrows; i++)
		if (!p->rows[i].omit)
			by[p->rows[i].kind] += p->rows[i].stream;
	*ret = PLAN_LEDGER;
	for (int k = -1; k < PLAN_LEDGER; k++) {
		uint64_t before = sum;

		sum += by[k < 0 ? PLAN_LEDGER : k];
		if (before <= max && sum > max)
			*ret = k < 0 ? PLAN_LEDGER : (enum plan_kind)k;
	}
	return sum > max ? sum - max : 0;
}
