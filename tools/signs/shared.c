/* SPDX-License-Identifier: Apache-2.0 */
/* Mount namespaces of a source, and the roots in them that signs look into. */
#include "signs/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* linux/fcntl.h since 6.5: a handle that only identifies. */
enum { HANDLE_FID = 0x200, HANDLE_OVERLAY = 0xf8, HANDLE_UPPER = 4, HANDLE_BYTES = 128 };

static const char preload_path[] = "/etc/ld.so.preload";

static int seen_add(struct facts_shared *sh, const struct seen *s)
{
	struct seen *grown;

	if (sh->nseen == SHARED_PROCESSES_MAX)
		return 0;
	if (sh->nseen % 1024 == 0) {
		grown = realloc(sh->seen, (sh->nseen + 1024) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		sh->seen = grown;
	}
	sh->seen[sh->nseen++] = *s;
	return 0;
}

struct mount_ns *shared_ns(struct facts_shared *sh, uint64_t ns_mnt, struct process_id id)
{
	for (size_t i = 0; i < sh->nns; i++) {
		if (sh->ns[i].ns_mnt != ns_mnt)
			continue;
		if (ns_mnt || (sh->ns[i].first.pid == id.pid &&
			       sh->ns[i].first.start_ticks == id.start_ticks))
			return &sh->ns[i];
	}
	return NULL;
}

static int ns_add(struct facts_shared *sh, struct process *p, uint64_t ns_mnt)
{
	struct mount_ns ns = { .ns_mnt = ns_mnt,
			       .first = process_id(p),
			       .first_start = process_start(p) };
	struct mount_ns *grown;
	size_t hidden = sh->nhidden;
	int r;

	if (sh->nns == SHARED_NAMESPACES_MAX || shared_ns(sh, ns_mnt, ns.first))
		return 0;
	if (process_ns(p, LINK_NS_PID, &ns.ns_pid) < 0)
		ns.ns_pid = 0;
	if ((sh->nns & (sh->nns + 1)) == 0) {
		grown = realloc(sh->ns, (sh->nns * 2 + 2) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		sh->ns = grown;
	}
	r = shared_read_mounts(sh, p, &ns);
	if (r < 0)
		return r;
	/* It ended while it was read: the next one of its namespace is asked. */
	if (err_is_gone(ns.err) && process_verify(p) == -ESRCH) {
		while (sh->nhidden > hidden)
			buf_done(&sh->hidden[--sh->nhidden].detail);
		return 0;
	}
	sh->ns[sh->nns++] = ns;
	return 0;
}

static int look_at(struct facts_shared *sh, struct process_id id)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	struct seen s = { .pid = id.pid };
	int r = process_open(sh->source, id, &p);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	s.start_ticks = process_id(p).start_ticks;
	if (process_ns(p, LINK_NS_MNT, &s.ns_mnt) < 0)
		s.ns_mnt = 0;
	if (proc_is_bare(process_stat(p))) {
		/* A zombie has no namespace any more: it is shown with who has to reap it. */
		struct process_id parent = { .pid = process_stat(p)->ppid };

		if (!s.ns_mnt)
			s.ns_mnt = facts_shared_ns(sh, parent);
		return seen_add(sh, &s);
	}
	r = seen_add(sh, &s);
	if (r < 0)
		return r;
	return ns_add(sh, p, s.ns_mnt);
}

static int look_around(struct facts_shared *sh)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r = process_iter_init(sh->source, &it);

	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : r;
	while ((r = process_iter_next(&it, &id)) > 0) {
		r = look_at(sh, id);
		if (r < 0)
			return r;
	}
	shared_sort_hidden(sh);
	return r;
}

int facts_shared_open(struct source *s, struct facts_shared **ret)
{
	AUTO_DONE(facts_shared_closep) struct facts_shared *sh = calloc(1, sizeof(*sh));
	int r;

	if (!sh)
		return -ENOMEM;
	sh->source = s;
	sh->ns_pid = source_pid_ns(s);
	for (size_t i = 0; i < SHARED_SPACES_MAX; i++)
		sh->spaces[i].procdir = -1;
	r = look_around(sh);
	if (r < 0)
		return r;
	*ret = take_ptr(&sh);
	return 0;
}

void facts_shared_closep(struct facts_shared **s)
{
	struct facts_shared *sh = *s;

	*s = NULL;
	if (!sh)
		return;
	for (size_t i = 0; i < SHARED_SPACES_MAX; i++)
		space_done(&sh->spaces[i]);
	for (size_t i = 0; i < SHARED_NETS_MAX; i++)
		net_done(&sh->nets[i]);
	for (size_t i = 0; i < sh->nhidden; i++)
		buf_done(&sh->hidden[i].detail);
	free(sh->hidden);
	free(sh->ns);
	free(sh->seen);
	free(sh);
}

static int by_seen(const void *key, const void *row)
{
	const struct seen *k = key, *s = row;

	return (k->pid > s->pid) - (k->pid < s->pid);
}

static const struct seen *find_seen(const struct facts_shared *sh, pid_t pid)
{
	const struct seen key = { .pid = pid };

	return sh->nseen ? bsearch(&key, sh->seen, sh->nseen, sizeof(key), by_seen) : NULL;
}

bool shared_has(const struct facts_shared *sh, pid_t pid)
{
	return find_seen(sh, pid) != NULL;
}

bool shared_own_hides(struct facts_shared *sh)
{
	const struct seen *own = find_seen(sh, getpid());
	const struct mount_ns *ns = NULL;

	if (own && own->ns_mnt)
		ns = shared_ns(sh, own->ns_mnt, (struct process_id){ 0 });
	return !ns || ns->err || ns->cut || ns->hidepid;
}

uint64_t facts_shared_ns(const struct facts_shared *sh, struct process_id id)
{
	const struct seen *s = find_seen(sh, id.pid);

	if (!s || (id.start_ticks && id.start_ticks != s->start_ticks))
		return 0;
	return s->ns_mnt;
}

void space_done(struct space *sp)
{
	root_closep(&sp->root);
	buf_done(&sp->preload);
	buf_done(&sp->passwd);
	if (sp->procdir >= 0)
		close(sp->procdir);
	*sp = (struct space){ .procdir = -1 };
}

/* FNV-1a: only to tell a chroot's root from another, within one namespace. */
static uint64_t hash_text(struct bytes b)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* tried.md section 1, second proof: a pure upper file's handle says so. False where not supported.
 */
static bool handle_upper(int pin)
{
	_Alignas(struct file_handle) unsigned char raw[sizeof(struct file_handle) + HANDLE_BYTES];
	struct file_handle *h = (void *)raw;
	int mount;

	memset(raw, 0, sizeof(raw));
	h->handle_bytes = HANDLE_BYTES;
	if (name_to_handle_at(pin, "", h, &mount, AT_EMPTY_PATH | HANDLE_FID) < 0)
		return false;
	return h->handle_type == HANDLE_OVERLAY && h->handle_bytes > 6 &&
	       (raw[sizeof(*h) + 6] & HANDLE_UPPER);
}

enum birth_verdict space_birth(const struct space *sp, int pin, const struct file_info *info,
			       struct bytes path)
{
	struct walk_entry e = {
		.event = WALK_ENTRY,
		.path = path,
		.info = *info,
		.mount = info->mnt_id == sp->birth.mnt_id ? MOUNT_ROOT : MOUNT_VOLUME,
		.pin = pin,
	};

	if (!(info->have & FILE_MNT_ID) || e.mount != MOUNT_ROOT)
		return BIRTH_UNKNOWN;
	e.handle_upper = handle_upper(pin);
	return birth_judge(&sp->birth, &e, false);
}

/* A symbolic link there is shown as such: what it leads to is one `csi walk` away. */
static int read_preload_link(struct space *sp, int pin)
{
	char target[4096];
	ssize_t n = readlinkat(pin, "", target, sizeof(target));
	int r;

	if (n < 0)
		return -errno;
	r = buf_adds(&sp->preload, "-> ");
	return r < 0 ? r : buf_add(&sp->preload, target, (size_t)n);
}

static int read_preload(struct space *sp)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	int r = root_pin(sp->root, bytes_str(preload_path), &pin, &info);

	sp->preload = BUF_LIMIT(SHARED_PRELOAD_MAX);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	sp->preload_exists = true;
	sp->preload_birth = space_birth(sp, pin, &info, bytes_str(preload_path));
	if (S_ISLNK(info.mode))
		return read_preload_link(sp, pin);
	if (!S_ISREG(info.mode))
		return 0;
	r = root_read(sp->root, bytes_str(preload_path), &sp->preload, SHARED_PRELOAD_MAX);
	return r == -EFBIG ? 0 : r;
}

static void space_open(struct facts_shared *sh, struct space *sp, struct process *p)
{
	struct mount_ns *ns = shared_ns(sh, sp->ns_mnt, process_id(p));

	sp->root_err = process_root(p, &sp->root);
	if (sp->root_err < 0) {
		sp->root = NULL;
		return;
	}
	if (birth_reference(sp->root, ns ? ns->first_start : INT64_MIN, &sp->birth) < 0)
		sp->birth.basis = BIRTH_NONE;
	sp->preload_err = read_preload(sp);
	space_open_proc(sh, sp, p, ns);
}

int shared_space(struct facts_shared *sh, struct process *p, uint64_t ns_mnt, struct space **ret)
{
	AUTO_DONE(buf_done) struct buf link = BUF_NONE;
	struct space *oldest = &sh->spaces[0];
	int r = process_link(p, LINK_ROOT, &link);
	uint64_t hash;

	if (r < 0)
		return r;
	hash = hash_text(buf_bytes(&link));
	for (size_t i = 0; i < SHARED_SPACES_MAX; i++) {
		struct space *sp = &sh->spaces[i];

		if (sp->used < oldest->used)
			oldest = sp;
		if (!sp->used || !ns_mnt || sp->ns_mnt != ns_mnt || sp->root_hash != hash)
			continue;
		sp->used = ++sh->clock;
		*ret = sp;
		return sp->root_err;
	}
	space_done(oldest);
	oldest->ns_mnt = ns_mnt;
	oldest->root_hash = hash;
	oldest->used = ++sh->clock;
	space_open(sh, oldest, p);
	*ret = oldest;
	return oldest->root_err;
}
