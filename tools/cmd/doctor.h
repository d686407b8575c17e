/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor.c tells and doctor_mend.c decides: the line that mends a lack of access. */
#ifndef CSI_CMD_DOCTOR_H
#define CSI_CMD_DOCTOR_H

#include "model/access.h"

/*
 * mend_line - the line to type that makes the rest of process P readable, appended to B. Ours and
 * numbers only, nothing of the target's. What is named POD and CONTAINER is the operator's to fill
 * in.
 */
int mend_line(enum access_lack lack, const struct access *a, const struct creds_self *self,
	      const struct proc_status *target, struct buf *b);

/* "SYS_PTRACE", "DAC_READ_SEARCH", or NULL when no capability helps. */
const char *mend_capability(enum access_lack lack);

#endif
