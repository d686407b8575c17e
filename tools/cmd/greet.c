/* SPDX-License-Identifier: Apache-2.0 */
/* What `csi shell` says first: the targets it sees and the next three commands. */
#include "cmd/shell.h"

#include "base/escape.h"
#include "model/select.h"
#include "version.h"

#include <stdio.h>

enum {
	GREET_TARGETS_MAX = 8,
	GREET_EXE_COLUMNS = 40,
	GREET_TEXT_MAX = 64 << 10,
	CONTAINER_SHORT = 12, /* hex digits of a container id that people use */
};

static int add_exe(struct process *p, struct buf *line)
{
	AUTO_DONE(buf_done) struct buf link = BUF_NONE;
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	const struct proc_stat *st = process_stat(p);
	int r = process_link(p, LINK_EXE, &link);

	/* Without the right to read the link there is still the name, as `ps` brackets it. */
	if (r == 0)
		r = escape_add(&text, buf_bytes(&link));
	else if ((r = buf_addc(&text, '[')) == 0 &&
		 (r = escape_add(&text, bytes_of(st->comm, st->comm_len))) == 0)
		r = buf_addc(&text, ']');
	if (r < 0)
		return r;
	size_t n = escape_fit(buf_bytes(&text), GREET_EXE_COLUMNS);
	r = buf_add(line, text.p, n);
	for (size_t w = escape_width(bytes_of(text.p, n)); r == 0 && w < GREET_EXE_COLUMNS; w++)
		r = buf_addc(line, ' ');
	return r;
}

static int add_container(struct process *p, struct buf *line)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	int r = process_text(p, TEXT_CGROUP, &text, GREET_TEXT_MAX);
	struct bytes id = r < 0 ? bytes_of(NULL, 0) : proc_container_id(buf_bytes(&text));

	if (id.n > CONTAINER_SHORT)
		id.n = CONTAINER_SHORT;
	return id.n ? escape_add(line, id) : buf_addc(line, '-');
}

/* What the greeting has found so far. */
struct targets_seen {
	pid_t first;
	size_t shown, more;
};

/* Kernel threads and what ended meanwhile are no targets. */
static int add_target(struct source *s, struct process_id id, struct targets_seen *seen,
		      struct buf *text)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_DONE(buf_done) struct buf line = BUF_NONE;
	const struct proc_status *status;
	int r;

	if (process_open(s, id, &p) < 0 || (process_stat(p)->flags & PROC_PF_KTHREAD) ||
	    process_stat(p)->state == 'Z' || process_status(p, &status) < 0)
		return 0;
	if (seen->shown == GREET_TARGETS_MAX) {
		seen->more++;
		return 0;
	}
	r = buf_addf(&line, "  %7d %6u  ", (int)id.pid, (unsigned)status->uid[1]);
	if (r == 0)
		r = add_exe(p, &line);
	if (r == 0)
		r = buf_adds(&line, "  ");
	if (r == 0)
		r = add_container(p, &line);
	if (r == 0)
		r = buf_addc(&line, '\n');
	if (seen->shown++ == 0)
		seen->first = id.pid;
	return r == 0 ? buf_addb(text, buf_bytes(&line)) : r;
}

static int add_targets(struct source *s, const struct selection *sel, struct targets_seen *seen,
		       struct buf *b)
{
	int r = buf_addf(b, "  %7s %6s  %-*s  %s\n", "PID", "UID", GREET_EXE_COLUMNS, "EXE",
			 "CONTAINER");

	for (size_t i = 0; r == 0 && i < sel->n; i++)
		r = add_target(s, sel->ids[i], seen, b);
	if (r == 0 && seen->more)
		r = buf_addf(b, "  and %zu more\n", seen->more);
	return r;
}

static int add_next(pid_t pid, struct buf *b)
{
	return buf_addf(b,
			"Type next:\n"
			"  csi ps               # all of them, and what is odd about each\n"
			"  csi walk -p %-7d  # its files\n"
			"  csi maps -p %-7d  # its memory\n"
			"Evidence leaves from the workstation:\n"
			"  kubectl exec POD -c CONTAINER -- csi collect > case.tar.zst\n",
			(int)pid, (int)pid);
}

static int add_alone(struct buf *b)
{
	return buf_adds(b, "No process but csi's own can be seen from here. Start the debug "
			   "container in the\nPID namespace of the one to look at:\n"
			   "  kubectl debug POD --image=csi-debug:" CSI_VERSION
			   " --image-pull-policy=IfNotPresent --target=CONTAINER "
			   "--profile=general -c csi-2 --attach=false\n"
			   "Type next:\n"
			   "  csi doctor           # what can be read from here\n"
			   "  csi --help           # all commands\n"
			   "  exit\n");
}

static int make(struct buf *b)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	struct targets_seen seen = { 0 };
	pid_t missing;
	int r = source_open(SOURCE_LIVE, NULL, &s);

	if (r == 0)
		r = selection_make(s, NULL, 0, &sel, &missing);
	if (r < 0)
		return r;
	r = buf_adds(b, "csi " CSI_VERSION ": looking changes nothing here. Targets:\n");
	if (r == 0 && !sel.alone)
		r = add_targets(s, &sel, &seen, b);
	if (r < 0)
		return r;
	return seen.shown ? add_next(seen.first, b) : add_alone(b);
}

void shell_greet(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = make(&b);

	if (r < 0)
		(void)fprintf(stderr, "csi: cannot list processes: %s\n", err_text(r));
	else
		(void)fwrite(b.p, 1, b.n, stderr);
}
