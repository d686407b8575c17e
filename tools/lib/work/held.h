/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What csi init holds for a later collection. An injection is itself a new process that the target
 * sees; what removes its file and ends on that is gone before a `kubectl exec` can run collect. So
 * init pins every executable first of all, and collect takes from it what nobody runs any more.
 *
 * A pin is an O_PATH descriptor of init; which one is whose stands in a memfd of init's called
 * "csi-pins", as lines "FD PID STARTTICKS"; "0 0 ERRNO" says why they are not all. A pinned file
 * that is deleted keeps its blocks until init ends.
 */
#ifndef CSI_WORK_HELD_H
#define CSI_WORK_HELD_H

#include "work/targets.h"

enum { HELD_MAX = 1024 };

/*
 * held_take - for init, at its start: pins the executables of all processes but csi's own and
 * leaves the descriptors open for the life of this process. What cannot be pinned is left out: it
 * is collect that tells gaps. 0 or -errno.
 */
int held_take(void);
/*
 * held_find - for collect: adds to TS->held the executables held by an init of ours whose process
 * is not among TS's and whose file none of TS's processes runs. Nothing found is no error; what
 * there was no room for, there or here, is a gap. 0, -ENOMEM.
 */
int held_find(struct targets *ts, const struct gap_sink *gaps);

#endif
