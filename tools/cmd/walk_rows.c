/* SPDX-License-Identifier: Apache-2.0 */
/* csi walk: one file as a row or a record. */
#include "cmd/walk.h"

#include "base/escape.h"
#include "format/filecaps.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

size_t walk_columns(unsigned hashes, struct column ret[WALK_COLUMNS_MAX])
{
	static const struct column before[] = {
		ROWS_FACTS_COLUMNS,
		{ F_CSI_BIRTH, "BORN", -5 },
	};
	size_t n = ARRAY_LEN(before);

	memcpy(ret, before, sizeof(before));
	n += rows_hash_columns(hashes, ret + n);
	ret[n++] = (struct column){ F_FILE_PATH, "PATH", 0 };
	return n;
}

static const char *birth_name(enum birth_verdict v)
{
	static const char *const names[] = {
		[BIRTH_OLD] = "old",	 [BIRTH_NEW] = "new",	      [BIRTH_RUNTIME] = "runtime",
		[BIRTH_BELOW] = "below", [BIRTH_UNKNOWN] = "unknown",
	};

	return (size_t)v < ARRAY_LEN(names) ? names[v] : "unknown";
}

static void put_table(struct out *o, const struct hashwalk_item *it)
{
	rows_facts(o, &it->info);
	if (it->birth == BIRTH_NEW || it->birth == BIRTH_BELOW)
		out_str(o, F_CSI_BIRTH, birth_name(it->birth));
	rows_hashes(o, &it->sums, it->extents);
	out_path(o, &it->path, it->parent_ino);
}

/* RFC 4648 */
static int add_base64(struct buf *b, struct bytes v)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	int r = 0;

	for (size_t i = 0; r == 0 && i < v.n; i += 3) {
		size_t left = v.n - i;
		uint32_t x = (uint32_t)v.p[i] << 16;
		char four[4] = { '=', '=', '=', '=' };

		if (left > 1)
			x |= (uint32_t)v.p[i + 1] << 8;
		if (left > 2)
			x |= v.p[i + 2];
		for (unsigned k = 0; k < 4 && k <= left; k++)
			four[k] = letters[(x >> (18 - 6 * k)) & 63];
		r = buf_add(b, four, sizeof(four));
	}
	return r;
}

static void put_capabilities(struct out *o, struct bytes value)
{
	char word[FILECAPS_WORD_MAX];
	struct filecaps c;

	if (filecaps_parse(value, &c) < 0)
		return; /* the xattr itself stands in the record */
	out_list(o, F_CSI_FILE_CAPS);
	for (unsigned i = 0; i < 64; i++)
		if (filecaps_word(&c, i, word))
			out_list_add(o, bytes_str(word));
	if (c.rootid)
		out_u64(o, F_CSI_FILE_CAPS_ROOT, c.rootid);
}

static void put_xattrs(struct walk_show *show, const struct hashwalk_item *it)
{
	AUTO_DONE(buf_done) struct buf value = BUF_NONE;
	struct out *o = show->run->out;

	if (!it->xattrs)
		return;
	out_pairs(o, F_CSI_XATTRS, "name", "value");
	for (size_t i = 0; i < it->xattrs->n; i++) {
		buf_clear(&value);
		if (add_base64(&value, it->xattrs->v[i].value) == 0)
			out_pair_add(o, it->xattrs->v[i].name, buf_bytes(&value));
	}
	for (size_t i = 0; i < it->xattrs->n; i++)
		if (bytes_eq(it->xattrs->v[i].name, bytes_str("security.capability")))
			put_capabilities(o, it->xattrs->v[i].value);
}

static void put_json(struct walk_show *show, const struct hashwalk_item *it)
{
	struct out *o = show->run->out;

	rows_where(o, show->root);
	out_str(o, F_CSI_BIRTH, birth_name(it->birth));
	out_str(o, F_CSI_MOUNT_KIND, mount_kind_name(it->mount));
	if (!it->noatime)
		out_bool(o, F_CSI_READ_NOATIME, false);
	if (it->changed)
		out_u64(o, F_CSI_READ_SIZE, it->size_now);
	if (it->gap.err)
		out_str(o, F_CSI_OUTCOME, it->sums.kinds ? "partial" : "failed");
	put_xattrs(show, it);
	out_file_info(o, &it->info);
	rows_hashes(o, &it->sums, it->extents);
	out_path(o, &it->path, it->parent_ino);
	if (S_ISLNK(it->info.mode))
		out_bytes(o, F_FILE_TARGET_PATH, it->link);
}

static int tell_gap(struct walk_show *show, const struct gap *gap)
{
	struct gap g = *gap;

	g.pid = show->root->pid;
	return out_gap(show->run->out, &g);
}

static int list_file(struct walk_show *show, const struct hashwalk_item *it)
{
	struct gap gap;
	int r = walk_list_file(show->list, it, &gap);

	return r < 0 || !gap.err ? r : tell_gap(show, &gap);
}

static int show_file(struct walk_show *show, const struct hashwalk_item *it)
{
	struct out *o = show->run->out;
	int r;

	out_begin(o, "state");
	if (show->run->args->json)
		put_json(show, it);
	else
		put_table(o, it);
	r = out_end(o);
	if (r == -EFBIG || r == -E2BIG) {
		const struct gap gap = { .err = r, .what = "show", .on = it->path.head };

		return tell_gap(show, &gap);
	}
	if (r < 0 || !it->gap.err)
		return r;
	return tell_gap(show, &it->gap);
}

/* What is left out by intent is a record, or with -v a line; it is no gap. */
static int show_note(struct walk_show *show, const struct hashwalk_item *it, const char *action)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct out *o = show->run->out;
	int r;

	if (show->run->args->json) {
		out_begin(o, "event");
		rows_where(o, show->root);
		out_str(o, F_CSI_ACTION, action);
		out_str(o, F_CSI_MOUNT_KIND, mount_kind_name(it->mount));
		if (it->kind == HASHWALK_SKIPPED)
			out_str(o, F_CSI_OUTCOME, "skipped");
		out_path(o, &it->path, it->parent_ino);
		return out_end(o);
	}
	if (!show->run->args->verbose)
		return 0;
	r = buf_addf(&b, "%s (%s): ", action, mount_kind_name(it->mount));
	if (r == 0)
		r = escape_add(&b, it->path.head);
	if (r == 0)
		r = buf_addc(&b, '\0');
	if (r == 0)
		cmd_note(show->run, (const char *)b.p);
	return r;
}

/* A path that a root lacks leaves no heading without rows. */
static int show_heading(struct walk_show *show)
{
	if (*show->headed || show->list)
		return 0;
	*show->headed = true;
	return rows_heading(show->run, show->root);
}

int walk_show_item(void *ctx, const struct hashwalk_item *it)
{
	struct walk_show *show = ctx;
	char text[48];
	int r = show_heading(show);

	if (r < 0)
		return r;
	switch (it->kind) {
	case HASHWALK_GAP:
		return tell_gap(show, &it->gap);
	case HASHWALK_SKIPPED:
		return show_note(show, it, "skip mount");
	case HASHWALK_UNSORTED:
		return show_note(show, it, "list directory in kernel order");
	case HASHWALK_FILE:
		break;
	}
	if (++show->files % 1024 == 0) {
		snprintf(text, sizeof(text), "%llu files", (unsigned long long)show->files);
		cmd_progress(show->run, text);
	}
	return show->list ? list_file(show, it) : show_file(show, it);
}
