/* SPDX-License-Identifier: Apache-2.0 */
/* csi dump: one process as an ELF core, read while it runs. */
#include "cmd/cmd.h"
#include "format/hash.h"
#include "work/coredump.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

struct dump_args {
	struct common_args common;
};

static const struct opt_table tables[] = {
	OPT_TABLE(common_pid_opts),	OPT_TABLE(common_source_opts), OPT_TABLE(common_file_opts),
	OPT_TABLE(common_timeout_opts), OPT_TABLE(common_talk_opts),
};

struct dump {
	struct run *run;
	struct core *core;
	int fd;
	uint64_t written;
	struct hash hash;
};

static int write_all(int fd, const unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);
		struct pollfd ready = { .fd = fd, .events = POLLOUT };

		if (w < 0 && errno == EAGAIN)
			(void)poll(&ready, 1, -1);
		else if (w < 0 && errno != EINTR)
			return -errno;
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
	return 0;
}

static void show_progress(struct dump *d)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu of %llu MiB", (unsigned long long)(d->written >> 20),
		 (unsigned long long)(core_size(d->core) >> 20));
	cmd_progress(d->run, text);
}

/* 0, -errno of writing, or -ECANCELED. */
static int stream(struct dump *d)
{
	AUTO_FREE unsigned char *chunk = malloc(CORE_CHUNK);
	ssize_t n;

	if (!chunk)
		return -ENOMEM;
	hash_init(&d->hash, HASH_SHA256);
	while ((n = core_read(d->core, chunk, CORE_CHUNK)) > 0) {
		int r = write_all(d->fd, chunk, (size_t)n);

		if (r < 0)
			return r;
		hash_add(&d->hash, chunk, (size_t)n);
		d->written += (uint64_t)n;
		show_progress(d);
		if (atomic_load(&d->run->stop) && d->written < core_size(d->core))
			return -ECANCELED;
	}
	return (int)n;
}

static void tell_totals(const struct dump *d)
{
	char hex[HASH_HEX_MAX], text[256];
	struct core_totals t;
	struct digests sums;

	core_totals(d->core, &t);
	snprintf(text, sizeof(text),
		 "saved %llu bytes in %llu segments; holes: %llu not in memory, %llu swapped out, "
		 "%llu special; no thread was stopped, so registers are zero",
		 (unsigned long long)t.saved, (unsigned long long)t.segments,
		 (unsigned long long)t.absent, (unsigned long long)t.swapped,
		 (unsigned long long)t.special);
	cmd_note(d->run, text);
	hash_peek(&d->hash, &sums);
	hash_hex(sums.sha256, sizeof(sums.sha256), hex);
	(void)fprintf(stderr, "csi: sha256=%s bytes=%llu\n", hex, (unsigned long long)d->written);
}

static int plan(struct dump *d, struct process *p)
{
	char pid[16];
	int r = core_plan(p, &d->run->gaps, &d->core);

	if (r == 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", (int)process_id(p).pid);
	cmd_fail(d->run, "read the memory of process", bytes_str(pid), r,
		 r == -EACCES || r == -EPERM ? "csi doctor says what is missing" : NULL);
	return EXIT_FAILED;
}

static int dump(struct dump *d)
{
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	AUTO_DONE(process_closep) struct process *p = NULL;
	int r = cmd_select(d->run, &sel);

	if (r >= 0)
		return r;
	r = process_open(d->run->source, sel.ids[0], &p);
	if (r < 0) {
		cmd_fail(d->run, "open the process", bytes_of(NULL, 0), r, NULL);
		return EXIT_FAILED;
	}
	r = plan(d, p);
	/* Not before: what cannot be read must not leave an empty file. */
	if (r < 0)
		r = cmd_open_stream(d->run, &d->fd);
	if (r >= 0)
		return r;
	r = stream(d);
	cmd_progress(d->run, NULL);
	if (r == 0) {
		tell_totals(d);
		return EXIT_COMPLETE;
	}
	if (r == -ECANCELED) {
		cmd_note(d->run, "stopped: the core is cut");
		return EXIT_PARTIAL;
	}
	cmd_fail(d->run, "write the core", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

static int dump_run(const struct command *self, int argc, char **argv)
{
	struct dump_args args = { 0 };
	struct run run = { 0 };
	struct dump d = { .run = &run, .fd = -1 };
	int operands, r;

	r = cmd_parse(self, argc, argv, &args, &operands);
	if (r < 0)
		r = cmd_operands(self, argc, argv, operands, 0);
	if (r >= 0)
		return r;
	if (args.common.pids.n != 1)
		return cmd_usage(self, "exactly one process is dumped: -p PID");
	r = cmd_begin(&run, self, &args.common, NULL, 0);
	if (r >= 0)
		return r;
	run.exit = dump(&d);
	core_closep(&d.core);
	if (d.fd >= 0 && close(d.fd) < 0) {
		cmd_fail(&run, "write the core", bytes_of(NULL, 0), -errno, NULL);
		run.exit = EXIT_FAILED;
	}
	return cmd_end(&run);
}

const struct command cmd_dump = {
	.name = "dump",
	.summary = "one process as an ELF core that gdb opens; nothing is stopped",
	.usage = "-p PID [-o FILE]",
	.example = "csi dump -p 7 -o 7.core && gdb -batch -c 7.core -ex 'info files'\n"
		   "kubectl exec POD -c csi-1 -- csi dump -p 7 > 7.core",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = dump_run,
};
