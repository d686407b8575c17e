/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON web token in compact form (RFC 7519, RFC 7515 section 7.1), without its signature. */
#ifndef CSI_FORMAT_JWT_H
#define CSI_FORMAT_JWT_H

#include "base/buf.h"

enum { JWT_TEXT_MAX = 16 << 10 }; /* a projected token of Kubernetes has about 1 KiB */

/*
 * jwt_read - header and claims of TEXT: three parts of base64url without padding (RFC 4648 section
 * 5, strict: no other character, no bits left over), the first two JSON objects by their brackets.
 * One newline at the end is allowed. The third part is checked and dropped. Both results are
 * appended, as target bytes. 0, -EBADMSG where it is no such token, or -ENOMEM; the buffers are as
 * before on failure.
 */
int jwt_read(struct bytes text, struct buf *ret_header, struct buf *ret_claims);

#endif
