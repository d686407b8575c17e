/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: the content of each item in a slot, and its digest. */
#include "work/bundle_priv.h"

#include <errno.h>
#include <sys/stat.h>

/* Reads N bytes at OFFSET or what there is of them; zeros stand for the rest. */
static size_t read_all(struct file *f, unsigned char *p, size_t n, uint64_t offset, int *ret_err)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = file_read_at(f, p + done, n - done, offset + done);

		if (r < 0)
			*ret_err = (int)r;
		if (r <= 0)
			break;
		done += (size_t)r;
	}
	memset(p + done, 0, n - done);
	return done;
}

static size_t read_range(struct file *f, unsigned char *p, size_t n, uint64_t offset, int *ret_err)
{
	file_cache_note(f, offset, offset + n);
	size_t got = read_all(f, p, n, offset, ret_err);
	file_cache_drop(f, offset, offset + n);
	return got;
}

static bool same_stamp(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->sec == b->sec && a->nsec == b->nsec;
}

/* Compares the file with the facts taken before, and says what reading came to. */
static void judge(struct item *item, bool sparse)
{
	struct file_info now;
	int r = file_info(item->file, &now);

	if (r == 0 && now.size != item->size) {
		item->resized = true;
		item->read_size = now.size;
	}
	/* What was cut off looked like a hole. */
	if (sparse && item->resized && now.size < item->size &&
	    item->read_short < item->size - now.size)
		item->read_short = item->size - now.size;
	if (item->err == 0 && item->read_short)
		item->err = -ESTALE;
	if (item->err == 0 && r == 0 &&
	    (item->resized || !same_stamp(&now.mtime, &item->info.mtime) ||
	     !same_stamp(&now.ctime, &item->info.ctime)))
		item->err = -ESTALE;
	if (item->err)
		item->outcome = OUTCOME_PARTIAL;
}

static void take_digest(struct item *item, const struct hash *h)
{
	struct digests d;

	hash_peek(h, &d);
	memcpy(item->sha256, d.sha256, sizeof(d.sha256));
	item->hashed = true;
}

/* A small file: all of its content has a place in the slot. */
static void read_small(struct bundle *b, struct item *item)
{
	struct hash h;

	if (item->file) {
		size_t want = (size_t)item->size;
		size_t got = bundle_stopped(b)
				     ? 0
				     : read_range(item->file, item->data, want, 0, &item->err);

		if (got == 0 && (item->err || (want && bundle_stopped(b)))) {
			item->kind = ITEM_ABSENT; /* nothing was read: no entry of zeros */
			item->outcome = item->err ? OUTCOME_FAILED : OUTCOME_SKIPPED;
			item->err = item->err ? item->err : -ECANCELED;
		} else {
			item->read_short = want - got;
			judge(item, false);
		}
		file_close(item->file);
		item->file = NULL;
	}
	if (item->kind != ITEM_CONTENT)
		return;
	hash_init(&h, HASH_SHA256);
	hash_add(&h, item->data, (size_t)item->size);
	take_digest(item, &h);
}

/* ---- pieces of a large file ---------------------------------------------------------------- */

static int await_turn(struct bundle *b, const struct piece *p)
{
	(void)pthread_mutex_lock(&b->gate);
	while (p->large->pieces_read != p->index && bundle_err(b) == 0)
		(void)pthread_cond_wait(&b->turn, &b->gate);
	(void)pthread_mutex_unlock(&b->gate);
	return bundle_err(b);
}

static void end_turn(struct bundle *b, const struct piece *p)
{
	(void)pthread_mutex_lock(&b->gate);
	p->large->pieces_read++;
	/* Whose turn it is may be any of the waiting readers: there are at most 15. */
	(void)pthread_cond_broadcast(&b->turn);
	(void)pthread_mutex_unlock(&b->gate);
}

static void put_u64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

/* Holes count as zeros, or, in a very large sparse file, extents by where they lie. */
static void hash_piece(struct large *l, const struct piece *p, const unsigned char *data)
{
	if (!l->item.extents_hashed) {
		hash_zeros(&l->hash, p->hole);
		hash_add(&l->hash, data, p->n);
		hash_zeros(&l->hash, p->hole_after);
		return;
	}
	if (p->extent) {
		unsigned char head[16];

		put_u64(head, p->offset);
		put_u64(head + 8, p->extent);
		hash_add(&l->hash, head, sizeof(head));
	}
	hash_add(&l->hash, data, p->n);
}

static void fill_piece(struct bundle *b, struct piece *p, unsigned char *data)
{
	struct item *item = &p->large->item;
	int err = 0;
	size_t got = 0;

	if (p->filled) {
		got = p->n - p->fill_short;
		err = p->fill_err;
	} else if (p->skip || bundle_stopped(b) || atomic_load(&p->large->unwanted)) {
		memset(data, 0, p->n);
		err = p->n ? -ECANCELED : 0;
	} else if (p->n) {
		got = read_range(item->file, data, p->n, p->offset, &err);
	}
	item->read_short += p->n - got;
	if (item->err == 0)
		item->err = err;
	if (p->first && got == 0 && err) {
		p->large->dropped = true;
		item->kind = ITEM_ABSENT;
		item->outcome = err == -ECANCELED ? OUTCOME_SKIPPED : OUTCOME_FAILED;
		item->read_short = 0;
	}
}

static void read_piece(struct bundle *b, struct slot *s)
{
	struct piece *p = &s->piece;
	struct large *l = p->large;

	if (await_turn(b, p) < 0)
		return;
	if (!l->dropped) {
		fill_piece(b, p, s->mem);
		hash_piece(l, p, s->mem);
	}
	if (p->last) {
		if (!l->dropped) {
			take_digest(&l->item, &l->hash);
			if (l->item.file)
				judge(&l->item, l->sparse);
			else if (l->item.err || l->item.read_short)
				l->item.outcome = OUTCOME_PARTIAL;
		}
		file_close(l->item.file);
		l->item.file = NULL;
	}
	end_turn(b, p);
}

static void read_slot(struct bundle *b, struct slot *s)
{
	if (s->piece.large) {
		read_piece(b, s);
	} else {
		for (size_t i = 0; i < s->nitems && bundle_err(b) == 0; i++) {
			if (s->items[i]->kind != ITEM_CONTENT)
				continue;
			read_small(b, s->items[i]);
			pace_point(b->pace, BUNDLE_NAP_READER);
		}
	}
	(void)pthread_mutex_lock(&b->gate);
	s->ready = true;
	(void)pthread_cond_signal(&b->slot_ready); /* one waits: the archive thread */
	(void)pthread_mutex_unlock(&b->gate);
}

void *bundle_reader(void *arg)
{
	struct bundle *b = arg;
	void *slot;

	bundle_confine(b);
	while (bundle_err(b) == 0 && queue_pop(&b->to_read, &slot) > 0) {
		read_slot(b, slot);
		pace_point(b->pace, BUNDLE_NAP_READER);
	}
	return NULL;
}
