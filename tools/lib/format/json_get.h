/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up a member in one line of JSON: enough to read our own records back. */
#ifndef CSI_FORMAT_JSON_GET_H
#define CSI_FORMAT_JSON_GET_H

#include "base/buf.h"

/*
 * json_get - the value of KEY (ours, no escapes) in OBJECT, raw: a string with its quotes, a
 * number, an object. The first one counts. 0, -ENOENT, or -EBADMSG where OBJECT is not one as far
 * as was looked.
 */
int json_get(struct bytes object, const char *key, struct bytes *ret);
/* The bytes that a string written by json_bytes() stands for: JSON and the escape undone. 0 or
 * -errno. */
int json_undo(struct buf *b, struct bytes string);

#endif
