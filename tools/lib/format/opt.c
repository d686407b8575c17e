/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables over getopt_long(3). */
#include "format/opt.h"

#include "base/escape.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	OPT_ROWS_MAX = 64,
	OPT_LONG_ONLY = 256, /* getopt's value of row N is its key, or this plus N */
	OPT_WORD_MAX = 60,   /* of a user's word in a message */
};

/* All rows of all tables, as getopt wants them. */
struct rows {
	const struct opt *v[OPT_ROWS_MAX];
	bool seen[OPT_ROWS_MAX];
	size_t n;
	struct option longs[OPT_ROWS_MAX + 2];
	char shorts[2 * OPT_ROWS_MAX + 4];
};

static int PRINTF_LIKE(2, 3) complain(struct opt_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* A user's word for a message: escaped, and cut if long. */
struct word {
	char text[4 * OPT_WORD_MAX];
};

static struct word word_of(struct bytes v)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct word w = { .text = "?" };

	if (escape_add(&b, v) < 0)
		return w;
	size_t n = escape_fit(buf_bytes(&b), OPT_WORD_MAX);
	bool cut = n < b.n;
	/* OPT_WORD_MAX columns are at most 4 bytes each, less the mark and the NUL. */
	if (n > sizeof(w.text) - 4)
		n = escape_fit(bytes_of(b.p, sizeof(w.text) - 4), OPT_WORD_MAX);
	(void)snprintf(w.text, sizeof(w.text), "%.*s%s", (int)n, n ? (const char *)b.p : "",
		       cut ? "..." : "");
	return w;
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

static int add_row(struct rows *r, const struct opt *o, size_t *shorts)
{
	size_t i = r->n;

	if (i == OPT_ROWS_MAX)
		return -EINVAL;
	r->v[i] = o;
	r->longs[i] = (struct option){
		.name = o->name,
		.has_arg = o->kind == OPT_MAYBE ? optional_argument
			   : takes_value(o)	? required_argument
						: no_argument,
		.val = o->key ? o->key : OPT_LONG_ONLY + (int)i,
	};
	if (o->key) {
		r->shorts[(*shorts)++] = (char)o->key;
		if (takes_value(o))
			r->shorts[(*shorts)++] = ':';
	}
	r->n++;
	return 0;
}

static int gather(struct rows *r, const struct opt_table *tables, size_t ntables)
{
	size_t shorts = 0;

	*r = (struct rows){ 0 };
	/* A leading colon tells a missing value from an unknown option. */
	r->shorts[shorts++] = ':';
	r->shorts[shorts++] = 'h';
	for (size_t t = 0; t < ntables; t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			int err = add_row(r, &tables[t].v[i], &shorts);

			if (err < 0)
				return err;
		}
	}
	r->longs[r->n] = (struct option){ .name = "help", .val = 'h' };
	return 0;
}

static size_t row_of(const struct rows *r, int val)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->longs[i].val == val)
			return i;
	return r->n;
}

/* Decimal digits and nothing else. */
static int parse_digits(const char *s, size_t n, uint64_t *ret)
{
	uint64_t v = 0;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		unsigned digit = (unsigned)(s[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		v = v * 10 + digit;
	}
	*ret = v;
	return 0;
}

int opt_parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	size_t n = strlen(text);
	unsigned shift = 0;
	uint64_t v = 0;
	int r;

	for (unsigned i = 0; n > 0 && i < sizeof(units) - 1; i++)
		if (text[n - 1] == units[i] || text[n - 1] == (units[i] | 0x20))
			shift = 10 * (i + 1);
	r = parse_digits(text, shift ? n - 1 : n, &v);
	if (r < 0)
		return r;
	if (v > UINT64_MAX >> shift)
		return -ERANGE;
	*ret = v << shift;
	return 0;
}

static int set_number(const struct opt *o, const char *arg, uint64_t *ret, struct opt_error *err)
{
	bool size = o->kind == OPT_SIZE;
	uint64_t v = 0;
	int r = size ? opt_parse_size(arg, &v) : parse_digits(arg, strlen(arg), &v);

	if (r == -EINVAL)
		return complain(err, "--%s wants %s, not %s", o->name,
				size ? "a size such as 4096, 64K, 2M or 1G" : "a number",
				word_of(bytes_str(arg)).text);
	if (r < 0 || (o->max && v > o->max))
		return complain(err, "--%s %s is too large", o->name, word_of(bytes_str(arg)).text);
	if (v < o->min)
		return complain(err, "--%s %s is too small", o->name, word_of(bytes_str(arg)).text);
	*ret = v;
	return 0;
}

static int set_pid(const struct opt *o, const char *arg, struct opt_pids *pids,
		   struct opt_error *err)
{
	uint64_t v = 0;

	if (parse_digits(arg, strlen(arg), &v) < 0 || v == 0 || v > INT_MAX)
		return complain(err, "--%s wants a process id, not %s", o->name,
				word_of(bytes_str(arg)).text);
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == (pid_t)v)
			return 0;
	if (pids->n == OPT_PIDS_MAX)
		return complain(err, "--%s may be given %d times", o->name, OPT_PIDS_MAX);
	pids->v[pids->n++] = (pid_t)v;
	return 0;
}

static int set_strings(const struct opt *o, const char *arg, struct opt_strings *ret,
		       struct opt_error *err)
{
	if (ret->n == OPT_STRINGS_MAX)
		return complain(err, "--%s may be given %d times", o->name, OPT_STRINGS_MAX);
	ret->v[ret->n++] = arg;
	return 0;
}

static int set_choice(const struct opt *o, const char *arg, int *ret, struct opt_error *err)
{
	AUTO_DONE(buf_done) struct buf words = BUF_NONE;

	for (int i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], arg) == 0) {
			*ret = i;
			return 0;
		}
		if (buf_addf(&words, "%s%s", i ? ", " : "", o->choices[i]) < 0)
			break;
	}
	return complain(err, "--%s wants one of %.*s, not %s", o->name, (int)words.n,
			words.n ? (const char *)words.p : "", word_of(bytes_str(arg)).text);
}

static int set(const struct opt *o, const char *arg, void *args, struct opt_error *err)
{
	/* The table's offsets name members of the right type and alignment. */
	void *at = (char *)args + o->offset;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case OPT_COUNT:
		if (*(int *)at < INT_MAX)
			++*(int *)at;
		return 0;
	case OPT_STRING:
	case OPT_MAYBE:
		*(const char **)at = arg ? arg : "";
		return 0;
	case OPT_SIZE:
	case OPT_NUMBER:
		return set_number(o, arg, at, err);
	case OPT_PIDS:
		return set_pid(o, arg, at, err);
	case OPT_CHOICE:
		return set_choice(o, arg, at, err);
	case OPT_STRINGS:
		return set_strings(o, arg, at, err);
	}
	return -EINVAL;
}

/* How many options WORD ("--fo", "--fo=x") could be meant to be. */
static size_t candidates(const struct rows *r, const char *word, size_t n)
{
	size_t hits = 0;

	for (size_t i = 0; i <= r->n; i++)
		if (strncmp(r->longs[i].name, word, n) == 0)
			hits++;
	return hits;
}

/* getopt said '?': which word was it, and why. */
static int unknown(const struct rows *r, const char *last, struct opt_error *err)
{
	size_t row = row_of(r, optopt);

	if (last && strncmp(last, "--", 2) == 0) {
		size_t n = strcspn(last + 2, "=");
		struct word w = word_of(bytes_of(last, n + 2));

		if (optopt == 'h' || row < r->n)
			return complain(err, "option %s takes no value", w.text);
		if (candidates(r, last + 2, n) > 1)
			return complain(err, "option %s is ambiguous", w.text);
		return complain(err, "unknown option %s", w.text);
	}
	if (optopt > ' ' && optopt < 0x7f) {
		const char letter[2] = { '-', (char)optopt };

		return complain(err, "unknown option %s", word_of(bytes_of(letter, 2)).text);
	}
	return complain(err, "unknown option in %s", word_of(bytes_str(last ? last : "-")).text);
}

static int missing(const struct rows *r, struct opt_error *err)
{
	size_t row = row_of(r, optopt);

	if (row == r->n)
		return complain(err, "an option lacks its value");
	return complain(err, "option --%s needs %s", r->v[row]->name,
			r->v[row]->arg ? r->v[row]->arg : "a value");
}

static int take(struct rows *r, int val, void *args, struct opt_error *err)
{
	size_t row = row_of(r, val);

	if (row == r->n)
		return complain(err, "unknown option");
	const struct opt *o = r->v[row];

	/* Of two paths one would be silently ignored. */
	if (o->kind == OPT_STRING && r->seen[row])
		return complain(err, "option --%s is given twice", o->name);
	r->seen[row] = true;
	return set(o, optarg, args, err);
}

int opt_parse(const struct opt_table *tables, size_t ntables, int argc, char **argv, void *args,
	      int *ret_operands, struct opt_error *err)
{
	struct rows r;
	int val;

	if (gather(&r, tables, ntables) < 0)
		return complain(err, "too many options in the table");
	opterr = 0;
	optind = 0; /* both libcs start anew */
	while ((val = getopt_long(argc, argv, r.shorts, r.longs, NULL)) != -1) {
		int e = 0;

		if (val == 'h')
			return 1;
		if (val == ':')
			e = missing(&r, err);
		else if (val == '?')
			e = unknown(&r, optind > 0 && optind <= argc ? argv[optind - 1] : NULL,
				    err);
		else
			e = take(&r, val, args, err);
		if (e < 0)
			return e;
	}
	*ret_operands = optind;
	return 0;
}
