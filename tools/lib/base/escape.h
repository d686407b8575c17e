/* SPDX-License-Identifier: Apache-2.0 */
/* The one way by which target bytes reach a terminal, a table or a record. DESIGN section 3. */
#ifndef CSI_BASE_ESCAPE_H
#define CSI_BASE_ESCAPE_H

#include "base/buf.h"

/*
 * escape_add - append SRC, escaped, to B.
 *
 * Valid UTF-8 passes except U+0000-1F, 7F-9F, AD, 61C, 180E, 200B-F, 2028-2E, 2060-6F, FE00-FE0F,
 * FEFF, FFF9-B and E0000-E0FFF; all else goes byte by byte as \xhh in lower case, and \ as \\.
 * Reversible by escape_undo(). Returns 0, -ENOMEM or -EFBIG (B unchanged).
 */
int escape_add(struct buf *b, struct bytes src);

/* Reverse of escape_add(). 0, -EINVAL for text that escape_add() cannot have made, -ENOMEM, -EFBIG.
 */
int escape_undo(struct buf *b, struct bytes text);

/* Terminal columns of escaped text: code points of width 1, or 2 for East Asian wide ones (close).
 */
size_t escape_width(struct bytes escaped);
/* Bytes of the longest beginning that fits into COLUMNS; no code point or escape sequence is split.
 */
size_t escape_fit(struct bytes escaped, size_t columns);

#endif
