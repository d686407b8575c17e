/* SPDX-License-Identifier: Apache-2.0 */
/* Shell patterns over bytes: *, ?, [a-z], [!a] and \ before any of them. */
#ifndef CSI_BASE_GLOB_H
#define CSI_BASE_GLOB_H

#include "base/base.h"

/*
 * Whether all of NAME, target bytes of any kind, is what PATTERN (the operator's) says. In time
 * pattern x name at most. A "[" without its "]" stands for itself.
 */
bool glob_match(const char *pattern, struct bytes name);

#endif
