/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on one file. */
#include "work/filter.h"

#include "base/glob.h"
#include "base/path.h"
#include "base/when.h"

#include <errno.h>
#include <sys/stat.h>

enum { TYPE_SHIFT = 12, PERM_BITS = 07777, PERM_DIGITS_MAX = 5 };

int filter_types(const char *letters, struct filter *ret)
{
	static const struct {
		char letter;
		uint32_t type;
	} types[] = { { 'f', S_IFREG },	 { 'd', S_IFDIR }, { 'l', S_IFLNK }, { 'p', S_IFIFO },
		      { 's', S_IFSOCK }, { 'c', S_IFCHR }, { 'b', S_IFBLK } };
	unsigned bits = 0;

	for (const char *p = letters; *p; p++) {
		size_t i = 0;

		while (i < ARRAY_LEN(types) && types[i].letter != *p)
			i++;
		if (i == ARRAY_LEN(types))
			return -EINVAL;
		bits |= 1U << (types[i].type >> TYPE_SHIFT);
		if (p[1] == ',' && p[2])
			p++;
	}
	if (!bits)
		return -EINVAL;
	ret->types = bits;
	return 0;
}

int filter_mode(const char *text, struct filter *ret)
{
	enum filter_perm perm = FILTER_PERM_EXACT;
	uint32_t mode = 0;

	if (*text == '-' || *text == '/')
		perm = *text++ == '-' ? FILTER_PERM_ALL : FILTER_PERM_ANY;
	if (!*text || strlen(text) > PERM_DIGITS_MAX)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return -EINVAL;
		mode = mode * 8 + (uint32_t)(*text - '0');
	}
	if (mode > PERM_BITS)
		return -EINVAL;
	ret->perm = perm;
	ret->mode = mode;
	return 0;
}

/* Digits at *TEXT, behind which it points then. */
static int parse_id(const char **text, uint32_t *ret)
{
	uint64_t v = 0;
	const char *p = *text;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > UINT32_MAX)
			return -EINVAL;
	}
	*text = p;
	*ret = (uint32_t)v;
	return 0;
}

int filter_owner(const char *text, struct filter *ret)
{
	struct filter f = *ret;

	f.has_uid = *text != ':';
	if (f.has_uid && parse_id(&text, &f.uid) < 0)
		return -EINVAL;
	f.has_gid = *text == ':';
	if (f.has_gid) {
		text++;
		if (parse_id(&text, &f.gid) < 0)
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	*ret = f;
	return 0;
}

int filter_since(const char *text, struct filter *ret)
{
	int r = when_parse(text, when_now(CLOCK_REALTIME), &ret->since);

	if (r == 0)
		ret->has_since = true;
	return r;
}

static bool is_perm(const struct filter *f, uint32_t mode)
{
	uint32_t bits = mode & PERM_BITS;

	switch (f->perm) {
	case FILTER_PERM_NONE:
		return true;
	case FILTER_PERM_EXACT:
		return bits == f->mode;
	case FILTER_PERM_ALL:
		return (bits & f->mode) == f->mode;
	case FILTER_PERM_ANY:
		return f->mode == 0 || (bits & f->mode) != 0; /* as find(1) has it */
	}
	return false;
}

/* What lies outside of 1970 to 2262 is told: it is odd in any case. */
static bool not_before(const struct file_stamp *t, int64_t since)
{
	int64_t ns;

	return when_from_parts(t->sec, t->nsec, &ns) < 0 || ns >= since;
}

static bool is_since(const struct filter *f, const struct file_info *info)
{
	return not_before(&info->mtime, f->since) || not_before(&info->ctime, f->since) ||
	       ((info->have & FILE_BTIME) && not_before(&info->btime, f->since));
}

bool filter_wants(const struct filter *f, const struct walk_entry *e)
{
	const struct file_info *i = &e->info;

	if (f->types && !(f->types & 1U << ((i->mode & S_IFMT) >> TYPE_SHIFT)))
		return false;
	if (!is_perm(f, i->mode))
		return false;
	if ((f->has_uid && i->uid != f->uid) || (f->has_gid && i->gid != f->gid))
		return false;
	if (f->name && !glob_match(f->name, path_last(e->path)))
		return false;
	return !f->has_since || is_since(f, i);
}
