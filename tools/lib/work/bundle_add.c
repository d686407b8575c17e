/* SPDX-License-Identifier: Apache-2.0 */
/* The adding side: entries become items in slots. */
#include "work/bundle_priv.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- slots --------------------------------------------------------------------------------- */

void bundle_slot_reset(struct slot *s)
{
	for (size_t i = 0; i < s->nitems; i++) {
		file_close(s->items[i]->file);
		free(s->items[i]->owned);
	}
	*s = (struct slot){ .mem = s->mem, .back = BUNDLE_SLOT_SIZE };
}

int bundle_take_slot(struct bundle *b, struct slot **ret)
{
	void *p;

	if (queue_pop(&b->free_slots, &p) <= 0 || bundle_err(b))
		return bundle_err(b) ? bundle_err(b) : -ECANCELED;
	*ret = p;
	return 0;
}

/* Both queues hold all slots there are, so neither push waits. */
int bundle_dispatch(struct bundle *b, struct slot *s)
{
	int r = queue_push(&b->to_read, s);

	if (r == 0)
		r = queue_push(&b->in_order, s);
	return r < 0 && bundle_err(b) ? bundle_err(b) : r;
}

int bundle_dispatch_open(struct bundle *b)
{
	struct slot *s = b->open;

	if (!s)
		return 0;
	b->open = NULL;
	return bundle_dispatch(b, s);
}

static bool has_room(const struct slot *s, size_t n)
{
	return s->nitems < BUNDLE_SLOT_ITEMS && s->back - s->front >= n + BUNDLE_ALIGN;
}

/* Puts ITEM, with room for its content, into the open slot; *RET is there until the slot is
 * dispatched. */
static int add_small(struct bundle *b, const struct item *item, struct item **ret)
{
	size_t n = bundle_packed_size(b, item);
	size_t content = item->kind == ITEM_CONTENT ? (size_t)item->size : 0;
	int r = 0;

	if (b->open && !has_room(b->open, n + content))
		r = bundle_dispatch_open(b);
	if (r == 0 && !b->open)
		r = bundle_take_slot(b, &b->open);
	if (r < 0)
		return r;
	struct slot *s = b->open;
	s->back = (s->back - n) / BUNDLE_ALIGN * BUNDLE_ALIGN;
	struct item *packed = bundle_pack(b, item, s->mem + s->back);
	packed->data = s->mem + s->front;
	s->front += content;
	s->items[s->nitems++] = packed;
	*ret = packed;
	return 0;
}

static bool is_small(const struct bundle *b, const struct item *item)
{
	size_t n = bundle_packed_size(b, item) + (size_t)2 * BUNDLE_ALIGN;

	return n <= BUNDLE_SLOT_SIZE && item->size <= BUNDLE_SLOT_SIZE - n;
}

/* ---- the interface ------------------------------------------------------------------------- */

/* 0 with b->adding held, or why nothing can be added. */
static int begin_add(struct bundle *b, bool even_stopped)
{
	pace_point(b->pace, 0);
	if (bundle_err(b))
		return bundle_err(b);
	if (!even_stopped && bundle_stopped(b))
		return -ECANCELED;
	(void)pthread_mutex_lock(&b->adding);
	if (!b->ended)
		return 0;
	(void)pthread_mutex_unlock(&b->adding);
	return -ECANCELED;
}

static int end_add(struct bundle *b, int r)
{
	(void)pthread_mutex_unlock(&b->adding);
	if (r < 0)
		(void)bundle_fail(b, r);
	return r < 0 ? bundle_err(b) : 0;
}

static int add_absent(struct bundle *b, struct item *item, enum bundle_outcome outcome, int err)
{
	struct item *packed;

	item->kind = ITEM_ABSENT;
	item->size = 0;
	item->outcome = outcome;
	item->err = err > 0 ? -err : err;
	bundle_limit_item(b, item);
	return add_small(b, item, &packed);
}

/* A limit left it out: a gap as well. */
static int add_skipped(struct bundle *b, struct item *item, int err)
{
	file_close(item->file);
	item->file = NULL;
	item->skip_is_gap = true;
	return add_absent(b, item, OUTCOME_SKIPPED, err);
}

struct fill_bytes {
	struct bytes left;
};

static ssize_t fill_from_bytes(void *ctx, void *p, size_t n)
{
	struct fill_bytes *f = ctx;
	size_t now = n < f->left.n ? n : f->left.n;

	if (now)
		memcpy(p, f->left.p, now);
	f->left = bytes_of(f->left.p + now, f->left.n - now);
	return (ssize_t)now;
}

/* b->adding is held. */
static int add_streamed(struct bundle *b, struct item *item, struct feed *feed)
{
	struct large *l;
	int r;

	if (item->size > PAX_SIZE_MAX)
		return add_skipped(b, item, -EFBIG);
	if (bundle_limit_hopeless(b, item->size))
		return add_skipped(b, item, -EDQUOT);
	r = bundle_large_new(b, item, &l);
	if (r < 0)
		return r;
	l->extents = calloc(1, sizeof(*l->extents));
	if (!l->extents)
		return -ENOMEM;
	l->extents[0].length = item->size;
	l->nextents = item->size ? 1 : 0;
	return bundle_add_large(b, l, feed);
}

int bundle_add_bytes(struct bundle *b, const struct bundle_entry *e, struct bytes content)
{
	struct fill_bytes f = { .left = content };
	struct feed feed = { .fill = fill_from_bytes, .ctx = &f };
	char name[BUNDLE_NAME_BUF];
	struct item *packed;
	int r = begin_add(b, false);

	if (r < 0)
		return r;
	struct item item = bundle_item(b, e, ITEM_CONTENT, name);
	bundle_limit_item(b, &item);
	item.size = content.n;
	if (is_small(b, &item)) {
		r = add_small(b, &item, &packed);
		if (r == 0)
			(void)fill_from_bytes(&f, packed->data, content.n);
	} else {
		r = add_streamed(b, &item, &feed);
	}
	return end_add(b, r);
}

int bundle_add_stream(struct bundle *b, const struct bundle_entry *e, uint64_t size,
		      bundle_fill fill, void *ctx)
{
	struct feed feed = { .fill = fill, .ctx = ctx };
	char name[BUNDLE_NAME_BUF];
	int r = begin_add(b, false);

	if (r < 0)
		return r;
	struct item item = bundle_item(b, e, ITEM_CONTENT, name);
	bundle_limit_item(b, &item);
	item.size = size;
	return end_add(b, add_streamed(b, &item, &feed));
}

enum bundle_fate bundle_fate(uint64_t max_file, const struct file_info *info)
{
	if (info->size >= BUNDLE_SPARSE_FROM && info->blocks < info->size / 512)
		return FATE_SPARSE;
	return info->size > bundle_max_file(max_file) ? FATE_TOO_LARGE : FATE_WHOLE;
}

/* b->adding is held; item->file is ours until a slot or a large has it. */
static int add_file(struct bundle *b, struct item *item)
{
	struct file *f = item->file;
	struct item *packed;
	struct large *l;
	enum bundle_fate fate = bundle_fate(b->max_file, &item->info);
	bool holes = fate == FATE_SPARSE;
	int r;

	if (fate == FATE_TOO_LARGE)
		return add_skipped(b, item, -EFBIG);
	if (!holes && bundle_limit_hopeless(b, item->size))
		return add_skipped(b, item, -EDQUOT);
	if (!holes && is_small(b, item)) {
		r = add_small(b, item, &packed);
		if (r < 0)
			file_close(f);
		return r;
	}
	if (item->size > PAX_SIZE_MAX) {
		item->size = PAX_SIZE_MAX;
		item->err = -EFBIG;
		item->outcome = OUTCOME_PARTIAL;
	}
	r = bundle_large_new(b, item, &l);
	if (r < 0) {
		file_close(f);
		return r;
	}
	r = bundle_find_extents(l);
	if (r < 0)
		return r;
	uint64_t data = bundle_data_bytes(l);
	if (data > b->max_file || bundle_limit_hopeless(b, data)) {
		bundle_large_free(b, l);
		item->file = NULL;
		return add_skipped(b, item, data > b->max_file ? -EFBIG : -EDQUOT);
	}
	return bundle_add_large(b, l, NULL);
}

int bundle_add_file(struct bundle *b, const struct bundle_entry *e, struct file *f)
{
	AUTO_DONE(file_closep) struct file *mine = f;
	char name[BUNDLE_NAME_BUF];
	int r = begin_add(b, false);

	if (r < 0)
		return r;
	struct item item = bundle_item(b, e, ITEM_CONTENT, name);
	bundle_limit_item(b, &item);
	if (!item.has_info)
		r = file_info(f, &item.info);
	if (r < 0)
		return end_add(b, add_absent(b, &item, OUTCOME_FAILED, r));
	item.has_info = true;
	item.size = item.info.size;
	item.file = take_ptr(&mine);
	return end_add(b, add_file(b, &item));
}

void bundle_pace(struct bundle *b)
{
	pace_point(b->pace, 0);
}

int bundle_add_node(struct bundle *b, const struct bundle_entry *e)
{
	char name[BUNDLE_NAME_BUF];
	struct item *packed;
	bool entry = S_ISDIR(e->info.mode) || S_ISLNK(e->info.mode);
	int r = begin_add(b, false);

	if (r < 0)
		return r;
	struct item item = bundle_item(b, e, entry ? ITEM_NODE : ITEM_ABSENT, name);
	bundle_limit_item(b, &item);
	if (S_ISLNK(e->info.mode) && (e->link.n == 0 || memchr(e->link.p, 0, e->link.n)))
		r = add_absent(b, &item, OUTCOME_FAILED, -ENODATA);
	else
		r = add_small(b, &item, &packed);
	return end_add(b, r);
}

int bundle_add_missing(struct bundle *b, const struct bundle_entry *e, enum bundle_outcome outcome,
		       int err)
{
	char name[BUNDLE_NAME_BUF];
	int r = begin_add(b, false);

	if (r < 0)
		return r;
	struct item item = bundle_item(b, e, ITEM_ABSENT, name);
	return end_add(b, add_absent(b, &item, outcome, err));
}

int bundle_add_record(struct bundle *b, struct bytes json_line)
{
	struct item item = { .kind = ITEM_RECORD, .text = json_line };
	struct item *packed;
	int r = begin_add(b, true);

	if (r < 0)
		return r;
	if (bundle_packed_size(b, &item) > BUNDLE_SLOT_SIZE - (size_t)2 * BUNDLE_ALIGN) {
		item.owned = malloc(json_line.n);
		if (!item.owned)
			return end_add(b, -ENOMEM);
		memcpy(item.owned, json_line.p, json_line.n);
		item.text = bytes_of(NULL, 0);
		item.size = json_line.n;
	}
	r = add_small(b, &item, &packed);
	if (r < 0)
		free(item.owned);
	return end_add(b, r);
}
