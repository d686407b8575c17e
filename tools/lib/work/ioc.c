/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of indicators to digests and rules. */
#include "work/ioc.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>

/* ---- lines ----------------------------------------------------------------------------------- */

struct lines {
	struct bytes rest;
	const char *file;
	int number;
	rules_fault_fn fn;
	void *ctx;
};

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes trim(struct bytes b)
{
	while (b.n > 0 && is_blank(b.p[b.n - 1]))
		b.n--;
	while (b.n > 0 && is_blank(b.p[0]))
		b = bytes_of(b.p + 1, b.n - 1);
	return b;
}

static void tell(const struct lines *l, int err, const char *text)
{
	const struct rules_fault fault = {
		.err = err, .file = l->file, .line = l->number, .text = text
	};

	l->fn(l->ctx, &fault);
}

/* The next line that says something: 1, 0 at the end, -E2BIG. */
static int next_line(struct lines *l, struct bytes *ret)
{
	while (l->rest.n > 0) {
		const unsigned char *end = memchr(l->rest.p, '\n', l->rest.n);
		size_t n = end ? (size_t)(end - l->rest.p) : l->rest.n;

		*ret = trim(bytes_of(l->rest.p, n));
		n += end != NULL;
		l->rest = bytes_of(l->rest.p + n, l->rest.n - n);
		if (++l->number > IOC_LINES_MAX)
			return -E2BIG;
		if (ret->n > IOC_LINE_MAX)
			tell(l, -EFBIG, "line too long");
		else if (ret->n > 0 && ret->p[0] != '#')
			return 1;
	}
	return 0;
}

/* What stands before the next semicolon, which is taken off LINE too. */
static struct bytes field(struct bytes *line)
{
	const unsigned char *end = line->n ? memchr(line->p, ';', line->n) : NULL;
	size_t n = end ? (size_t)(end - line->p) : line->n;
	struct bytes got = bytes_of(line->p, n);

	n += end != NULL;
	*line = bytes_of(line->p + n, line->n - n);
	return trim(got);
}

/* COMMENT, as far as it fits; RET is filled with zeros. */
static void keep_comment(struct bytes comment, char ret[IOC_COMMENT_MAX])
{
	if (comment.n > IOC_COMMENT_MAX - 1)
		comment.n = IOC_COMMENT_MAX - 1;
	if (comment.n)
		memcpy(ret, comment.p, comment.n);
}

/* ---- hashes ---------------------------------------------------------------------------------- */

static unsigned kind_of(size_t bytes)
{
	return bytes == 32 ? HASH_SHA256 : bytes == 20 ? HASH_SHA1 : bytes == 16 ? HASH_MD5 : 0;
}

static bool parse_digest(struct bytes text, struct ioc_hash *ret)
{
	if (text.n % 2 || !kind_of(text.n / 2))
		return false;
	ret->n = (unsigned char)(text.n / 2);
	return hash_unhex(text, ret->digest, ret->n) == 0;
}

static int by_digest(const void *a, const void *b)
{
	const struct ioc_hash *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return memcmp(x->digest, y->digest, x->n);
}

static int add_hash(struct ioc_hashes *h, const struct ioc_hash *add)
{
	size_t room = h->room ? 2 * h->room : 256;
	struct ioc_hash *v;

	if (!h->v || h->n == h->room) {
		v = realloc(h->v, room * sizeof(*v));
		if (!v)
			return -ENOMEM;
		h->v = v;
		h->room = room;
	}
	h->v[h->n++] = *add;
	h->kinds |= kind_of(add->n);
	return 0;
}

int ioc_hashes_add(struct ioc_hashes *h, const char *file, struct bytes text, rules_fault_fn fn,
		   void *ctx)
{
	struct lines l = { .rest = text, .file = file, .fn = fn, .ctx = ctx };
	struct bytes line;
	int r;

	while ((r = next_line(&l, &line)) > 0) {
		struct ioc_hash add = { .n = 0 };
		struct bytes hash = field(&line), comment = trim(line);

		if (!parse_digest(hash, &add)) {
			tell(&l, -EINVAL, "not an MD5, SHA-1 or SHA-256");
			continue;
		}
		keep_comment(comment, add.comment);
		r = add_hash(h, &add);
		if (r < 0)
			return r;
	}
	if (h->n > 1)
		qsort(h->v, h->n, sizeof(*h->v), by_digest);
	return r;
}

void ioc_hashes_done(struct ioc_hashes *h)
{
	free(h->v);
	*h = (struct ioc_hashes){ 0 };
}

const struct ioc_hash *ioc_hashes_find(const struct ioc_hashes *h, const struct digests *d)
{
	const struct {
		unsigned kind;
		const unsigned char *p;
		unsigned char n;
	} sums[] = { { HASH_SHA256, d->sha256, 32 },
		     { HASH_SHA1, d->sha1, 20 },
		     { HASH_MD5, d->md5, 16 } };
	const struct ioc_hash *found = NULL;

	for (size_t i = 0; !found && h->n && i < ARRAY_LEN(sums); i++) {
		struct ioc_hash key = { .n = sums[i].n };

		if (!(d->kinds & sums[i].kind))
			continue;
		memcpy(key.digest, sums[i].p, key.n);
		found = bsearch(&key, h->v, h->n, sizeof(*h->v), by_digest);
	}
	return found;
}

/* ---- rules ----------------------------------------------------------------------------------- */

/* A regular expression between slashes: its own slashes are escaped unless they are already. */
static int add_regex(struct buf *b, const char *id, struct bytes regex)
{
	bool escaped = false;
	int r = buf_addf(b, " %s = /", id);

	for (size_t i = 0; r == 0 && i < regex.n; i++) {
		if (regex.p[i] == '/' && !escaped)
			r = buf_addc(b, '\\');
		if (r == 0)
			r = buf_addc(b, regex.p[i]);
		escaped = regex.p[i] == '\\' && !escaped;
	}
	return r == 0 ? buf_adds(b, "/") : r;
}

static int add_source(struct rules_list *list, const struct lines *l, const struct buf *b)
{
	char name[IOC_LINE_MAX];
	int r;

	(void)snprintf(name, sizeof(name), "%s:%d", l->file, l->number);
	r = rules_list_text(list, name, buf_bytes(b));
	if (r == -EILSEQ)
		tell(l, r, NULL);
	return r == -EILSEQ ? 0 : r;
}

static bool parse_score(struct bytes text, unsigned *ret)
{
	unsigned score = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || i == 4)
			return false;
		score = score * 10 + (unsigned)(text.p[i] - '0');
	}
	*ret = score;
	return text.n > 0;
}

int ioc_names_add(struct rules_list *list, const char *file, struct bytes text, rules_fault_fn fn,
		  void *ctx)
{
	struct lines l = { .rest = text, .file = file, .fn = fn, .ctx = ctx };
	struct bytes line;
	int r;

	while ((r = next_line(&l, &line)) > 0) {
		AUTO_DONE(buf_done) struct buf b = BUF_NONE;
		struct bytes regex = field(&line), score_text = field(&line),
			     harmless = field(&line);
		unsigned score;

		if (!regex.n || !parse_score(score_text, &score)) {
			tell(&l, -EINVAL, "not REGEX;SCORE[;REGEX]");
			continue;
		}
		r = buf_addf(&b,
			     "rule ioc_file_name { meta: score = %u description = \"a file name "
			     "that is an indicator\" strings:",
			     score);
		if (r == 0)
			r = add_regex(&b, "$name", regex);
		if (r == 0 && harmless.n)
			r = add_regex(&b, "$harmless", harmless);
		if (r == 0)
			r = buf_addf(&b, " condition: $name%s }",
				     harmless.n ? " and not $harmless" : "");
		if (r == 0)
			r = add_source(list, &l, &b);
		if (r < 0)
			return r;
	}
	return r;
}

/* What a name, an address, a network or a URL consists of. */
static bool is_network(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = b.p[i], low = c | 0x20;

		if (!(c >= '0' && c <= '9') && !(low >= 'a' && low <= 'z') && !strchr(".:-_/", c))
			return false;
	}
	return b.n >= IOC_NET_MIN;
}

static int add_address(struct ioc_addresses *addresses, const struct lines *l, struct bytes name,
		       struct bytes comment)
{
	struct ioc_address a;
	int r;

	if (!ioc_address_parse(name, &a))
		return 0;
	keep_comment(comment, a.comment);
	r = ioc_addresses_add(addresses, &a);
	if (r == -E2BIG)
		tell(l, r, "more networks than sockets are compared with");
	return r == -E2BIG ? 0 : r;
}

int ioc_network_add(struct rules_list *list, struct ioc_addresses *addresses, const char *file,
		    struct bytes text, rules_fault_fn fn, void *ctx)
{
	struct lines l = { .rest = text, .file = file, .fn = fn, .ctx = ctx };
	struct bytes line;
	int r;

	while ((r = next_line(&l, &line)) > 0) {
		AUTO_DONE(buf_done) struct buf b = BUF_NONE;
		struct bytes name = field(&line);

		if (!is_network(name)) {
			tell(&l, -EINVAL, "not a name or address");
			continue;
		}
		r = buf_addf(&b,
			     "rule ioc_network { meta: score = 75 description = \"a network "
			     "indicator\" strings: $address = \"%.*s\" nocase ascii wide fullword "
			     "condition: $address }",
			     (int)name.n, (const char *)name.p);
		if (r == 0)
			r = add_source(list, &l, &b);
		if (r == 0)
			r = add_address(addresses, &l, name, trim(line));
		if (r < 0)
			return r;
	}
	ioc_addresses_sort(addresses);
	return r;
}
