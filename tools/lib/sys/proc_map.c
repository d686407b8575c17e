/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of lines of /proc/PID/maps, mountinfo and cgroup. */
#include "sys/proc.h"

#include "sys/scan.h"

#include <errno.h>

enum { CONTAINER_ID_LEN = 64 };

static int map_permissions(struct bytes *rest, struct proc_map *m)
{
	const unsigned char *p = rest->p;

	if (rest->n < 4)
		return -EBADMSG;
	if ((p[0] != 'r' && p[0] != '-') || (p[1] != 'w' && p[1] != '-') ||
	    (p[2] != 'x' && p[2] != '-') || (p[3] != 'p' && p[3] != 's'))
		return -EBADMSG;
	m->r = p[0] == 'r';
	m->w = p[1] == 'w';
	m->x = p[2] == 'x';
	m->shared = p[3] == 's';
	scan_skip(rest, 4);
	return scan_byte(rest, ' ');
}

static int map_device(struct bytes *rest, struct proc_map *m)
{
	uint64_t major, minor;

	if (scan_hex(rest, &major) < 0 || scan_byte(rest, ':') < 0 || scan_hex(rest, &minor) < 0)
		return -EBADMSG;
	if (major > UINT32_MAX || minor > UINT32_MAX)
		return -EBADMSG;
	m->dev_major = (uint32_t)major;
	m->dev_minor = (uint32_t)minor;
	return scan_byte(rest, ' ');
}

int proc_parse_map(struct bytes line, struct proc_map *ret)
{
	struct bytes rest = line;
	struct proc_map m = { 0 };

	if (scan_hex(&rest, &m.start) < 0 || scan_byte(&rest, '-') < 0 ||
	    scan_hex(&rest, &m.end) < 0 || scan_byte(&rest, ' ') < 0 || m.start >= m.end)
		return -EBADMSG;
	if (map_permissions(&rest, &m) < 0 || scan_hex(&rest, &m.offset) < 0 ||
	    scan_byte(&rest, ' ') < 0)
		return -EBADMSG;
	if (map_device(&rest, &m) < 0 || scan_dec(&rest, &m.inode) < 0)
		return -EBADMSG;
	/* Padding up to the path, which begins with none of its own. */
	if (scan_blanks(&rest) == 0 && rest.n > 0)
		return -EBADMSG;
	m.path = rest;
	*ret = m;
	return 0;
}

/* One word and the single space after it: a mount source may be empty, so blanks are counted. */
static int mount_word(struct bytes *rest, struct bytes *ret)
{
	*ret = scan_word(rest);
	return scan_byte(rest, ' ');
}

static int mount_optional(struct bytes *rest)
{
	struct bytes word;

	do {
		if (mount_word(rest, &word) < 0)
			return -EBADMSG;
	} while (!bytes_eq(word, bytes_str("-")));
	return 0;
}

int proc_parse_mount(struct bytes line, struct proc_mount *ret)
{
	struct proc_mount m = { 0 };
	struct bytes rest = line;
	uint64_t major, minor;

	if (scan_dec(&rest, &m.id) < 0 || scan_byte(&rest, ' ') < 0 ||
	    scan_dec(&rest, &m.parent) < 0 || scan_byte(&rest, ' ') < 0)
		return -EBADMSG;
	if (scan_dec(&rest, &major) < 0 || scan_byte(&rest, ':') < 0 ||
	    scan_dec(&rest, &minor) < 0 || scan_byte(&rest, ' ') < 0)
		return -EBADMSG;
	if (major > UINT32_MAX || minor > UINT32_MAX)
		return -EBADMSG;
	m.dev_major = (uint32_t)major;
	m.dev_minor = (uint32_t)minor;
	if (mount_word(&rest, &m.root) < 0 || mount_word(&rest, &m.point) < 0 ||
	    mount_word(&rest, &m.options) < 0 || mount_optional(&rest) < 0)
		return -EBADMSG;
	if (mount_word(&rest, &m.fstype) < 0 || mount_word(&rest, &m.source) < 0)
		return -EBADMSG;
	if (m.root.n == 0 || m.point.n == 0 || m.fstype.n == 0)
		return -EBADMSG;
	m.super_options = rest;
	*ret = m;
	return 0;
}

/* "\ooo" at the front of TEXT, up to \377, or -1. */
static int octal_escape(struct bytes text)
{
	const unsigned char *p = text.p;

	if (text.n < 4 || p[0] != '\\' || p[1] < '0' || p[1] > '3' || p[2] < '0' || p[2] > '7' ||
	    p[3] < '0' || p[3] > '7')
		return -1;
	return (p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0');
}

/* ONLY: decode just this byte, or every one if negative. */
static int unmangle(struct buf *ret, struct bytes text, int only)
{
	size_t before = ret->n;
	int r = buf_reserve(ret, text.n);

	while (r == 0 && text.n > 0) {
		const unsigned char *slash = memchr(text.p, '\\', text.n);
		size_t plain = slash ? (size_t)(slash - text.p) : text.n;
		int c;

		r = buf_add(ret, text.p, plain);
		scan_skip(&text, plain);
		if (r < 0 || text.n == 0)
			break;
		c = octal_escape(text);
		if (c >= 0 && (only < 0 || c == only)) {
			r = buf_addc(ret, (unsigned char)c);
			scan_skip(&text, 4);
		} else {
			r = buf_addc(ret, '\\');
			scan_skip(&text, 1);
		}
	}
	if (r < 0)
		ret->n = before;
	return r;
}

int proc_unmangle(struct buf *ret, struct bytes text)
{
	return unmangle(ret, text, -1);
}

int proc_unmangle_map(struct buf *ret, struct bytes text)
{
	return unmangle(ret, text, '\n');
}

static bool is_hex(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* What stands before an id: a directory, a runtime's prefix, a slice. */
static bool is_separator(unsigned char c)
{
	return c == '/' || c == '-' || c == ':';
}

static bool contains(struct bytes text, const char *word)
{
	return text.n && memmem(text.p, text.n, word, strlen(word));
}

/* The last run of exactly 64 hex digits that stands as a name: nested runtimes put the inner one
 * last. */
static struct bytes id_in_line(struct bytes line)
{
	struct bytes found = { 0 };
	size_t i = 0;

	/* Monitors of cri-o and podman: "crio-conmon-ID.scope" is not the container. */
	if (contains(line, "conmon-"))
		return found;
	while (i < line.n) {
		size_t from = i;

		while (i < line.n && is_hex(line.p[i]))
			i++;
		if (i - from == CONTAINER_ID_LEN && from > 0 && is_separator(line.p[from - 1]) &&
		    (i == line.n || line.p[i] == '/' || line.p[i] == '.'))
			found = bytes_of(line.p + from, CONTAINER_ID_LEN);
		i++;
	}
	return found;
}

struct bytes proc_container_id(struct bytes cgroup_text)
{
	struct bytes rest = cgroup_text, line, found = { 0 };

	while (found.n == 0 && proc_next_line(&rest, &line))
		found = id_in_line(line);
	return found;
}
