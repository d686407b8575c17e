/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, one member at a time (RFC 1952). No zlib type leaves gunzip.c. */
#ifndef CSI_FORMAT_GUNZIP_H
#define CSI_FORMAT_GUNZIP_H

#include "base/base.h"

struct gunzip;
int gunzip_open(struct gunzip **ret);
void gunzip_closep(struct gunzip **g);
/*
 * Up to *n bytes to DST from *src, which moves on; *n becomes what came. 1 when the member has
 * ended (the next call begins another), 0 to go on with more, -EBADMSG, -ENOMEM.
 */
int gunzip_run(struct gunzip *g, struct bytes *src, void *dst, size_t *n);

#endif
