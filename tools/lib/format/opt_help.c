/* SPDX-License-Identifier: Apache-2.0 */
/* Help lines of option tables: two columns within 80, the second wrapped at words. */
#include "format/opt.h"

enum { HELP_LEFT_MAX = 26, HELP_WIDTH = 80 };

static int add_left(struct buf *b, const struct opt *o)
{
	int r = o->key ? buf_addf(b, "  -%c, ", o->key) : buf_adds(b, "      ");

	if (r == 0)
		r = buf_addf(b, "--%s", o->name);
	if (r == 0 && o->arg)
		r = o->kind == OPT_MAYBE ? buf_addf(b, "[=%s]", o->arg)
					 : buf_addf(b, " %s", o->arg);
	return r;
}

static int spaces(struct buf *b, size_t n)
{
	int r = 0;

	while (r == 0 && n-- > 0)
		r = buf_addc(b, ' ');
	return r;
}

/* TEXT from column LEFT on; the cursor stands at column AT. */
static int add_right(struct buf *b, const char *text, size_t at, size_t left)
{
	int r = 0;

	if (at + 2 > left) {
		r = buf_addc(b, '\n');
		at = 0;
	}
	if (r == 0)
		r = spaces(b, left - at);
	at = left;
	while (r == 0 && *text) {
		size_t n = strcspn(text, " ");

		if (at > left && at + 1 + n > HELP_WIDTH) {
			r = buf_addc(b, '\n');
			if (r == 0)
				r = spaces(b, left);
			at = left;
		} else if (at > left) {
			r = buf_addc(b, ' ');
			at++;
		}
		if (r == 0)
			r = buf_add(b, text, n);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	return r == 0 ? buf_addc(b, '\n') : r;
}

static int add_line(struct buf *b, const struct opt *o)
{
	size_t before = b->n;
	int r = add_left(b, o);

	return r == 0 ? add_right(b, o->help, b->n - before, HELP_LEFT_MAX) : r;
}

int opt_help(const struct opt_table *tables, size_t ntables, struct buf *b)
{
	static const struct opt help = { .key = 'h', .name = "help", .help = "this text" };
	int r = 0;

	for (size_t t = 0; t < ntables; t++)
		for (size_t i = 0; r == 0 && i < tables[t].n; i++)
			r = add_line(b, &tables[t].v[i]);
	return r == 0 ? add_line(b, &help) : r;
}
