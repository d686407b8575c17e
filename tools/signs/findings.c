/* SPDX-License-Identifier: Apache-2.0 */
/* Findings, packed: a struct finding has room for the longest values, a kept one for its own. */
#include "signs/findings.h"

#include <errno.h>

struct kept_finding {
	const struct sign *sign;
	struct sign_about about; /* its ranges lie in BYTES */
	enum sign_level level;
	size_t size, n;
	struct {
		const char *field;
		size_t len;
	} evidence[FINDING_EVIDENCE_MAX];
	unsigned char bytes[]; /* values, then name, path and container id of ABOUT */
};

static unsigned char *pack(unsigned char *to, struct bytes *v)
{
	if (v->n)
		memcpy(to, v->p, v->n);
	v->p = to;
	return to + v->n;
}

static struct kept_finding *keep(const struct sign_about *about, const struct sign *s,
				 const struct finding *f)
{
	size_t size =
		sizeof(struct kept_finding) + about->name.n + about->path.n + about->container_id.n;

	for (size_t i = 0; i < f->n; i++)
		size += f->evidence[i].len;
	struct kept_finding *k = malloc(size);
	if (!k)
		return NULL;
	*k = (struct kept_finding){
		.sign = s, .about = *about, .level = f->level, .size = size, .n = f->n
	};
	unsigned char *to = k->bytes;
	for (size_t i = 0; i < f->n; i++) {
		struct bytes v = bytes_of(f->evidence[i].value, f->evidence[i].len);

		k->evidence[i].field = f->evidence[i].field;
		k->evidence[i].len = v.n;
		to = pack(to, &v);
	}
	to = pack(to, &k->about.name);
	to = pack(to, &k->about.path);
	(void)pack(to, &k->about.container_id);
	return k;
}

static void drop_last(struct findings *k, struct level_list *l)
{
	struct kept_finding *last = l->v[--l->n];

	k->n--;
	k->bytes -= last->size;
	k->dropped++;
	free(last);
}

/* Whether there is room for SIZE at LEVEL: what is less severe goes for it, the last one first. */
static bool make_room(struct findings *k, enum sign_level level, size_t size)
{
	size_t l = 0;

	while (k->n == FINDINGS_MAX || k->bytes + size > FINDINGS_BYTES_MAX) {
		while (l < (size_t)level && k->level[l].n == 0)
			l++;
		if (l >= (size_t)level)
			return false;
		drop_last(k, &k->level[l]);
	}
	return true;
}

static int list_add(struct level_list *l, struct kept_finding *f)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct kept_finding **grown = realloc(l->v, cap * sizeof(struct kept_finding *));

		if (!grown)
			return -ENOMEM;
		l->v = grown;
		l->cap = cap;
	}
	l->v[l->n++] = f;
	return 0;
}

int findings_add(struct findings *k, const struct sign_about *about, const struct sign *s,
		 const struct finding *f)
{
	AUTO_FREE struct kept_finding *kept = keep(about, s, f);
	int r;

	if (!kept)
		return -ENOMEM;
	if (!make_room(k, f->level, kept->size)) {
		k->dropped++;
		return 0;
	}
	r = list_add(&k->level[f->level], kept);
	if (r < 0)
		return r;
	k->n++;
	k->bytes += kept->size;
	kept = NULL;
	return 0;
}

static void unpack(const struct kept_finding *k, struct finding *ret)
{
	const unsigned char *from = k->bytes;

	ret->level = k->level;
	ret->n = k->n;
	for (size_t i = 0; i < k->n; i++) {
		ret->evidence[i].field = k->evidence[i].field;
		ret->evidence[i].len = k->evidence[i].len;
		memcpy(ret->evidence[i].value, from, k->evidence[i].len);
		from += k->evidence[i].len;
	}
}

int findings_each(const struct findings *k, kept_fn fn, void *ctx)
{
	struct finding f;
	int r = 0;

	for (size_t l = LEVEL_KINDS; l-- > 0;)
		for (size_t i = 0; r == 0 && i < k->level[l].n; i++) {
			const struct kept_finding *kept = k->level[l].v[i];

			unpack(kept, &f);
			r = fn(ctx, &kept->about, kept->sign, &f);
		}
	return r;
}

void findings_done(struct findings *k)
{
	for (size_t l = 0; l < LEVEL_KINDS; l++) {
		for (size_t i = 0; i < k->level[l].n; i++)
			free(k->level[l].v[i]);
		free(k->level[l].v);
	}
	*k = (struct findings){ 0 };
}
