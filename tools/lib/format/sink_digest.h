/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that counts and hashes what passes to the next: the digest of a file as it is stored. */
#ifndef CSI_FORMAT_SINK_DIGEST_H
#define CSI_FORMAT_SINK_DIGEST_H

#include "format/sink.h"

/*
 * What is written goes on to NEXT, which is borrowed: close leaves it open. Its block is NEXT's.
 * Bytes that NEXT refused are not counted. 0, -ENOMEM.
 */
int sink_digest(struct sink *next, struct sink **ret);
/* Of S, made by sink_digest: what has passed until now. */
void sink_digest_told(const struct sink *s, uint64_t *ret_size, unsigned char ret_sha256[32]);

#endif
