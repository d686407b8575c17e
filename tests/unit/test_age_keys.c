/* SPDX-License-Identifier: Apache-2.0 */
/* age's keys as text: what a file of identities may hold, where it fails, and recipients. */
#include "feed.h"
#include "test.h"

#include "format/age_priv.h"
#include "format/bech32.h"

/* The two of the specification, section "The X25519 recipient type"; its secret is 0x42 32 times.
 */
#define SECRET "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define PUBLIC "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

static struct age_identities ids;
static unsigned at_line;

static int read_keys(struct bytes text, size_t step)
{
	struct feed f = feed_of(text, step);

	memset(&ids, 0, sizeof(ids));
	at_line = 0;
	return age_identities_read(&f.in, &ids, &at_line);
}

static void check_files(void)
{
	static const struct {
		const char *text;
		int r;
		unsigned n, line; /* of -EBADMSG */
	} files[] = {
		{ SECRET "\n", 0, 1, 0 },
		{ SECRET, 0, 1, 0 },
		{ SECRET "\r", 0, 1, 0 },
		{ "# created: 2026-01-01\n# public key: " PUBLIC "\n" SECRET "\n", 0, 1, 0 },
		{ "# a\r\n\r\n" SECRET "\r\n" SECRET "\r\n", 0, 2, 0 },
		{ "\n\n#" SECRET "\n" SECRET "\n#", 0, 1, 0 },
		{ "", -ENOKEY, 0, 0 },
		{ "\n\r\n\n", -ENOKEY, 0, 0 },
		{ "# public key: " PUBLIC "\n", -ENOKEY, 0, 0 },
		{ "\n# x\n" PUBLIC "\n" SECRET "\n", -EBADMSG, 0, 3 },
		{ SECRET "\n " SECRET "\n", -EBADMSG, 1, 2 },
		{ SECRET " \n", -EBADMSG, 0, 1 },
		{ SECRET "\r\r\n", -EBADMSG, 0, 1 },
		{ SECRET SECRET "\n", -EBADMSG, 0, 1 },
		{ "age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex\n",
		  -EBADMSG, 0, 1 },
		{ "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEA\n",
		  -EBADMSG, 0, 1 },
		{ "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR\n",
		  -EBADMSG, 0, 1 },
		{ "#\n#\n-----BEGIN AGE ENCRYPTED FILE-----\n", -EBADMSG, 0, 3 },
		{ "A12UEL5L\n", -EBADMSG, 0, 1 },
	};
	static const size_t steps[] = { 1, 7, 4096 };

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		for (size_t j = 0; j < ARRAY_LEN(steps); j++) {
			CHECK_INT(read_keys(bytes_str(files[i].text), steps[j]), files[i].r);
			CHECK_INT(ids.n, files[i].n);
			if (files[i].r == -EBADMSG)
				CHECK_INT(at_line, files[i].line);
			for (size_t k = 0; k < ids.n * AGE_KEY_SIZE; k++)
				CHECK_INT(ids.keys[k / AGE_KEY_SIZE][k % AGE_KEY_SIZE], 0x42);
		}
	CHECK_INT(read_keys(bytes_of("#\0\n\0\n", 5), 4096), -EBADMSG);
	CHECK_INT(at_line, 2);
	OK("comments, empty lines, CRLF, no newline at the end; the first line that is no key");
}

static void check_limits(void)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	AUTO_DONE(buf_done) struct buf comment = BUF_NONE;

	for (unsigned i = 0; i < AGE_IDENTITIES_MAX; i++)
		CHECK_INT(buf_adds(&b, SECRET "\n"), 0);
	CHECK_INT(read_keys(buf_bytes(&b), 1000), 0);
	CHECK_INT(ids.n, AGE_IDENTITIES_MAX);
	/* They are added: another file finds no room left. */
	struct feed f = feed_of(bytes_str(SECRET "\n"), 10);
	CHECK_INT(age_identities_read(&f.in, &ids, &at_line), -E2BIG);
	CHECK_INT(ids.n, AGE_IDENTITIES_MAX);
	f = feed_of(bytes_str("#\n"), 10);
	CHECK_INT(age_identities_read(&f.in, &ids, &at_line), -ENOKEY);
	CHECK_INT(buf_adds(&b, SECRET), 0);
	CHECK_INT(read_keys(buf_bytes(&b), 1000), -E2BIG);

	CHECK_INT(buf_addc(&comment, '#'), 0);
	while (comment.n < 4095)
		CHECK_INT(buf_addc(&comment, 'x'), 0);
	CHECK_INT(buf_adds(&comment, "\n" SECRET), 0);
	CHECK_INT(read_keys(buf_bytes(&comment), 1000), 0);
	comment.p[4095] = 'x';
	CHECK_INT(read_keys(buf_bytes(&comment), 1000), -E2BIG);
	buf_clear(&comment);
	while (comment.n < 20000)
		CHECK_INT(buf_addc(&comment, '\n'), 0);
	CHECK_INT(read_keys(buf_bytes(&comment), 1 << 20), -E2BIG);
	OK("64 keys in all, lines of 4 KiB and 16,384 of them, then -E2BIG");
}

static void check_unreadable(void)
{
	static const unsigned char none[sizeof(ids)];
	struct feed f = feed_of(bytes_str(SECRET "\nAGE-SEC"), 30);

	memset(&ids, 0, sizeof(ids));
	f.error = -EIO;
	CHECK_INT(age_identities_read(&f.in, &ids, &at_line), -EIO);
	CHECK_INT(ids.n, 1);
	age_identities_done(&ids);
	CHECK(memcmp(&ids, none, sizeof(ids)) == 0);
	OK("a file that cannot be read says so; done leaves no byte of a key");
}

static void check_recipients(void)
{
	static const struct {
		const char *text;
		int r;
	} texts[] = {
		{ PUBLIC, 0 },
		{ PUBLIC "\n", -EINVAL },
		{ " " PUBLIC, -EINVAL },
		{ "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ", -EINVAL },
		{ "Age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", -EINVAL },
		{ "age1", -EINVAL },
		{ "age", -EINVAL },
		{ SECRET, -EINVAL },
		/* Points of low order, that anybody could open: 0, 1, p - 1, p. */
		{ "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z", -EINVAL },
		{ "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya", -EINVAL },
		{ "age1anlllllllllllllllllllllllllllllllllllllllllllllllals4n2t7m", -EINVAL },
		{ "age1ahlllllllllllllllllllllllllllllllllllllllllllllllalsn46ayy", -EINVAL },
		/* 31 and 33 bytes. */
		{ "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqar9jk6", -EINVAL },
		{ "age1pyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq8r668p", -EINVAL },
		/* Keys of other kinds that are right as they are: to be told from typing errors. */
		{ "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e", -ENOTSUP },
		{ "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4f", -EINVAL },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE", -ENOTSUP },
		{ "ssh-rsa", -ENOTSUP },
		{ "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct age_recipient r, before;

		memset(&before, 0xee, sizeof(before));
		r = before;
		CHECK_INT(age_recipient_parse(bytes_str(texts[i].text), &r), texts[i].r);
		CHECK_INT(memcmp(&r, &before, sizeof(r)) == 0, texts[i].r < 0);
	}
	OK("a recipient; another kind is told from a wrong one; nothing is set on failure");
}

/* What is new can be read again, and the two belong together. */
static void check_pairs(void)
{
	AUTO_DONE(age_pair_done) struct age_pair a = { 0 };
	AUTO_DONE(age_pair_done) struct age_pair b = { 0 };
	struct age_recipient r, of_secret;
	unsigned char key[AGE_KEY_SIZE];
	struct bytes hrp;
	size_t n = sizeof(key);

	CHECK_INT(age_pair_new(&a), 0);
	CHECK_INT(age_pair_new(&b), 0);
	CHECK(strcmp(a.secret, b.secret) != 0 && strcmp(a.recipient, b.recipient) != 0);
	CHECK_INT(age_recipient_parse(bytes_str(a.recipient), &r), 0);
	CHECK_INT(bech32_decode(bytes_str(a.secret), &hrp, key, &n), 0);
	CHECK_BYTES(hrp, "AGE-SECRET-KEY-");
	CHECK_INT(n, sizeof(key));
	age_public(key, &of_secret);
	CHECK(memcmp(&r, &of_secret, sizeof(r)) == 0);
	n = sizeof(key);
	CHECK_INT(bech32_decode(bytes_str(SECRET), &hrp, key, &n), 0);
	age_public(key, &of_secret);
	CHECK_INT(age_recipient_parse(bytes_str(PUBLIC), &r), 0);
	CHECK(memcmp(&r, &of_secret, sizeof(r)) == 0);
	OK("new pairs");
}

int main(void)
{
	check_files();
	check_limits();
	check_unreadable();
	check_recipients();
	check_pairs();
	TEST_END();
}
