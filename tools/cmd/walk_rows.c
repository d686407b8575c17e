/* SPDX-License-Identifier: Apache-2.0 */
/* csi walk: one file as a row or a record. */
#include "cmd/walk.h"

#include "base/escape.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { MODE_TEXT = 10, TIME_TEXT = 19 };

static const struct hash_column {
	enum hash_kind kind;
	enum field field;
	const char *heading;
	size_t bytes, offset;
} hash_columns[] = {
	{ HASH_SHA256, F_FILE_HASH_SHA256, "SHA256", 32, offsetof(struct digests, sha256) },
	{ HASH_SHA1, F_FILE_HASH_SHA1, "SHA1", 20, offsetof(struct digests, sha1) },
	{ HASH_MD5, F_FILE_HASH_MD5, "MD5", 16, offsetof(struct digests, md5) },
};

size_t walk_columns(unsigned hashes, struct column ret[WALK_COLUMNS_MAX])
{
	static const struct column before[] = {
		{ F_FILE_MODE, "MODE", -MODE_TEXT },
		{ F_FILE_UID, "UID", 6 },
		{ F_FILE_GID, "GID", 6 },
		{ F_FILE_SIZE, "SIZE", 11 },
		{ F_FILE_MTIME, "MTIME (UTC)", -TIME_TEXT },
		{ F_CSI_BIRTH, "BORN", -5 },
	};
	size_t n = ARRAY_LEN(before);

	memcpy(ret, before, sizeof(before));
	for (size_t i = 0; i < ARRAY_LEN(hash_columns); i++)
		if (hashes & hash_columns[i].kind)
			ret[n++] = (struct column){ hash_columns[i].field, hash_columns[i].heading,
						    -2 * (int)hash_columns[i].bytes };
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

static void put_hashes(struct out *o, const struct hashwalk_item *it)
{
	char hex[HASH_HEX_MAX];

	for (size_t i = 0; i < ARRAY_LEN(hash_columns); i++) {
		const struct hash_column *c = &hash_columns[i];

		if (!(it->sums.kinds & c->kind))
			continue;
		/* A digest of extents is not one of the file: only SHA-256 has a field of its own.
		 */
		if (it->extents && c->kind != HASH_SHA256)
			continue;
		hash_hex((const unsigned char *)&it->sums + c->offset, c->bytes, hex);
		out_bytes(o, it->extents ? F_CSI_HASH_EXTENTS : c->field,
			  bytes_of(hex, 2 * c->bytes));
	}
}

/* As ls(1) writes it. */
static void mode_text(uint32_t mode, char ret[MODE_TEXT])
{
	static const struct {
		uint32_t type;
		char letter;
	} types[] = { { S_IFREG, '-' },	 { S_IFDIR, 'd' }, { S_IFLNK, 'l' }, { S_IFIFO, 'p' },
		      { S_IFSOCK, 's' }, { S_IFCHR, 'c' }, { S_IFBLK, 'b' } };
	static const char bits[] = "rwxrwxrwx";

	ret[0] = '?';
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			ret[0] = types[i].letter;
	memset(ret + 1, '-', MODE_TEXT - 1);
	for (unsigned i = 0; i < MODE_TEXT - 1; i++)
		if ((mode >> (8 - i)) & 1)
			ret[1 + i] = bits[i];
	if (mode & S_ISUID)
		ret[3] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		ret[6] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		ret[9] = mode & S_IXOTH ? 't' : 'T';
}

static void put_table(struct out *o, const struct hashwalk_item *it)
{
	char mode[MODE_TEXT], when[WHEN_TEXT_MAX];
	int64_t ns;

	mode_text(it->info.mode, mode);
	out_bytes(o, F_FILE_MODE, bytes_of(mode, sizeof(mode)));
	out_u64(o, F_FILE_UID, it->info.uid);
	out_u64(o, F_FILE_GID, it->info.gid);
	out_u64(o, F_FILE_SIZE, it->info.size);
	if (when_from_parts(it->info.mtime.sec, it->info.mtime.nsec, &ns) == 0) {
		when_text(ns, when);
		when[10] = ' ';
		out_bytes(o, F_FILE_MTIME, bytes_of(when, TIME_TEXT));
	}
	if (it->birth == BIRTH_NEW || it->birth == BIRTH_BELOW)
		out_str(o, F_CSI_BIRTH, birth_name(it->birth));
	put_hashes(o, it);
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
}

static void put_where(struct walk_show *show)
{
	const struct walk_root *r = show->root;
	struct out *o = show->run->out;

	if (r->container_id.n)
		out_bytes(o, F_CONTAINER_ID, buf_bytes(&r->container_id));
	if (r->ns_mnt)
		out_u64(o, F_CSI_NS_MNT, r->ns_mnt);
	if (r->pid)
		out_u64(o, F_PROCESS_PID, (uint64_t)r->pid);
}

static void put_json(struct walk_show *show, const struct hashwalk_item *it)
{
	struct out *o = show->run->out;

	put_where(show);
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
	put_hashes(o, it);
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
		put_where(show);
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

/* Above the first row of a root: a path that it lacks leaves no heading without rows. */
static int show_heading(struct walk_show *show)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	const struct walk_root *root = show->root;
	int r = 0;

	if (*show->headed || show->list || show->run->args->json || root->pid == 0)
		return 0;
	*show->headed = true;
	if (root->container_id.n >= 12)
		r = buf_addf(&b, "container %.12s, ", (const char *)root->container_id.p);
	if (r == 0 && root->ns_mnt)
		r = buf_addf(&b, "mount namespace %llu, ", (unsigned long long)root->ns_mnt);
	if (r == 0)
		r = buf_addf(&b, "root of process %d:", (int)root->pid);
	return r < 0 ? r : out_text(show->run->out, buf_bytes(&b));
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
