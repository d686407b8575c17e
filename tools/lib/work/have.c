/* SPDX-License-Identifier: Apache-2.0 */
/* One line of what earlier bundles have: taken apart, compared. */
#include "work/have.h"

#include "base/when.h"
#include "format/json_get.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { KEY_PART_MAX = 32, NUMBER_MAX = 24 };

/* ---- members ------------------------------------------------------------------------------- */

int have_member(struct bytes record, const char *key, struct bytes *ret)
{
	for (;;) {
		size_t n = strcspn(key, ".");
		char part[KEY_PART_MAX];

		if (n >= sizeof(part))
			return -EBADMSG;
		memcpy(part, key, n);
		part[n] = '\0';
		int r = json_get(record, part, &record);
		if (r < 0)
			return r;
		if (key[n] == '\0')
			break;
		key += n + 1;
	}
	*ret = record;
	return 0;
}

int have_text(struct bytes record, const char *key, char *ret, size_t room)
{
	struct bytes v;
	int r = have_member(record, key, &v);

	if (r < 0)
		return r;
	if (v.n < 2 || v.n - 2 >= room || v.p[0] != '"' || memchr(v.p, '\\', v.n) ||
	    memchr(v.p, 0, v.n))
		return -EBADMSG;
	memcpy(ret, v.p + 1, v.n - 2);
	ret[v.n - 2] = '\0';
	return 0;
}

bool have_is(struct bytes record, const char *key, const char *ours)
{
	struct bytes v;
	size_t n = strlen(ours);

	return have_member(record, key, &v) == 0 && v.n == n + 2 && v.p[0] == '"' &&
	       memcmp(v.p + 1, ours, n) == 0;
}

static int number(struct bytes record, const char *key, uint64_t *ret)
{
	struct bytes v;
	uint64_t n = 0;

	if (have_member(record, key, &v) < 0 || v.n == 0 || (v.n > 1 && v.p[0] == '0'))
		return -EBADMSG;
	for (size_t i = 0; i < v.n; i++) {
		uint64_t digit = (uint64_t)v.p[i] - '0';

		if (digit > 9 || n > (INT64_MAX - digit) / 10)
			return -EBADMSG;
		n = n * 10 + digit;
	}
	*ret = n;
	return 0;
}

bool have_run_ok(struct bytes run)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (run.n == 0 || run.n > HAVE_RUN_MAX || run.p[0] == '.' || run.p[0] == '-')
		return false;
	for (size_t i = 0; i < run.n; i++)
		if (!memchr(allowed, run.p[i], sizeof(allowed) - 1))
			return false;
	return true;
}

int have_digest_of(struct bytes record, struct have_digest *ret)
{
	int r = have_text(record, "file.hash.sha256", ret->hex, sizeof(ret->hex));

	ret->extents = r == -ENOENT;
	if (r == -ENOENT)
		r = have_text(record, "csi.hash.extents", ret->hex, sizeof(ret->hex));
	if (r < 0 || strspn(ret->hex, "0123456789abcdef") != HAVE_HEX)
		return -EBADMSG;
	return 0;
}

/* ---- a line -------------------------------------------------------------------------------- */

struct have_ident have_ident_of(const struct file_info *info)
{
	char mtime[WHEN_TEXT_MAX], ctime_text[WHEN_TEXT_MAX];
	struct have_ident id = { .text = "" };
	int64_t m, c;

	if (when_from_parts(info->mtime.sec, info->mtime.nsec, &m) < 0 ||
	    when_from_parts(info->ctime.sec, info->ctime.nsec, &c) < 0)
		return id;
	when_text(m, mtime);
	when_text(c, ctime_text);
	snprintf(id.text, sizeof(id.text), "%u:%u %" PRIu64 " %" PRIu64 " %s %s", info->dev_major,
		 info->dev_minor, info->ino, info->size, mtime, ctime_text);
	return id;
}

static int parse_ident(struct bytes line, struct have_line *l)
{
	char device[NUMBER_MAX], inode[NUMBER_MAX], mtime[WHEN_TEXT_MAX], ctime_text[WHEN_TEXT_MAX];

	if (number(line, "file.size", &l->size) < 0 ||
	    have_text(line, "file.device", device, sizeof(device)) < 0 ||
	    have_text(line, "file.inode", inode, sizeof(inode)) < 0 ||
	    have_text(line, "file.mtime", mtime, sizeof(mtime)) < 0 ||
	    have_text(line, "file.ctime", ctime_text, sizeof(ctime_text)) < 0)
		return -EBADMSG;
	snprintf(l->ident.text, sizeof(l->ident.text), "%s %s %" PRIu64 " %s %s", device, inode,
		 l->size, mtime, ctime_text);
	return 0;
}

static int undo(struct bytes line, const char *key, struct buf *ret)
{
	struct bytes v;

	buf_clear(ret);
	if (have_member(line, key, &v) < 0)
		return -EBADMSG;
	int r = json_undo(ret, v);
	return r == 0 || r == -ENOMEM ? r : -EBADMSG;
}

/* csi.cite.item is "files/", the label, the path: there is no second place for a file. */
static int check_item(struct bytes line, const struct have_line *l)
{
	AUTO_DONE(buf_done) struct buf item = BUF_LIMIT(HAVE_LINE_MAX);
	int r = undo(line, "csi.cite.item", &item);

	if (r < 0)
		return r;
	size_t head = strlen("files/") + strlen(l->root);
	if (item.n != head + l->path.n || !bytes_starts(buf_bytes(&item), "files/") ||
	    memcmp(item.p + strlen("files/"), l->root, strlen(l->root)) != 0 ||
	    memcmp(item.p + head, l->path.p, l->path.n) != 0)
		return -EBADMSG;
	return 0;
}

static int parse_file(struct bytes line, struct have_line *l)
{
	if (have_text(line, "csi.root", l->root, sizeof(l->root)) < 0 || l->root[0] == '\0' ||
	    strchr(l->root, '/'))
		return -EBADMSG;
	if (l->path.max == 0)
		l->path.max = HAVE_LINE_MAX;
	int r = undo(line, "file.path", &l->path);
	if (r < 0)
		return r;
	if (l->path.n < 2 || l->path.n > PATH_KEPT || l->path.p[0] != '/' ||
	    memchr(l->path.p, 0, l->path.n))
		return -EBADMSG;
	r = check_item(line, l);
	if (r == 0)
		r = parse_ident(line, l);
	return r < 0 ? r : have_digest_of(line, &l->digest);
}

int have_parse(struct bytes line, struct have_line *l)
{
	if (line.n > HAVE_LINE_MAX)
		return -EBADMSG;
	if (have_is(line, "csi.action", HAVE_ACTION_END)) {
		l->kind = HAVE_END;
		return number(line, "csi.cite.lines", &l->lines);
	}
	if (have_is(line, "csi.action", HAVE_ACTION_RUN))
		l->kind = HAVE_RUN;
	else if (have_is(line, "csi.action", HAVE_ACTION_FILE))
		l->kind = HAVE_FILE;
	else
		return -EBADMSG;
	if (have_text(line, "csi.cite.run", l->run, sizeof(l->run)) < 0 ||
	    !have_run_ok(bytes_str(l->run)))
		return -EBADMSG;
	return l->kind == HAVE_RUN ? 0 : parse_file(line, l);
}

void have_line_done(struct have_line *l)
{
	buf_done(&l->path);
}

/* ---- order --------------------------------------------------------------------------------- */

static int compare_bytes(struct bytes a, struct bytes b)
{
	int r = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

int have_compare(struct have_place a, struct have_place b)
{
	size_t n = a.path.n < b.path.n ? a.path.n : b.path.n, i = 0;
	int r = compare_bytes(a.root, b.root);

	if (r)
		return r;
	while (i < n && a.path.p[i] == b.path.p[i])
		i++;
	if (i == n)
		return (a.path.n > b.path.n) - (a.path.n < b.path.n);
	/* What lies in "a" comes before "a-b": a slash is the lowest byte. */
	int x = a.path.p[i] == '/' ? 0 : a.path.p[i];
	int y = b.path.p[i] == '/' ? 0 : b.path.p[i];
	return x - y;
}

bool have_below(struct have_place p, struct have_place dir)
{
	size_t n = dir.path.n;

	if (n == 1) /* "/" */
		n = 0;
	return bytes_eq(p.root, dir.root) && p.path.n > n + 1 && p.path.p[n] == '/' &&
	       memcmp(p.path.p, dir.path.p, n) == 0;
}
