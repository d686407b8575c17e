/* SPDX-License-Identifier: Apache-2.0 */
/* csi diff: one difference as a row or a record. */
#include "cmd/diff.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

size_t diff_columns(unsigned hashes, struct column ret[DIFF_COLUMNS_MAX])
{
	static const struct column before[] = {
		{ F_CSI_DIFF_BASELINE, "AGAINST", -8 }, { F_CSI_DIFF_CHANGE, "CHANGE", -7 },
		{ F_CSI_DIFF_WHAT, "WHAT", -13 },	ROWS_FACTS_COLUMNS,
		{ F_CSI_DIFF_MARKS, "MARKS", -8 },
	};
	size_t n = ARRAY_LEN(before);

	memcpy(ret, before, sizeof(before));
	n += rows_hash_columns(hashes, ret + n);
	ret[n++] = (struct column){ F_FILE_PATH, "PATH", 0 };
	return n;
}

static void put_bits(struct out *o, enum field f, unsigned bits, unsigned n,
		     const char *(*name)(unsigned bit))
{
	if (!bits)
		return;
	out_list(o, f);
	for (unsigned i = 0; i < n; i++)
		if (bits & 1U << i)
			out_list_add(o, bytes_str(name(1U << i)));
}

/* What the baseline knows of it. */
static void put_before(struct out *o, const struct diff_change *c)
{
	const struct diff_facts *b = c->before;
	char mode[8];

	if (c->below)
		out_u64(o, F_CSI_DIFF_BELOW, c->below);
	if (!b)
		return;
	int n = snprintf(mode, sizeof(mode), "%04o", b->mode & 07777U);

	out_id(o, F_CSI_DIFF_WAS_GID, b->gid);
	if (S_ISLNK(b->mode))
		out_bytes(o, F_CSI_DIFF_WAS_LINK, b->link);
	out_bytes(o, F_CSI_DIFF_WAS_MODE, bytes_of(mode, (size_t)n));
	out_time(o, F_CSI_DIFF_WAS_MTIME, b->mtime);
	out_u64(o, F_CSI_DIFF_WAS_SIZE, b->size);
	out_str(o, F_CSI_DIFF_WAS_TYPE, file_type_name(b->mode));
	out_id(o, F_CSI_DIFF_WAS_UID, b->uid);
}

/* Of what is gone a table shows what it was. */
static void put_facts(struct out *o, const struct diff_change *c)
{
	struct file_info was = { 0 };

	if (c->now) {
		rows_facts(o, c->now);
	} else if (c->before) {
		was.mode = c->before->mode;
		was.uid = c->before->uid;
		was.gid = c->before->gid;
		was.size = c->before->size;
		was.mtime.sec = c->before->mtime / (int64_t)NS_PER_SEC;
		rows_facts(o, &was);
	}
}

static void put_change(const struct diff_show *show, const struct diff_change *c)
{
	struct out *o = show->run->out;

	out_str(o, F_CSI_DIFF_BASELINE, show->baseline);
	out_str(o, F_CSI_DIFF_CHANGE, diff_kind_name(c->kind));
	put_bits(o, F_CSI_DIFF_MARKS, c->marks, DIFF_MARKS, diff_mark_name);
	if (c->owner.n)
		out_bytes(o, F_CSI_DIFF_OWNER, c->owner);
	rows_was(o, &c->was);
	put_bits(o, F_CSI_DIFF_WHAT, c->what, DIFF_WHATS, diff_what_name);
}

static void put_json(const struct diff_show *show, const struct diff_change *c)
{
	struct out *o = show->run->out;

	rows_where(o, show->root);
	out_str(o, F_CSI_MOUNT_KIND, mount_kind_name(c->mount));
	if (c->gap.err)
		out_str(o, F_CSI_OUTCOME, "partial");
	put_before(o, c);
	if (!c->now)
		return;
	out_file_info(o, c->now);
	if (S_ISLNK(c->now->mode))
		out_bytes(o, F_FILE_TARGET_PATH, c->link);
}

/* In a table what is expected is only counted, unless it is worth a look. */
static bool is_quiet(const struct diff_show *show, const struct diff_change *c)
{
	if (show->run->args->json || show->run->args->verbose)
		return false;
	return ((c->kind == DIFF_RUNTIME || c->kind == DIFF_SOURCE) && !c->marks) ||
	       c->marks & (unsigned)DIFF_EXCLUDED;
}

static void show_progress(struct diff_show *show)
{
	char text[64];

	if (++show->files % 256)
		return;
	(void)snprintf(text, sizeof(text), "%s: %llu differences", show->baseline,
		       (unsigned long long)show->files);
	cmd_progress(show->run, text);
}

static int tell_gap(const struct diff_show *show, const struct gap *gap)
{
	struct gap g = *gap;

	g.pid = show->root->pid;
	return out_gap(show->run->out, &g);
}

int diff_show_change(void *ctx, const struct diff_change *c)
{
	struct diff_show *show = ctx;
	struct out *o = show->run->out;
	int r = 0;

	if (is_quiet(show, c)) {
		show->quiet[c->kind]++;
		return 0;
	}
	if (!show->headed)
		r = rows_heading(show->run, show->root);
	show->headed = true;
	if (r < 0)
		return r;
	out_begin(o, "state");
	put_change(show, c);
	if (show->run->args->json)
		put_json(show, c);
	else
		put_facts(o, c);
	rows_hashes(o, &c->sums, c->extents);
	out_path(o, &c->path, c->parent_ino);
	r = out_end(o);
	show_progress(show);
	if (r == -EFBIG || r == -E2BIG)
		return tell_gap(show,
				&(struct gap){ .err = r, .what = "show", .on = c->path.head });
	return r < 0 || !c->gap.err ? r : tell_gap(show, &c->gap);
}

void diff_show_end(struct diff_show *show)
{
	static const struct {
		enum diff_kind kind;
		const char *text;
	} notes[] = {
		{ DIFF_RUNTIME, "the container runtime's own" },
		{ DIFF_MISSING, "missing and excluded by dpkg.cfg" },
	};
	char text[96];

	for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
		if (!show->quiet[notes[i].kind])
			continue;
		(void)snprintf(text, sizeof(text), "%llu files are %s (-v shows them)",
			       (unsigned long long)show->quiet[notes[i].kind], notes[i].text);
		cmd_note(show->run, text);
	}
}
