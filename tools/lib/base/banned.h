/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that must not compile here; force-included before every source file. */
#ifndef CSI_BASE_BANNED_H
#define CSI_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets atoi atol
#pragma GCC poison gmtime localtime asctime mktemp tmpnam
/* Never these: musl changes every thread, and the intruder could then signal us. */
#pragma GCC poison setuid seteuid setreuid setresuid setgid setegid setregid setresgid

#endif
