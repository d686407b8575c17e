/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a package database at a time. */
#include "format/pkglist.h"

#include "format/base64.h"

#include <errno.h>

enum { MD5_HEX = 32, SHA1_BYTES = 20 };

static int md5_of(struct bytes hex, struct digests *ret)
{
	int r = hash_unhex(hex, ret->md5, sizeof(ret->md5));

	if (r == 0)
		ret->kinds = HASH_MD5;
	return r;
}

static struct bytes behind(struct bytes b, size_t n)
{
	return bytes_of(b.p + n, b.n - n);
}

int pkglist_path(struct bytes text, struct buf *path)
{
	while (bytes_starts(text, "./") || bytes_starts(text, "/"))
		text = behind(text, text.p[0] == '.' ? 2 : 1);
	while (text.n && text.p[text.n - 1] == '/')
		text.n--;
	if (bytes_eq(text, bytes_str(".")))
		text.n = 0;
	if (text.n && memchr(text.p, 0, text.n))
		return -EBADMSG;
	buf_clear(path);
	int r = buf_addc(path, '/');
	return r < 0 ? r : buf_addb(path, text);
}

/* coreutils: "\\", "\n" and "\r" in names of lines that begin with a backslash. In place. */
static int undo_escapes(struct buf *path)
{
	size_t to = 0;

	for (size_t i = 0; i < path->n; i++) {
		unsigned char c = path->p[i];

		if (c == '\\') {
			if (++i == path->n)
				return -EBADMSG;
			c = path->p[i];
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
		}
		path->p[to++] = c;
	}
	path->n = to;
	return 0;
}

int pkglist_md5sum(struct bytes line, struct digests *ret, struct buf *path)
{
	bool escaped = bytes_starts(line, "\\");
	int r;

	if (escaped)
		line = behind(line, 1);
	/* md5sum(1): a space, then a space or "*" for binary mode. */
	if (line.n < MD5_HEX + 3 || line.p[MD5_HEX] != ' ' ||
	    (line.p[MD5_HEX + 1] != ' ' && line.p[MD5_HEX + 1] != '*'))
		return -EBADMSG;
	r = md5_of(bytes_of(line.p, MD5_HEX), ret);
	if (r == 0)
		r = pkglist_path(behind(line, MD5_HEX + 2), path);
	return r < 0 || !escaped ? r : undo_escapes(path);
}

/* The last word of LINE, which loses it and the spaces before it. */
static struct bytes last_word(struct bytes *line)
{
	size_t at = line->n;

	while (at > 0 && line->p[at - 1] != ' ')
		at--;
	struct bytes word = behind(*line, at);
	while (at > 0 && line->p[at - 1] == ' ')
		at--;
	line->n = at;
	return word;
}

int pkglist_conffile(struct bytes line, struct digests *ret, struct buf *path)
{
	struct bytes word;

	if (!bytes_starts(line, " /"))
		return -EBADMSG;
	line = behind(line, 1);
	word = last_word(&line);
	if (bytes_eq(word, bytes_str("obsolete")) ||
	    bytes_eq(word, bytes_str("remove-on-upgrade")) ||
	    bytes_eq(word, bytes_str("newconffile")))
		return -ENOENT;
	if (line.n == 0 || md5_of(word, ret) < 0)
		return -EBADMSG;
	return pkglist_path(line, path);
}

int pkglist_apk_sum(struct bytes text, struct digests *ret)
{
	size_t n = 0;

	if (!bytes_starts(text, "Q1"))
		return -EBADMSG;
	text = behind(text, 2);
	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	if (base64_decode(text, ret->sha1, sizeof(ret->sha1), &n) < 0 || n != SHA1_BYTES)
		return -EBADMSG;
	ret->kinds = HASH_SHA1;
	return 0;
}
