/* SPDX-License-Identifier: Apache-2.0 */
/* A file without a name that is written once and then read from its start: what does not fit into
 * memory. One thread. */
#ifndef CSI_WORK_SPOOL_H
#define CSI_WORK_SPOOL_H

#include "base/base.h"

#include <stdio.h>

struct spool {
	FILE *file;		/* NULL: not open */
	uint64_t written, kept; /* bytes; see spool_keep */
};

/* In the directory DIR (of ours or the operator's). 0 or -errno. */
int spool_open(struct spool *s, const char *dir);
void spool_done(struct spool *s);
/* 0 or -errno (-ENOSPC). */
int spool_put(struct spool *s, const void *p, size_t n);
/* What was written until now stays. */
void spool_keep(struct spool *s);
/* What was written since spool_keep() is taken back; nothing was kept: all. 0 or -errno. */
int spool_drop(struct spool *s);
/* Whatever was written is there, and is read from its start. */
int spool_rewind(struct spool *s);
/* 1 with N bytes, 0 at the end, -errno; -EIO when it ends within them. */
int spool_get(struct spool *s, void *p, size_t n);

#endif
