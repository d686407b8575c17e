/* SPDX-License-Identifier: Apache-2.0 */
/* Base 64 without padding characters (RFC 4648, section 4), canonical only, as age writes it. */
#ifndef CSI_FORMAT_BASE64_H
#define CSI_FORMAT_BASE64_H

#include "base/base.h"

#define BASE64_CHARS(bytes) (((bytes)*4 + 2) / 3)

/* FROM becomes BASE64_CHARS(from.n) characters at RET, no NUL. */
void base64_encode(struct bytes from, char *ret);
/*
 * TEXT becomes bytes at RET (NULL: it is only judged), which holds MAX; *ret_n is their number.
 * -EBADMSG: a character that is none, a length that no bytes have, bits after the last byte that
 * are not zero (section 3.5). -ENOSPC: more than MAX bytes.
 */
int base64_decode(struct bytes text, unsigned char *ret, size_t max, size_t *ret_n);

#endif
