/* SPDX-License-Identifier: Apache-2.0 */
/* Pinning of everything that a collection will read. */
#include "work/targets_priv.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { CGROUP_TEXT_MAX = 64 << 10, LABEL_ID_DIGITS = 12 };

/* Descriptors that may still be used for pins; each pinned process costs two. */
struct pin_room {
	size_t left;
};

static struct pin_room room_now(void)
{
	struct rlimit lim;
	size_t most = 1024;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur != RLIM_INFINITY)
		most = (size_t)lim.rlim_cur;
	return (struct pin_room){ most > TARGET_FDS_KEPT_FREE ? most - TARGET_FDS_KEPT_FREE : 0 };
}

static bool room_take(struct pin_room *room, size_t n)
{
	if (room->left < n)
		return false;
	room->left -= n;
	return true;
}

/* A process that has ended is not a gap in the evidence of those that are there. */
static void tell(const struct gap_sink *gaps, int err, const char *what, pid_t pid, struct bytes on)
{
	gap_tell(gaps, &(struct gap){ .err = err, .what = what, .pid = pid, .on = on });
}

static void pin_exe(struct target *t, const struct gap_sink *gaps)
{
	AUTO_DONE(buf_done) struct buf link = BUF_NONE;
	int r;

	r = process_link(t->p, LINK_EXE, &link);
	if (r == 0)
		t->exe_memfd = bytes_starts(buf_bytes(&link), "/memfd:");
	r = process_pin(t->p, FILE_EXE, 0, &t->exe_pin, &t->exe);
	t->exe_err = r;
	if (r < 0 && r != -EOPNOTSUPP && !err_is_gone(r))
		tell(gaps, r, "open exe", process_id(t->p).pid, bytes_of("", 0));
}

static void read_container_id(struct process *p, struct target_root *root)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct bytes id;

	if (process_text(p, TEXT_CGROUP, &text, CGROUP_TEXT_MAX) < 0)
		return;
	id = proc_container_id(buf_bytes(&text));
	if (id.n == 0 || id.n >= sizeof(root->container_id))
		return;
	memcpy(root->container_id, id.p, id.n);
	root->container_id[id.n] = '\0';
}

static bool label_taken(const struct targets *ts, const char *label)
{
	for (size_t i = 0; i < ts->nroots; i++)
		if (strcmp(ts->roots[i].label, label) == 0)
			return true;
	return false;
}

/* A second root under the same name (a chroot in the same container) gets a number. */
static void name_root(const struct targets *ts, struct target_root *root)
{
	char base[32];

	if (root->container_id[0])
		snprintf(base, sizeof(base), "%.*s", LABEL_ID_DIGITS, root->container_id);
	else
		snprintf(base, sizeof(base), "mnt-%llu", (unsigned long long)root->ns_mnt);
	snprintf(root->label, sizeof(root->label), "%s", base);
	for (unsigned i = 2; label_taken(ts, root->label); i++)
		snprintf(root->label, sizeof(root->label), "%s-%u", base, i);
}

static int add_root(struct targets *ts, const struct target_root *root)
{
	struct target_root *v = realloc(ts->roots, (ts->nroots + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	ts->roots = v;
	v[ts->nroots++] = *root;
	return 0;
}

static size_t find_root(const struct targets *ts, uint64_t ns, struct bytes link)
{
	for (size_t i = 0; i < ts->nroots; i++)
		if (ts->roots[i].ns_mnt == ns && bytes_eq(buf_bytes(&ts->roots[i].link), link))
			return i;
	return TARGET_NO_ROOT;
}

/* Opens the root of target I as a new one. Its birth is judged by this process, the lowest PID in
 * it. */
static int open_root(struct targets *ts, size_t i, struct buf *link, const struct gap_sink *gaps)
{
	struct target *t = &ts->v[i];
	struct target_root root = { .ns_mnt = t->ns_mnt, .first = i, .processes = 1 };
	pid_t pid = process_id(t->p).pid;
	int r;

	if (ts->nroots == TARGET_ROOTS_MAX) {
		tell(gaps, -E2BIG, "open root", pid, buf_bytes(link));
		return 0;
	}
	r = process_root(t->p, &root.root);
	if (r < 0) {
		if (r != -EOPNOTSUPP && !err_is_gone(r))
			tell(gaps, r, "open root", pid, buf_bytes(link));
		if (err_is_gone(r))
			return 0;
	} else {
		(void)birth_reference(root.root, process_start(t->p), &root.birth);
	}
	read_container_id(t->p, &root);
	name_root(ts, &root);
	root.link = *link;
	*link = BUF_NONE;
	r = add_root(ts, &root);
	if (r < 0) {
		root_close(root.root);
		buf_done(&root.link);
		return r;
	}
	t->root = ts->nroots - 1;
	return 0;
}

static int pin_root(struct targets *ts, size_t i, const struct gap_sink *gaps)
{
	AUTO_DONE(buf_done) struct buf link = BUF_NONE;
	struct target *t = &ts->v[i];
	size_t known;
	int r;

	r = process_ns(t->p, LINK_NS_MNT, &t->ns_mnt);
	if (r == 0)
		r = process_link(t->p, LINK_ROOT, &link);
	if (r < 0) {
		if (r != -EOPNOTSUPP && !err_is_gone(r))
			tell(gaps, r, "open root", process_id(t->p).pid, bytes_of("", 0));
		return 0;
	}
	known = find_root(ts, t->ns_mnt, buf_bytes(&link));
	if (known == TARGET_NO_ROOT)
		return open_root(ts, i, &link, gaps);
	ts->roots[known].processes++;
	t->root = known;
	return 0;
}

static bool deleted_known(const struct targets *ts, const struct file_info *info)
{
	for (size_t i = 0; i < ts->ndeleted; i++)
		if (file_same(&ts->deleted[i].info, info))
			return true;
	return false;
}

static int add_deleted(struct targets *ts, const struct target_deleted *d, struct bytes link)
{
	struct target_deleted *v = realloc(ts->deleted, (ts->ndeleted + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	ts->deleted = v;
	v[ts->ndeleted] = *d;
	v[ts->ndeleted].link = BUF_NONE;
	if (buf_addb(&v[ts->ndeleted].link, link) < 0)
		return -ENOMEM;
	ts->ndeleted++;
	return 0;
}

int targets_keep_deleted(struct targets *ts, struct target_deleted *d, struct bytes link,
			 const struct gap_sink *gaps)
{
	int r = 0;

	if (deleted_known(ts, &d->info)) {
		(void)close(d->pin);
		return 0;
	}
	if (ts->ndeleted == TARGET_DELETED_MAX) {
		tell(gaps, -E2BIG, "open deleted file", process_id(ts->v[d->target].p).pid, link);
		(void)close(d->pin);
		return 0;
	}
	r = add_deleted(ts, d, link);
	if (r < 0)
		(void)close(d->pin);
	return r;
}

/* 0 also when it is not one: the link's text only says that it may be; the link count says that it
 * is. */
static int pin_descriptor(struct targets *ts, size_t i, const struct fd_entry *fd,
			  const struct gap_sink *gaps)
{
	struct target_deleted d = { .target = i, .fd = fd->fd, .pin = -1 };
	pid_t pid = process_id(ts->v[i].p).pid;
	int r;

	if (!bytes_ends(fd->link, " (deleted)") && !bytes_starts(fd->link, "/memfd:"))
		return 0;
	r = process_pin(ts->v[i].p, FILE_FD, fd->fd, &d.pin, &d.info);
	if (r < 0) {
		if (!err_is_gone(r) && r != -EOPNOTSUPP)
			tell(gaps, r, "open deleted file", pid, fd->link);
		return 0;
	}
	if (!S_ISREG(d.info.mode) || d.info.nlink != 0) {
		(void)close(d.pin);
		return 0;
	}
	return targets_keep_deleted(ts, &d, fd->link, gaps);
}

static int pin_descriptors(struct targets *ts, size_t i, struct pin_room *room,
			   const struct gap_sink *gaps)
{
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	pid_t pid = process_id(ts->v[i].p).pid;
	struct fd_entry fd;
	size_t before, seen = 0;
	int r;

	r = fd_iter_open(ts->v[i].p, &it);
	if (r < 0) {
		if (!err_is_gone(r) && r != -EOPNOTSUPP)
			tell(gaps, r, "list descriptors", pid, bytes_of("", 0));
		return 0;
	}
	while ((r = fd_iter_next(it, &fd)) > 0) {
		if (++seen > TARGET_FDS_MAX) {
			tell(gaps, -E2BIG, "list descriptors", pid, bytes_of("", 0));
			return 0;
		}
		if (room->left == 0) {
			tell(gaps, -EMFILE, "open deleted file", pid, fd.link);
			return 0;
		}
		before = ts->ndeleted;
		r = pin_descriptor(ts, i, &fd, gaps);
		if (r < 0)
			return r;
		if (ts->ndeleted > before)
			(void)room_take(room, 1);
	}
	if (r < 0 && !err_is_gone(r))
		tell(gaps, r, "list descriptors", pid, bytes_of("", 0));
	return 0;
}

static int pin_process(struct targets *ts, struct process_id id, struct pin_room *room,
		       const struct gap_sink *gaps)
{
	struct target *t = &ts->v[ts->n];
	int r;

	*t = (struct target){ .exe_pin = -1, .root = TARGET_NO_ROOT, .suspicion = -1 };
	if (!room_take(room, 2)) {
		gap_tell(gaps, &(struct gap){ .err = -EMFILE,
					      .what = "open process",
					      .pid = id.pid,
					      .mend = "raise the limit of open files, or use -p" });
		return 0;
	}
	r = process_open(ts->source, id, &t->p);
	if (r < 0) {
		if (!err_is_gone(r))
			tell(gaps, r, "open process", id.pid, bytes_of("", 0));
		return r == -ENOMEM ? r : 0;
	}
	ts->n++;
	pin_exe(t, gaps);
	return 0;
}

static int pin_source_root(struct targets *ts)
{
	struct target_root root = { .label = "root" };
	int r;

	r = source_root(ts->source, &root.root);
	if (r < 0)
		return r;
	r = add_root(ts, &root);
	if (r < 0)
		root_close(root.root);
	return r;
}

int targets_pin(struct source *s, const struct selection *sel, const struct gap_sink *gaps,
		struct targets *ret)
{
	struct pin_room room = room_now();
	AUTO_DONE(targets_done) struct targets ts = { .source = s };
	int r = 0;

	ts.v = calloc(sel->n ? sel->n : 1, sizeof(*ts.v));
	if (!ts.v)
		return -ENOMEM;
	if (source_kind(s) == SOURCE_ROOT)
		r = pin_source_root(&ts);
	/* Executables of all before the roots of any: they go first when a process ends. */
	for (size_t i = 0; r == 0 && i < sel->n; i++)
		r = pin_process(&ts, sel->ids[i], &room, gaps);
	for (size_t i = 0; r == 0 && i < ts.n; i++)
		r = pin_root(&ts, i, gaps);
	for (size_t i = 0; r == 0 && i < ts.n; i++)
		r = pin_descriptors(&ts, i, &room, gaps);
	for (size_t i = 0; r == 0 && i < ts.n; i++)
		r = targets_pin_maps(&ts, i, gaps);
	if (r < 0)
		return r;
	*ret = ts;
	ts = (struct targets){ 0 };
	return 0;
}

void targets_done(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		base_closep(&t->v[i].exe_pin);
		process_close(t->v[i].p);
	}
	for (size_t i = 0; i < t->nroots; i++) {
		root_close(t->roots[i].root);
		buf_done(&t->roots[i].link);
	}
	for (size_t i = 0; i < t->ndeleted; i++) {
		base_closep(&t->deleted[i].pin);
		buf_done(&t->deleted[i].link);
	}
	for (size_t i = 0; i < t->nheld; i++)
		base_closep(&t->held[i].pin);
	free(t->held);
	free(t->v);
	free(t->roots);
	free(t->deleted);
	*t = (struct targets){ 0 };
}

void targets_each_dir(const struct targets *t, const char *const *paths, size_t n,
		      targets_dir_fn fn, void *ctx)
{
	for (size_t i = 0; t->n && i < t->nroots; i++) {
		const struct target_root *root = &t->roots[i];
		bool done = false;

		for (size_t k = 0; root->root && !done && k < n; k++) {
			struct file_info info;
			int fd;

			if (root_pin(root->root, bytes_str(paths[k]), &fd, &info) == 0)
				done = fn(ctx, fd, process_id(t->v[root->first].p).pid);
		}
	}
}
