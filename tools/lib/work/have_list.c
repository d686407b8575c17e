/* SPDX-License-Identifier: Apache-2.0 */
/* Spools of what each bundle has, and their merge. */
#include "work/have_list.h"

#include "format/json_get.h"
#include "format/out.h"

#include <errno.h>

/* In a spool, followed by the root, the path and the line. */
struct spooled {
	bool unsorted; /* a directory whose content comes in the kernel's order; no line */
	size_t root, path, line;
};

/* One bundle: its spool, and while merging the line that is next. */
struct source {
	struct spool spool;
	char run[HAVE_RUN_MAX + 1];
	struct spooled head;
	struct buf text; /* root and path of the head; its line is still in the spool */
	struct buf dir;	 /* label, NUL, path of the unsorted directory that we are in, or empty */
	bool more;
};

struct have_list {
	char *spools;
	struct source *v;
	size_t n;
	struct have_items items;
	struct out *out; /* into LINE */
	struct buf line;
};

/* ---- filling ------------------------------------------------------------------------------- */

static int put(struct have_list *l, struct have_place at, struct bytes line)
{
	struct spooled s = {
		.unsorted = line.n == 0, .root = at.root.n, .path = at.path.n, .line = line.n
	};
	struct spool *to = &l->v[l->n - 1].spool;
	int r = spool_put(to, &s, sizeof(s));

	if (r == 0)
		r = spool_put(to, at.root.p, at.root.n);
	if (r == 0)
		r = spool_put(to, at.path.p, at.path.n);
	return r == 0 ? spool_put(to, line.p, line.n) : r;
}

/* Facts go from record to line as they were written. */
static int copy_text(struct have_list *l, struct bytes record, const char *key, enum field f)
{
	char text[HAVE_IDENT_MAX];
	int r = have_text(record, key, text, sizeof(text));

	if (r == 0)
		out_str(l->out, f, text);
	return r;
}

static void begin(struct have_list *l, const char *action)
{
	buf_clear(&l->line);
	out_begin(l->out, "state");
	out_str(l->out, F_CSI_ACTION, action);
}

static int finish(struct have_list *l)
{
	int r = out_end(l->out);

	return r < 0 ? r : out_flush(l->out);
}

static int on_item(void *ctx, const struct have_item *item)
{
	static const struct {
		const char *key;
		enum field field;
	} facts[] = { { "file.ctime", F_FILE_CTIME },
		      { "file.device", F_FILE_DEVICE },
		      { "file.inode", F_FILE_INODE },
		      { "file.mtime", F_FILE_MTIME } };
	struct have_list *l = ctx;

	begin(l, HAVE_ACTION_FILE);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (copy_text(l, item->record, facts[i].key, facts[i].field) < 0)
			return 0; /* a time that has no text: it cannot be told by it either */
	out_bytes(l->out, F_CSI_CITE_ITEM, item->name);
	out_str(l->out, F_CSI_CITE_RUN, item->run);
	out_bytes(l->out, F_CSI_ROOT, item->at.root);
	out_str(l->out, item->digest.extents ? F_CSI_HASH_EXTENTS : F_FILE_HASH_SHA256,
		item->digest.hex);
	out_bytes(l->out, F_FILE_PATH, item->at.path);
	out_u64(l->out, F_FILE_SIZE, item->size);
	int r = finish(l);
	return r < 0 ? r : put(l, item->at, buf_bytes(&l->line));
}

static int on_unsorted(void *ctx, struct have_place dir)
{
	return put(ctx, dir, bytes_of(NULL, 0));
}

static const struct have_items_ops ops = { .item = on_item, .unsorted = on_unsorted };

int have_list_entry(struct have_list *l, struct bytes path, uint64_t size,
		    const unsigned char sha256[32])
{
	return have_items_entry(&l->items, path, size, sha256);
}

int have_list_content(struct have_list *l, struct bytes name, struct bytes content)
{
	return have_items_content(&l->items, name, content);
}

int have_list_settle(struct have_list *l, bool proven)
{
	struct source *s = &l->v[l->n - 1];

	if (!proven)
		return spool_drop(&s->spool);
	memcpy(s->run, l->items.run, sizeof(s->run));
	spool_keep(&s->spool);
	return 0;
}

/* ---- opening ------------------------------------------------------------------------------- */

static int append(void *ctx, struct bytes b)
{
	return buf_addb(ctx, b);
}

int have_list_open(const char *spools, struct have_list **ret)
{
	AUTO_DONE(have_list_closep) struct have_list *l = calloc(1, sizeof(*l));
	struct out_options opts = { .mode = OUT_JSON };

	if (!l)
		return -ENOMEM;
	have_items_init(&l->items, &ops, l);
	l->line = BUF_LIMIT(BUF_MAX_DEFAULT);
	opts.data = (struct out_target){ .write = append, .ctx = &l->line };
	l->spools = strdup(spools);
	if (!l->spools || out_open(&opts, &l->out) < 0)
		return -ENOMEM;
	*ret = take_ptr(&l);
	return 0;
}

void have_list_closep(struct have_list **lp)
{
	struct have_list *l = *lp;

	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++) {
		spool_done(&l->v[i].spool);
		buf_done(&l->v[i].text);
		buf_done(&l->v[i].dir);
	}
	have_items_done(&l->items);
	out_closep(&l->out);
	buf_done(&l->line);
	free(l->v);
	free(l->spools);
	free(l);
	*lp = NULL;
}

int have_list_bundle(struct have_list *l)
{
	struct source s = { .more = false };

	if (l->n == HAVE_RUNS_MAX)
		return -E2BIG;
	struct source *v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->v = v;
	int r = spool_open(&s.spool, l->spools);
	if (r < 0)
		return r;
	v[l->n++] = s;
	have_items_done(&l->items);
	have_items_init(&l->items, &ops, l);
	return 0;
}

/* ---- merging ------------------------------------------------------------------------------- */

static struct have_place place(const struct source *s)
{
	return (struct have_place){ .root = bytes_of(s->text.p, s->head.root),
				    .path = bytes_of(s->text.p + s->head.root, s->head.path) };
}

static struct have_place dir_of(const struct source *s)
{
	size_t n = s->dir.n ? strlen((const char *)s->dir.p) : 0;

	return (struct have_place){ .root = bytes_of(s->dir.p, n),
				    .path = bytes_of(s->dir.p + n + 1, s->dir.n - n - 1) };
}

static int read_text(struct source *s, struct buf *ret, size_t n)
{
	buf_clear(ret);
	int r = buf_reserve(ret, n);
	if (r < 0)
		return r;
	ret->n = n;
	return spool_get(&s->spool, ret->p, n) == 1 ? 0 : -EIO;
}

static int read_head(struct source *s)
{
	int r = spool_get(&s->spool, &s->head, sizeof(s->head));

	s->more = r > 0;
	if (r <= 0)
		return r;
	return read_text(s, &s->text, s->head.root + s->head.path);
}

/* The topmost unsorted directory counts: all below it is in one piece anyway. */
static int enter(struct source *s)
{
	struct have_place at = place(s);

	if (s->dir.n && have_below(at, dir_of(s)))
		return 0;
	buf_clear(&s->dir);
	int r = buf_addb(&s->dir, at.root);
	if (r == 0)
		r = buf_addc(&s->dir, 0);
	return r == 0 ? buf_addb(&s->dir, at.path) : r;
}

static int next(struct source *s)
{
	for (;;) {
		int r = read_head(s);

		if (r < 0 || !s->more)
			return r;
		if (!s->head.unsorted)
			break;
		r = enter(s);
		if (r < 0)
			return r;
	}
	if (s->dir.n && !have_below(place(s), dir_of(s)))
		buf_clear(&s->dir);
	return 0;
}

/* Whether B, a later bundle, goes before A. */
static bool goes_before(const struct source *b, const struct source *a)
{
	const struct source *in = a->dir.n ? a : b;

	/* Below a directory in the kernel's order that of the earlier bundle is kept. */
	if (in->dir.n && have_below(place(a), dir_of(in)) && have_below(place(b), dir_of(in)))
		return false;
	return have_compare(place(b), place(a)) < 0;
}

static struct source *first(struct have_list *l)
{
	struct source *best = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].more && (!best || goes_before(&l->v[i], best)))
			best = &l->v[i];
	return best;
}

static int put_runs(struct have_list *l, int (*write)(void *ctx, struct bytes line), void *ctx)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		if (l->v[i].run[0] == '\0') /* nothing of it is proven */
			continue;
		begin(l, HAVE_ACTION_RUN);
		out_str(l->out, F_CSI_CITE_RUN, l->v[i].run);
		r = finish(l);
		if (r == 0)
			r = write(ctx, buf_bytes(&l->line));
	}
	return r;
}

static int put_end(struct have_list *l, uint64_t lines, int (*write)(void *ctx, struct bytes line),
		   void *ctx)
{
	begin(l, HAVE_ACTION_END);
	out_u64(l->out, F_CSI_CITE_LINES, lines);
	int r = finish(l);
	return r < 0 ? r : write(ctx, buf_bytes(&l->line));
}

int have_list_end(struct have_list *l, int (*write)(void *ctx, struct bytes line), void *ctx,
		  uint64_t *ret)
{
	uint64_t lines = 0;
	struct source *s;
	int r = put_runs(l, write, ctx);

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		r = spool_rewind(&l->v[i].spool);
		if (r == 0)
			r = next(&l->v[i]);
	}
	while (r == 0 && (s = first(l))) {
		r = read_text(s, &l->line, s->head.line);
		if (r == 0)
			r = write(ctx, buf_bytes(&l->line));
		if (r == 0)
			r = next(s);
		lines++;
	}
	if (r == 0)
		r = put_end(l, lines, write, ctx);
	if (r == 0)
		*ret = lines;
	return r;
}
