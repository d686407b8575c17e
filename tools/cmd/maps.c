/* SPDX-License-Identifier: Apache-2.0 */
/* csi maps: memory maps with what is resident; marks what an intruder leaves. */
#include "cmd/cmd.h"
#include "model/mem.h"
#include "model/patched.h"
#include "model/root.h"

#include "base/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	MAPS_MAX = 1 << 20,    /* of one process; vm.max_map_count is 65,530 by default */
	PATCHES_TOLD_MAX = 64, /* runs of changed code told of one mapping */
};

struct maps_args {
	struct common_args common;
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),	OPT_TABLE(common_proc_opts), OPT_TABLE(common_output_opts),
	OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

static const struct column columns[] = {
	{ F_CSI_MAP_START, "START", 14 },
	{ F_CSI_MAP_PERMS, "PERM", -4 },
	{ F_CSI_MAP_SIZE, "KiB", 9 + COLUMN_KIB },
	{ F_CSI_MAP_PRESENT, "RSS", 8 + COLUMN_KIB },
	{ F_CSI_MAP_PRIVATE, "DIRTY", 7 + COLUMN_KIB },
	{ F_CSI_MAP_SWAPPED, "SWAP", 5 + COLUMN_KIB },
	{ F_CSI_MAP_MARKS, "MARKS", -9 },
	{ F_FILE_PATH, "PATH", 0 },
};

/* By enum patched_kind. */
static const char *const patched_marks[PATCHED_KINDS] = { "",	  "restored", "textrel",
							  "trap", "patched?", "patched" };

/* What of a mapping's code is not its file's. */
struct patches {
	struct patched_totals totals;
	size_t n;
	uint64_t untold; /* runs beyond PATCHES_TOLD_MAX */
	struct patch {
		enum patched_kind kind;
		uint64_t addr, len;
	} v[PATCHES_TOLD_MAX];
	int err; /* of a page that could not be compared: the first */
};

struct maps {
	struct run *run;
	struct process *p;
	struct mem *mem;   /* NULL: no residency */
	struct root *root; /* opened when first asked for */
	bool root_asked;
	char entity[96];
};

static void tell(struct maps *m, const char *what, int err)
{
	const struct gap gap = { .err = err, .what = what, .pid = process_id(m->p).pid };

	gap_tell(&m->run->gaps, &gap);
}

/* A name may really end in " (deleted)": then it exists, and is the file that is mapped. */
static bool is_named_so(struct maps *m, const struct proc_map *map)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;

	if (!m->root_asked) {
		m->root_asked = true;
		if (process_root(m->p, &m->root) < 0)
			m->root = NULL;
	}
	return m->root && root_pin(m->root, map->path, &pin, &info) == 0 && info.ino == map->inode;
}

static void keep_patch(struct patches *ps, enum patched_kind kind, uint64_t addr, uint64_t len)
{
	if (ps->n == PATCHES_TOLD_MAX)
		ps->untold++;
	else
		ps->v[ps->n++] = (struct patch){ .kind = kind, .addr = addr, .len = len };
}

/* A patched_fn. */
static int take_page(void *ctx, const struct patched_page *page)
{
	struct patches *ps = ctx;

	if (page->kind == PATCHED_UNKNOWN && ps->err == 0)
		ps->err = page->err;
	for (size_t i = 0; i < page->nruns; i++)
		keep_patch(ps, page->kind, page->runs[i].addr, page->runs[i].len);
	if (page->nruns == 0)
		keep_patch(ps, page->kind, page->addr, (uint64_t)sysconf(_SC_PAGESIZE));
	return 0;
}

static void tell_uncompared(struct maps *m, const struct vma *v, const struct patches *ps)
{
	const struct gap gap = { .err = ps->err ? ps->err : -E2BIG,
				 .what = "compare code with its file",
				 .pid = process_id(m->p).pid,
				 .on = v->map.path };

	if (ps->err || ps->totals.left_out)
		gap_tell(&m->run->gaps, &gap);
}

/* Before the record is begun: a line of text may not be put into one. */
static void find_patches(struct maps *m, const struct vma *v, const struct mem_usage *u,
			 struct patches *ret)
{
	int r;

	*ret = (struct patches){ .n = 0 };
	if (!patched_asks(v) || (u->present_private == 0 && u->swapped == 0))
		return;
	r = patched_check(m->p, m->mem, v, take_page, ret, &ret->totals);
	if (r < 0 && r != -ESRCH)
		tell(m, "read code", r);
	tell_uncompared(m, v, ret);
}

static void put_marks(struct maps *m, const struct vma *v, const struct patches *ps)
{
	struct out *o = m->run->out;
	bool anonymous = (v->flags & VMA_ANON) && !(v->flags & (VMA_VDSO | VMA_SPECIAL));

	out_list(o, F_CSI_MAP_MARKS);
	for (int k = PATCHED_KINDS - 1; k > PATCHED_NONE; k--)
		if (ps->totals.pages[k])
			out_list_add(o, bytes_str(patched_marks[k]));
	if (anonymous && v->map.x)
		out_list_add(o, bytes_str("anon-exec"));
	if (v->flags & VMA_MEMFD)
		out_list_add(o, bytes_str("memfd"));
	else if ((v->flags & VMA_DELETED) && !is_named_so(m, &v->map))
		out_list_add(o, bytes_str("deleted"));
}

static void put_patches(struct out *o, const struct patches *ps)
{
	uint64_t pages = 0;
	char at[48];

	for (int k = PATCHED_NONE + 1; k < PATCHED_KINDS; k++)
		pages += ps->totals.pages[k];
	if (pages == 0)
		return;
	out_u64(o, F_CSI_MAP_WRITTEN, pages);
	out_pairs(o, F_CSI_MAP_PATCHED, "kind", "at");
	for (size_t i = 0; i < ps->n; i++) {
		int n = snprintf(at, sizeof(at), "0x%" PRIx64 "+%" PRIu64, ps->v[i].addr,
				 ps->v[i].len);

		out_pair_add(o, bytes_str(patched_kind_name(ps->v[i].kind)),
			     bytes_of(at, (size_t)n));
	}
}

/* In a table: one line a run below the mapping's own. 0 or -errno. */
static int show_patches(struct out *o, const struct vma *v, const struct patches *ps)
{
	char text[96];
	int n, r = 0;

	for (size_t i = 0; r == 0 && i < ps->n; i++) {
		const struct patch *p = &ps->v[i];

		n = snprintf(text, sizeof(text),
			     "  %12" PRIx64 " %s, %" PRIu64 " bytes; file offset 0x%" PRIx64,
			     p->addr, patched_kind_name(p->kind), p->len,
			     v->map.offset + (p->addr - v->map.start));
		r = out_text(o, bytes_of(text, (size_t)n));
	}
	if (r == 0 && ps->untold) {
		n = snprintf(text, sizeof(text), "  and %" PRIu64 " more places", ps->untold);
		r = out_text(o, bytes_of(text, (size_t)n));
	}
	return r;
}

static bool read_usage(struct maps *m, const struct vma *v, struct mem_usage *ret)
{
	int r;

	*ret = (struct mem_usage){ 0 };
	if (!m->mem || (v->flags & VMA_SPECIAL))
		return false;
	r = mem_usage(m->mem, v, ret);
	if (r < 0 && r != -ESRCH)
		tell(m, "read pagemap", r);
	return r == 0;
}

static void put_usage(struct out *o, const struct mem_usage *u)
{
	out_u64(o, F_CSI_MAP_PRESENT, u->present);
	out_u64(o, F_CSI_MAP_PRIVATE, u->present_private);
	out_u64(o, F_CSI_MAP_SWAPPED, u->swapped);
}

static void put_file(struct out *o, const struct proc_map *map)
{
	char text[40];
	int n;

	out_bytes(o, F_FILE_PATH, map->path);
	if (map->inode == 0)
		return;
	n = snprintf(text, sizeof(text), "%u:%u", map->dev_major, map->dev_minor);
	out_bytes(o, F_FILE_DEVICE, bytes_of(text, (size_t)n));
	n = snprintf(text, sizeof(text), "%llu", (unsigned long long)map->inode);
	out_bytes(o, F_FILE_INODE, bytes_of(text, (size_t)n));
}

static int put_vma(struct maps *m, const struct vma *v)
{
	const struct proc_map *map = &v->map;
	const char perms[4] = { map->r ? 'r' : '-', map->w ? 'w' : '-', map->x ? 'x' : '-',
				map->shared ? 's' : 'p' };
	struct out *o = m->run->out;
	struct mem_usage u;
	struct patches ps = { .n = 0 };
	bool known = read_usage(m, v, &u);
	int r;

	if (known)
		find_patches(m, v, &u, &ps);
	out_begin(o, "state");
	out_hex(o, F_CSI_MAP_START, map->start);
	out_hex(o, F_CSI_MAP_END, map->end);
	out_bytes(o, F_CSI_MAP_PERMS, bytes_of(perms, sizeof(perms)));
	out_u64(o, F_CSI_MAP_OFFSET, map->offset);
	out_u64(o, F_CSI_MAP_SIZE, map->end - map->start);
	if (known)
		put_usage(o, &u);
	put_marks(m, v, &ps);
	put_patches(o, &ps);
	put_file(o, map);
	out_str(o, F_PROCESS_ENTITY_ID, m->entity);
	out_bytes(o, F_PROCESS_NAME,
		  bytes_of(process_stat(m->p)->comm, process_stat(m->p)->comm_len));
	out_u64(o, F_PROCESS_PID, (uint64_t)process_id(m->p).pid);
	r = out_end(o);
	return r < 0 ? r : show_patches(o, v, &ps);
}

static int put_heading(struct maps *m)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	const struct proc_stat *st = process_stat(m->p);
	int r = buf_addf(&b, "process %d, ", (int)st->pid);

	if (r == 0)
		r = escape_add(&b, bytes_of(st->comm, st->comm_len));
	if (r == 0)
		r = buf_addc(&b, ':');
	return r < 0 ? r : out_text(m->run->out, buf_bytes(&b));
}

static int put_all(struct maps *m)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	struct vma v;
	int r = vma_iter_open(m->p, &it);

	for (size_t n = 0; r >= 0 && !atomic_load(&m->run->stop); n++) {
		r = vma_iter_next(it, &v);
		if (r == 0)
			return 0;
		if (r > 0 && n == MAPS_MAX)
			r = -E2BIG;
		if (r < 0)
			break;
		if (n == 0) {
			r = put_heading(m);
			if (r < 0)
				return r;
		}
		r = put_vma(m, &v);
		if (r < 0)
			return r;
	}
	if (r < 0 && !err_is_gone(r))
		tell(m, "read maps", r);
	return r == -ENOMEM ? r : 0;
}

static int show(struct run *run, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(mem_closep) struct mem *mem = NULL;
	struct maps m = { .run = run };
	int r = process_open(run->source, id, &p);

	if (err_is_gone(r))
		return 0;
	if (r < 0) {
		gap_tell(&run->gaps,
			 &(struct gap){ .err = r, .what = "open process", .pid = id.pid });
		return r == -ENOMEM ? r : 0;
	}
	if (proc_is_bare(process_stat(p)))
		return 0;
	m.p = p;
	process_entity_id(p, m.entity);
	r = mem_open(p, &mem);
	/* What a source has not for any process is said once. */
	if (r < 0 && !err_is_gone(r) && !(r == -EOPNOTSUPP && run->priv))
		tell(&m, "read pagemap", r);
	if (r == -EOPNOTSUPP)
		run->priv = run;
	m.mem = mem;
	r = put_all(&m);
	root_closep(&m.root);
	return r;
}

static int list(struct run *run)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	int r = cmd_select(run, &sel);

	if (r >= 0)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < sel.n && !atomic_load(&run->stop); i++)
		r = show(run, sel.ids[i]);
	if (r == 0 || r == out_error(run->out))
		return EXIT_COMPLETE;
	cmd_fail(run, "list maps", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int maps_run(const struct command *self, int argc, char **argv)
{
	struct maps_args args = { 0 };
	struct run run = { 0 };
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0)
		r = cmd_begin(&run, self, &args.common, columns, ARRAY_LEN(columns));
	if (r >= 0)
		return r;
	run.exit = list(&run);
	return cmd_end(&run);
}

const struct command cmd_maps = {
	.name = "maps",
	.summary = "memory maps with what is resident; marks anonymous, patched, deleted and memfd "
		   "code",
	.usage = "[-p PID]... [--json] [-o FILE]",
	.example = "csi maps -p 7\ncsi maps --json | grep anon-exec",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = maps_run,
};
