/* SPDX-License-Identifier: Apache-2.0 */
/* csi walk --format bodyfile: one line a file, in the two dialects that readers have. */
#include "cmd/walk.h"

#include <inttypes.h>
#include <sys/stat.h>

struct dialect {
	int (*add)(struct buf *b, unsigned char c); /* a byte that cannot stand for itself */
	bool (*plain)(unsigned char c);
	bool fractions;
};

/* mactime leaves out a name with a newline in it, so it is shown "%0A" instead of one. */
static int add_percent(struct buf *b, unsigned char c)
{
	if (c == '\n')
		return buf_adds(b, "%250A");
	return buf_addf(b, "%%%02X", c);
}

static bool plain_percent(unsigned char c)
{
	return c >= ' ' && c != 0x7f && c != '|' && c != '%';
}

static int add_backslash(struct buf *b, unsigned char c)
{
	return c == '|' || c == '\\' ? buf_addf(b, "\\%c", c) : buf_addf(b, "\\x%02x", c);
}

/* What is not UTF-8 would make plaso drop the line: all beyond ASCII is escaped, and it decodes it.
 */
static bool plain_backslash(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '|' && c != '\\';
}

static const struct dialect mactime = { add_percent, plain_percent, false };
static const struct dialect plaso = { add_backslash, plain_backslash, true };

static int add_name(struct buf *b, const struct dialect *d, struct bytes name)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < name.n; i++)
		r = d->plain(name.p[i]) ? buf_addc(b, name.p[i]) : d->add(b, name.p[i]);
	return r;
}

static char type_letter(uint32_t mode)
{
	static const struct {
		uint32_t type;
		char letter;
	} types[] = { { S_IFREG, 'r' },	 { S_IFDIR, 'd' }, { S_IFLNK, 'l' }, { S_IFIFO, 'p' },
		      { S_IFSOCK, 'h' }, { S_IFCHR, 'c' }, { S_IFBLK, 'b' } };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			return types[i].letter;
	return '-';
}

/* Seconds; what a file system cannot tell is 0, and a time before 1970 too: neither reader has it.
 */
static int add_time(struct buf *b, const struct dialect *d, bool known, const struct file_stamp *t)
{
	if (!known || t->sec < 0)
		return buf_adds(b, "|0");
	if (d->fractions)
		return buf_addf(b, "|%" PRId64 ".%09" PRIu32, t->sec, t->nsec);
	return buf_addf(b, "|%" PRId64, t->sec);
}

static int add_line(struct buf *b, const struct dialect *d, struct bytes path,
		    const struct hashwalk_item *it)
{
	const struct file_info *i = &it->info;
	char mode[ROWS_MODE_TEXT], md5[HASH_HEX_MAX] = "0";
	int r;

	if ((it->sums.kinds & (unsigned)HASH_MD5) && !it->extents)
		hash_hex(it->sums.md5, sizeof(it->sums.md5), md5);
	rows_mode(i->mode, mode);
	mode[0] = type_letter(i->mode);
	r = buf_addf(b, "%s|", md5);
	if (r == 0)
		r = add_name(b, d, path);
	/* A timeline reads no target: that would move a time. */
	if (r == 0 && it->link.n)
		r = buf_adds(b, " -> ");
	if (r == 0 && it->link.n)
		r = add_name(b, d, it->link);
	if (r == 0)
		r = buf_addf(b, "|%" PRIu64 "|%c/%.*s|%" PRIu32 "|%" PRIu32 "|%" PRIu64, i->ino,
			     mode[0], ROWS_MODE_TEXT, mode, i->uid, i->gid, i->size);
	if (r == 0)
		r = add_time(b, d, true, &i->atime);
	if (r == 0)
		r = add_time(b, d, true, &i->mtime);
	if (r == 0)
		r = add_time(b, d, true, &i->ctime);
	if (r == 0)
		r = add_time(b, d, i->have & (unsigned)FILE_BTIME, &i->btime);
	return r < 0 ? r : buf_addc(b, '\n');
}

int walk_body_line(struct buf *b, struct bytes path, const struct hashwalk_item *it)
{
	return add_line(b, &mactime, path, it);
}

int walk_body_line_plaso(struct buf *b, struct bytes path, const struct hashwalk_item *it)
{
	return add_line(b, &plaso, path, it);
}
