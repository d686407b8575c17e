/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSI_CMD_TETHER_H
#define CSI_CMD_TETHER_H

/*
 * From now on this program ends when the other side of standard input (a pipe, a socket or a
 * terminal) is closed: as after SIGTERM, and 3 seconds later in any case, with 1. Once, before
 * anything else. Reads nothing. 0 or -errno.
 */
int tether_start(void);

#endif
