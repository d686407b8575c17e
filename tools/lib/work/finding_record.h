/* SPDX-License-Identifier: Apache-2.0 */
/* A finding, and a row of the catalogue, as records: the same in `csi triage` and in a bundle. */
#ifndef CSI_WORK_FINDING_RECORD_H
#define CSI_WORK_FINDING_RECORD_H

#include "format/out.h"
#include "signs/judge.h"

/* event.kind alert, out_begin to out_end. Returns what out_end does. */
int finding_record(struct out *o, const struct sign_about *about, const struct sign *s,
		   const struct finding *f);
/* What a row of the catalogue is: event.kind state. */
int sign_record(struct out *o, enum sign_subject subject, const struct sign *s);

enum { NEXT_MAX = 256 };
/* The command to type next, with the PID in it. */
void finding_next(const struct sign *s, pid_t pid, char ret[NEXT_MAX]);

#endif
