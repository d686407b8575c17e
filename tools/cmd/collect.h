/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `csi collect`, and what its files share. */
#ifndef CSI_CMD_COLLECT_H
#define CSI_CMD_COLLECT_H

#include "base/pace.h"
#include "cmd/cmd.h"
#include "format/sink.h"
#include "work/gather.h"
#include "work/headroom.h"
#include "work/throttle.h"

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
	bool plan, minimise;
	uint64_t speed; /* of the line, bytes a second, 0: several are told */
	struct collect_limits limits;
	const char *have; /* --have: a list, - is standard input */
};

/* collect_limits.c */
enum { COLLECT_CPU_PERCENT = 50, COLLECT_MAX_LEAST = 4 << 20 };
extern const struct opt collect_limit_opts[4];
/* Puts what the options ask for around *SINK, which stays the caller's, changed or not. 0 or
 * -errno. */
int collect_limit_sink(const struct collect_limits *l, const atomic_bool *stop, struct sink **sink);

/* collect_plan.c */

extern const struct opt collect_plan_opts[3];	  /* --plan, --speed, --json */
extern const struct opt collect_minimise_opts[1]; /* --minimise */

/* One collection under way. */
struct job {
	struct run *run;
	const struct collect_args *args;
	struct gather_case *c;
	struct pace pace;
	struct gentle gentle;
	struct headroom headroom;
	struct throttle throttle;
	const struct crypt_keys *keys;
	struct targets targets;
	struct minimise *minimise; /* NULL without --minimise */
	struct file_info own_output;
	struct bundle_totals totals;
	struct have_join *have; /* NULL without --have */
};

/* What the options say, into G; the bundle or the plan is the caller's. */
void collect_gather(struct job *job, struct gather *ret);
/* All steps in the order of volatility. 0 or what ended them. */
int collect_all(struct gather *g, const struct job *job);
/* A line on standard error, and exit code 1. */
void collect_fail(struct run *run, const char *what, int err, const char *mend);

/* Options that do not go together: -1 to go on, else a usage error, printed. */
int collect_plan_check(const struct command *self, const struct collect_args *args);
/* The columns of a plan, for cmd_begin. */
const struct column *collect_plan_columns(size_t *ret_n);
/* In the place of writing a bundle: targets are pinned. */
void collect_plan(struct job *job);

#endif
