/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of files have in common, whichever command tells them. */
#include "cmd/rows.h"

#include "base/escape.h"

#include <errno.h>
#include <sys/stat.h>

enum { TIME_TEXT = 19 };

static const struct hash_column {
	enum hash_kind kind;
	enum field field, was;
	const char *heading;
	size_t bytes, offset;
} hash_columns[] = {
	{ HASH_SHA256, F_FILE_HASH_SHA256, F_CSI_DIFF_WAS_SHA256, "SHA256", 32,
	  offsetof(struct digests, sha256) },
	{ HASH_SHA1, F_FILE_HASH_SHA1, F_CSI_DIFF_WAS_SHA1, "SHA1", 20,
	  offsetof(struct digests, sha1) },
	{ HASH_MD5, F_FILE_HASH_MD5, F_CSI_DIFF_WAS_MD5, "MD5", 16, offsetof(struct digests, md5) },
};

size_t rows_hash_columns(unsigned hashes, struct column *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(hash_columns); i++)
		if (hashes & hash_columns[i].kind)
			ret[n++] = (struct column){ hash_columns[i].field, hash_columns[i].heading,
						    -2 * (int)hash_columns[i].bytes };
	return n;
}

void rows_hashes(struct out *o, const struct digests *sums, bool extents)
{
	char hex[HASH_HEX_MAX];

	for (size_t i = 0; i < ARRAY_LEN(hash_columns); i++) {
		const struct hash_column *c = &hash_columns[i];

		if (!(sums->kinds & c->kind))
			continue;
		/* A digest of extents is not one of the file: only SHA-256 has a field of its own.
		 */
		if (extents && c->kind != HASH_SHA256)
			continue;
		hash_hex((const unsigned char *)sums + c->offset, c->bytes, hex);
		out_bytes(o, extents ? F_CSI_HASH_EXTENTS : c->field, bytes_of(hex, 2 * c->bytes));
	}
}

/* As ls(1) writes it. */
void rows_mode(uint32_t mode, char ret[ROWS_MODE_TEXT])
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
	memset(ret + 1, '-', ROWS_MODE_TEXT - 1);
	for (unsigned i = 0; i < ROWS_MODE_TEXT - 1; i++)
		if ((mode >> (8 - i)) & 1)
			ret[1 + i] = bits[i];
	if (mode & S_ISUID)
		ret[3] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		ret[6] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		ret[9] = mode & S_IXOTH ? 't' : 'T';
}

void rows_was(struct out *o, const struct digests *sums)
{
	char hex[HASH_HEX_MAX];

	for (size_t i = 0; i < ARRAY_LEN(hash_columns); i++) {
		const struct hash_column *c = &hash_columns[i];

		if (!(sums->kinds & c->kind))
			continue;
		hash_hex((const unsigned char *)sums + c->offset, c->bytes, hex);
		out_bytes(o, c->was, bytes_of(hex, 2 * c->bytes));
	}
}

void rows_facts(struct out *o, const struct file_info *info)
{
	char mode[ROWS_MODE_TEXT], when[WHEN_TEXT_MAX];
	int64_t ns;

	rows_mode(info->mode, mode);
	out_bytes(o, F_FILE_MODE, bytes_of(mode, sizeof(mode)));
	out_u64(o, F_FILE_UID, info->uid);
	out_u64(o, F_FILE_GID, info->gid);
	out_u64(o, F_FILE_SIZE, info->size);
	if (when_from_parts(info->mtime.sec, info->mtime.nsec, &ns) == 0) {
		when_text(ns, when);
		when[10] = ' ';
		out_bytes(o, F_FILE_MTIME, bytes_of(when, TIME_TEXT));
	}
}

void rows_where(struct out *o, const struct seen_root *r)
{
	if (r->container_id.n)
		out_bytes(o, F_CONTAINER_ID, buf_bytes(&r->container_id));
	if (r->ns_mnt)
		out_u64(o, F_CSI_NS_MNT, r->ns_mnt);
	if (r->pid)
		out_u64(o, F_PROCESS_PID, (uint64_t)r->pid);
}

int rows_heading(struct run *run, const struct seen_root *root)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = 0;

	if (run->args->json || root->pid == 0)
		return 0;
	if (root->container_id.n >= 12)
		r = buf_addf(&b, "container %.12s, ", (const char *)root->container_id.p);
	if (r == 0 && root->ns_mnt)
		r = buf_addf(&b, "mount namespace %llu, ", (unsigned long long)root->ns_mnt);
	if (r == 0)
		r = buf_addf(&b, "root of process %d:", (int)root->pid);
	return r < 0 ? r : out_text(run->out, buf_bytes(&b));
}

static int mount_record(struct run *run, const struct seen_root *root, const struct root_mount *m,
			const struct coverage_row *row)
{
	const char *why = coverage_reason(row->state, m->kind);
	struct out *o = run->out;

	out_begin(o, "event");
	rows_where(o, root);
	out_str(o, F_CSI_ACTION, "cover mount");
	if (row->state == COVERAGE_WALKED)
		out_u64(o, F_CSI_COVERAGE_ENTRIES, row->entries);
	out_str(o, F_CSI_COVERAGE_STATE, coverage_name(row->state));
	out_str(o, F_CSI_MOUNT_KIND, mount_kind_name(m->kind));
	out_u64(o, F_CSI_MOUNT_ID, m->id);
	out_bytes(o, F_CSI_MOUNT_POINT, m->point);
	if (why)
		out_str(o, F_CSI_OMIT, why);
	return out_end(o);
}

/* The kernel's own file systems, and what lies in them, only with -v. */
static int mount_note(struct run *run, const struct root_mount *m, const struct coverage_row *row)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	const char *why = coverage_reason(row->state, m->kind);
	int r;

	if (!run->args->verbose &&
	    (!why || m->kind == MOUNT_PSEUDO || row->state == COVERAGE_BELOW))
		return 0;
	r = buf_addf(&b, "%s ", why ? "not walked:" : "walked:");
	if (r == 0)
		r = escape_add(&b, m->point);
	if (r == 0 && why)
		r = buf_addf(&b, " (%s): %s", mount_kind_name(m->kind), why);
	else if (r == 0)
		r = buf_addf(&b, " (%s): %llu files", mount_kind_name(m->kind),
			     (unsigned long long)row->entries);
	if (r == 0)
		r = buf_addc(&b, '\0');
	if (r == 0)
		cmd_note(run, (const char *)b.p);
	return r == -EFBIG ? 0 : r;
}

int rows_coverage(struct run *run, const struct seen_root *root, struct coverage *c)
{
	int r = 0;

	coverage_end(c);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct root_mount m = root_mount(c->root, i);

		r = run->args->json ? mount_record(run, root, &m, &c->v[i])
				    : mount_note(run, &m, &c->v[i]);
	}
	return r;
}
