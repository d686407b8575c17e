/* SPDX-License-Identifier: Apache-2.0 */
/* Files and streams that span slots: extents, and the pieces that the readers take in turn. */
#include "work/bundle_priv.h"

#include <errno.h>

void bundle_large_free(struct bundle *b, struct large *l)
{
	(void)pthread_mutex_lock(&b->gate);
	for (struct large **at = &b->larges; *at; at = &(*at)->next) {
		if (*at == l) {
			*at = l->next;
			break;
		}
	}
	(void)pthread_mutex_unlock(&b->gate);
	file_close(l->item.file);
	free(l->extents);
	free(l->strings);
	free(l);
}

int bundle_large_new(struct bundle *b, const struct item *item, struct large **ret)
{
	struct large *l = calloc(1, sizeof(*l));
	void *strings = l ? malloc(bundle_packed_size(b, item)) : NULL;

	if (!strings) {
		free(l);
		return -ENOMEM;
	}
	l->strings = strings;
	l->item = *bundle_pack(b, item, strings);
	hash_init(&l->hash, HASH_SHA256);
	(void)pthread_mutex_lock(&b->gate);
	l->next = b->larges;
	b->larges = l;
	(void)pthread_mutex_unlock(&b->gate);
	*ret = l;
	return 0;
}

/* Where data lies in a file with holes. Too many extents: the rest counts as one. */
int bundle_find_extents(struct large *l)
{
	struct item *item = &l->item;
	uint64_t at = 0, start, end;
	int r = 0;

	l->extents = calloc(BUNDLE_EXTENTS_MAX, sizeof(*l->extents));
	if (!l->extents)
		return -ENOMEM;
	while (at < item->size &&
	       (r = file_next_data(item->file, at, item->size, &start, &end)) > 0) {
		if (end > item->size)
			end = item->size;
		if (start < at || end <= start)
			break;
		if (l->nextents + 1 == BUNDLE_EXTENTS_MAX)
			end = item->size;
		l->extents[l->nextents].offset = start;
		l->extents[l->nextents++].length = end - start;
		at = end;
	}
	if (r < 0) { /* what cannot be told apart is data */
		l->extents[0] = (struct pax_extent){ .length = item->size };
		l->nextents = 1;
	}
	l->sparse = !(l->nextents == 1 && l->extents[0].length == item->size);
	item->extents_hashed = l->sparse && item->size > ITEM_SPARSE_SUM_MAX;
	return 0;
}

uint64_t bundle_data_bytes(const struct large *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->nextents; i++)
		n += l->extents[i].length;
	return n;
}

/* What FEED has for this piece; after its end zeros, said in the piece. */
static void feed_piece(struct slot *s, struct feed *feed)
{
	struct piece *p = &s->piece;
	size_t done = 0;

	while (done < p->n && !feed->ended) {
		ssize_t got =
			p->skip ? -ECANCELED : feed->fill(feed->ctx, s->mem + done, p->n - done);

		if (got <= 0) {
			feed->ended = true;
			p->fill_err = got < 0 ? (int)got : -ENODATA;
			break;
		}
		done += (size_t)got < p->n - done ? (size_t)got : p->n - done;
	}
	memset(s->mem + done, 0, p->n - done);
	p->fill_short = p->n - done;
	p->filled = true;
}

static int add_piece(struct bundle *b, const struct piece *p, struct feed *feed)
{
	struct slot *s;
	int r = bundle_take_slot(b, &s);

	if (r < 0)
		return r;
	s->piece = *p;
	s->piece.skip = bundle_stopped(b);
	s->front = p->n;
	if (feed)
		feed_piece(s, feed);
	return bundle_dispatch(b, s);
}

/* The archive thread has no room for it: an empty piece is its last. */
static int cut_short(struct bundle *b, struct piece *p)
{
	p->n = 0;
	p->extent = 0;
	p->hole = p->hole_after = 0;
	p->last = true;
	int r = add_piece(b, p, NULL);
	return r < 0 ? r : 1;
}

/*
 * The pieces of one extent; p->hole is what lies before it, p->hole_after the hole behind it when
 * it is the last of all. Once the last piece is dispatched the large may be gone: it is not looked
 * at again. 0, 1 if that came early, or -errno.
 */
static int add_extent(struct bundle *b, struct pax_extent e, bool last, struct piece *p,
		      struct feed *feed)
{
	uint64_t after = p->hole_after;

	for (uint64_t done = 0; done < e.length;) {
		uint64_t left = e.length - done;

		if (atomic_load(&p->large->unwanted))
			return cut_short(b, p);
		p->n = left < BUNDLE_SLOT_SIZE ? (size_t)left : BUNDLE_SLOT_SIZE;
		p->offset = e.offset + done;
		p->extent = done == 0 ? e.length : 0;
		done += p->n;
		p->last = last && done == e.length;
		/* The last bytes of data carry the hole after them, so that an entry never hangs
		 * open. */
		p->hole_after = p->last ? after : 0;
		int r = add_piece(b, p, feed);
		if (r < 0)
			return r;
		p->first = false;
		p->hole = 0;
		p->index++;
	}
	return 0;
}

int bundle_add_large(struct bundle *b, struct large *l, struct feed *feed)
{
	struct piece p = { .large = l, .first = true };
	size_t n = l->nextents;
	uint64_t at = 0, size = l->item.size;
	int r = bundle_dispatch_open(b);

	for (size_t i = 0; i < n && r == 0; i++) {
		struct pax_extent e = l->extents[i];

		p.hole = e.offset - at;
		at = e.offset + e.length;
		p.hole_after = size - at;
		r = add_extent(b, e, i + 1 == n, &p, feed);
	}
	if (r == 0 && n == 0) {
		p.hole = size;
		p.last = true;
		r = add_piece(b, &p, NULL);
	}
	return r < 0 ? r : 0;
}
