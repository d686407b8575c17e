/* SPDX-License-Identifier: Apache-2.0 */
/* csi dump: one process as an ELF core, read while it runs, or stopped for a moment. */
#include "cmd/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define ARG(member) .offset = offsetof(struct dump_args, member)

static const struct opt own_opts[] = {
	{ .name = "freeze",
	  .kind = OPT_MAYBE,
	  ARG(freeze_word),
	  .arg = "hold",
	  .help = "stop all threads once, for registers and what the buffer holds, and let go; the "
		  "rest is read after. With hold: stopped until all is written, which takes "
		  "seconds" },
	{ .name = "freeze-buffer",
	  .kind = OPT_SIZE,
	  ARG(freeze_buffer),
	  .arg = "SIZE",
	  .help = "with --freeze, memory that the stop copies at most (16M); never more than half "
		  "of what the pod has left" },
	{ .name = "filter",
	  .kind = OPT_STRINGS,
	  ARG(filters),
	  .arg = "WHAT",
	  .help = "only the bytes of these mappings, again for more: kinds joined by + (anon, "
		  "file, "
		  "exec, write, shared, private, heap, stack, memfd, deleted), addresses "
		  "0x1000-0x2000, or name=PATTERN with * and ?" },
	{ .name = "swapped",
	  .kind = OPT_FLAG,
	  ARG(swapped),
	  .help = "read pages that are swapped out, too: this brings them into the target's "
		  "memory, "
		  "which then counts against its limit" },
	{ .name = "no-hash",
	  .kind = OPT_FLAG,
	  ARG(no_hash),
	  .help = "leave out the SHA-256 of the core, which costs more time than all else" },
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),  OPT_TABLE(own_opts),	  OPT_TABLE(common_headroom_opts),
	OPT_TABLE(common_proc_opts), OPT_TABLE(common_file_opts), OPT_TABLE(common_timeout_opts),
	OPT_TABLE(common_talk_opts),
};

/* Where the bytes came from, and what there is none of. */
static void tell_saved(const struct dump *d, const struct core_totals *t)
{
	char text[320];
	int n = snprintf(text, sizeof(text),
			 "saved %" PRIu64 " bytes in %" PRIu64 " segments; holes: %" PRIu64
			 " not in memory, %" PRIu64 " swapped out, %" PRIu64 " special",
			 t->saved, t->segments, t->absent, t->swapped, t->special);

	if (t->filtered)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ", %" PRIu64 " filtered out",
			      t->filtered);
	if (t->faulted)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "; %" PRIu64 " bytes were brought in from swap", t->faulted);
	if (d->args->freeze == DUMP_NO_FREEZE)
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "; no thread was stopped, so registers are zero");
	if (d->args->freeze == DUMP_FREEZE)
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "; frozen: %" PRIu64 " bytes, read after: %" PRIu64, t->frozen,
			       t->saved - t->frozen);
	cmd_note(d->run, text);
}

static void tell_totals(const struct dump *d)
{
	char hex[HASH_HEX_MAX];
	struct core_totals t;
	struct digests sums;

	core_totals(d->core, &t);
	tell_saved(d, &t);
	if (d->args->no_hash)
		return;
	hash_peek(&d->hash, &sums);
	hash_hex(sums.sha256, sizeof(sums.sha256), hex);
	(void)fprintf(stderr, "csi: sha256=%s bytes=%llu\n", hex, (unsigned long long)d->written);
}

static int plan(struct dump *d)
{
	const struct core_options options = {
		.swapped = d->args->swapped,
		.filter = &d->filter,
		.stop = d->stop,
		.frozen = d->frozen,
		.held = d->args->freeze == DUMP_HOLD,
	};
	char pid[16];
	int r = core_plan(d->p, &d->run->gaps, &options, &d->core);

	if (r == 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", (int)process_id(d->p).pid);
	cmd_fail(d->run, "read the memory of process", bytes_str(pid), r,
		 r == -EACCES || r == -EPERM ? "csi doctor says what is missing" : NULL);
	return EXIT_FAILED;
}

/* Groups of the pod that can be seen: csi's own and the target's. Of the target its root is enough:
 * nothing else of it is looked at for this. */
static void open_headroom(struct dump *d)
{
	struct target one = { .p = d->p, .exe_pin = -1 };
	struct target_root root = { .root = NULL };
	const struct targets ts = { .v = &one, .n = 1, .roots = &root, .nroots = 1 };

	if (d->args->common.headroom && process_root(d->p, &root.root) < 0)
		root.root = NULL;
	headroom_open(&d->headroom, d->args->common.headroom, &ts, &d->run->stop);
	root_closep(&root.root);
}

static int finish(struct dump *d, int r)
{
	cmd_progress(d->run, NULL);
	if (r == 0) {
		tell_totals(d);
		return EXIT_COMPLETE;
	}
	if (r == -ECANCELED) {
		cmd_note(d->run, atomic_load(&d->headroom.tripped)
					 ? "stopped, the core is cut: memory of the pod runs short"
					 : "stopped: the core is cut");
		return EXIT_PARTIAL;
	}
	cmd_fail(d->run, "write the core", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int dump(struct dump *d)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	int r = cmd_select(d->run, &sel);

	if (r >= 0)
		return r;
	r = process_open(d->run->source, sel.ids[0], &d->p);
	if (r < 0) {
		cmd_fail(d->run, "open the process", bytes_of(NULL, 0), r, NULL);
		return EXIT_FAILED;
	}
	open_headroom(d);
	r = d->args->freeze ? dump_stop(d) : -1;
	if (r < 0)
		r = plan(d);
	/* Not before: what cannot be read must not leave an empty file. */
	if (r < 0)
		r = cmd_open_stream(d->run, &d->fd);
	if (r >= 0) {
		dump_let_go(d, false);
		return r;
	}
	r = dump_stream(d);
	dump_let_go(d, d->run->confined == 0);
	return finish(d, r);
}

static int take_freeze(const struct command *self, struct dump_args *args)
{
	const char *word = args->freeze_word;

	if (word)
		args->freeze = strcmp(word, "hold") == 0 ? DUMP_HOLD : DUMP_FREEZE;
	if (word && *word && args->freeze == DUMP_FREEZE)
		return cmd_usage(self, "--freeze stands alone, or is --freeze=hold");
	if (args->freeze_buffer != DUMP_BUFFER_UNSAID && args->freeze != DUMP_FREEZE)
		return cmd_usage(self, "--freeze-buffer goes with --freeze: nothing else copies");
	if (args->freeze_buffer == DUMP_BUFFER_UNSAID)
		args->freeze_buffer = DUMP_BUFFER_DEFAULT;
	return -1;
}

static int take_filters(const struct command *self, const struct dump_args *args,
			struct core_filter *ret)
{
	for (size_t i = 0; i < args->filters.n; i++)
		if (core_filter_add(ret, args->filters.v[i]) < 0)
			return cmd_usage(self,
					 "--filter wants kinds joined by +, addresses such as "
					 "0x1000-0x2000, or name=PATTERN");
	return -1;
}

static void done(struct dump *d)
{
	core_closep(&d->core);
	frozen_closep(&d->frozen);
	stop_closep(&d->stop);
	headroom_done(&d->headroom);
	process_closep(&d->p);
	if (d->fd < 0 || close(d->fd) == 0)
		return;
	cmd_fail(d->run, "write the core", bytes_of(NULL, 0), -errno, NULL);
	d->run->exit = EXIT_FAILED;
}

static int dump_run(const struct command *self, int argc, char **argv)
{
	struct dump_args args = { .freeze_buffer = DUMP_BUFFER_UNSAID,
				  .common.headroom = HEADROOM_FLOOR_DEFAULT };
	struct run run = { 0 };
	struct dump d = { .run = &run, .args = &args, .fd = -1 };
	int r = cmd_parse_only(self, argc, argv, &args);

	if (r < 0)
		r = take_freeze(self, &args);
	if (r < 0)
		r = take_filters(self, &args, &d.filter);
	if (r >= 0)
		return r;
	if (args.common.pids.n != 1)
		return cmd_usage(self, "exactly one process is dumped: -p PID");
	r = cmd_begin(&run, self, &args.common, NULL, 0);
	if (r >= 0)
		return r;
	run.exit = dump(&d);
	done(&d);
	return cmd_end(&run);
}

const struct command cmd_dump = {
	.name = "dump",
	.summary = "one process as an ELF core that gdb opens; --freeze stops it for a moment",
	.usage = "-p PID [--freeze[=hold]] [--filter WHAT]... [-o FILE]",
	.example = "csi dump -p 7 -o 7.core && gdb -batch -c 7.core -ex 'info files'\n"
		   "csi dump -p 7 --freeze -o 7.core && gdb -batch -c 7.core -ex 'thread apply all "
		   "bt'\n"
		   "kubectl exec POD -c csi-1 -- csi dump -p 7 --filter anon+exec > 7.core",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = dump_run,
};
