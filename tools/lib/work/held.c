/* SPDX-License-Identifier: Apache-2.0 */
/* Executables pinned by csi init, and found again by collect. */
#include "work/held.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELD_NAME "csi-pins"
#define HELD_LINK "/memfd:" HELD_NAME " (deleted)"

enum { HELD_TEXT_MAX = HELD_MAX * 48, HELD_FDS_MAX = 4096, HELD_INITS_MAX = 16 };

/* ---- init ---------------------------------------------------------------------------------- */

static int add_line(int list, int fd, pid_t pid, uint64_t number)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%d %d %" PRIu64 "\n", fd, (int)pid, number);

	return io_write_all(list, line, (size_t)n);
}

static int take_one(struct source *s, struct process_id id, int list)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	struct file_info info;
	AUTO_CLOSE int fd = -1;
	int r = process_open(s, id, &p);

	if (r == 0)
		r = process_pin(p, FILE_EXE, 0, &fd, &info);
	if (r < 0)
		return r;
	id = process_id(p);
	r = add_line(list, fd, id.pid, id.start_ticks);
	if (r == 0)
		(void)take_fd(&fd); /* open as long as we run */
	return r;
}

/* Not of this one process, which may have ended or be nobody's to look at. */
static bool is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -E2BIG;
}

static int take_all(void)
{
	AUTO_DONE(source_closep) struct source *s = NULL;
	AUTO_DONE(selection_done) struct selection sel = { 0 };
	pid_t missing;
	int r = source_open(SOURCE_LIVE, NULL, &s);

	if (r == 0)
		r = selection_make(s, NULL, 0, &sel, &missing);
	if (r < 0)
		return r;
	/* Open as long as we run: it and the pins are what collect looks for. */
	int list = memfd_create(HELD_NAME, MFD_CLOEXEC);
	if (list < 0)
		return -errno;
	for (size_t i = 0; i < sel.n && !is_shortage(r); i++)
		r = i < HELD_MAX ? take_one(s, sel.ids[i], list) : -E2BIG;
	return is_shortage(r) ? add_line(list, 0, 0, (uint64_t)-r) : 0;
}

/*
 * Borrowing a target's ids makes this process non-dumpable, and then a csi beside it without
 * SYS_PTRACE no longer knows init for its own. It is as before after that: init holds no secret.
 */
int held_take(void)
{
	int dumpable = prctl(PR_GET_DUMPABLE);
	int r = take_all();

	if (dumpable == 1)
		(void)prctl(PR_SET_DUMPABLE, 1);
	return r;
}

/* ---- collect ------------------------------------------------------------------------------- */

struct finding {
	struct targets *ts;
	const struct gap_sink *gaps;
};

/* Is it known already: its process is a target, or its file is one's executable, or held twice? */
static bool known(const struct targets *ts, const struct target_held *h)
{
	for (size_t i = 0; i < ts->n; i++) {
		struct process_id id = process_id(ts->v[i].p);

		if (ts->v[i].exe_pin < 0)
			continue;
		if ((id.pid == h->id.pid && id.start_ticks == h->id.start_ticks) ||
		    file_same(&ts->v[i].exe, &h->info))
			return true;
	}
	for (size_t i = 0; i < ts->nheld; i++)
		if (file_same(&ts->held[i].info, &h->info))
			return true;
	return false;
}

static void tell(const struct finding *f, const char *what, int err, pid_t pid)
{
	gap_tell(f->gaps, &(struct gap){ .err = err, .what = what, .pid = pid });
}

static int keep(struct targets *ts, struct target_held *h)
{
	struct target_held *v;

	if (ts->nheld == HELD_MAX)
		return -E2BIG;
	v = realloc(ts->held, (ts->nheld + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	ts->held = v;
	v[ts->nheld++] = *h;
	h->pin = -1;
	return 0;
}

/* 0 or -ENOMEM. */
static int add_held(const struct finding *f, struct process *init, int fd, struct process_id id)
{
	struct target_held h = { .id = id, .pin = -1 };
	int r = process_pin(init, FILE_FD, fd, &h.pin, &h.info);

	if (r == 0 && S_ISREG(h.info.mode) && !known(f->ts, &h))
		r = keep(f->ts, &h);
	base_closep(&h.pin);
	if (is_shortage(r))
		tell(f, "pin what csi init holds", r, id.pid);
	return r == -ENOMEM ? r : 0;
}

/* A decimal number at *AT, which moves behind it and one byte more. */
static bool number(struct bytes *at, uint64_t *ret)
{
	size_t i = 0;

	*ret = 0;
	while (i < at->n && i < 19 && at->p[i] >= '0' && at->p[i] <= '9')
		*ret = *ret * 10 + (uint64_t)(at->p[i++] - '0');
	if (i == 0 || i >= at->n || (at->p[i] != ' ' && at->p[i] != '\n'))
		return false;
	*at = bytes_of(at->p + i + 1, at->n - i - 1);
	return true;
}

static int read_list(const struct finding *f, struct process *init, struct bytes text)
{
	uint64_t fd, pid, start;
	int r = 0;

	while (r == 0 && number(&text, &fd) && number(&text, &pid) && number(&text, &start)) {
		if (fd > INT32_MAX || pid > INT32_MAX)
			return 0;
		if (pid == 0) /* how it ended early */
			tell(f, "hold all executables (csi init)", -(int)(start % 4096), 0);
		else
			r = add_held(
				f, init, (int)fd,
				(struct process_id){ .pid = (pid_t)pid, .start_ticks = start });
	}
	return r;
}

static int open_list(const struct finding *f, struct process *init, int fd)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(HELD_TEXT_MAX);
	AUTO_DONE(file_closep) struct file *list = NULL;
	uint8_t chunk[4096];
	uint64_t at = 0;
	ssize_t n;

	if (process_file(init, FILE_FD, fd, &list) < 0)
		return 0;
	while ((n = file_read_at(list, chunk, sizeof(chunk), at)) > 0) {
		if (buf_add(&text, chunk, (size_t)n) < 0)
			break;
		at += (uint64_t)n;
	}
	return read_list(f, init, buf_bytes(&text));
}

static int look_at_init(const struct finding *f, struct process *init)
{
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	struct fd_entry fd;
	int seen = 0;

	if (fd_iter_open(init, &it) < 0)
		return 0;
	while (fd_iter_next(it, &fd) > 0 && seen++ < HELD_FDS_MAX)
		if (bytes_eq(fd.link, bytes_str(HELD_LINK)))
			return open_list(f, init, fd.fd);
	return 0;
}

static int own_exe(struct file_info *ret)
{
	AUTO_CLOSE int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : file_info_fd(fd, ret);
}

/* It runs the very file that we run: the intruder's "csi" is another one. */
static bool runs_our_exe(struct process *p, const struct file_info *own)
{
	const struct proc_stat *st = process_stat(p);
	struct file_info info;
	int fd = -1;

	if (!bytes_eq(bytes_of(st->comm, st->comm_len), bytes_str("csi")) ||
	    process_pin(p, FILE_EXE, 0, &fd, &info) < 0)
		return false;
	(void)close(fd);
	return file_same(&info, own);
}

int held_find(struct targets *ts, const struct gap_sink *gaps)
{
	const struct finding f = { ts, gaps };
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	struct file_info own;
	int inits = 0, r = 0;

	if (source_kind(ts->source) != SOURCE_LIVE || own_exe(&own) < 0 ||
	    process_iter_init(ts->source, &it) < 0)
		return 0;
	while (r == 0 && inits < HELD_INITS_MAX && process_iter_next(&it, &id) > 0) {
		AUTO_DONE(process_closep) struct process *p = NULL;

		if (process_open(ts->source, id, &p) < 0 || !runs_our_exe(p, &own))
			continue;
		inits++;
		r = look_at_init(&f, p);
	}
	return r;
}
