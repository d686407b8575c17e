/* SPDX-License-Identifier: Apache-2.0 */
/* age both ways: chunk borders, recipients, flush, cuts, damage, a sink that fails. */
#include "feed.h"
#include "test.h"

#include "format/age_priv.h"
#include "format/hash.h"

#include <errno.h>

enum { KEYS = AGE_RECIPIENTS_MAX, PLAIN_MAX = 4 * AGE_CHUNK };

static unsigned char plain[PLAIN_MAX];
static struct age_identities ids;
static struct age_recipient to[KEYS];

static void make_keys(void)
{
	static const unsigned char base[AGE_KEY_SIZE] = { 9 };

	ids.n = KEYS;
	for (unsigned i = 0; i < KEYS; i++) {
		struct age_recipient point;
		struct age_stanza s;

		memset(ids.keys[i], (int)i + 1, AGE_KEY_SIZE);
		memcpy(point.key, base, sizeof(base));
		/* The share of a stanza is the public key of its ephemeral secret. */
		CHECK_INT(age_wrap(base, &point, ids.keys[i], &s), 0);
		memcpy(to[i].key, s.share, AGE_KEY_SIZE);
	}
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (unsigned char)(i * 2654435761u >> 13);
}

static void encrypted(struct buf *ret, size_t size, size_t step, size_t recipients)
{
	struct sink *below, *s;

	ret->max = 8 << 20;
	CHECK_INT(sink_buf(ret, &below), 0);
	CHECK_INT(age_sink(below, to, recipients, &s), 0);
	CHECK_INT(s->block, AGE_CHUNK);
	for (size_t at = 0; at < size; at += step)
		CHECK_INT(sink_write(s, plain + at, size - at < step ? size - at : step), 0);
	CHECK_INT(sink_close(s), 0);
	CHECK_INT(sink_close(below), 0);
}

/* Reads IN to its end or failure: what came must be a beginning of plain. */
static int drain(struct intake *in, size_t *ret_n)
{
	static unsigned char p[PLAIN_MAX + 1];
	size_t n = 0;
	ssize_t r;

	while ((r = intake_read(in, p + n, sizeof(p) - n)) > 0)
		n += (size_t)r;
	CHECK(n <= PLAIN_MAX && memcmp(p, plain, n) == 0);
	CHECK_INT(intake_read(in, p, 1), r); /* the end and a failure stay */
	*ret_n = n;
	return (int)r;
}

static int decrypt(struct bytes b, size_t step, size_t *ret_n)
{
	AUTO_DONE(intake_closep) struct intake *in = NULL;
	struct feed f = feed_of(b, step);
	int r = age_intake(&f.in, &ids, &in);

	*ret_n = 0;
	CHECK(in);
	if (r == 0)
		CHECK(age_is_encrypted(in));
	else
		CHECK(intake_why(in) && intake_read(in, plain, 1) == r);
	return r == 0 ? drain(in, ret_n) : r;
}

static void check_sizes(void)
{
	static const size_t sizes[] = { 0,
					1,
					65535,
					65536,
					65537,
					(size_t)2 * 65536 - 1,
					(size_t)2 * 65536,
					(size_t)2 * 65536 + 1,
					(size_t)4 * 65536 };
	static const size_t steps[] = { 1 << 20, 65536, 4099 };
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (size_t j = 0; j < ARRAY_LEN(steps); j++) {
			AUTO_DONE(buf_done) struct buf b = BUF_NONE;
			size_t chunks = sizes[i] ? (sizes[i] + 65535) / 65536 : 1;

			encrypted(&b, sizes[i], steps[j], 1);
			CHECK_INT(b.n, 22 + 98 + 48 + 16 + sizes[i] + 16 * chunks);
			CHECK_INT(decrypt(buf_bytes(&b), steps[j], &n), 0);
			CHECK_INT(n, sizes[i]);
		}
	OK("0 bytes, 1, and around the ends of chunks, in pieces of several sizes");
}

static void check_recipients(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct age_identities all = ids;
	struct sink *s;
	size_t n;

	encrypted(&b, 1000, 1000, KEYS);
	for (size_t i = 0; i < KEYS; i++) {
		ids = (struct age_identities){ .n = 1 };
		memcpy(ids.keys[0], all.keys[i], AGE_KEY_SIZE);
		CHECK_INT(decrypt(buf_bytes(&b), 4096, &n), 0);
		CHECK_INT(n, 1000);
	}
	ids.keys[0][5] ^= 1;
	CHECK_INT(decrypt(buf_bytes(&b), 4096, &n), -ENOKEY);
	ids = all;
	CHECK_INT(age_sink(NULL, to, 0, &s), -EINVAL);
	CHECK_INT(age_sink(NULL, to, KEYS + 1, &s), -EINVAL);
	OK("each of 20 recipients opens it alone, another key does not; 0 and 21 are refused");
}

static void check_flush(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(1 << 20);
	struct sink *below, *s;
	size_t n, head;

	CHECK_INT(sink_buf(&b, &below), 0);
	CHECK_INT(age_sink(below, to, 1, &s), 0);
	head = b.n;
	CHECK_INT(sink_write(s, plain, 65535), 0);
	CHECK_INT(sink_flush(s), 0);
	CHECK_INT(b.n, head);
	CHECK_INT(sink_write(s, plain + 65535, 1), 0);
	CHECK_INT(b.n, head);
	CHECK_INT(sink_flush(s), 0);
	CHECK_INT(b.n, head + 65552);
	CHECK_INT(decrypt(buf_bytes(&b), 1 << 20, &n), -ENODATA);
	CHECK_INT(n, 65536);
	CHECK_INT(sink_flush(s), 0);
	CHECK_INT(sink_close(s), -EPROTO);
	CHECK_INT(b.n, head + 65552);
	CHECK_INT(sink_close(below), 0);
	OK("a full chunk leaves at a flush, a part of one does not; nothing after it is -EPROTO");
}

/* Every cut near an end of a chunk, and in the header; some between. */
static void check_cuts(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	size_t n, head = 22 + 98 + 48;

	encrypted(&b, 2 * 65536 + 100, 1 << 20, 1);
	for (size_t cut = 1; cut < b.n; cut++) {
		size_t payload = cut > head + 16 ? cut - head - 16 : 0;

		if (payload > 40 && payload % 65552 > 40 && payload % 65552 < 65552 - 40 &&
		    payload % 6007)
			continue;
		CHECK_INT(decrypt(bytes_of(b.p, cut), 1 << 20, &n), -ENODATA);
		CHECK_INT(n, payload / 65552 * 65536);
	}
	CHECK_INT(decrypt(buf_bytes(&b), 1 << 20, &n), 0);
	OK("cut anywhere it gives every whole chunk, then -ENODATA");
}

static void check_flips(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	size_t n, head = 22 + 98 + 48;

	encrypted(&b, 2 * 65536 + 100, 1 << 20, 1);
	for (size_t bit = 0; bit < 8 * b.n; bit += bit < 8 * (head + 20) ? 1 : 70001) {
		size_t at = bit / 8;

		b.p[at] ^= (unsigned char)(1u << bit % 8);
		if (at >= sizeof("age-encryption.org/") - 1) {
			size_t chunk = at < head + 16 ? 0 : (at - head - 16) / 65552;
			int r = decrypt(buf_bytes(&b), 1 << 20, &n);

			/* A stanza that is another kind or another's; a last chunk might be cut. */
			CHECK(r == -EBADMSG || (at < head && r == -ENOKEY) ||
			      (chunk == 2 && r == -ENODATA) || (at < head && r == -ENODATA));
			CHECK_INT(n, chunk * 65536);
		}
		b.p[at] ^= (unsigned char)(1u << bit % 8);
	}
	CHECK_INT(decrypt(buf_bytes(&b), 1 << 20, &n), 0);
	CHECK_INT(buf_addc(&b, 0), 0);
	CHECK(decrypt(buf_bytes(&b), 1 << 20, &n) < 0);
	OK("no flipped bit and no byte behind it goes unnoticed");
}

static void check_stored(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	AUTO_DONE(intake_closep) struct intake *in = NULL;
	unsigned char sha256[32];
	struct digests d;
	struct hash h;
	uint64_t size;
	size_t n;

	encrypted(&b, (size_t)3 * 65536, 1 << 20, 2);
	hash_init(&h, HASH_SHA256);
	hash_add(&h, b.p, b.n);
	hash_peek(&h, &d);
	struct feed f = feed_of(buf_bytes(&b), 10000);
	CHECK_INT(age_intake(&f.in, &ids, &in), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(i == 1 ? 0 : drain(in, &n), 0);
		CHECK_INT(in->ops->stored(in, &size, sha256), 0);
		CHECK_INT(size, b.n);
		CHECK(memcmp(sha256, d.sha256, 32) == 0);
		CHECK_INT(intake_rewind(in), 0);
	}
	f.pipe = true;
	CHECK_INT(intake_rewind(in), -ESPIPE);
	intake_closep(&in);
	f = feed_of(buf_bytes(&b), 10000);
	CHECK_INT(age_intake(&f.in, NULL, &in), -ENOKEY);
	CHECK_INT(in->ops->stored(in, &size, sha256), 0);
	CHECK(size == b.n && memcmp(sha256, d.sha256, 32) == 0);
	OK("size and digest of the file as stored, before, after and without reading; rewind");
}

static void check_plain(void)
{
	static const char *const texts[] = { "", "x", "age-encryptiom.org/v1\n", "agf" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_DONE(intake_closep) struct intake *in = NULL;
		struct feed f = feed_of(bytes_str(texts[i]), 3);
		char got[64];

		CHECK_INT(age_intake(&f.in, NULL, &in), 0);
		CHECK(!age_is_encrypted(in) && !in->ops->stored);
		for (int again = 0; again < 2; again++) {
			size_t n = 0;
			ssize_t r;

			while ((r = intake_read(in, got + n, 2)) > 0)
				n += (size_t)r;
			CHECK_INT(r, 0);
			CHECK(bytes_eq(bytes_of(got, n), bytes_str(texts[i])));
			CHECK_INT(intake_rewind(in), 0);
		}
	}
	OK("what is no age file comes as it is");
}

/* A number that the reader has a meaning for is not taken for its own when it comes from below. */
static void check_unreadable(void)
{
	static const int errors[] = { -EIO, -EBADMSG, -ENODATA, -ENOKEY };
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;

	encrypted(&b, 65536 + 10, 1 << 20, 1);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		for (size_t have = 0; have <= b.n; have += have < 200 ? 1 : 6007) {
			struct intake *in = NULL;
			struct feed f = feed_of(bytes_of(b.p, have), 7000);
			size_t n = 0;

			f.error = errors[i];
			int r = age_intake(&f.in, &ids, &in);
			CHECK(r < 0 ? !in : in != NULL);
			if (r == 0) {
				CHECK(age_is_encrypted(in));
				r = drain(in, &n);
				CHECK(!intake_why(in));
			}
			CHECK_INT(r, errors[i]);
			CHECK(n <= have);
			intake_closep(&in);
		}
	OK("a file that cannot be read is neither cut nor damaged: the number comes through");
}

/* ---- a sink that fails ------------------------------------------------------------------------
 */

struct failing {
	struct sink sink;
	int left, asked; /* calls that succeed; calls made */
};

static int fail_write(struct sink *s, const void *p, size_t n)
{
	struct failing *f = (struct failing *)s;

	(void)p, (void)n;
	f->asked++;
	return f->left-- > 0 ? 0 : -ENOSPC;
}

static int fail_flush(struct sink *s)
{
	return fail_write(s, NULL, 0);
}

static void check_failing(void)
{
	static const struct sink_ops ops = { fail_write, fail_flush, NULL };
	int left, r = -ENOSPC;

	for (left = 0; r == -ENOSPC; left++) {
		struct failing f = { { .ops = &ops }, left, 0 };
		struct sink *s;

		r = age_sink(&f.sink, to, 1, &s);
		if (r < 0)
			continue;
		r = sink_write(s, plain, 2 * 65536 + 5);
		if (r == 0)
			r = sink_flush(s);
		if (r < 0) {
			CHECK_INT(sink_write(s, plain, 1), -ENOSPC);
			CHECK_INT(sink_flush(s), -ENOSPC);
		}
		int e = sink_close(s);
		CHECK_INT(r < 0 ? e : 0, r);
		CHECK_INT(f.asked, e < 0 ? left + 1 : left);
		r = e;
	}
	CHECK_INT(r, 0);
	CHECK_INT(left - 1, 6); /* header, two chunks, flush, the last chunk, flush */
	OK("the first failure stays, and nothing is written after it");
}

int main(void)
{
	make_keys();
	check_sizes();
	check_recipients();
	check_flush();
	check_cuts();
	check_flips();
	check_stored();
	check_plain();
	check_unreadable();
	check_failing();
	TEST_END();
}
