/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of package databases, and the table of what they list. */
#include "format/pkglist.h"
#include "work/listed.h"

#include "test.h"

#include <errno.h>

#define EMPTY_MD5 "d41d8cd98f00b204e9800998ecf8427e"

static void test_lines(void)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct digests d = { 0 };

	CHECK_INT(pkglist_md5sum(bytes_str(EMPTY_MD5 "  usr/bin/ls"), &d, &path), 0);
	CHECK_BYTES(buf_bytes(&path), "/usr/bin/ls");
	CHECK(d.kinds == HASH_MD5 && d.md5[0] == 0xd4 && d.md5[15] == 0x7e);
	CHECK_INT(pkglist_md5sum(bytes_str(EMPTY_MD5 " *./a  b/"), &d, &path), 0);
	CHECK_BYTES(buf_bytes(&path), "/a  b");
	CHECK_INT(pkglist_md5sum(bytes_str("\\" EMPTY_MD5 "  a\\\\b\\n"), &d, &path), 0);
	CHECK_BYTES(buf_bytes(&path), "/a\\b\n");
	CHECK_INT(pkglist_md5sum(bytes_str("\\" EMPTY_MD5 "  a\\"), &d, &path), -EBADMSG);
	CHECK_INT(pkglist_md5sum(bytes_str(EMPTY_MD5), &d, &path), -EBADMSG);
	CHECK_INT(pkglist_md5sum(bytes_str("x" EMPTY_MD5 "  a"), &d, &path), -EBADMSG);
	CHECK_INT(pkglist_md5sum(bytes_of(EMPTY_MD5 "  a\0b", 37), &d, &path), -EBADMSG);
	CHECK_INT(pkglist_path(bytes_str("/."), &path), 0);
	CHECK_BYTES(buf_bytes(&path), "/");
	CHECK_INT(pkglist_conffile(bytes_str(" /etc/a b " EMPTY_MD5), &d, &path), 0);
	CHECK_BYTES(buf_bytes(&path), "/etc/a b");
	CHECK_INT(pkglist_conffile(bytes_str(" /etc/a " EMPTY_MD5 " obsolete"), &d, &path),
		  -ENOENT);
	CHECK_INT(pkglist_conffile(bytes_str(" /etc/a newconffile"), &d, &path), -ENOENT);
	CHECK_INT(pkglist_conffile(bytes_str(" " EMPTY_MD5), &d, &path), -EBADMSG);
	CHECK_INT(pkglist_apk_sum(bytes_str("Q12jmj7l5rSw0yVb/vlWAYkK/YBwk="), &d), 0);
	CHECK(d.kinds == HASH_SHA1 && d.sha1[0] == 0xda && d.sha1[19] == 0x09);
	CHECK_INT(pkglist_apk_sum(bytes_str("Q12jmj7l5rSw0yVb/vlWAYkK/YBw=="), &d), -EBADMSG);
	CHECK_INT(pkglist_apk_sum(bytes_str("2jmj"), &d), -EBADMSG);
	OK("lines of dpkg and apk");
}

static struct bytes name(char text[32], unsigned i)
{
	int n = snprintf(text, 32, "/usr/share/x/%u", i);

	return bytes_of(text, (size_t)n);
}

static void test_table(void)
{
	struct digests with = { .kinds = HASH_MD5, .md5 = { 7 } };
	const struct digests none = { 0 };
	struct listed l = { 0 };
	const struct listed_entry *e;
	char text[32];

	CHECK_INT(listed_open(&l), 0);
	for (unsigned i = 0; i < LISTED_MAX; i++)
		CHECK_INT(listed_add(&l, name(text, i), &none, i, 0), 0);
	CHECK_INT(listed_add(&l, bytes_str("/more"), &none, 0, 0), -E2BIG);
	CHECK_INT(listed_add(&l, name(text, 5), &with, 9, LISTED_CONFIG), 0);
	CHECK_INT(l.n, LISTED_MAX);
	e = listed_find(&l, name(text, 5));
	CHECK(e && e->owner == 9 && listed_sums(e).md5[0] == 7 && e->flags & LISTED_CONFIG);
	with.md5[0] = 8;
	CHECK_INT(listed_add(&l, name(text, 5), &with, 10, 0), 0);
	CHECK_INT(listed_sums(listed_find(&l, name(text, 5))).md5[0], 7);
	OK("one with a digest wins, then the first; full is said");
	for (unsigned i = 0; i < LISTED_MAX; i++) {
		e = listed_find(&l, name(text, i));
		CHECK(e && (i == 5 || e->owner == i));
		CHECK(listed_mark(&l, e));
		CHECK(!listed_mark(&l, e));
	}
	CHECK(!listed_find(&l, bytes_str("/more")));
	listed_done(&l);
	OK("all are found and marked once");
}

int main(void)
{
	test_lines();
	test_table();
	TEST_END();
}
