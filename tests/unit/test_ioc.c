/* SPDX-License-Identifier: Apache-2.0 */
/* Indicators, and the rules that they and other sources become. */
#include "work/fileset.h"
#include "work/ioc.h"

#include "test.h"

#include <errno.h>

struct told {
	int n, line, err;
};

static void note(void *ctx, const struct rules_fault *f)
{
	struct told *t = ctx;

	t->n++;
	t->line = f->line;
	t->err = f->err;
}

static void test_hashes(void)
{
	static const char text[] =
		"# comment\n"
		"d41d8cd98f00b204e9800998ecf8427e; empty \r\n"
		"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\n"
		"\n"
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;nothing;more\n"
		"d41d8cd98f00b204e9800998ecf8427;one digit is missing";
	AUTO_DONE(ioc_hashes_done) struct ioc_hashes h = { 0 };
	struct told t = { 0 };
	struct digests d = { 0 };
	struct hash state;

	CHECK_INT(ioc_hashes_add(&h, "f", bytes_str(text), note, &t), 0);
	CHECK_INT(h.n, 3);
	CHECK_INT(h.kinds, HASH_SHA256 | HASH_SHA1 | HASH_MD5);
	CHECK_INT(t.n, 1);
	CHECK_INT(t.line, 6);
	hash_init(&state, h.kinds);
	hash_peek(&state, &d);
	CHECK(strcmp(ioc_hashes_find(&h, &d)->comment, "nothing;more") == 0);
	d.kinds = HASH_MD5;
	CHECK(strcmp(ioc_hashes_find(&h, &d)->comment, "empty") == 0);
	d.kinds = HASH_SHA1;
	CHECK(ioc_hashes_find(&h, &d) != NULL);
	d.sha1[19] ^= 1;
	CHECK(ioc_hashes_find(&h, &d) == NULL);
	OK("digests of three kinds");
}

static int count(void *ctx, const struct rules_match *m)
{
	int *n = ctx;

	*n += m->nall > 0;
	return 0;
}

static const unsigned char *bytes_at(void *ctx, size_t i)
{
	const struct bytes *b = ctx;

	return b[i].p;
}

/* How many rules of L match TEXT; -1 if there is none. */
static int matches(const struct rules_list *l, const char *text, struct told *t)
{
	AUTO_DONE(rules_closep) struct rules *r = NULL;
	AUTO_DONE(rules_scanner_closep) struct rules_scanner *s = NULL;
	struct bytes b[1] = { bytes_str(text) };
	const struct rules_block block = { .size = b[0].n };
	int n = 0;
	const struct rules_hooks hooks = { .match = count, .ctx = &n };
	const struct rules_input in = {
		.file_size = b[0].n, .blocks = &block, .n = 1, .fetch = bytes_at, .ctx = b
	};

	if (rules_load(l, note, t, &r) < 0 || rules_scanner_new(r, 5, &s) < 0)
		return -1;
	CHECK_INT(rules_scan(s, &in, &hooks), 0);
	return n;
}

static void test_names(void)
{
	static const char text[] = "/tmp/[a-z]{3}$;70\n"
				   "a\\/b;50;c$\n"
				   "([;50\n"
				   "no score\n";
	AUTO_DONE(rules_list_done) struct rules_list l = { 0 };
	struct told t = { 0 };

	CHECK_INT(ioc_names_add(&l, "f", bytes_str(text), note, &t), 0);
	CHECK_INT(t.n, 1);
	CHECK_INT(t.line, 4);
	CHECK_INT(l.n, 3);
	CHECK(strcmp(l.v[1].name, "f:2") == 0);
	CHECK_INT(matches(&l, "/tmp/abc", &t), 1);
	CHECK_INT(t.n, 2);
	CHECK_INT(matches(&l, "/tmp/abcd", &t), 0);
	CHECK_INT(matches(&l, "/a/b", &t), 1);
	CHECK_INT(matches(&l, "/a/b/c", &t), 0);
	OK("names");
}

static void test_network(void)
{
	AUTO_DONE(rules_list_done) struct rules_list l = { 0 };
	AUTO_DONE(ioc_addresses_done) struct ioc_addresses a = { 0 };
	struct told t = { 0 };

	CHECK_INT(ioc_network_add(&l, &a, "f", bytes_str("c2.example;x\n192.0.2.1\n\"};\nabc\n"),
				  note, &t),
		  0);
	CHECK_INT(t.n, 2);
	CHECK_INT(a.n, 1);
	CHECK_INT(matches(&l, "to C2.EXAMPLE, and 192.0.2.1", &t), 2);
	CHECK_INT(matches(&l, "to xc2.example, and 192.0.2.12", &t), 0);
	OK("names and addresses");
}

static void test_broken(void)
{
	AUTO_DONE(rules_list_done) struct rules_list l = { 0 };
	struct told t = { 0 };

	CHECK_INT(rules_list_text(&l, "nul", bytes_of("a\0b", 3)), -EILSEQ);
	CHECK_INT(rules_list_text(&l, "good",
				  bytes_str("rule a { strings: $a = \"x\" condition: $a }")),
		  0);
	CHECK_INT(rules_list_text(&l, "bad", bytes_str("\nrule b { condition: nosuch }")), 0);
	CHECK_INT(rules_list_path(&l, "gone", "/nonexistent/rules.yar"), 0);
	CHECK_INT(matches(&l, "x", &t), 1);
	CHECK_INT(t.n, 2);
	OK("what is broken is told, the rest goes on");
}

static void test_fileset(void)
{
	struct fileset s;
	struct file_info info = { .dev_major = 8, .dev_minor = 1 };

	fileset_init(&s);
	CHECK(!fileset_has(&s, &info));
	for (uint64_t i = 1; i < 5000; i++) {
		info.ino = i * 4096;
		fileset_add(&s, &info);
		fileset_add(&s, &info);
	}
	CHECK_INT(s.n, 4999);
	CHECK(fileset_has(&s, &info));
	info.dev_minor = 2;
	CHECK(!fileset_has(&s, &info));
	fileset_done(&s);
	OK("files by device and inode");
}

int main(void)
{
	test_hashes();
	test_names();
	test_network();
	test_broken();
	test_fileset();
	TEST_END();
}
