/* SPDX-License-Identifier: Apache-2.0 */
/* files/LABEL/...: what of each root the scope asks for. */
#include "work/gather.h"
#include "work/gather_left.h"
#include "work/minimise.h"
#include "work/plan.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* One walk of one root. */
struct file_walk {
	struct gather *g;
	const struct target_root *root;
	struct gather_table *tokens; /* with --minimise */
	struct buf path;	     /* place in the bundle of the entry at hand */
	size_t prefix;		     /* bytes of it that are ours: "files/LABEL" */
	struct coverage coverage;
	int fatal; /* what the bundle said, told apart from what the walk says */
	uint64_t seen;
};

static enum birth_word birth_word(enum birth_verdict v)
{
	static const enum birth_word words[] = {
		[BIRTH_OLD] = BIRTH_WORD_OLD,	      [BIRTH_NEW] = BIRTH_WORD_NEW,
		[BIRTH_RUNTIME] = BIRTH_WORD_RUNTIME, [BIRTH_BELOW] = BIRTH_WORD_BELOW,
		[BIRTH_UNKNOWN] = BIRTH_WORD_UNKNOWN,
	};

	return words[v];
}

/*
 * Whether the scope wants this file. A memory file system began with the container, so all of it is
 * new; where birth cannot be told, everything is taken rather than something lost.
 */
static bool wanted(const struct file_walk *w, const struct walk_entry *e, enum birth_verdict v)
{
	if (w->g->scope == SCOPE_FULL)
		return true;
	if (e->mount != MOUNT_ROOT)
		return e->path.n > 1;
	return v == BIRTH_NEW || v == BIRTH_BELOW || v == BIRTH_UNKNOWN;
}

static bool too_large_for_scope(const struct file_walk *w, const struct walk_entry *e)
{
	return w->g->scope == SCOPE_QUICK && e->info.size > GATHER_QUICK_FILE_MAX;
}

/* The bundle that is being written, when it lies in the tree that is walked. */
static bool own_output(const struct gather *g, const struct file_info *info)
{
	const struct file_info *own = g->own_output;

	return own && own->ino == info->ino && own->dev_major == info->dev_major &&
	       own->dev_minor == info->dev_minor;
}

static int add_regular(struct file_walk *w, struct walk_entry *e, struct bundle_entry *be)
{
	int r;

	if (own_output(w->g, &e->info))
		return gather_add_missing(w->g, be, OUTCOME_SKIPPED, 0);
	r = gather_cite(w->g, w->root->label, e, bundle_birth_name(be->birth));
	if (r < 0)
		return r;
	if (r > 0)
		return w->g->plan ? plan_cited(w->g->plan, be) : 0;
	if (too_large_for_scope(w, e))
		return gather_add_missing(w->g, be, OUTCOME_SKIPPED, -EFBIG);
	return gather_add_pinned(w->g, be, e->pin, true);
}

/* --minimise: not the container's own, or a token wherever it lies. */
static bool left_out(const struct file_walk *w, const struct walk_entry *e)
{
	struct gather *g = w->g;

	if (!g->minimise)
		return false;
	return !minimise_keeps(g->minimise, (size_t)(w->root - g->targets->roots), &e->info) ||
	       (S_ISREG(e->info.mode) && minimise_token_path(e->path));
}

static int add_entry(struct file_walk *w, struct walk_entry *e, enum birth_verdict v)
{
	struct bundle_entry be = {
		.true_path = e->path,
		.parent_ino = e->parent_ino,
		.info = e->info,
		.has_info = true,
		.link = e->link,
		.birth = birth_word(v),
		.action = "collect file",
	};

	/* A path too long for a name is passed on as it is: its entry is long/SEQ. */
	w->path.n = w->prefix;
	if (e->path.n > 1 && e->path.n <= PATH_KEPT && buf_addb(&w->path, e->path) < 0)
		return -ENOMEM;
	be.path = e->path.n > PATH_KEPT ? e->path : buf_bytes(&w->path);
	if (left_out(w, e))
		return minimise_file(w->g, w->tokens, w->root, &be, e->pin);
	if (S_ISREG(e->info.mode))
		return add_regular(w, e, &be);
	if (S_ISDIR(e->info.mode) && !e->noatime) {
		be.noatime_refused = true;
		w->g->noatime_refused++;
	}
	return gather_add_node(w->g, &be);
}

static int tell_skipped(struct file_walk *w, const struct walk_entry *e)
{
	struct gather *g = w->g;

	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, "skip mount");
	out_str(g->record, F_CSI_OUTCOME, bundle_outcome_name(OUTCOME_SKIPPED));
	out_str(g->record, F_CSI_MOUNT_KIND, mount_kind_name(e->mount));
	out_bytes(g->record, F_FILE_PATH, e->path);
	if (out_end(g->record) < 0)
		return -ENOMEM;
	return gather_record_end(g);
}

static int tell_unsorted(struct file_walk *w, const struct walk_entry *e)
{
	struct gather *g = w->g;

	out_begin(g->record, "event");
	out_str(g->record, F_CSI_ACTION, HAVE_ACTION_UNSORTED);
	out_str(g->record, F_CSI_ROOT, w->root->label);
	out_bytes(g->record, F_FILE_PATH, e->path);
	if (out_end(g->record) < 0)
		return -ENOMEM;
	int r = gather_record_end(g);
	return r < 0 ? r : gather_have_unsorted(g, w->root->label, e->path);
}

static void show_progress(struct file_walk *w)
{
	struct bundle_totals sum;
	char text[128];

	if (!w->g->progress || w->g->plan || (++w->seen & 0xff))
		return;
	bundle_progress(w->g->bundle, &sum);
	snprintf(text, sizeof(text), "files %s: %llu seen, %llu entries, %llu MiB out",
		 w->root->label, (unsigned long long)w->seen, (unsigned long long)sum.entries,
		 (unsigned long long)(sum.bytes_out >> 20));
	w->g->progress(w->g->progress_ctx, text);
}

static int on_entry(void *ctx, struct walk_entry *e)
{
	struct file_walk *w = ctx;
	enum birth_verdict v = BIRTH_UNKNOWN;
	int r;

	coverage_note(&w->coverage, e);
	if (w->g->plan)
		plan_place(w->g->plan, w->root, e->mount);
	if (e->event == WALK_SKIPPED)
		r = w->g->plan ? plan_mount(w->g->plan, w->root, e) : tell_skipped(w, e);
	else if (e->event == WALK_UNSORTED)
		r = tell_unsorted(w, e);
	else {
		if (S_ISLNK(e->info.mode))
			w->g->links_read++;
		if (w->root->birth.basis != BIRTH_NONE && e->mount == MOUNT_ROOT)
			v = birth_judge(&w->root->birth, e,
					S_ISDIR(e->info.mode) &&
						root_above_mount(w->root->root, e->path));
		/* A walk of what is not wanted adds nothing, and would go on when nobody reads. */
		if (wanted(w, e, v))
			r = add_entry(w, e, v);
		else
			r = w->g->plan ? 0 : bundle_error(w->g->bundle);
		show_progress(w);
	}
	if (!w->g->plan)
		bundle_pace(w->g->bundle);
	w->fatal = r;
	return r;
}

static int walk_root(struct gather *g, const struct target_root *root, struct gather_table *tokens)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct file_walk w = { .g = g, .root = root, .tokens = tokens };
	struct walk_limits limits = {
		.enter = WALK_MEMORY | WALK_BOUND,
		.deadline = g->deadline,
		.no_links = g->plan != NULL,
		.stop = g->stop,
		.gaps = &g->ledger_gaps,
	};
	int r;

	if (g->volumes)
		limits.enter |= WALK_VOLUME | WALK_NETWORK;
	r = buf_addf(&path, "files/%s", root->label);
	if (r < 0)
		return r;
	w.path = path;
	path = BUF_NONE;
	w.prefix = w.path.n;
	r = coverage_begin(&w.coverage, root->root);
	if (r == 0)
		r = root_walk(root->root, bytes_str("/"), &limits, on_entry, &w);
	if (w.fatal == 0 && r == 0 && !g->plan)
		w.fatal = gather_mounts_left(g, root, &w.coverage);
	coverage_done(&w.coverage);
	buf_done(&w.path);
	if (w.fatal < 0)
		return w.fatal;
	if (r < 0) /* the walk itself ended early: time, stop, number of entries */
		gather_tell(g, r, "walk", 0, bytes_str(root->label));
	return 0;
}

/* The next root by label after AFTER, so that every run of a case walks them in the same order. */
static const struct target_root *next_root(const struct targets *ts, const char *after)
{
	const struct target_root *best = NULL;

	for (size_t i = 0; i < ts->nroots; i++) {
		const struct target_root *root = &ts->roots[i];

		if (strcmp(root->label, after) > 0 &&
		    (!best || strcmp(root->label, best->label) < 0))
			best = root;
	}
	return best;
}

int gather_files(struct gather *g)
{
	AUTO_DONE(gather_table_done) struct gather_table tokens = { 0 };
	const struct target_root *root = NULL;
	int r = g->minimise ? minimise_tokens_open(g, &tokens) : 0;

	while (r == 0 && (root = next_root(g->targets, root ? root->label : "")))
		if (root->root)
			r = walk_root(g, root, &tokens);
	if (g->plan)
		plan_kind(g->plan, PLAN_TABLES);
	if (r == 0 && g->minimise)
		r = gather_table_close(&tokens);
	return r < 0 ? r : gather_have_end(g);
}
