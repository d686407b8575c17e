/* SPDX-License-Identifier: Apache-2.0 */
/* image/rules/ as build.sh wrote it down: one array a file, every byte inverted, and a table. */
#include "work/rules_builtin.h"

#include "base/buf.h"
#include "rules.inc"

int rules_builtin(struct rules_list *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(builtin); i++) {
		AUTO_DONE(buf_done) struct buf text = BUF_NONE;

		for (size_t k = 0; r == 0 && k < builtin[i].n; k++)
			r = buf_addc(&text, (unsigned char)~builtin[i].p[k]);
		if (r == 0)
			r = rules_list_text(l, builtin[i].name, buf_bytes(&text));
	}
	return r;
}
