/* SPDX-License-Identifier: Apache-2.0 */
/* The interactive laboratory, for `csi shell` and for `csi init` on a terminal. */
#ifndef CSI_CMD_SHELL_H
#define CSI_CMD_SHELL_H

#include "base/base.h"

/*
 * shell_session - greet (unless QUIET or COMMAND), run sh, or `sh -c COMMAND`, and when it ends end
 * all that it left behind. brood_begin() comes first. Returns its exit code, 128 + N for signal N.
 */
int shell_session(const char *command, bool quiet);

/* The targets that can be seen and the next commands, on standard error. */
void shell_greet(void);

#endif
