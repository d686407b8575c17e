/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of csi dump share. */
#ifndef CSI_CMD_DUMP_H
#define CSI_CMD_DUMP_H

#include "cmd/cmd.h"
#include "format/hash.h"
#include "work/coredump.h"
#include "work/headroom.h"

enum dump_freeze { DUMP_NO_FREEZE, DUMP_FREEZE, DUMP_HOLD };

#define DUMP_BUFFER_DEFAULT (UINT64_C(16) << 20)
#define DUMP_BUFFER_UNSAID  UINT64_MAX

struct dump_args {
	struct common_args common;
	const char *freeze_word; /* NULL, "" or "hold" */
	enum dump_freeze freeze;
	uint64_t freeze_buffer;
	bool swapped, no_hash;
	struct opt_strings filters;
};

struct dump {
	struct run *run;
	const struct dump_args *args;
	struct process *p;
	struct core_filter filter;
	struct headroom headroom;
	struct stop *stop;
	struct frozen *frozen;
	struct core *core;
	int fd;
	uint64_t written;
	struct hash hash;
};

/* Stops the process and takes what --freeze says. -1 to go on, else an exit code, printed. */
int dump_stop(struct dump *d);
/* Lets it go, if that was not done, and says what the stop did. CONFINED: see stop_end(). */
void dump_let_go(struct dump *d, bool confined);
/* Reads the core and writes it to D->fd. 0, -errno of memory or of writing, -ECANCELED. */
int dump_stream(struct dump *d);

#endif
