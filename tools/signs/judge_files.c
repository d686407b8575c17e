/* SPDX-License-Identifier: Apache-2.0 */
/* Every sign about files over every distinct root of the selected processes: one walk a root. */
#include "signs/files.h"
#include "signs/shared.h"

#include "base/when.h"

#include "format/filecaps.h"
#include "signs/container.h"
#include "work/filehash.h"

#include <errno.h>
#include <sys/stat.h>

enum { DRESS_MAX = 12 };

struct filing {
	struct judging *j;
	struct space *space;
	const struct sign_about *about; /* whose root it is */
	unsigned contents;		/* files read so far */
	bool cut;			/* that limit was told */
	uint64_t volumes;		/* entries of volumes so far */
	uint64_t hashed;		/* bytes so far */
	bool hash_cut;
	struct gap_sink gaps;		    /* of the walk: what vanished meanwhile is none */
	struct file_stamp dress[DRESS_MAX]; /* mtimes of the image's programs */
	size_t ndress;
	unsigned char *text; /* FILE_CONTENT_MAX */
	struct file_facts f;
};

static void on_match(void *ctx, const struct sign *s, const struct finding *found)
{
	const struct filing *w = ctx;
	struct sign_about about = *w->about;

	about.subject = SUBJECT_FILE;
	about.path = w->f.path;
	about.name = bytes_of(NULL, 0); /* no process did it, as far as is known */
	w->j->fn(w->j->ctx, &about, s, found);
}

static void tell(struct filing *w, const char *what, int err)
{
	const struct gap gap = { .err = err, .what = what, .pid = w->about->pid, .on = w->f.path };

	gap_tell(w->j->gaps, &gap);
}

static void on_walk_gap(void *ctx, const struct gap *gap)
{
	const struct filing *w = ctx;
	int err = gap->err < 0 ? -gap->err : gap->err;

	if (err != ENOENT && err != ESTALE)
		gap_tell(w->j->gaps, gap);
}

/* What an intruder takes times of: touch -r /bin/ls. */
static void learn_dress(struct filing *w)
{
	static const char *const models[] = { "/bin/ls",     "/bin/sh",	     "/bin/bash",
					      "/usr/bin/ls", "/usr/bin/sh",  "/usr/bin/bash",
					      "/bin/cat",    "/usr/bin/cat", "/etc/passwd",
					      "/usr/bin/ps", "/bin/busybox", "/usr/sbin/sshd" };

	for (size_t i = 0; i < ARRAY_LEN(models) && w->ndress < DRESS_MAX; i++) {
		AUTO_CLOSE int pin = -1;
		struct file_info info = { 0 };
		struct bytes path = bytes_str(models[i]);

		if (root_pin(w->space->root, path, &pin, &info) == 0 && S_ISREG(info.mode) &&
		    space_birth(w->space, pin, &info, path) == BIRTH_OLD)
			w->dress[w->ndress++] = info.mtime;
	}
}

static bool is_dressed(const struct filing *w, const struct file_info *i)
{
	for (size_t k = 0; k < w->ndress; k++)
		if (w->dress[k].sec == i->mtime.sec && w->dress[k].nsec == i->mtime.nsec)
			return true;
	return false;
}

/* Of a program, as other lists know it. What is too large to read now is a gap. */
static int hash_program(struct filing *w, struct file *file, uint64_t size)
{
	const struct filehash_options o = { .kinds = HASH_SHA256,
					    .most = FILE_HASH_MAX,
					    .stop = w->j->stop };
	struct digests sums;
	uint64_t got;

	if (size > FILE_HASH_MAX || w->hashed + size > FILE_HASHES_MAX) {
		if (!w->hash_cut)
			tell(w, "hash new programs", -EFBIG);
		w->hash_cut = true;
		return 0;
	}
	w->hashed += size;
	int r = filehash(file, &o, &sums, &got);
	if (r == 0 && got == size) /* else it changed: no digest */
		hash_hex(sums.sha256, sizeof(sums.sha256), w->f.sha256);
	return r == -ECANCELED ? 0 : r;
}

static void learn_caps(struct filing *w, struct walk_entry *e)
{
	AUTO_DONE(file_xattrs_done) struct file_xattrs x = { 0 };
	struct filecaps caps;

	if (file_xattrs_read(e->pin, true, &x) < 0)
		return;
	w->f.known |= FILE_FACT_CAPS;
	for (size_t i = 0; i < x.n; i++) {
		if (!bytes_eq(x.v[i].name, bytes_str("security.capability")))
			continue;
		w->f.has_caps = true;
		if (filecaps_parse(x.v[i].value, &caps) == 0)
			w->f.caps = caps.permitted;
	}
}

/* What reading brings into the page cache goes again. */
static void learn_content(struct filing *w, struct walk_entry *e)
{
	AUTO_DONE(file_closep) struct file *file = NULL;
	size_t most = e->info.size < FILE_CONTENT_MAX ? (size_t)e->info.size : FILE_CONTENT_MAX;
	int r;

	if (w->contents == FILE_CONTENTS_MAX) {
		if (!w->cut)
			tell(w, "read new files (as many as are read of one root)", -E2BIG);
		w->cut = true;
		return;
	}
	w->contents++;
	r = file_open_pinned(e->pin, &e->info, &file);
	/* Its atime is evidence: unread is better than read without O_NOATIME. */
	if (r == 0 && !file_noatime(file))
		r = -EPERM;
	if (r == 0)
		file_cache_note(file, 0, most);
	ssize_t n = r < 0 ? r : file_read_at(file, w->text, most, 0);
	if (n < 0) {
		if (n != -ENOENT && n != -ESTALE)
			tell(w, "read file", (int)n);
		return;
	}
	file_cache_drop(file, 0, (uint64_t)n);
	w->f.known |= FILE_FACT_CONTENT;
	w->f.content = bytes_of(w->text, (size_t)n);
	if (bytes_starts(w->f.content, "\x7f"
				       "ELF") ||
	    bytes_starts(w->f.content, "#!")) {
		r = hash_program(w, file, e->info.size);
		if (r < 0)
			tell(w, "read file", r);
	}
}

/* Only what came after the start, and only where a sign reads it. */
static bool wants_content(const struct file_facts *f)
{
	if (!S_ISREG(f->info.mode) || f->info.size == 0 || !file_is_new(f))
		return false;
	return f->place != PLACE_NONE || (f->info.mode & 0111);
}

/*
 * By birth in the root's own mount; on a volume by ctime, against the time when the container was
 * ready. Against ctime alone a restart of the first process would make everything of the root new.
 */
static void learn_birth(struct filing *w, const struct walk_entry *e)
{
	const struct birth *b = &w->space->birth;
	bool above = S_ISDIR(e->info.mode) && root_above_mount(w->space->root, e->path);
	int64_t ctime;

	if (b->basis != BIRTH_OVERLAY)
		return;
	if (e->mount == MOUNT_ROOT) {
		w->f.birth = birth_judge(b, e, above);
		w->f.ref = b->ref;
	} else if ((e->mount == MOUNT_VOLUME || e->mount == MOUNT_MEMORY) && !b->stepped &&
		   when_from_parts(e->info.ctime.sec, e->info.ctime.nsec, &ctime) == 0) {
		w->f.birth = ctime > b->runtime_until ? BIRTH_NEW : BIRTH_OLD;
		w->f.by_ctime = e->mount == MOUNT_VOLUME;
		w->f.ref = b->ref;
	}
}

/* Volumes may be large, and are not the container's own. */
static bool is_too_many(struct filing *w, const struct walk_entry *e)
{
	if (e->mount != MOUNT_VOLUME || ++w->volumes <= FILE_VOLUME_MAX)
		return false;
	if (w->volumes == FILE_VOLUME_MAX + 1) {
		w->f.path = e->path;
		tell(w, "look for files on volumes", -E2BIG);
	}
	return true;
}

static int look_at(void *ctx, struct walk_entry *e)
{
	struct filing *w = ctx;

	if (e->event != WALK_ENTRY)
		return 0;
	if (atomic_load(w->j->stop))
		return -ECANCELED;
	if (is_too_many(w, e))
		return S_ISDIR(e->info.mode) ? WALK_PRUNE : 0;
	w->f = (struct file_facts){
		.known = FILE_FACT_INFO,
		.path = e->path,
		.info = e->info,
		.mount = e->mount,
		.birth = BIRTH_UNKNOWN,
		.now = w->f.now,
		.place = file_place_of(e->path),
	};
	learn_birth(w, e);
	if (w->f.birth != BIRTH_UNKNOWN)
		w->f.known |= FILE_FACT_BIRTH;
	if (S_ISREG(e->info.mode) && (e->info.mode & 0111) && w->f.birth == BIRTH_NEW) {
		learn_caps(w, e);
		w->f.dressed = is_dressed(w, &e->info);
	}
	if (wants_content(&w->f))
		learn_content(w, e);
	signs_judge_file(&w->f, w->f.known, on_match, w);
	return 0;
}

static int walk_space(struct filing *w)
{
	const struct walk_limits limits = {
		.enter = WALK_MEMORY | WALK_VOLUME,
		.entries = FILE_ENTRIES_MAX,
		.no_links = true,
		.handles = true,
		.stop = w->j->stop,
		.gaps = &w->gaps,
	};
	int r;

	learn_dress(w);
	r = root_walk(w->space->root, bytes_str("/"), &limits, look_at, w);

	if (r == 0 || r == -ECANCELED || r == -ENOMEM)
		return r == -ENOMEM ? r : 0;
	w->f.path = bytes_str("/");
	tell(w, "walk", r);
	return 0;
}

/* A root that was walked: by mount namespace and what the root link says. */
struct walked {
	uint64_t ns_mnt, root_hash;
};

static bool is_walked(const struct walked *v, size_t n, const struct space *sp)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].ns_mnt == sp->ns_mnt && v[i].root_hash == sp->root_hash)
			return true;
	return false;
}

/* The root of process ID, if it is the first one in it. */
static int judge_root(struct judging *j, struct process_id id, struct facts *facts,
		      struct walked *done, size_t *ndone)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_FREE unsigned char *text = NULL;
	struct sign_about about;
	bool host_pid;
	struct filing w = { .j = j,
			    .about = &about,
			    .gaps = { on_walk_gap, &w },
			    .f = { .now = when_now(CLOCK_REALTIME) } };
	int r = process_open(j->source, id, &p);

	facts_reset(facts);
	if (r == 0)
		r = facts_gather(j->shared, p, FACT_NS | FACT_CGROUP, NULL, facts);
	/* Whose root cannot be opened has a gap from its own signs. */
	if (r < 0 || !(facts->known & FACT_NS))
		return r == -ENOMEM ? r : 0;
	r = shared_space(j->shared, p, facts->ns_mnt, &w.space);
	if (r < 0 || is_walked(done, *ndone, w.space))
		return r == -ENOMEM ? r : 0;
	if (*ndone == SHARED_SPACES_MAX) {
		const struct gap gap = { .err = -E2BIG, .what = "walk root", .pid = id.pid };

		gap_tell(j->gaps, &gap);
		return 0;
	}
	done[(*ndone)++] = (struct walked){ w.space->ns_mnt, w.space->root_hash };
	if (container_is_node(j, p, w.space->root, &host_pid))
		return 0;
	w.text = text = malloc(FILE_CONTENT_MAX);
	if (!text)
		return -ENOMEM;
	sign_about_process(facts, &about);
	return walk_space(&w);
}

int judge_files(struct judging *j)
{
	AUTO_DONE(facts_done) struct facts facts = { 0 };
	struct walked done[SHARED_SPACES_MAX];
	size_t ndone = 0;
	int r = 0;

	if (!j->whole || j->no_files)
		return 0;
	for (size_t i = 0; r == 0 && i < j->nids && !atomic_load(j->stop); i++)
		r = judge_root(j, j->ids[i], &facts, done, &ndone);
	return r;
}
