/* SPDX-License-Identifier: Apache-2.0 */
/* passwd(5), as somebody else wrote it. */
#ifndef CSI_SYS_PASSWD_H
#define CSI_SYS_PASSWD_H

#include "base/base.h"

#include <sys/types.h>

enum { PASSWD_NAME_MAX = 256 };

/*
 * passwd_name - the name of UID in TEXT: of the first line that has it, as getpwuid(3) takes it.
 * Points into TEXT: target bytes. Empty if there is none, or it is longer than PASSWD_NAME_MAX.
 */
struct bytes passwd_name(struct bytes text, uid_t uid);

#endif
