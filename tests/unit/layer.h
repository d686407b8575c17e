/* SPDX-License-Identifier: Apache-2.0 */
/* Tars made by hand, for tests of what reads them. */
#ifndef CSI_TESTS_UNIT_LAYER_H
#define CSI_TESTS_UNIT_LAYER_H

#include "format/tar_block.h"

#include "test.h"

/* One header block. */
static inline void layer_head(struct buf *b, const char *name, char type, uint64_t size,
			      const char *link, const char *magic)
{
	char h[TAR_BLOCK] = { 0 };
	unsigned sum = 0;

	(void)snprintf(h, 100, "%s", name);
	(void)snprintf(h + 100, 8, "%07o", type == '5' ? 0755 : 0644);
	(void)snprintf(h + 108, 8, "%07o", 0);
	(void)snprintf(h + 116, 8, "%07o", 0);
	(void)snprintf(h + 124, 12, "%011llo", (unsigned long long)size);
	(void)snprintf(h + 136, 12, "%011o", 1000);
	memset(h + 148, ' ', 8);
	h[156] = type;
	(void)snprintf(h + 157, 100, "%s", link ? link : "");
	memcpy(h + 257, magic, 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum);
	CHECK_INT(buf_add(b, h, sizeof(h)), 0);
}

static inline void layer_pad(struct buf *b)
{
	while (b->n % TAR_BLOCK)
		CHECK_INT(buf_addc(b, 0), 0);
}

/* A file of any type, with its content. */
static inline void layer_add(struct buf *b, const char *name, char type, const char *link,
			     const char *content)
{
	layer_head(b, name, type, strlen(content), link, "ustar\00000");
	CHECK_INT(buf_adds(b, content), 0);
	layer_pad(b);
}

/* An extended header of one record: "KEY=VALUE". */
static inline void layer_pax(struct buf *b, const char *record, size_t n)
{
	size_t len = n + 3, digits;
	char text[16];

	do {
		digits = (size_t)snprintf(text, sizeof(text), "%zu", len);
	} while (len != n + 2 + digits && (len = n + 2 + digits, true));
	layer_head(b, "pax", 'x', len, NULL, "ustar\00000");
	CHECK_INT(buf_addf(b, "%zu ", len), 0);
	CHECK_INT(buf_add(b, record, n), 0);
	CHECK_INT(buf_addc(b, '\n'), 0);
	layer_pad(b);
}

static inline void layer_end(struct buf *b)
{
	static const char zeros[2 * TAR_BLOCK];

	CHECK_INT(buf_add(b, zeros, sizeof(zeros)), 0);
}

#endif
