/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age's reader: any file, any header whose MAC is right, any order of chunks sealed with the right
 * key, any damage of a right file; and its keys as text. The first byte chooses.
 */
#include "../unit/feed.h"

#include "format/age_priv.h"
#include "format/base64.h"
#include "format/hash.h"

enum {
	CHUNKS_MAX = 5,
	PLAIN_MAX = CHUNKS_MAX * AGE_CHUNK,
	DAMAGES_MAX = 4,
	KEYS_MAX = 2 * AGE_IDENTITIES_MAX,
};

/* That of the public vectors, so that these are seeds. */
static const char secret[] =
	"AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
static const struct age_secrets secrets = { "the file's key", "its nonce", { "ephemeral" } };
static struct age_identities ids;
static struct age_recipient to;
static unsigned char plain[PLAIN_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct age_recipient base = { { 9 } };
	struct feed f = feed_of(bytes_str(secret), SIZE_MAX);
	struct age_stanza s;
	unsigned line;

	(void)argc, (void)argv;
	must(age_identities_read(&f.in, &ids, &line) == 0 && ids.n == 1);
	/* The share of a stanza is the public key of its ephemeral secret. */
	must(age_wrap(secrets.file_key, &base, ids.keys[0], &s) == 0);
	memcpy(to.key, s.share, sizeof(to.key));
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (unsigned char)(i * 2654435761u >> 13);
	return 0;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

struct seen {
	int opened, r;
	bool encrypted;
	size_t n;
	struct digests plain, stored;
};

/* To its end or failure; what comes, and its digest. WANT: what it must be a beginning of. */
static void drain(struct intake *in, size_t step, struct bytes want, struct seen *s)
{
	static unsigned char p[AGE_CHUNK + 1];
	struct hash h;
	ssize_t r;

	s->n = 0;
	hash_init(&h, HASH_SHA256);
	while ((r = intake_read(in, p, step < sizeof(p) ? step : sizeof(p))) > 0) {
		if (want.p)
			must((size_t)r <= want.n - s->n &&
			     memcmp(p, want.p + s->n, (size_t)r) == 0);
		hash_add(&h, p, (size_t)r);
		s->n += (size_t)r;
	}
	s->r = (int)r;
	must(r == 0 || r == -EBADMSG || r == -ENODATA || r == -ENOKEY);
	must((r == 0) == (intake_why(in) == NULL) && intake_read(in, p, 1) == r);
	hash_peek(&h, &s->plain);
}

static void check_stored(struct intake *in, struct bytes file)
{
	unsigned char sha256[32];
	struct digests d;
	struct hash h;
	uint64_t size;

	hash_init(&h, HASH_SHA256);
	hash_add(&h, file.p, file.n);
	hash_peek(&h, &d);
	must(in->ops->stored(in, &size, sha256) == 0);
	must(size == file.n && memcmp(sha256, d.sha256, sizeof(sha256)) == 0);
}

static struct seen read_file(struct bytes file, size_t step, struct bytes want)
{
	AUTO_DONE(intake_closep) struct intake *in = NULL;
	struct feed f = feed_of(file, step);
	struct seen first = { .opened = age_intake(&f.in, &ids, &in) }, again;
	int r = first.opened;

	must(in && (r == 0 || r == -EBADMSG || r == -ENODATA || r == -ENOKEY));
	first.encrypted = age_is_encrypted(in);
	if (!first.encrypted)
		want = file;
	drain(in, step, want, &first);
	must(r == 0 || (first.r == r && first.n == 0 && first.encrypted));
	must(first.encrypted || (first.r == 0 && first.n == file.n));
	if (first.encrypted)
		check_stored(in, file);
	again = first;
	must(intake_rewind(in) == 0);
	drain(in, step, want, &again);
	must(again.r == first.r && again.n == first.n);
	must(memcmp(again.plain.sha256, first.plain.sha256, 32) == 0);
	return first;
}

/* In pieces of any size it is the same. */
static struct seen read_both(struct bytes file, struct bytes want)
{
	struct seen whole = read_file(file, SIZE_MAX, want);
	struct seen pieces = read_file(file, file.n > 4096 ? 4093 : 7, want);

	must(whole.opened == pieces.opened && whole.r == pieces.r && whole.n == pieces.n);
	must(memcmp(whole.plain.sha256, pieces.plain.sha256, 32) == 0);
	return whole;
}

static void fuzz_file(struct bytes input)
{
	(void)read_both(input, bytes_of(NULL, 0));
}

/* ---- a header whose MAC is right --------------------------------------------------------------
 */

/* INPUT as stanzas behind one that opens: taken or refused, and taken only if it is such text. */
static void fuzz_header(struct bytes input)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct age_stream stream;
	struct age_stanza s;
	unsigned char mac[AGE_MAC], chunk[AGE_TAG];
	char text[BASE64_CHARS(AGE_MAC)];

	must(age_wrap(secrets.file_key, &to, secrets.ephemeral[0], &s) == 0);
	must(age_head_write(&b, &s, 1, secrets.file_key) == 0);
	b.n -= sizeof("--- ") - 1 + sizeof(text) + 1;
	must(buf_addb(&b, input) == 0 && buf_adds(&b, "---") == 0);
	age_header_mac(secrets.file_key, buf_bytes(&b), mac);
	base64_encode(bytes_of(mac, sizeof(mac)), text);
	must(buf_addc(&b, ' ') == 0 && buf_add(&b, text, sizeof(text)) == 0);
	must(buf_addc(&b, '\n') == 0 && buf_add(&b, secrets.nonce, AGE_NONCE) == 0);
	age_stream_init(&stream, secrets.file_key, secrets.nonce);
	age_stream_seal(&stream, chunk, 0, true);
	must(buf_add(&b, chunk, sizeof(chunk)) == 0);

	struct seen seen = read_both(buf_bytes(&b), bytes_of(plain, 0));
	must(seen.encrypted);
	if (seen.opened < 0 || memmem(input.p, input.n, "\n---", 4))
		return;
	must(seen.r == 0 && (input.n == 0 || input.p[input.n - 1] == '\n'));
	for (size_t i = 0; i < input.n; i++)
		must(input.p[i] == '\n' || (input.p[i] >= ' ' && input.p[i] < 0x7f));
}

/* ---- payload ----------------------------------------------------------------------------------
 */

/* Header and nonce as age_sink writes them. */
static void add_head(struct buf *b)
{
	struct age_stanza s;

	must(age_wrap(secrets.file_key, &to, secrets.ephemeral[0], &s) == 0);
	must(age_head_write(b, &s, 1, secrets.file_key) == 0);
	must(buf_add(b, secrets.nonce, AGE_NONCE) == 0);
}

/*
 * Chunks that were all sealed with the key, in an order that INPUT says: whole if they are full and
 * in order, the last one is the only one that says so, and is not empty behind another.
 */
static void fuzz_chunks(struct bytes input)
{
	static unsigned char p[AGE_SEALED];
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	bool right = true, ended = false;
	struct age_stream stream;
	size_t n = 0, i;

	add_head(&b);
	age_stream_init(&stream, secrets.file_key, secrets.nonce);
	for (i = 0; i < CHUNKS_MAX && 2 * i + 1 < input.n; i++) {
		unsigned char kind = input.p[2 * i], size = input.p[2 * i + 1];
		size_t now = kind & 2 ? size : AGE_CHUNK;
		bool last = kind & 1;

		right &= !ended && (now == AGE_CHUNK || last) && (now || i == 0);
		ended |= last;
		if (kind & 4) { /* a number left out, or one again */
			stream.chunk = size;
			right &= stream.chunk == i;
		}
		memcpy(p, plain + n, now);
		age_stream_seal(&stream, p, now, last);
		must(buf_add(&b, p, now + AGE_TAG) == 0);
		n += now;
	}
	struct seen seen = read_both(buf_bytes(&b), bytes_of(plain, n));
	must(seen.opened == 0 && seen.encrypted);
	must((seen.r == 0) == (right && ended));
	must(seen.r < 0 || seen.n == n);
}

static size_t number(struct bytes *input)
{
	size_t v = 0;

	for (unsigned i = 0; i < 3 && input->n; i++, input->p++, input->n--)
		v = v << 8 | input->p[0];
	return v;
}

static void damage(struct buf *b, unsigned char how, size_t at, size_t more)
{
	if (how % 3 == 0) {
		b->p[at % b->n] ^= (unsigned char)(1 + more % 255);
	} else if (how % 3 == 1) {
		b->n = at % b->n + 1;
	} else {
		size_t from = at % b->n, n = more % (b->n - from) + 1;

		must(buf_reserve(b, n) == 0 && buf_add(b, b->p + from, n) == 0);
	}
}

/* What age_sink writes comes back; damaged it is never whole, nor other bytes. */
static void fuzz_damage(struct bytes input)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	size_t n = number(&input) % (3 * AGE_CHUNK + 2), step = number(&input) % AGE_CHUNK + 1;
	struct sink *below, *s;

	step = n / step > 64 ? n / 64 : step;
	must(sink_buf(&b, &below) == 0 && age_sink_with(below, &to, 1, &secrets, &s) == 0);
	for (size_t at = 0; at < n; at += step)
		must(sink_write(s, plain + at, n - at < step ? n - at : step) == 0);
	must(sink_close(s) == 0 && sink_close(below) == 0);
	struct seen seen = read_both(buf_bytes(&b), bytes_of(plain, n));
	must(seen.encrypted && seen.r == 0 && seen.n == n);

	AUTO_DONE(buf_done) struct buf was = BUF_NONE;
	must(buf_addb(&was, buf_bytes(&b)) == 0);
	for (unsigned i = 0; i < DAMAGES_MAX && input.n; i++) {
		unsigned char how = input.p[0];
		size_t at, more;

		input = bytes_of(input.p + 1, input.n - 1);
		at = number(&input);
		more = number(&input);
		damage(&b, how, at, more);
	}
	seen = read_both(buf_bytes(&b), bytes_of(plain, n));
	must(!seen.encrypted || (seen.r == 0) == bytes_eq(buf_bytes(&b), buf_bytes(&was)));
}

/* ---- text -------------------------------------------------------------------------------------
 */

static int read_keys(struct bytes text, size_t step, struct age_identities *ret, unsigned *ret_line)
{
	struct feed f = feed_of(text, step);

	memset(ret, 0, sizeof(*ret));
	*ret_line = 0;
	return age_identities_read(&f.in, ret, ret_line);
}

/* A file of identities, in which \1 stands for a key that is right. */
static void fuzz_identities(struct bytes input)
{
	static struct age_identities whole, pieces;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	unsigned line, again, keys = 0;

	for (size_t i = 0; i < input.n; i++)
		must((input.p[i] == 1 && keys++ < KEYS_MAX ? buf_adds(&b, secret)
							   : buf_addc(&b, input.p[i])) == 0);
	int r = read_keys(buf_bytes(&b), SIZE_MAX, &whole, &line);
	must(r == 0 || r == -EBADMSG || r == -ENOKEY || r == -E2BIG);
	must(r != 0 || (whole.n > 0 && whole.n <= keys));
	must(r != -ENOKEY || whole.n == 0);
	must(read_keys(buf_bytes(&b), 5, &pieces, &again) == r && again == line);
	must(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	for (size_t i = 0; i < whole.n; i++)
		must(memcmp(whole.keys[i], ids.keys[0], AGE_KEY_SIZE) == 0);
}

/* Any text; any bytes as text and back; what is taken is canonical. */
static void fuzz_text(struct bytes input)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE, back = BUF_NONE;
	struct age_recipient r;
	size_t n;

	int e = age_recipient_parse(input, &r);
	must(e == 0 || e == -EINVAL || e == -ENOTSUP);
	must(e != 0 || age_recipient_judge(&r) == 0);

	must(buf_reserve(&text, BASE64_CHARS(input.n) + 1) == 0);
	must(buf_reserve(&back, input.n + 1) == 0);
	base64_encode(input, (char *)text.p);
	text.n = BASE64_CHARS(input.n);
	must(base64_decode(buf_bytes(&text), back.p, input.n, &n) == 0 && n == input.n);
	must(n == 0 || memcmp(back.p, input.p, n) == 0);
	if (base64_decode(input, back.p, input.n, &n) == 0) {
		must(BASE64_CHARS(n) == input.n);
		base64_encode(bytes_of(back.p, n), (char *)text.p);
		must(bytes_eq(bytes_of(text.p, input.n), input));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const fuzz[])(struct bytes) = { fuzz_file,   fuzz_header,	    fuzz_chunks,
						      fuzz_damage, fuzz_identities, fuzz_text };

	if (n == 0)
		return 0;
	fuzz[p[0] % ARRAY_LEN(fuzz)](bytes_of(p + 1, n - 1));
	return 0;
}
