/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age as a filter, for tests against other implementations: seal RECIPIENT... | open IDENTITIES |
 * again FILEKEY (what is opened with this key and sealed again must be the same bytes). Without
 * arguments: a recipient and an identity that belong together, and what is neither.
 */
#include "test.h"

#include "format/age_priv.h"

#include <errno.h>
#include <fcntl.h>

enum { INPUT_MAX = 64 << 20 };

static int seal(int argc, char **argv)
{
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	struct sink *out, *s;
	char p[10007];
	ssize_t n;

	CHECK(argc <= AGE_RECIPIENTS_MAX);
	for (int i = 0; i < argc; i++)
		CHECK_INT(age_recipient_parse(bytes_str(argv[i]), &to[i]), 0);
	CHECK_INT(sink_fd(STDOUT_FILENO, false, &out), 0);
	CHECK_INT(age_sink(out, to, (size_t)argc, &s), 0);
	while ((n = read(STDIN_FILENO, p, sizeof(p))) > 0)
		CHECK_INT(sink_write(s, p, (size_t)n), 0);
	CHECK_INT(n, 0);
	CHECK_INT(sink_close(s), 0);
	return sink_close(out) ? 1 : 0;
}

/* What it says last is where it failed: "header" or "payload", and how. */
static int open_with(const char *file)
{
	static struct age_identities ids;
	AUTO_DONE(intake_closep) struct intake *keys = NULL, *below = NULL, *in = NULL;
	AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);
	unsigned line = 0;
	char p[10007];
	ssize_t n;

	CHECK_INT(intake_fd(fd, &keys), 0);
	CHECK_INT(age_identities_read(keys, &ids, &line), 0);
	CHECK_INT(intake_fd(STDIN_FILENO, &below), 0);
	int r = age_intake(below, &ids, &in);
	if (r < 0) {
		fprintf(stderr, "header %d %s\n", r, intake_why(in));
		return 3;
	}
	CHECK(age_is_encrypted(in));
	while ((n = intake_read(in, p, sizeof(p))) > 0)
		CHECK_INT(write(STDOUT_FILENO, p, (size_t)n), n);
	if (n < 0)
		fprintf(stderr, "payload %d %s\n", (int)n, intake_why(in));
	return n < 0 ? 3 : 0;
}

static void payload_again(const unsigned char *key, struct bytes b)
{
	static unsigned char p[AGE_SEALED];
	struct age_stream from, to;

	CHECK(b.n >= AGE_NONCE);
	age_stream_init(&from, key, b.p);
	age_stream_init(&to, key, b.p);
	for (size_t at = AGE_NONCE; at < b.n;) {
		size_t n = b.n - at < AGE_SEALED ? b.n - at : AGE_SEALED;
		bool last = at + n == b.n;

		CHECK(n >= AGE_TAG);
		CHECK_INT(age_stream_open(&from, bytes_of(b.p + at, n), last, p), 0);
		age_stream_seal(&to, p, n - AGE_TAG, last);
		CHECK(memcmp(p, b.p + at, n) == 0);
		at += n;
	}
}

static int again(const char *hex)
{
	AUTO_DONE(buf_done) struct buf b = BUF_LIMIT(INPUT_MAX), text = BUF_NONE;
	AUTO_DONE(age_head_done) struct age_head h = { .stanzas = BUF_LIMIT(AGE_HEADER_MAX) };
	unsigned char key[AGE_FILE_KEY];

	CHECK_INT(strlen(hex), 2 * sizeof(key));
	for (size_t i = 0; i < sizeof(key); i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		key[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	CHECK_INT(buf_read_fd(&b, STDIN_FILENO, INPUT_MAX), 0);
	CHECK_INT(age_head_feed(&h, buf_bytes(&b)), 0);
	size_t n = h.stanzas.n / sizeof(struct age_stanza);
	if (n == h.count) {
		CHECK_INT(age_head_write(&text, (void *)h.stanzas.p, n, key), 0);
		CHECK_INT(text.n, h.at);
		CHECK(memcmp(text.p, b.p, h.at) == 0);
	}
	payload_again(key, bytes_of(b.p + h.at, b.n - h.at));
	printf("%s\n", n == h.count ? "header and payload" : "payload");
	return 0;
}

static void check_keys(void)
{
	/* The two of the specification, section "The X25519 recipient type". */
	static const char secret[] = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPY"
				     "YSJZGFPQ4EGAEX";
	static const char public[] = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equ"
				     "nujwj";
	struct age_recipient r;
	char text[80];

	CHECK_INT(age_recipient_parse(bytes_str(public), &r), 0);
	for (size_t i = 0; i < sizeof(public) - 1; i++) {
		memcpy(text, public, sizeof(public));
		text[i] = text[i] == 'q' ? 'p' : 'q';
		CHECK(age_recipient_parse(bytes_str(text), &r) < 0);
	}
	CHECK_INT(age_recipient_parse(bytes_str(secret), &r), -EINVAL);
	CHECK_INT(age_recipient_parse(bytes_str(""), &r), -EINVAL);
	CHECK_INT(age_recipient_parse(bytes_str("ssh-ed25519 AAAA"), &r), -ENOTSUP);
	OK("a recipient, any wrong letter of it, a secret key, another kind");
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "seal") == 0)
		return seal(argc - 2, argv + 2);
	if (argc == 3 && strcmp(argv[1], "open") == 0)
		return open_with(argv[2]);
	if (argc == 3 && strcmp(argv[1], "again") == 0)
		return again(argv[2]);
	check_keys();
	TEST_END();
}
