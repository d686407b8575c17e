/* SPDX-License-Identifier: Apache-2.0 */
/* Several bundles as one case. */
#include "work/caseset.h"

#include "format/hash.h"

#include <errno.h>

enum {
	RESUMES_MAX = 65536,   /* "resume" records of all bundles together that are looked at */
	CHUNK_CITES = 1 << 16, /* citations compared at a time: 6 MiB */
};

/* What an entry is known by: where it is, and what it holds. */
struct key {
	unsigned char name[32]; /* SHA-256 of run, NUL, name */
	char hex[HAVE_HEX];
	bool extents;
};

/* In the spool of citations, followed by the name. */
struct cite {
	struct key key;
	uint32_t bundle;
	char run[HAVE_RUN_MAX + 1];
	size_t name;
};

struct bundle_seen {
	const char *file;
	char run[HAVE_RUN_MAX + 1];
	enum verify_verdict verdict;
	uint64_t cites, passed; /* proven; gone by */
	bool held;		/* sealed, or resumed by one that is held */
};

struct resume {
	size_t bundle;
	char run[HAVE_RUN_MAX + 1];
};

struct caseset {
	struct have_items items;
	struct spool entries, cites;
	bool spooled;
	struct bundle_seen *v;
	size_t n;
	struct resume *resumes;
	size_t nresumes, kept_resumes;
};

const char *caseset_verdict_name(enum caseset_verdict v)
{
	static const char *const names[] = { [CASESET_WHOLE] = "whole",
					     [CASESET_MISSING] = "missing",
					     [CASESET_ALTERED] = "altered" };

	return names[v];
}

/* ---- filling ------------------------------------------------------------------------------- */

static struct key key_of(const char *run, struct bytes name, const struct have_digest *digest)
{
	struct key k;
	struct digests d;
	struct hash h;

	memset(&k, 0, sizeof(k)); /* keys are compared whole, and go to a file */
	hash_init(&h, HASH_SHA256);
	hash_add(&h, run, strlen(run) + 1);
	hash_add(&h, name.p, name.n);
	hash_peek(&h, &d);
	memcpy(k.name, d.sha256, sizeof(k.name));
	memcpy(k.hex, digest->hex, sizeof(k.hex));
	k.extents = digest->extents;
	return k;
}

static int on_item(void *ctx, const struct have_item *item)
{
	struct caseset *s = ctx;
	struct key k = key_of(item->run, item->name, &item->digest);

	return s->spooled ? spool_put(&s->entries, &k, sizeof(k)) : 0;
}

static int on_cite(void *ctx, const char *run, struct bytes name, const struct have_digest *d)
{
	struct caseset *s = ctx;
	struct cite c;

	s->v[s->n - 1].passed++;
	if (!s->spooled)
		return 0;
	memset(&c, 0, sizeof(c));
	c.key = key_of(run, name, d);
	c.bundle = (uint32_t)(s->n - 1);
	memcpy(c.run, run, strlen(run));
	c.name = name.n;
	int r = spool_put(&s->cites, &c, sizeof(c));
	return r == 0 ? spool_put(&s->cites, name.p, name.n) : r;
}

static int on_resume(void *ctx, const char *run)
{
	struct caseset *s = ctx;

	if (!s->spooled || s->nresumes == RESUMES_MAX)
		return 0;
	struct resume *v = realloc(s->resumes, (s->nresumes + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->resumes = v;
	v[s->nresumes] = (struct resume){ .bundle = s->n - 1 };
	memcpy(v[s->nresumes++].run, run, strlen(run) + 1);
	return 0;
}

static const struct have_items_ops ops = { .item = on_item, .cite = on_cite, .resume = on_resume };

int caseset_open(const char *spools, struct caseset **ret)
{
	AUTO_DONE(caseset_closep) struct caseset *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	have_items_init(&s->items, &ops, s);
	if (spools) {
		int r = spool_open(&s->entries, spools);

		if (r == 0)
			r = spool_open(&s->cites, spools);
		if (r < 0)
			return r;
		s->spooled = true;
	}
	*ret = take_ptr(&s);
	return 0;
}

void caseset_closep(struct caseset **sp)
{
	struct caseset *s = *sp;

	if (!s)
		return;
	have_items_done(&s->items);
	spool_done(&s->entries);
	spool_done(&s->cites);
	free(s->v);
	free(s->resumes);
	free(s);
	*sp = NULL;
}

int caseset_begin(struct caseset *s, const char *file)
{
	if (s->n == HAVE_RUNS_MAX)
		return -E2BIG;
	struct bundle_seen *v = realloc(s->v, (s->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->v = v;
	v[s->n++] = (struct bundle_seen){ .file = file, .verdict = VERIFY_NOT_ONE };
	have_items_done(&s->items);
	have_items_init(&s->items, &ops, s);
	return 0;
}

int caseset_entry(struct caseset *s, struct bytes path, uint64_t size,
		  const unsigned char sha256[32])
{
	return have_items_entry(&s->items, path, size, sha256);
}

int caseset_content(struct caseset *s, struct bytes name, struct bytes content)
{
	return have_items_content(&s->items, name, content);
}

int caseset_settle(struct caseset *s, bool proven)
{
	struct bundle_seen *b = &s->v[s->n - 1];

	if (proven) {
		memcpy(b->run, s->items.run, sizeof(b->run));
		b->cites = b->passed;
		s->kept_resumes = s->nresumes;
		spool_keep(&s->entries);
		spool_keep(&s->cites);
		return 0;
	}
	s->nresumes = s->kept_resumes;
	int r = spool_drop(&s->entries);
	return r == 0 ? spool_drop(&s->cites) : r;
}

void caseset_end(struct caseset *s, const struct verify_result *res)
{
	struct bundle_seen *b = &s->v[s->n - 1];

	b->verdict = res->verdict;
	/* Cut behind the seal: the content is whole, and so is what it says of itself. */
	if (res->verdict == VERIFY_CUT && res->has_seal)
		b->verdict = VERIFY_SEALED;
}

uint64_t caseset_cites(const struct caseset *s)
{
	return s->n ? s->v[s->n - 1].cites : 0;
}

/* ---- judging ------------------------------------------------------------------------------- */

/* The worst verdict stays, with the first reason for it. True if this is it. */
static bool blame(struct caseset_result *r, enum caseset_verdict v, const char *reason)
{
	if (r->reason && v <= r->verdict)
		return false;
	r->verdict = v;
	r->reason = reason;
	r->file = NULL;
	r->run[0] = '\0';
	buf_clear(&r->name);
	return true;
}

static void blame_bundle(struct caseset_result *r, enum caseset_verdict v, const char *reason,
			 const struct bundle_seen *b)
{
	if (!blame(r, v, reason))
		return;
	r->file = b->file;
	memcpy(r->run, b->run, sizeof(r->run));
}

static bool hold(struct caseset *s, const char *run)
{
	bool more = false;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].held || strcmp(s->v[i].run, run) != 0)
			continue;
		s->v[i].held = true;
		more = true;
	}
	return more;
}

/*
 * A cut bundle whose run a sealed one resumed, or one that was resumed itself, is no loss. Of one
 * of which nothing is proven not even the run is known: there is nothing in it to resume.
 */
static void hold_resumed(struct caseset *s)
{
	bool more = true;

	for (size_t i = 0; i < s->n; i++)
		s->v[i].held = s->v[i].verdict == VERIFY_SEALED || s->v[i].run[0] == '\0';
	while (more) {
		more = false;
		for (size_t i = 0; i < s->nresumes; i++)
			if (s->v[s->resumes[i].bundle].held && hold(s, s->resumes[i].run))
				more = true;
	}
}

static void judge_bundle(struct caseset *s, size_t i, struct caseset_result *r)
{
	const struct bundle_seen *b = &s->v[i];

	for (size_t k = 0; b->run[0] && k < i; k++)
		if (strcmp(s->v[k].run, b->run) == 0)
			blame_bundle(r, CASESET_MISSING,
				     "two bundles are of the same run: keep one", b);
	if (b->verdict == VERIFY_ALTERED)
		blame_bundle(r, CASESET_ALTERED, "a bundle is altered", b);
	else if (b->verdict == VERIFY_NOT_ONE)
		blame_bundle(r, CASESET_ALTERED, "a file is not a bundle", b);
	else if (b->verdict == VERIFY_LOCKED)
		blame_bundle(r, CASESET_MISSING, "a bundle is encrypted to other keys", b);
	else if (b->verdict == VERIFY_CUT && !b->held)
		blame_bundle(r, CASESET_MISSING,
			     "a bundle is cut and no sealed one resumes its run", b);
}

static void judge_bundles(struct caseset *s, struct caseset_result *r)
{
	hold_resumed(s);
	for (size_t i = 0; i < s->n; i++) {
		r->sealed += s->v[i].verdict == VERIFY_SEALED;
		judge_bundle(s, i, r);
	}
	if (r->sealed == 0)
		(void)blame(r, CASESET_MISSING, "no bundle is sealed");
}

/* ---- citations, a chunk at a time ---------------------------------------------------------- */

struct wanted {
	struct key key;
	enum { WANTED_MISSING, WANTED_WRONG, WANTED_FOUND } state;
	uint64_t at; /* which citation it is, from 0 */
};

struct chunk {
	struct wanted *v;
	size_t n;
	uint64_t first_bad[2]; /* by state: the first citation that is, UINT64_MAX none */
};

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return memcmp(x->key.name, y->key.name, sizeof(x->key.name));
}

/* The next citation of a sealed bundle, its name in NAME. *AT counts all. 1, 0, -errno. */
static int next_cite(struct caseset *s, struct cite *c, struct buf *name, uint64_t *at)
{
	int r;

	while ((r = spool_get(&s->cites, c, sizeof(*c))) > 0) {
		buf_clear(name);
		r = buf_reserve(name, c->name + 1);
		if (r < 0)
			return r;
		name->n = c->name;
		if (c->name && spool_get(&s->cites, name->p, c->name) <= 0)
			return -EIO;
		(*at)++;
		if (s->v[c->bundle].verdict == VERIFY_SEALED)
			return 1;
	}
	return r;
}

static int fill_chunk(struct caseset *s, struct chunk *c, uint64_t *at)
{
	AUTO_DONE(buf_done) struct buf name = BUF_NONE;
	struct cite cite;
	int r = 1;

	c->n = 0;
	while (c->n < CHUNK_CITES && (r = next_cite(s, &cite, &name, at)) > 0)
		c->v[c->n++] = (struct wanted){ .key = cite.key, .at = *at - 1 };
	qsort(c->v, c->n, sizeof(*c->v), compare_wanted);
	return r < 0 ? r : 0;
}

/* All that want this entry: hostile bundles may cite it more than once. */
static void meet(struct chunk *c, const struct key *k)
{
	size_t lo = 0, hi = c->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(c->v[mid].key.name, k->name, sizeof(k->name)) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < c->n && memcmp(c->v[lo].key.name, k->name, sizeof(k->name)) == 0; lo++) {
		struct wanted *w = &c->v[lo];

		if (w->key.extents == k->extents && memcmp(w->key.hex, k->hex, sizeof(k->hex)) == 0)
			w->state = WANTED_FOUND;
		else if (w->state == WANTED_MISSING)
			w->state = WANTED_WRONG;
	}
}

static int compare_chunk(struct caseset *s, struct chunk *c, struct caseset_result *res)
{
	struct key k;
	int r = spool_rewind(&s->entries);

	while (r >= 0 && (r = spool_get(&s->entries, &k, sizeof(k))) > 0)
		meet(c, &k);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct wanted *w = &c->v[i];

		res->cited += w->state == WANTED_FOUND;
		res->missing += w->state == WANTED_MISSING;
		res->wrong += w->state == WANTED_WRONG;
		if (w->state != WANTED_FOUND && w->at < c->first_bad[w->state])
			c->first_bad[w->state] = w->at;
	}
	return r;
}

/* The citation number AT, for a person. */
static int name_cite(struct caseset *s, uint64_t at, struct caseset_result *res)
{
	struct cite c;
	uint64_t n = 0;
	int r = spool_rewind(&s->cites);

	while (r >= 0 && n <= at && (r = next_cite(s, &c, &res->name, &n)) > 0)
		;
	if (r <= 0)
		return r < 0 ? r : -EIO;
	res->file = s->v[c.bundle].file;
	memcpy(res->run, c.run, sizeof(res->run));
	return 0;
}

static int blame_cites(struct caseset *s, const struct chunk *c, struct caseset_result *res)
{
	if (res->wrong &&
	    blame(res, CASESET_ALTERED, "what is cited has other content in its own bundle"))
		return name_cite(s, c->first_bad[WANTED_WRONG], res);
	/* A file that is missing says more than a bundle that is cut. */
	if (res->missing && res->verdict <= CASESET_MISSING) {
		res->reason = NULL;
		(void)blame(res, CASESET_MISSING, "what is cited is not proven in this set");
		return name_cite(s, c->first_bad[WANTED_MISSING], res);
	}
	return 0;
}

static int judge_cites(struct caseset *s, struct caseset_result *res)
{
	AUTO_FREE struct wanted *v = calloc(CHUNK_CITES, sizeof(*v));
	struct chunk c = { .v = v, .first_bad = { UINT64_MAX, UINT64_MAX } };
	uint64_t at = 0;
	int r = v ? spool_rewind(&s->cites) : -ENOMEM;

	while (r == 0) {
		r = fill_chunk(s, &c, &at);
		if (r < 0 || c.n == 0)
			break;
		r = compare_chunk(s, &c, res);
	}
	return r == 0 ? blame_cites(s, &c, res) : r;
}

int caseset_judge(struct caseset *s, struct caseset_result *ret)
{
	*ret = (struct caseset_result){ .verdict = CASESET_WHOLE, .bundles = s->n };
	judge_bundles(s, ret);
	return s->spooled ? judge_cites(s, ret) : 0;
}

void caseset_result_done(struct caseset_result *r)
{
	buf_done(&r->name);
}
