/* SPDX-License-Identifier: Apache-2.0 */
/* Small scanners over bytes, shared by the parsers of /proc text. Each moves REST forward. */
#ifndef CSI_SYS_SCAN_H
#define CSI_SYS_SCAN_H

#include "base/base.h"

/* Unsigned number at the front of REST, at least one digit, no sign. 0, or -EBADMSG (also
 * overflow). */
int scan_dec(struct bytes *rest, uint64_t *ret);
int scan_hex(struct bytes *rest, uint64_t *ret);
/* The same with an optional '-'. */
int scan_int(struct bytes *rest, int64_t *ret);
/* One given byte. 0 or -EBADMSG. */
int scan_byte(struct bytes *rest, unsigned char c);
/* Skips blanks (space and tab); the number skipped. */
size_t scan_blanks(struct bytes *rest);
/* Bytes up to the next space or the end, possibly none; the space is not taken. */
struct bytes scan_word(struct bytes *rest);
/* Moves N bytes forward, at most to the end. */
void scan_skip(struct bytes *rest, size_t n);

#endif
