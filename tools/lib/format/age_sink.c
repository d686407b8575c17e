/* SPDX-License-Identifier: Apache-2.0 */
/* age, the writing end: a header, then chunks of 64 KiB. */
#include "format/age_priv.h"

#include <errno.h>

struct age_sink {
	struct sink sink; /* first */
	struct sink *next;
	struct age_stream stream;
	int error; /* the first one; it stays */
	size_t n;  /* plaintext that waits in buf */
	unsigned char buf[AGE_SEALED];
};

static struct age_sink *age_of(struct sink *s)
{
	return (struct age_sink *)s;
}

static int emit(struct age_sink *a, bool last)
{
	size_t n = a->n;

	age_stream_seal(&a->stream, a->buf, n, last);
	a->n = 0;
	a->error = sink_write(a->next, a->buf, n + AGE_TAG);
	return a->error;
}

/* A full chunk waits until a byte follows: only then is it known not to be the last. */
static int age_write(struct sink *s, const void *p, size_t n)
{
	struct age_sink *a = age_of(s);
	const unsigned char *from = p;

	if (a->error)
		return a->error;
	while (n > 0) {
		if (a->n == AGE_CHUNK && emit(a, false) < 0)
			return a->error;
		size_t now = n < AGE_CHUNK - a->n ? n : AGE_CHUNK - a->n;

		memcpy(a->buf + a->n, from, now);
		a->n += now;
		from += now;
		n -= now;
	}
	return 0;
}

static int age_flush(struct sink *s)
{
	struct age_sink *a = age_of(s);

	if (a->error)
		return a->error;
	if (a->n == AGE_CHUNK && emit(a, false) < 0)
		return a->error;
	a->error = sink_flush(a->next);
	return a->error;
}

static int finish(struct age_sink *a)
{
	if (a->error)
		return a->error;
	if (a->n == 0 && a->stream.chunk > 0)
		return -EPROTO;
	int r = emit(a, true);
	return r < 0 ? r : sink_flush(a->next);
}

static int age_close(struct sink *s)
{
	struct age_sink *a = age_of(s);
	int r = finish(a);

	age_wipe(a, sizeof(*a));
	free(a);
	return r;
}

/* The header and the nonce that the payload begins with. */
static int write_head(struct sink *next, const struct age_recipient *r, size_t n,
		      const struct age_secrets *secrets)
{
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(AGE_HEADER_MAX);
	struct age_stanza stanzas[AGE_RECIPIENTS_MAX];
	int e = 0;

	for (size_t i = 0; i < n && e == 0; i++)
		e = age_wrap(secrets->file_key, &r[i], secrets->ephemeral[i], &stanzas[i]);
	if (e == 0)
		e = age_head_write(&text, stanzas, n, secrets->file_key);
	if (e == 0)
		e = buf_add(&text, secrets->nonce, sizeof(secrets->nonce));
	return e == 0 ? sink_write(next, text.p, text.n) : e;
}

int age_sink_with(struct sink *next, const struct age_recipient *r, size_t n,
		  const struct age_secrets *secrets, struct sink **ret)
{
	static const struct sink_ops ops = { .write = age_write,
					     .flush = age_flush,
					     .close = age_close };
	struct age_sink *a;
	int e;

	if (n == 0 || n > AGE_RECIPIENTS_MAX)
		return -EINVAL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	e = write_head(next, r, n, secrets);
	if (e < 0) {
		free(a);
		return e;
	}
	a->sink = (struct sink){ .ops = &ops, .block = AGE_CHUNK };
	a->next = next;
	age_stream_init(&a->stream, secrets->file_key, secrets->nonce);
	*ret = &a->sink;
	return 0;
}

int age_sink(struct sink *next, const struct age_recipient *r, size_t n, struct sink **ret)
{
	struct age_secrets secrets;
	int e = age_random(&secrets, sizeof(secrets));

	if (e == 0)
		e = age_sink_with(next, r, n, &secrets, ret);
	age_wipe(&secrets, sizeof(secrets));
	return e;
}
