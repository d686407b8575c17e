/* SPDX-License-Identifier: Apache-2.0 */
/* What a gzip or zstd stream holds, as an intake; what is neither passes as it is. */
#ifndef CSI_FORMAT_UNPACK_H
#define CSI_FORMAT_UNPACK_H

#include "format/intake.h"

enum { UNPACK_BUFFER = 64 << 10 };

/*
 * unpack_open - told by the first bytes (RFC 1952, RFC 8878); several members or frames in a row
 * are one stream, as runtimes read them. BELOW is borrowed. Memory: UNPACK_BUFFER and a window of
 * 32 KiB or, of zstd, of up to ZST_WINDOW_MAX: one that wants more is -EFBIG when it is read.
 * Reading: -EBADMSG is damage, -ENODATA a stream that stops in its middle. 0, -ENOMEM, or what
 * BELOW says.
 */
int unpack_open(struct intake *below, struct intake **ret);

#endif
