/* SPDX-License-Identifier: Apache-2.0 */
/* Facts from the mappings of a process: its list, first pages of anonymous memory, its code. */
#include "signs/facts_priv.h"
#include "signs/match.h"

#include "model/mem.h"

#include <elf.h>
#include <errno.h>
#include <time.h>

enum {
	MAPPINGS_MAX = 1 << 20,	 /* of one process; vm.max_map_count is 65,530 by default */
	NAMED_SO_MAX = 16,	 /* names ending in " (deleted)" that are looked up, a process */
	ELF_LOOKS_MAX = 1 << 16, /* first pages looked at, a process */
	AGAIN_NS = 5 * 1000 * 1000,
	PATCHED_MAPS_MAX = 1 << 12, /* code mappings compared, a process */
};

int first_note(struct first *f, uint64_t start, uint64_t end, struct bytes text)
{
	f->n += f->n < UINT32_MAX;
	if (f->n > 1)
		return 0;
	f->start = start;
	f->end = end;
	buf_clear(&f->text);
	if (text.n > FIRST_TEXT_MAX)
		text.n = FIRST_TEXT_MAX;
	return buf_addb(&f->text, text);
}

/* The kernel's own pages, executable and without a file. */
static bool is_kernels(struct bytes path)
{
	static const char *const names[] = { "[vdso]",	  "[vsyscall]", "[uprobes]",	"[vvar]",
					     "[vectors]", "[sigpage]",	"[vvar_vclock]" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (bytes_eq(path, bytes_str(names[i])))
			return true;
	return false;
}

static bool is_anonymous(const struct vma *v)
{
	return (v->flags & VMA_ANON) && !(v->flags & VMA_SPECIAL) && !is_kernels(v->map.path) &&
	       (v->map.path.n == 0 || v->map.path.p[0] == '[');
}

struct listing {
	struct gathering *g;
	unsigned named_so; /* names looked up so far */
};

/* Whether a name that ends in " (deleted)" is a file's real name. */
static bool is_named_so(struct listing *l, const struct proc_map *map)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;

	if (l->named_so >= NAMED_SO_MAX || gathering_space(l->g) != 0)
		return false;
	l->named_so++;
	return root_pin(l->g->space->root, map->path, &pin, &info) == 0 && info.ino == map->inode;
}

static bool is_exe(const struct facts *f, const struct proc_map *map)
{
	if (bytes_eq(map->path, buf_bytes(&f->exe_link)))
		return true;
	return (f->known & FACT_EXE_FILE) && map->inode == f->exe.ino &&
	       map->dev_major == f->exe.dev_major && map->dev_minor == f->exe.dev_minor;
}

static bool is_odd_place(struct bytes path)
{
	bool odd;

	return path_is_scratch(path) || path_is_hidden(path, &odd);
}

static bool is_loader(struct bytes path)
{
	static const char *const starts[] = { "ld-linux", "ld-musl-", "ld-2.", "ld64.so", "ld.so" };
	struct bytes name = path_name(path);

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (bytes_starts(name, starts[i]))
			return true;
	return false;
}

static int note_file(struct listing *l, const struct vma *v)
{
	struct fact_maps *m = &l->g->f->maps;
	const struct proc_map *map = &v->map;
	bool exe = is_exe(l->g->f, map);
	int r = 0;

	m->exe_mapped |= exe;
	if (map->x && (v->flags & VMA_MEMFD))
		r = first_note(&m->v[MAP_MEMFD_X], map->start, map->end, map->path);
	else if (map->x && !exe && (v->flags & VMA_DELETED) && !is_named_so(l, map))
		r = first_note(&m->v[MAP_DELETED_X], map->start, map->end, map->path);
	if (r == 0 && map->x && !exe && !(v->flags & VMA_MEMFD) && is_odd_place(map->path))
		r = first_note(&m->v[MAP_ODD_X], map->start, map->end, map->path);
	if (r == 0 && path_is_deleted_jar(map->path))
		r = first_note(&m->v[MAP_DELETED_JAR], map->start, map->end, map->path);
	if (r == 0 && path_is_token(map->path))
		r = first_note(&m->v[MAP_TOKEN], map->start, map->end, map->path);
	if (r == 0 && m->loader.n == 0 && map->x && !exe && is_loader(map->path) &&
	    map->path.n <= FIRST_TEXT_MAX)
		r = buf_addb(&m->loader, map->path);
	return r;
}

static int note_mapping(struct listing *l, const struct vma *v)
{
	struct fact_maps *m = &l->g->f->maps;
	const struct proc_map *map = &v->map;
	enum jit jit = jit_of_library(map->path);

	if (jit > m->jit && !is_odd_place(map->path))
		m->jit = jit;
	if (is_anonymous(v) && map->x)
		return first_note(&m->v[map->w ? MAP_RWX : MAP_RX], map->start, map->end,
				  map->path);
	if (map->path.n == 0 || map->path.p[0] != '/')
		return 0;
	return note_file(l, v);
}

typedef int (*mapping_fn)(void *ctx, const struct vma *v);

/* FN for each mapping; a line that cannot be is a gap. 0, or what FN or the reading gave. */
static int each_mapping(struct gathering *g, mapping_fn fn, void *ctx)
{
	AUTO_DONE(vma_iter_closep) struct vma_iter *it = NULL;
	struct vma v;
	bool bad = false;
	int r = vma_iter_open_list(g->p, &it);

	if (r < 0)
		return r;
	for (size_t n = 0; n < MAPPINGS_MAX; n++) {
		r = vma_iter_next(it, &v);
		if (r == 0) {
			g->f->maps.whole = n > 0 && !bad;
			return 0;
		}
		if (r == -EBADMSG)
			gathering_tell(g, "parse maps", r);
		else if (r < 0)
			return r;
		bad |= r == -EBADMSG;
		r = r == 1 ? fn(ctx, &v) : 0;
		if (r < 0)
			return r;
	}
	gathering_tell(g, "read maps", -E2BIG);
	return 0;
}

static int on_mapping(void *ctx, const struct vma *v)
{
	return note_mapping(ctx, v);
}

struct again {
	struct gathering *g;
	size_t n;
};

static int on_mapping_again(void *ctx, const struct vma *v)
{
	struct again *a = ctx;

	a->n++;
	a->g->f->maps.exe_mapped |= is_exe(a->g->f, &v->map);
	return 0;
}

/* The arguments are the last thing that an execve(2) sets up: empty ones are no proof of its end.
 */
static bool is_executing(struct gathering *g)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	int r = process_text(g->p, TEXT_CMDLINE, &text, 1);

	return (r < 0 && r != -EFBIG) || text.n == 0;
}

/*
 * An execve(2) names its new exe before it maps it, and an exit unmaps everything: neither lasts,
 * but on a busy machine longer than a moment. Only what is still so after one, with its arguments
 * in place, is a program that took another's. 1: all is gone.
 */
static int look_again(struct gathering *g)
{
	const struct timespec moment = { .tv_nsec = AGAIN_NS };
	struct again a = { .g = g };
	bool executing;
	int r;

	(void)nanosleep(&moment, NULL);
	executing = is_executing(g);
	r = each_mapping(g, on_mapping_again, &a);
	if (executing)
		g->f->maps.exe_mapped = true;
	return r == 0 && a.n == 0 ? 1 : r;
}

int learn_maps(struct gathering *g)
{
	struct listing l = { .g = g };
	int r;

	if (g->bare)
		return 1;
	if (jit_of_exe(exe_path_of(g->f)) && !exe_is_suspect(g->f))
		g->f->maps.jit = JIT_RUNTIME;
	r = each_mapping(g, on_mapping, &l);
	return r == 0 && !g->f->maps.exe_mapped ? look_again(g) : r;
}

/* ---- first pages -------------------------------------------------------------------------- */

struct looking {
	struct gathering *g;
	size_t looks;
	bool elf; /* the mapping before was anonymous and holds an ELF image */
	uint64_t elf_start, elf_end;
	struct buf elf_path;
};

bool elf_header(struct bytes b)
{
	Elf64_Ehdr h;
	bool wide;

	if (b.n < sizeof(h) || memcmp(b.p, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&h, b.p, sizeof(h));
	wide = h.e_ident[EI_CLASS] == ELFCLASS64;
	if (!wide && h.e_ident[EI_CLASS] != ELFCLASS32)
		return false;
	/* Type and version lie at the same place in both classes. */
	return (h.e_type == ET_EXEC || h.e_type == ET_DYN) && h.e_version == EV_CURRENT;
}

/* Only what is there already: an absent or swapped page is not asked for. */
static int read_first(struct gathering *g, const struct vma *v, bool *ret_elf)
{
	unsigned char head[sizeof(Elf64_Ehdr)];
	struct page_run run;
	int r = mem_next_run(g->mem, v->map.start, v->map.end, &run);

	*ret_elf = false;
	if (r <= 0 || run.state != PAGE_PRESENT)
		return r < 0 ? r : 0;
	ssize_t n = mem_read(g->mem, v->map.start, head, sizeof(head));
	if (n == -ESRCH)
		return -ESRCH;
	*ret_elf = n > 0 && elf_header(bytes_of(head, (size_t)n));
	return 0;
}

/* The image before is noted once what follows it is known. */
static int settle(struct looking *l, bool code)
{
	struct fact_maps *m = &l->g->f->maps;

	if (!l->elf)
		return 0;
	l->elf = false;
	return first_note(&m->v[code ? MAP_ELF_X : MAP_ELF], l->elf_start, l->elf_end,
			  buf_bytes(&l->elf_path));
}

static int look_at(void *ctx, const struct vma *v)
{
	struct looking *l = ctx;
	bool memfd = (v->flags & VMA_MEMFD) && v->map.offset == 0 && !is_exe(l->g->f, &v->map);
	bool memory = is_anonymous(v) || memfd;
	bool elf = false;
	int r = settle(l, memory && v->map.x && v->map.start == l->elf_end);

	if (r < 0 || !memory || l->looks >= ELF_LOOKS_MAX)
		return r;
	if (++l->looks == ELF_LOOKS_MAX)
		gathering_tell(l->g, "read first pages of memory", -E2BIG);
	r = read_first(l->g, v, &elf);
	if (r < 0 || !elf)
		return r;
	l->elf = true;
	l->elf_start = v->map.start;
	l->elf_end = v->map.end;
	buf_clear(&l->elf_path);
	r = buf_addb(&l->elf_path, v->map.path);
	return r < 0 || !v->map.x ? r : settle(l, true);
}

int learn_memory(struct gathering *g)
{
	struct looking l = { .g = g };
	int r = g->bare ? 1 : gathering_mem(g);

	if (r == 0)
		r = each_mapping(g, look_at, &l);
	if (r == 0)
		r = settle(&l, false);
	buf_done(&l.elf_path);
	return r;
}

/* ---- code ----------------------------------------------------------------------------------- */

struct comparing {
	struct gathering *g;
	size_t maps;
	const struct vma *v;
	enum patched_kind told; /* worst page of this process so far */
};

static int on_page(void *ctx, const struct patched_page *page)
{
	struct comparing *c = ctx;
	struct fact_patched *p = &c->g->f->patched;

	if (page->kind > p->worst) {
		p->worst = page->kind;
		p->pages = 0;
		p->page = *page;
		buf_clear(&p->path);
		if (buf_addb(&p->path, c->v->map.path) < 0)
			return -ENOMEM;
	}
	p->pages += page->kind == p->worst;
	return 0;
}

static int compare(void *ctx, const struct vma *v)
{
	struct comparing *c = ctx;
	struct patched_totals totals;
	int r;

	if (!patched_asks(v) || c->maps == PATCHED_MAPS_MAX)
		return 0;
	if (++c->maps == PATCHED_MAPS_MAX)
		gathering_tell(c->g, "compare code with its file", -E2BIG);
	c->v = v;
	r = patched_check(c->g->p, c->g->mem, v, on_page, c, &totals);
	if (r == 0 && totals.left_out)
		gathering_tell(c->g, "compare code with its file", -E2BIG);
	return r;
}

int learn_patched(struct gathering *g)
{
	struct comparing c = { .g = g };
	int r = g->bare ? 1 : gathering_mem(g);

	return r ? r : each_mapping(g, compare, &c);
}

int learn_loader(struct gathering *g)
{
	struct bytes path = buf_bytes(&g->f->maps.loader);
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r;

	if (g->bare || path.n == 0)
		return 1;
	r = gathering_space(g);
	if (r)
		return r;
	if (g->space->birth.basis != BIRTH_OVERLAY)
		return 1;
	if (root_pin(g->space->root, path, &pin, &info) < 0)
		return 1;
	g->f->loader_birth = space_birth(g->space, pin, &info, path);
	return g->f->loader_birth == BIRTH_UNKNOWN ? 1 : 0;
}
