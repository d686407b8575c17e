/* SPDX-License-Identifier: Apache-2.0 */
/* Bech32 (BIP 173), the text form of age's keys. As age has it: without the limit of 90 characters.
 */
#ifndef CSI_FORMAT_BECH32_H
#define CSI_FORMAT_BECH32_H

#include "base/base.h"

enum { BECH32_TEXT_MAX = 8192 }; /* the longest key that age knows has 1,960 characters */

/*
 * bech32_decode - the data of TEXT into RET, which holds *N bytes; *N becomes their number.
 * ret_hrp is TEXT's part before the separator, in TEXT's case, which is one throughout. -EINVAL:
 * not Bech32 (also a wrong checksum and padding that is not zero); -ENOSPC: it is, with more data
 * than RET holds. RET may hold a part of the data after a failure; ret_hrp is set on 0 and -ENOSPC.
 */
int bech32_decode(struct bytes text, struct bytes *ret_hrp, unsigned char *ret, size_t *n);

/*
 * bech32_encode - HRP (ours, in lower case), the separator, DATA and the checksum into RET, which
 * holds SIZE bytes, in lower case, with a NUL. 0 or -ENOSPC.
 */
int bech32_encode(const char *hrp, struct bytes data, char *ret, size_t size);

#endif
