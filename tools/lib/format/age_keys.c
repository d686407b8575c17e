/* SPDX-License-Identifier: Apache-2.0 */
/* age's keys as text: recipients, and files of identities. */
#include "format/age_priv.h"
#include "format/bech32.h"

#include <errno.h>

enum {
	LINE_LIMIT = 4096,   /* of a file of identities: a comment may be long */
	LINES_LIMIT = 16384, /* most are comments */
};

int age_recipient_parse(struct bytes text, struct age_recipient *ret)
{
	struct age_recipient r;
	struct bytes hrp = { 0 };
	size_t n = sizeof(r.key);
	int e;

	if (bytes_starts(text, "ssh-"))
		return -ENOTSUP;
	e = bech32_decode(text, &hrp, r.key, &n);
	if (e != 0 && e != -ENOSPC)
		return -EINVAL;
	if (bytes_starts(hrp, "age1"))
		return -ENOTSUP;
	if (e != 0 || n != sizeof(r.key) || !bytes_eq(hrp, bytes_str("age")) ||
	    age_recipient_judge(&r) < 0)
		return -EINVAL;
	*ret = r;
	return 0;
}

static int add_identity(struct age_identities *ids, struct bytes line)
{
	unsigned char key[AGE_KEY_SIZE];
	struct bytes hrp;
	size_t n = sizeof(key);
	int r = 0;

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (bech32_decode(line, &hrp, key, &n) < 0 || n != sizeof(key) ||
	    !bytes_eq(hrp, bytes_str("AGE-SECRET-KEY-")))
		r = -EBADMSG;
	else if (ids->n == AGE_IDENTITIES_MAX)
		r = -E2BIG;
	else
		memcpy(ids->keys[ids->n++], key, sizeof(key));
	age_wipe(key, sizeof(key));
	return r;
}

/* A line at a time from what has been read; the text holds secrets, so it stays in one place. */
struct lines {
	struct intake *in;
	size_t at, n; /* what is not taken yet */
	bool end;
	unsigned char text[LINE_LIMIT];
};

static void wipe_lines(struct lines *l)
{
	age_wipe(l, sizeof(*l));
}

/* 1: a line; 0: no more; -E2BIG: longer than any key. */
static int next_line(struct lines *l, struct bytes *ret)
{
	for (;;) {
		unsigned char *p = l->text + l->at;
		unsigned char *end = l->n ? memchr(p, '\n', l->n) : NULL;

		if (end || (l->end && l->n)) {
			size_t n = end ? (size_t)(end - p) : l->n;
			size_t past = end ? n + 1 : n;

			*ret = bytes_of(p, n);
			l->at += past;
			l->n -= past;
			return 1;
		}
		if (l->end)
			return 0;
		memmove(l->text, p, l->n);
		l->at = 0;
		if (l->n == sizeof(l->text))
			return -E2BIG;
		ssize_t r = intake_read(l->in, l->text + l->n, sizeof(l->text) - l->n);
		if (r < 0)
			return (int)r;
		l->n += (size_t)r;
		l->end = r == 0;
	}
}

int age_identities_read(struct intake *in, struct age_identities *ret, unsigned *ret_line)
{
	AUTO_DONE(wipe_lines) struct lines l = { .in = in };
	size_t before = ret->n;
	struct bytes line = { 0 };
	int r;

	for (unsigned i = 1; (r = next_line(&l, &line)) > 0; i++) {
		*ret_line = i;
		r = i > LINES_LIMIT ? -E2BIG : add_identity(ret, line);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return ret->n > before ? 0 : -ENOKEY;
}

void age_identities_done(struct age_identities *ids)
{
	age_wipe(ids, sizeof(*ids));
}

int age_pair_new(struct age_pair *ret)
{
	unsigned char key[AGE_KEY_SIZE];
	struct age_recipient public;
	int r = age_random(key, sizeof(key));

	if (r == 0) {
		age_public(key, &public);
		r = bech32_encode("age-secret-key-", bytes_of(key, sizeof(key)), ret->secret,
				  sizeof(ret->secret));
	}
	age_wipe(key, sizeof(key));
	if (r == 0)
		r = bech32_encode("age", bytes_of(public.key, sizeof(public.key)), ret->recipient,
				  sizeof(ret->recipient));
	/* By custom a secret key is in capitals. */
	for (char *p = ret->secret; r == 0 && *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return r;
}

void age_pair_done(struct age_pair *p)
{
	age_wipe(p, sizeof(*p));
}
