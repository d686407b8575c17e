/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading foreign JSON (RFC 8259) in place: nothing is built, so a hostile text costs its own bytes
 * and no more, however deep it nests or long its arrays are. Values are ranges of the text.
 */
#ifndef CSI_FORMAT_JSON_READ_H
#define CSI_FORMAT_JSON_READ_H

#include "base/buf.h"

enum { JSON_READ_DEPTH_MAX = 64 };

/*
 * json_check - one whole value with nothing but space around it. 0; -EBADMSG: it is none; -E2BIG:
 * it nests deeper than JSON_READ_DEPTH_MAX. All below expects a text, or a value out of one, for
 * which this was 0; on another one the answer is worthless, but nothing outside it is read.
 */
int json_check(struct bytes text);

/*
 * The value of KEY in OBJECT; escapes in keys count as what they stand for. 0, -ENOENT (also when
 * OBJECT is no object), -EEXIST: the key is there twice, and readers differ in which one counts.
 */
int json_member(struct bytes object, const char *key, struct bytes *ret);

/* The values of an array in order: 1 and *ret, 0 at the end (at once when it is no array). */
struct json_array_iter {
	struct bytes rest;
};
struct json_array_iter json_array_begin(struct bytes array);
int json_array_next(struct json_array_iter *it, struct bytes *ret);

/*
 * What a string stands for, added to RET: UTF-8, and whatever bytes it holds unescaped. A lone
 * surrogate is U+FFFD, as Go has it. 0, -EBADMSG: it is no string, -ENOMEM, -EFBIG.
 */
int json_string(struct bytes string, struct buf *ret);

#endif
