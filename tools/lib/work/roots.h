/* SPDX-License-Identifier: Apache-2.0 */
/* Each distinct root of the selected processes, once, for commands that look at files. */
#ifndef CSI_WORK_ROOTS_H
#define CSI_WORK_ROOTS_H

#include "model/select.h"
#include "model/source.h"

enum { ROOTS_MAX = 512 };

/* One tree as some of the selected processes see it. */
struct seen_root {
	uint64_t ns_mnt;     /* 0 unknown, or a source without processes */
	struct buf link;     /* the root link's text: tells a chroot from the rest */
	pid_t pid;	     /* the process through which it was opened, 0 none */
	int64_t first_start; /* of the first process in the namespace; INT64_MIN unknown */
	struct root *root;   /* owned */
	struct buf container_id;
};

struct roots {
	struct seen_root *v;
	size_t n;
};

/*
 * The roots of the processes in SEL (NULL with a SOURCE_ROOT, which has one). A root that cannot be
 * opened is a gap; one whose process vanished is none. RET starts zeroed; roots_done() also after a
 * failure. 0 or -errno.
 */
int roots_find(struct source *s, const struct selection *sel, const struct gap_sink *gaps,
	       struct roots *ret);
void roots_done(struct roots *r);

#endif
