/* SPDX-License-Identifier: Apache-2.0 */
/* The xattr security.capability of a file (capabilities(7), include/uapi/linux/capability.h). */
#ifndef CSI_FORMAT_FILECAPS_H
#define CSI_FORMAT_FILECAPS_H

#include "base/base.h"

struct filecaps {
	unsigned version; /* 1 to 3 */
	bool effective;	  /* what is permitted is in effect at once */
	uint64_t permitted, inheritable;
	uint32_t rootid; /* version 3: the uid that is root of its user namespace; else 0 */
};

/* VALUE is hostile. 0 or -EBADMSG: the kernel would not take it either. */
int filecaps_parse(struct bytes value, struct filecaps *ret);

enum { FILECAPS_WORD_MAX = 40 };
/* Capability I of C as "NET_RAW=ep" ("63=p" where it has no name); false: the file has it not. */
bool filecaps_word(const struct filecaps *c, unsigned i, char ret[FILECAPS_WORD_MAX]);

#endif
