/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of a file as fields. */
#include "format/out.h"

#include <sys/stat.h>

/* stx_attributes (statx(2), include/uapi/linux/stat.h): that header clashes with musl's
 * <sys/stat.h>. */
enum {
	ATTR_COMPRESSED = 0x00000004,
	ATTR_IMMUTABLE = 0x00000010,
	ATTR_APPEND = 0x00000020,
	ATTR_NODUMP = 0x00000040,
	ATTR_ENCRYPTED = 0x00000800,
	ATTR_VERITY = 0x00100000,
};

static const struct {
	uint32_t type;
	const char *name;
} types[] = {
	{ S_IFREG, "file" },	{ S_IFDIR, "dir" },  { S_IFLNK, "symlink" }, { S_IFIFO, "fifo" },
	{ S_IFSOCK, "socket" }, { S_IFCHR, "char" }, { S_IFBLK, "block" },
};

static const struct {
	uint64_t bit;
	const char *name;
} attributes[] = {
	{ ATTR_COMPRESSED, "compressed" }, { ATTR_IMMUTABLE, "immutable" },
	{ ATTR_APPEND, "append" },	   { ATTR_NODUMP, "nodump" },
	{ ATTR_ENCRYPTED, "encrypted" },   { ATTR_VERITY, "verity" },
};

const char *file_type_name(uint32_t mode)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			return types[i].name;
	return "unknown";
}

/* A file system may keep a small file elsewhere than in blocks. */
enum { NUMBER_MAX = 24, BLOCK = 512, SPARSE_FROM = 64 << 10 };

/* Digits of V that end before END; where they begin. This is done for each of 200,000 files. */
static char *digits(char *end, uint64_t v)
{
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return end;
}

static void number_text(struct out *o, enum field f, uint64_t v)
{
	char text[NUMBER_MAX];
	char *end = text + sizeof(text);
	char *p = digits(end, v);

	out_bytes(o, f, bytes_of(p, (size_t)(end - p)));
}

static void device(struct out *o, enum field f, uint32_t major, uint32_t minor)
{
	char text[2 * NUMBER_MAX];
	char *end = text + sizeof(text);
	char *p = digits(end, minor);

	*--p = ':';
	p = digits(p, major);
	out_bytes(o, f, bytes_of(p, (size_t)(end - p)));
}

static void attribute_list(struct out *o, uint64_t bits)
{
	bool open = false;

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		if (!(bits & attributes[i].bit))
			continue;
		if (!open)
			out_list(o, F_FILE_ATTRIBUTES);
		open = true;
		out_list_add(o, bytes_str(attributes[i].name));
	}
}

void out_file_info(struct out *o, const struct file_info *info)
{
	uint32_t m = info->mode;
	const char mode[4] = { (char)('0' + (m >> 9 & 7)), (char)('0' + (m >> 6 & 7)),
			       (char)('0' + (m >> 3 & 7)), (char)('0' + (m & 7)) };
	uint32_t type = m & S_IFMT;

	/* In the order of the field table, so that sorting has nothing to do. */
	if (type == S_IFREG && info->size > info->blocks * BLOCK && info->size >= SPARSE_FROM)
		out_u64(o, F_CSI_FILE_ALLOCATED, info->blocks * BLOCK);
	if (type == S_IFCHR || type == S_IFBLK)
		device(o, F_CSI_FILE_RDEV, info->rdev_major, info->rdev_minor);
	if (type != S_IFDIR && info->nlink > 1)
		out_u64(o, F_CSI_FILE_LINKS, info->nlink);
	out_stamp(o, F_FILE_ACCESSED, &info->atime);
	if (info->have & FILE_ATTRS)
		attribute_list(o, info->attributes);
	if (info->have & FILE_BTIME)
		out_stamp(o, F_FILE_CREATED, &info->btime);
	out_stamp(o, F_FILE_CTIME, &info->ctime);
	device(o, F_FILE_DEVICE, info->dev_major, info->dev_minor);
	number_text(o, F_FILE_GID, info->gid);
	number_text(o, F_FILE_INODE, info->ino);
	out_bytes(o, F_FILE_MODE, bytes_of(mode, sizeof(mode)));
	out_stamp(o, F_FILE_MTIME, &info->mtime);
	out_u64(o, F_FILE_SIZE, info->size);
	out_str(o, F_FILE_TYPE, file_type_name(m));
	number_text(o, F_FILE_UID, info->uid);
}

void out_path(struct out *o, const struct kept_path *path, uint64_t parent_ino)
{
	out_bytes(o, F_FILE_PATH, path->head);
	if (path->left_off == 0)
		return;
	out_u64(o, F_CSI_LENGTH, path->left_off);
	out_u64(o, F_CSI_PARENT_INODE, parent_ino);
	out_bytes(o, F_FILE_NAME, path->name);
}
