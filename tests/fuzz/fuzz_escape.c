/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes escape to safe text and come back; any text is undone exactly or refused. */
#include "base/escape.h"

#include "format/json.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* No control of ASCII or C1, no DEL, no byte that is no UTF-8 lead or continuation. */
static void check_safe(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = text.p[i];

		must(c >= 0x20 && c != 0x7f && c != 0xc0 && c != 0xc1 && c < 0xf5);
		if (c == 0xc2)
			must(i + 1 < text.n && text.p[i + 1] >= 0xa0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_DONE(buf_done) struct buf back = BUF_NONE;
	AUTO_DONE(buf_done) struct buf json = BUF_NONE;
	struct bytes src = bytes_of(p, n);
	struct json j;

	must(escape_add(&text, src) == 0);
	check_safe(buf_bytes(&text));
	must(escape_undo(&back, buf_bytes(&text)) == 0);
	must(bytes_eq(buf_bytes(&back), src));
	for (size_t columns = 0; columns < 20; columns++) {
		size_t fit = escape_fit(buf_bytes(&text), columns);

		must(fit <= text.n && escape_width(bytes_of(text.p, fit)) <= columns);
		buf_clear(&back);
		must(escape_undo(&back, bytes_of(text.p, fit)) == 0);
	}
	json_init(&j, &json);
	json_bytes(&j, src);
	must(j.err == 0 && json.p[0] == '"' && json.p[json.n - 1] == '"');
	check_safe(buf_bytes(&json));

	buf_clear(&back);
	buf_clear(&text);
	if (escape_undo(&back, src) == 0) {
		must(escape_add(&text, buf_bytes(&back)) == 0);
		must(bytes_eq(buf_bytes(&text), src));
	} else {
		must(back.n == 0);
	}
	return 0;
}
