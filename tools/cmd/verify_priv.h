/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `csi verify` share. */
#ifndef CSI_CMD_VERIFY_PRIV_H
#define CSI_CMD_VERIFY_PRIV_H

#include "cmd/cmd.h"
#include "work/verify.h"

struct verify_args {
	struct common_args common;
	const char *salvage;
	bool list;
};

/* One run over all operands. */
struct verify_run {
	const struct verify_args *args;
	struct run run;	 /* for cmd_fail(); no source is opened */
	struct out *out; /* --json; else NULL */
	const char *file;
	struct buf text; /* of verify_text() */
};

/* verify_one.c: V->file, which IN reads: verified, salvaged if asked for, and told. An exit code.
 */
int verify_one(struct verify_run *v, struct intake *in);
/* TARGET escaped; valid until the next call. */
struct bytes verify_text(struct verify_run *v, struct bytes target);

#endif
