/* SPDX-License-Identifier: Apache-2.0 */
/* age, the reading end: what is authentic, chunk by chunk, and why it ends. */
#include "format/age_priv.h"
#include "format/hash.h"

#include <errno.h>

static const char magic[] = "age-encryption.org/";

struct age_intake {
	struct intake in; /* first */
	struct intake *below;
	struct age_stream stream;
	unsigned char file_key[AGE_FILE_KEY];
	size_t header; /* bytes of it, once known */
	int opened;    /* what age_intake returned; reading goes no further if it failed */
	const char *opened_why;
	bool skip;  /* the header comes again */
	bool begun; /* the nonce is read */
	bool last;  /* the last chunk is opened */
	int error;  /* the first failure; it stays until rewind */
	int ended;  /* the file below: 1 at its end, -errno */
	const char *why;
	struct hash hash; /* of the file below, as far as it is read */
	uint64_t size;
	size_t n;	  /* bytes of the file in buf */
	size_t at, plain; /* what of out has been given, and how much there is */
	unsigned char buf[AGE_SEALED];
	unsigned char out[AGE_CHUNK];
};
_Static_assert(AGE_SEALED >= AGE_HEADER_MAX, "the header fits the buffer");

static struct age_intake *age_of(struct intake *in)
{
	return (struct age_intake *)in;
}

/* ---- the file below ---------------------------------------------------------------------------
 */

/* Reads once, at most to WANT bytes in buf; nothing at the end. */
static void more(struct age_intake *a, size_t want)
{
	if (a->ended || a->n >= want)
		return;
	ssize_t r = intake_read(a->below, a->buf + a->n, want - a->n);
	if (r <= 0) {
		a->ended = r < 0 ? (int)r : 1;
		return;
	}
	hash_add(&a->hash, a->buf + a->n, (size_t)r);
	a->n += (size_t)r;
	a->size += (uint64_t)r;
}

/* -errno of reading, or 0 with WANT bytes in buf, or as many as there are. */
static int fill(struct age_intake *a, size_t want)
{
	while (a->n < want && !a->ended)
		more(a, want);
	return a->n < want && a->ended < 0 ? a->ended : 0;
}

static void drop(struct age_intake *a, size_t n)
{
	a->n -= n;
	memmove(a->buf, a->buf + n, a->n);
}

/* ---- payload ----------------------------------------------------------------------------------
 */

static int fail(struct age_intake *a, int error, const char *why)
{
	a->error = error;
	a->why = why;
	return error;
}

/* After rewind the header comes again; its key is known. */
static int skip_header(struct age_intake *a)
{
	int r = fill(a, a->header);

	if (r < 0)
		return fail(a, r, NULL);
	if (a->n < a->header)
		return fail(a, -ENODATA, "it ends inside its header");
	drop(a, a->header);
	a->skip = false;
	return 0;
}

static int check_end(struct age_intake *a)
{
	int r = fill(a, 1);

	if (r < 0)
		return fail(a, r, NULL);
	if (a->n)
		return fail(a, -EBADMSG, "bytes follow its last chunk");
	return 0;
}

/* What is short can be a cut chunk or a damaged last one: which of the two cannot be told. */
static int open_short(struct age_intake *a)
{
	struct bytes sealed = bytes_of(a->buf, a->n);

	if (a->n == 0)
		return fail(a, -ENODATA, "it ends at the end of a chunk that is not the last");
	if (a->n < AGE_TAG || age_stream_open(&a->stream, sealed, true, a->out) < 0)
		return fail(a, -ENODATA, "its last bytes are a cut chunk, or a damaged last one");
	if (a->n == AGE_TAG && a->stream.chunk > 1)
		return fail(a, -EBADMSG, "its last chunk is empty");
	return 0;
}

/* The next chunk into out. */
static int next_chunk(struct age_intake *a)
{
	struct bytes sealed = bytes_of(a->buf, AGE_SEALED);
	int r = fill(a, AGE_SEALED);

	if (r < 0)
		return fail(a, r, NULL);
	if (a->n < AGE_SEALED) {
		r = open_short(a);
		if (r < 0)
			return r;
		a->last = true;
	} else if (age_stream_open(&a->stream, sealed, false, a->out) < 0) {
		if (age_stream_open(&a->stream, sealed, true, a->out) < 0)
			return fail(a, -EBADMSG, "a chunk is not authentic");
		a->last = true;
	}
	a->at = 0;
	a->plain = a->n - AGE_TAG;
	a->n = 0;
	return 0;
}

/* The nonce, read when the first byte is asked for: it belongs to the payload. */
static int begin(struct age_intake *a)
{
	unsigned char nonce[AGE_NONCE];
	int r = fill(a, sizeof(nonce));

	if (r < 0)
		return fail(a, r, NULL);
	if (a->n < sizeof(nonce))
		return fail(a, -ENODATA, "it ends before its first chunk");
	memcpy(nonce, a->buf, sizeof(nonce));
	drop(a, sizeof(nonce));
	age_stream_init(&a->stream, a->file_key, nonce);
	a->begun = true;
	return 0;
}

static ssize_t age_read(struct intake *in, void *p, size_t n)
{
	struct age_intake *a = age_of(in);
	int r = a->error;

	if (n == 0)
		return 0;
	while (r == 0 && a->at == a->plain) {
		if (a->skip)
			r = skip_header(a);
		else if (!a->begun)
			r = begin(a);
		else if (!a->last)
			r = next_chunk(a);
		else
			r = check_end(a);
		if (r == 0 && a->last && a->at == a->plain && a->ended)
			return 0;
	}
	if (r < 0)
		return r;
	size_t now = n < a->plain - a->at ? n : a->plain - a->at;
	memcpy(p, a->out + a->at, now);
	a->at += now;
	return (ssize_t)now;
}

static int age_rewind(struct intake *in)
{
	struct age_intake *a = age_of(in);
	int r = intake_rewind(a->below);

	if (r < 0)
		return r;
	a->error = a->opened;
	a->why = a->opened_why;
	a->ended = 0;
	a->size = 0;
	a->n = a->at = a->plain = 0;
	a->begun = a->last = false;
	a->skip = a->opened == 0;
	hash_init(&a->hash, HASH_SHA256);
	return 0;
}

static int age_stored(struct intake *in, uint64_t *ret_size, unsigned char ret_sha256[32])
{
	struct age_intake *a = age_of(in);
	uint64_t taken = a->size - a->n;
	struct digests d;

	while (!a->ended) {
		a->n = 0;
		more(a, sizeof(a->buf));
	}
	if (a->ended < 0)
		return a->ended;
	/* What was not opened is gone: reading goes on after a rewind only. */
	a->n = 0;
	if (a->error == 0 && a->size > taken)
		(void)(a->last ? fail(a, -EBADMSG, "bytes follow its last chunk")
			       : fail(a, -ENODATA, "the rest of it was read for its digest"));
	hash_peek(&a->hash, &d);
	*ret_size = a->size;
	memcpy(ret_sha256, d.sha256, sizeof(d.sha256));
	return 0;
}

static const char *age_why(const struct intake *in)
{
	return ((const struct age_intake *)in)->why;
}

static void age_close(struct intake *in)
{
	struct age_intake *a = age_of(in);

	age_wipe(a, sizeof(*a));
	free(a);
}

static const struct intake_ops age_ops = { .read = age_read,
					   .rewind = age_rewind,
					   .stored = age_stored,
					   .why = age_why,
					   .close = age_close };

/* ---- what is no age file ------------------------------------------------------------------------
 */

static ssize_t plain_read(struct intake *in, void *p, size_t n)
{
	struct age_intake *a = age_of(in);
	size_t now = n < a->n ? n : a->n;

	if (now == 0)
		return n ? (a->ended < 0 ? a->ended : intake_read(a->below, p, n)) : 0;
	memcpy(p, a->buf, now);
	drop(a, now);
	return (ssize_t)now;
}

static int plain_rewind(struct intake *in)
{
	struct age_intake *a = age_of(in);
	int r = intake_rewind(a->below);

	if (r == 0)
		a->n = 0;
	return r;
}

static const char *plain_why(const struct intake *in)
{
	return intake_why(((const struct age_intake *)in)->below);
}

static const struct intake_ops plain_ops = {
	.read = plain_read, .rewind = plain_rewind, .why = plain_why, .close = age_close
};

/* ---- open ---------------------------------------------------------------------------------------
 */

/* The file key, from the first stanza that an identity opens, judged by the header's MAC. */
static int find_key(struct age_intake *a, const struct age_head *h,
		    const struct age_identities *ids)
{
	size_t count = h->stanzas.n / sizeof(struct age_stanza);
	unsigned char mac[AGE_MAC];
	struct age_stanza s;
	int r = -ENOKEY;

	for (size_t i = 0; ids && i < ids->n && r == -ENOKEY; i++)
		for (size_t j = 0; j < count && r == -ENOKEY; j++) {
			memcpy(&s, h->stanzas.p + j * sizeof(s), sizeof(s));
			r = age_unwrap(&s, ids->keys[i], a->file_key);
		}
	if (r == -ENOKEY)
		return fail(a, r,
			    h->scrypt ? "it is encrypted with a passphrase"
				      : "none of the identities given opens it");
	if (r < 0)
		return fail(a, r, "its header has a key that anybody could open");
	age_header_mac(a->file_key, bytes_of(a->buf, h->maced), mac);
	if (!age_mac_equal(mac, h->mac))
		return fail(a, -EBADMSG, "its header was changed");
	return 0;
}

static int open_header(struct age_intake *a, const struct age_identities *ids)
{
	AUTO_DONE(age_head_done)
	struct age_head h = { .stanzas = BUF_LIMIT(AGE_HEADER_MAX) };
	int r;

	while ((r = age_head_feed(&h, bytes_of(a->buf, a->n))) == -EAGAIN && !a->ended)
		more(a, AGE_HEADER_MAX);
	if (r == -EAGAIN)
		return a->ended < 0 ? fail(a, a->ended, NULL)
				    : fail(a, -ENODATA, "it ends inside its header");
	if (r < 0)
		return fail(a, r, h.why);
	r = find_key(a, &h, ids);
	if (r == 0) {
		a->header = h.at;
		drop(a, h.at);
	}
	return r;
}

/* A file that is shorter than the magic is one if it is a beginning of it: a cut one. */
static bool begins_as_age(const struct age_intake *a)
{
	size_t n = a->n < sizeof(magic) - 1 ? a->n : sizeof(magic) - 1;

	return n > 0 && memcmp(a->buf, magic, n) == 0;
}

int age_intake(struct intake *in, const struct age_identities *ids, struct intake **ret)
{
	struct age_intake *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->below = in;
	a->in.ops = &plain_ops;
	hash_init(&a->hash, HASH_SHA256);
	r = fill(a, sizeof(magic) - 1);
	if (r == 0 && begins_as_age(a)) {
		a->in.ops = &age_ops;
		r = open_header(a, ids);
	}
	a->opened = r;
	a->opened_why = a->why;
	/* Without a why it is the file below that failed, whatever its number means here. */
	if (r == 0 || a->why)
		*ret = &a->in;
	else
		age_close(&a->in);
	return r;
}

bool age_is_encrypted(const struct intake *in)
{
	return in->ops == &age_ops;
}
