/* SPDX-License-Identifier: Apache-2.0 */
/* age's header: written, and read line by line (https://c2sp.org/age, "Header", with its ABNF). */
#include "format/age_priv.h"
#include "format/base64.h"

#include <errno.h>

enum { COLUMNS = 64 }; /* a line of a stanza's body that is shorter is its last */
enum { AT_VERSION, AT_STANZA, AT_BODY, AT_END };

static const char version_line[] = "age-encryption.org/v1";

/* ---- write ------------------------------------------------------------------------------------
 */

static int add_base64(struct buf *b, struct bytes from)
{
	char text[BASE64_CHARS(AGE_KEY_SIZE)];

	base64_encode(from, text);
	return buf_add(b, text, BASE64_CHARS(from.n));
}

static int add_stanza(struct buf *b, const struct age_stanza *s)
{
	int r = buf_adds(b, "-> X25519 ");

	if (r == 0)
		r = add_base64(b, bytes_of(s->share, sizeof(s->share)));
	if (r == 0)
		r = buf_addc(b, '\n');
	if (r == 0)
		r = add_base64(b, bytes_of(s->body, sizeof(s->body)));
	return r == 0 ? buf_addc(b, '\n') : r;
}

int age_head_write(struct buf *b, const struct age_stanza *s, size_t n,
		   const unsigned char *file_key)
{
	size_t start = b->n;
	unsigned char mac[AGE_MAC];
	int r = buf_addf(b, "%s\n", version_line);

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_stanza(b, &s[i]);
	if (r == 0)
		r = buf_adds(b, "---");
	if (r < 0)
		return r;
	age_header_mac(file_key, bytes_of(b->p + start, b->n - start), mac);
	r = buf_addc(b, ' ');
	if (r == 0)
		r = add_base64(b, bytes_of(mac, sizeof(mac)));
	return r == 0 ? buf_addc(b, '\n') : r;
}

/* ---- read -------------------------------------------------------------------------------------
 */

static int bad(struct age_head *h, const char *why)
{
	h->why = why;
	return -EBADMSG;
}

/* The next argument of a stanza's first line, cut off REST. False: it is none. */
static bool next_argument(struct bytes *rest, struct bytes *ret)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] > ' ' && rest->p[n] < 0x7f)
		n++;
	*ret = bytes_of(rest->p, n);
	if (n == 0 || (n < rest->n && rest->p[n] != ' '))
		return false;
	*rest = bytes_of(rest->p + n, rest->n - n);
	return true;
}

static int begin_stanza(struct age_head *h, struct bytes rest)
{
	static const char malformed[] = "a recipient of its header is malformed";
	struct bytes argument, second = { 0 };
	size_t n, count = 0;
	bool scrypt = false;

	for (;; count++) {
		if (!next_argument(&rest, &argument))
			return bad(h, malformed);
		if (count == 0) {
			h->ours = bytes_eq(argument, bytes_str("X25519"));
			scrypt = bytes_eq(argument, bytes_str("scrypt"));
		} else if (count == 1) {
			second = argument;
		}
		if (rest.n == 0)
			break;
		rest = bytes_of(rest.p + 1, rest.n - 1);
	}
	h->scrypt |= scrypt;
	if (h->scrypt && h->count > 0)
		return bad(h, "its header has a passphrase beside another recipient");
	h->count++;
	h->body = 0;
	h->state = AT_BODY;
	if (h->ours && (count != 1 || second.n != BASE64_CHARS(AGE_KEY_SIZE) ||
			base64_decode(second, h->now.share, AGE_KEY_SIZE, &n) < 0))
		return bad(h, malformed);
	return 0;
}

static int add_body(struct age_head *h, struct bytes line)
{
	static const char malformed[] = "what its header has for a recipient is malformed";
	size_t n, room = h->ours ? sizeof(h->now.body) - h->body : line.n;

	if (line.n > COLUMNS ||
	    base64_decode(line, h->ours ? h->now.body + h->body : NULL, room, &n) < 0)
		return bad(h, malformed);
	h->body += n;
	if (line.n == COLUMNS)
		return 0;
	h->state = AT_STANZA;
	if (!h->ours)
		return 0;
	if (h->body != sizeof(h->now.body))
		return bad(h, malformed);
	return buf_add(&h->stanzas, &h->now, sizeof(h->now));
}

static int take_end(struct age_head *h, struct bytes line)
{
	size_t n;

	if (h->count == 0)
		return bad(h, "its header names no recipient");
	if (line.n != 4 + BASE64_CHARS(AGE_MAC) || line.p[3] != ' ' ||
	    base64_decode(bytes_of(line.p + 4, line.n - 4), h->mac, sizeof(h->mac), &n) < 0)
		return bad(h, "the end of its header is malformed");
	h->maced = h->at + 3;
	h->state = AT_END;
	return 0;
}

static int take_line(struct age_head *h, struct bytes line)
{
	if (h->state == AT_BODY)
		return add_body(h, line);
	if (h->state == AT_VERSION) {
		h->state = AT_STANZA;
		return bytes_eq(line, bytes_str(version_line))
			       ? 0
			       : bad(h, "its version of age is not v1");
	}
	if (bytes_starts(line, "---"))
		return take_end(h, line);
	if (!bytes_starts(line, "-> "))
		return bad(h, "a line of its header is malformed");
	return begin_stanza(h, bytes_of(line.p + 3, line.n - 3));
}

int age_head_feed(struct age_head *h, struct bytes text)
{
	int r = 0;

	while (r == 0 && h->state != AT_END) {
		struct bytes rest = bytes_of(text.p + h->at, text.n - h->at);
		const unsigned char *end = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;

		if (!end || h->at + (size_t)(end - rest.p) >= AGE_HEADER_MAX)
			return text.n < AGE_HEADER_MAX ? -EAGAIN : bad(h, "its header is too long");
		r = take_line(h, bytes_of(rest.p, (size_t)(end - rest.p)));
		if (r == 0)
			h->at += (size_t)(end - rest.p) + 1;
	}
	return r;
}

void age_head_done(struct age_head *h)
{
	buf_done(&h->stanzas);
}
