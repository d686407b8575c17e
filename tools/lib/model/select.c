/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a command looks at: those asked for, or all but csi's own. */
#include "model/select.h"

#include "model/source_priv.h"

#include <errno.h>

enum { ANCESTORS_MAX = 4096 };

/* One process of the snapshot. */
struct node {
	struct process_id id;
	pid_t ppid;
	bool seen; /* stat was read */
	bool gone; /* vanished since it was listed */
	bool own;
	bool parents; /* its descendants in our mount namespace are own as well */
	bool judged;  /* as a descendant */
	bool named;   /* comm begins with "csi" */
};

struct scan {
	struct source *source;
	struct node *v; /* ascending by PID */
	size_t n;
	uint64_t ns_mnt; /* ours; 0 unknown: then no namespace is ours */
	struct file_info exe;
	bool exe_known;
};

static void scan_done(struct scan *s)
{
	free(s->v);
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct node *find(const struct scan *s, pid_t pid)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->v[mid].id.pid == pid)
			return &s->v[mid];
		if (s->v[mid].id.pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int read_node(struct scan *s, struct node *node)
{
	static const char prefix[] = "csi";
	struct proc_stat st;
	int r = process_peek(s->source, node->id.pid, &st);

	if (r < 0)
		return r;
	if (node->id.start_ticks && node->id.start_ticks != st.start_ticks)
		return -ESRCH;
	node->id.start_ticks = st.start_ticks;
	node->ppid = st.ppid;
	node->seen = true;
	node->named = bytes_starts(bytes_of(st.comm, st.comm_len), prefix);
	return 0;
}

/* Every PID; nothing of them is read yet. */
static int list_nodes(struct scan *s)
{
	AUTO_DONE(process_iter_done) struct process_iter it = { 0 };
	struct process_id id;
	int r;

	r = process_iter_init(s->source, &it);
	if (r < 0)
		return r;
	s->v = calloc(it.n ? it.n : 1, sizeof(*s->v));
	if (!s->v)
		return -ENOMEM;
	while (process_iter_next(&it, &id) == 1)
		s->v[s->n++].id = id;
	return 0;
}

/* The parents of all that were not read yet. One that cannot be read is kept, as nobody's child. */
static int read_nodes(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++) {
		int r = s->v[i].seen ? 0 : read_node(s, &s->v[i]);

		if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
			return r;
		s->v[i].gone = r == -ESRCH;
	}
	return 0;
}

/* Whether NODE is in our mount namespace. Unreadable: *ret_known is false. */
static bool in_our_mounts(const struct scan *s, const struct node *node, bool *ret_known)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	uint64_t ns = 0;

	*ret_known = s->ns_mnt && process_open(s->source, node->id, &p) == 0 &&
		     process_ns(p, LINK_NS_MNT, &ns) == 0;
	return *ret_known && ns == s->ns_mnt;
}

static bool runs_our_exe(const struct scan *s, const struct node *node)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_CLOSE int fd = -1;
	struct file_info exe;

	if (!s->exe_known || process_open(s->source, node->id, &p) < 0 ||
	    process_pin(p, FILE_EXE, 0, &fd, &exe) < 0)
		return false;
	return exe.dev_major == s->exe.dev_major && exe.dev_minor == s->exe.dev_minor &&
	       exe.ino == s->exe.ino;
}

static void read_own(struct scan *s, const struct node *self)
{
	AUTO_DONE(process_closep) struct process *p = NULL;
	AUTO_CLOSE int fd = -1;

	if (process_open(s->source, self->id, &p) < 0)
		return;
	(void)process_ns(p, LINK_NS_MNT, &s->ns_mnt);
	s->exe_known = process_pin(p, FILE_EXE, 0, &fd, &s->exe) == 0;
}

/* Whether PID 1, to which our ancestors lead, tells of a host or of the target itself. */
static bool is_plain(const struct scan *s, const struct node *first)
{
	bool known;
	bool ours = in_our_mounts(s, first, &known);

	if (known && !ours)
		return false;
	return !(ours && first->named && runs_our_exe(s, first));
}

/* Our ancestors are ours. Returns false where nothing else can be: on a plain host. */
static bool mark_ancestors(struct scan *s, struct node *self)
{
	struct node *node = self;

	for (int i = 0; node && i < ANCESTORS_MAX && read_node(s, node) == 0; i++) {
		if (node->id.pid == 1 && node != self)
			return !is_plain(s, node);
		if (node->own)
			break; /* a circle, of PIDs reused while we climb */
		node->own = true;
		node = node->ppid ? find(s, node->ppid) : NULL;
	}
	return true;
}

/* Each ancestor that shares our mounts is the root of a tree of ours. */
static void mark_trees(struct scan *s)
{
	bool known;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].own)
			s->v[i].parents = in_our_mounts(s, &s->v[i], &known);
}

/* `csi init`, `csi shell`, and any other csi, of this container. */
static void mark_csi(struct scan *s)
{
	bool known;

	for (size_t i = 0; i < s->n; i++) {
		struct node *node = &s->v[i];

		if (!node->named || !in_our_mounts(s, node, &known) || !runs_our_exe(s, node))
			continue;
		node->own = true;
		node->parents = true;
	}
}

/*
 * Climbs from NODE to a process already judged, then hands the answer down the way it came: each
 * process is judged once, whatever the shape of the tree. STACK has room for all.
 */
static void judge_descent(struct scan *s, struct node *node, size_t *stack)
{
	size_t depth = 0;
	bool known;

	while (node && !node->judged) {
		node->judged = true;
		stack[depth++] = (size_t)(node - s->v);
		node = node->ppid ? find(s, node->ppid) : NULL;
	}
	while (depth > 0) {
		struct node *child = &s->v[stack[--depth]];

		if (node && node->parents && !child->parents && in_our_mounts(s, child, &known)) {
			child->own = true;
			child->parents = true;
		}
		node = child;
	}
}

static int mark_descendants(struct scan *s)
{
	AUTO_FREE size_t *stack = calloc(s->n ? s->n : 1, sizeof(*stack));

	if (!stack)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		judge_descent(s, &s->v[i], stack);
	return 0;
}

static int mark_own(struct scan *s)
{
	struct node *self = s->source->self ? find(s, s->source->self) : NULL;
	int r;

	if (!self)
		return 0;
	read_own(s, self);
	if (!mark_ancestors(s, self))
		return 0;
	r = read_nodes(s);
	if (r < 0)
		return r;
	mark_trees(s);
	mark_csi(s);
	return mark_descendants(s);
}

static int select_others(struct source *source, struct selection *ret)
{
	AUTO_DONE(scan_done) struct scan s = { .source = source };
	AUTO_FREE struct process_id *ids = NULL;
	size_t n = 0, own = 0;
	int r;

	r = list_nodes(&s);
	if (r == 0)
		r = mark_own(&s);
	if (r < 0)
		return r;
	ids = calloc(s.n ? s.n : 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < s.n; i++) {
		if (s.v[i].own)
			own++;
		else if (!s.v[i].gone)
			ids[n++] = s.v[i].id;
	}
	*ret = (struct selection){ .n = n, .alone = n == 0, .own = own };
	ret->ids = take_ptr(&ids);
	return 0;
}

/* The operator's list, ascending and each once. All must exist; one that cannot be read is kept. */
static int select_asked(struct source *source, const pid_t *pids, size_t npids,
			struct selection *ret, pid_t *ret_missing)
{
	AUTO_FREE pid_t *sorted = calloc(npids, sizeof(*sorted));
	AUTO_FREE struct process_id *ids = calloc(npids, sizeof(*ids));
	size_t n = 0;

	if (!sorted || !ids)
		return -ENOMEM;
	memcpy(sorted, pids, npids * sizeof(*sorted));
	qsort(sorted, npids, sizeof(*sorted), compare_pids);
	for (size_t i = 0; i < npids; i++) {
		AUTO_DONE(process_closep) struct process *p = NULL;
		int r;

		if (i > 0 && sorted[i] == sorted[i - 1])
			continue;
		ids[n].pid = sorted[i];
		r = process_open(source, ids[n], &p);
		if (r == -ESRCH)
			*ret_missing = sorted[i];
		if (r == -ESRCH || r == -EOPNOTSUPP || r == -ENOMEM)
			return r;
		if (r == 0)
			ids[n] = process_id(p);
		n++;
	}
	*ret = (struct selection){ .n = n };
	ret->ids = take_ptr(&ids);
	return 0;
}

int selection_make(struct source *s, const pid_t *pids, size_t npids, struct selection *ret,
		   pid_t *ret_missing)
{
	if (npids > 0)
		return select_asked(s, pids, npids, ret, ret_missing);
	return select_others(s, ret);
}

void selection_done(struct selection *sel)
{
	free(sel->ids);
	*sel = (struct selection){ 0 };
}
