/* SPDX-License-Identifier: Apache-2.0 */
/* csi collect: the options that bound what a collection takes from the pod. */
#include "cmd/collect.h"

#include "base/pace.h"

#define LIMIT(member) .offset = offsetof(struct collect_args, limits.member)

const struct opt collect_limit_opts[4] = {
	{ .name = "cpu",
	  .kind = OPT_NUMBER,
	  LIMIT(cpu),
	  .arg = "PERCENT",
	  .help = "of one CPU, for all threads together (50: half a CPU); 0 is no limit",
	  .max = PACE_PERCENT_MAX },
	{ .name = "rate",
	  .kind = OPT_SIZE,
	  LIMIT(rate),
	  .arg = "SIZE",
	  .help = "bytes of output a second, at least 64K; after a stop what is under way is "
		  "written at once",
	  .min = SINK_RATE_MIN },
	{ .name = "max-bytes",
	  .kind = OPT_SIZE,
	  LIMIT(max_bytes),
	  .arg = "SIZE",
	  .help = "the output is never larger, at least 4M; what it leaves out is a record, and "
		  "the "
		  "bundle is sealed as partial",
	  .min = COLLECT_MAX_LEAST },
	{ .name = "headroom",
	  .kind = OPT_SIZE,
	  LIMIT(headroom),
	  .arg = "SIZE",
	  .help = "stop and seal before less memory than SIZE (64M), or 5 % of it, is left below a "
		  "cgroup limit; 0 does not guard" },
};

int collect_limit_sink(const struct collect_limits *l, const atomic_bool *stop, struct sink **sink)
{
	struct sink *outer;
	int r = l->rate ? sink_rate(*sink, l->rate, stop, NULL, &outer) : 0;

	if (r == 0 && l->rate)
		*sink = outer;
	return r;
}
