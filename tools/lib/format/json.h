/* SPDX-License-Identifier: Apache-2.0 */
/* A small streaming JSON writer (RFC 8259) into a buf. Commas and nesting are kept right by itself.
 */
#ifndef CSI_FORMAT_JSON_H
#define CSI_FORMAT_JSON_H

#include "base/buf.h"

struct json {
	struct buf *b; /* borrowed */
	int err;       /* first failure; later calls do nothing */
	bool comma;
};

void json_init(struct json *j, struct buf *b);
void json_object(struct json *j);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
/* KEY is ours and needs no escaping. */
void json_key(struct json *j, const char *key);
/* Target bytes: escaped reversibly (base/escape.h), then JSON-encoded. */
void json_bytes(struct json *j, struct bytes v);
/* Ours: plain ASCII, JSON-encoded only. */
void json_str(struct json *j, const char *ours);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
/* Ready JSON. */
void json_raw(struct json *j, struct bytes v);

/* JSON-encode in place what B holds from FROM on: escaped text or ours. 0, -ENOMEM, -EFBIG. */
int json_encode_tail(struct buf *b, size_t from);

#endif
