/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a walk are told: all conditions that are set must hold. */
#ifndef CSI_WORK_FILTER_H
#define CSI_WORK_FILTER_H

#include "model/root.h"

enum filter_perm { FILTER_PERM_NONE, FILTER_PERM_EXACT, FILTER_PERM_ALL, FILTER_PERM_ANY };

struct filter {
	const char *name;      /* a pattern for the last component; NULL: any */
	unsigned types;	       /* 1 << (mode's type >> 12); 0: any */
	enum filter_perm perm; /* how find(1) takes MODE, -MODE and /MODE */
	uint32_t mode;	       /* of the permission bits */
	bool has_uid, has_gid;
	uint32_t uid, gid;
	bool has_since;
	int64_t since; /* ns since 1970: mtime, ctime or birth at or after it */
};

/* Arguments as the operator wrote them. 0 or -EINVAL. */
int filter_types(const char *letters, struct filter *ret); /* "f,d,l" */
int filter_mode(const char *text, struct filter *ret);	   /* "4755", "-4000", "/6000" */
int filter_owner(const char *text, struct filter *ret);	   /* "0", "0:0", ":65532" */
int filter_since(const char *text, struct filter *ret);	   /* as when_parse() takes it */

bool filter_wants(const struct filter *f, const struct walk_entry *e);

#endif
