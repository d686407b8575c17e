/* SPDX-License-Identifier: Apache-2.0 */
/* The field table as data. */
#include "format/fields.h"

static const struct field_info infos[FIELD_COUNT] = {
#define X(id, name, type, doc) [F_##id] = { name, FT_##type, doc },
	FIELD_TABLE(X)
#undef X
};

const struct field_info *field_info(enum field f)
{
	return &infos[f];
}
