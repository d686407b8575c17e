/* SPDX-License-Identifier: Apache-2.0 */
/* A gathered record as one line of nested JSON, from the dotted names. */
#include "format/out_priv.h"

/* A cursor in room that was reserved for the worst case. */
static unsigned char *put(unsigned char *p, const void *s, size_t n)
{
	copy_bytes(p, s, n);
	return p + n;
}

/* How many parent objects two names share. */
static unsigned shared_parents(const struct layout *a, const struct layout *b)
{
	unsigned n = 0;

	while (n < a->ndots && n < b->ndots && a->dot[n] == b->dot[n] &&
	       memcmp(a->name, b->name, a->dot[n] + 1) == 0)
		n++;
	return n;
}

/* Key number LEVEL of a name, quoted, with its colon. */
static unsigned char *put_key(unsigned char *p, const struct layout *l, unsigned level)
{
	size_t from = level ? l->dot[level - 1] + 1 : 0;
	size_t to = level < l->ndots ? l->dot[level] : l->len;

	*p++ = '"';
	p = put(p, l->name + from, to - from);
	*p++ = '"';
	*p++ = ':';
	return p;
}

/* Bytes that this field can need: its text, every key of its name, and brackets. */
static size_t worst_case(const struct layout *l, const struct field_ref *ref)
{
	return ref->n + l->len + (size_t)8 * (OUT_NESTING_MAX + 1);
}

int out_json_line(const struct layout *layout, const struct record *r, struct buf *b)
{
	const struct layout none = { 0 };
	const struct layout *prev = &none;
	size_t need = 8 + OUT_NESTING_MAX;

	for (size_t i = 0; i < r->n; i++)
		need += worst_case(&layout[r->v[i].field], &r->v[i]);
	int err = buf_reserve(b, need);
	if (err < 0)
		return err;

	unsigned char *p = b->p + b->n;
	*p++ = '{';
	for (size_t i = 0; i < r->n; i++) {
		const struct layout *l = &layout[r->v[i].field];
		unsigned level = shared_parents(prev, l);

		for (unsigned k = level; k < prev->ndots; k++)
			*p++ = '}';
		if (i > 0)
			*p++ = ',';
		for (; level < l->ndots; level++) {
			p = put_key(p, l, level);
			*p++ = '{';
		}
		p = put_key(p, l, level);
		p = put(p, r->text.p + r->v[i].at, r->v[i].n);
		prev = l;
	}
	for (unsigned k = 0; k < prev->ndots; k++)
		*p++ = '}';
	*p++ = '}';
	*p++ = '\n';
	b->n = (size_t)(p - b->p);
	return 0;
}
