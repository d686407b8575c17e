/* SPDX-License-Identifier: Apache-2.0 */
/* csi init - the image's entry point: a sleeper that reaps, or a shell on a terminal. */
#include "cmd/brood.h"
#include "cmd/cmd.h"
#include "cmd/shell.h"
#include "work/held.h"

#include <stdio.h>

enum {
	/* An ephemeral container can never be removed: unused, it should not stay for ever. */
	INIT_TTL = 4 * 60 * 60,
	INIT_TTL_MAX = 366 * 24 * 60 * 60,
	INIT_LOOK_MS = 60 * 1000,  /* between two looks at who is here */
	INIT_GRACE_MS = 10 * 1000, /* for a collection to seal; kubelet gives 30 s */
};

struct init_args {
	struct common_args common;
	uint64_t ttl;
	bool quiet;
};

static const struct opt init_opts[] = {
	{ .name = "ttl",
	  .kind = OPT_NUMBER,
	  .offset = offsetof(struct init_args, ttl),
	  .arg = "SECONDS",
	  .help = "end after SECONDS without any other process in this container; 0: never; "
		  "14400 (4 hours) by default",
	  .max = INIT_TTL_MAX },
	{ .key = 'q',
	  .name = "quiet",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct init_args, quiet),
	  .help = "no notes" },
};

static const struct opt_table tables[] = { OPT_TABLE(init_opts) };

static void say(const struct init_args *args, const char *text)
{
	if (!args->quiet)
		(void)fprintf(stderr, "csi init: %s\n", text);
}

/* How long to sleep until the next look, in milliseconds. */
static int nap(const struct init_args *args, int64_t idle_ns)
{
	int64_t left;

	if (args->ttl == 0)
		return INIT_LOOK_MS;
	left = ((int64_t)args->ttl * (int64_t)NS_PER_SEC - idle_ns) / 1000000 + 1;
	if (left < 1)
		left = 1;
	return left < INIT_LOOK_MS ? (int)left : INIT_LOOK_MS;
}

/* Sleeps and reaps until a signal or the idle limit. */
static void sleeper(const struct init_args *args)
{
	int64_t used = when_now(CLOCK_BOOTTIME);
	int ignored;

	for (;;) {
		int64_t idle = when_now(CLOCK_BOOTTIME) - used;
		int sig = brood_wait(nap(args, idle));

		(void)brood_reap(0, &ignored);
		if (sig == SIGCHLD)
			continue;
		if (sig)
			return;
		if (args->ttl == 0)
			continue;
		if (brood_alive()) {
			used = when_now(CLOCK_BOOTTIME);
			continue;
		}
		idle = when_now(CLOCK_BOOTTIME) - used;
		if (idle >= (int64_t)args->ttl * (int64_t)NS_PER_SEC) {
			say(args, "nobody has been here for the time of --ttl: ending");
			return;
		}
	}
}

static int init_run(const struct command *self, int argc, char **argv)
{
	struct init_args args = { .ttl = INIT_TTL };
	int code = EXIT_COMPLETE;
	int r = cmd_parse_only(self, argc, argv, &args);
	if (r >= 0)
		return r;
	/* Without it collect has what runs when it runs: no reason to end. */
	(void)held_take();
	r = brood_begin();
	if (r < 0) {
		(void)fprintf(stderr, "csi init: cannot become a subreaper: %s\n", err_text(r));
		return EXIT_FAILED;
	}
	if (isatty(STDIN_FILENO)) {
		say(&args, "the node records this session in the container's log; this way it does "
			   "not:\n  kubectl exec -it POD -c CONTAINER -- csi shell");
		code = shell_session(NULL, args.quiet);
	} else {
		/* Silent: what it says is kept in the node's log of the container. */
		sleeper(&args);
	}
	brood_end(true, INIT_GRACE_MS);
	return code;
}

const struct command cmd_init = {
	.name = "init",
	.summary = "the image's entry point; sleeps and reaps, or a shell on a terminal",
	.usage = "[--ttl SECONDS] [-q]",
	.example = "kubectl debug POD --image=csi-debug --target=CONTAINER -c csi-1 "
		   "--attach=false\n"
		   "csi init --ttl 0",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = init_run,
};
