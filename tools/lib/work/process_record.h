/* SPDX-License-Identifier: Apache-2.0 */
/* One process as a record: the same in `csi ps` and in a bundle. */
#ifndef CSI_WORK_PROCESS_RECORD_H
#define CSI_WORK_PROCESS_RECORD_H

#include "format/out.h"
#include "signs/signs.h"

enum process_record_form {
	PROCESS_RECORD_SIGNS = 1 << 0, /* csi.signs, also when there is none */
	PROCESS_RECORD_TABLE =
		1 << 1, /* for a person: short start, cut arguments, [comm] without any */
};

/* A whole record, out_begin to out_end, of what F knows. Returns what out_end does. */
int process_record(struct out *o, struct process *p, const struct facts *f, unsigned form);
/* The same as a row of a tree: DEPTH below its root, for PROCESS_RECORD_TABLE. */
int process_record_below(struct out *o, struct process *p, const struct facts *f, unsigned form,
			 unsigned depth);

#endif
