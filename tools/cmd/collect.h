/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `csi collect`, and what those in files of their own do. */
#ifndef CSI_CMD_COLLECT_H
#define CSI_CMD_COLLECT_H

#include "cmd/cmd.h"
#include "format/sink.h"
#include "work/headroom.h"

/* What bounds the cost of a collection. */
struct collect_limits {
	uint64_t rate;	    /* bytes of output a second, 0: no limit */
	uint64_t cpu;	    /* percent of one CPU, 0: no limit */
	uint64_t max_bytes; /* of output, 0: no limit */
	uint64_t headroom;  /* bytes of memory to leave to the pod, 0: no guard */
};

struct collect_args {
	struct common_args common; /* first */
	int scope;
	bool memory, volumes;
	struct collect_limits limits;
	const char *have; /* --have: a list, - is standard input */
};

/* collect_limits.c */
enum { COLLECT_CPU_PERCENT = 50, COLLECT_MAX_LEAST = 4 << 20 };
extern const struct opt collect_limit_opts[4];
/* Puts what the options ask for around *SINK, which stays the caller's, changed or not. 0 or
 * -errno. */
int collect_limit_sink(const struct collect_limits *l, const atomic_bool *stop, struct sink **sink);

#endif
