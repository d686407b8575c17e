/* SPDX-License-Identifier: Apache-2.0 */
/* The rules in the program: image/rules/, as text. */
#ifndef CSI_WORK_RULES_BUILTIN_H
#define CSI_WORK_RULES_BUILTIN_H

#include "work/rules.h"

/* Adds them, each file under its name. 0 or -ENOMEM. */
int rules_builtin(struct rules_list *l);

#endif
