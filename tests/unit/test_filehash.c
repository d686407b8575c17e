/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of whole files: the same as of their bytes at once, within limits, and not after a stop.
 */
#include "work/filehash.h"

#include "test.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LONG = (64 << 10) * 2 + 17 };

static struct file *make(int dir, const unsigned char *p, size_t n)
{
	struct file *f = NULL;
	int fd = openat(dir, "f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, p, n), (ssize_t)n);
	CHECK_INT(file_from_fd(fd, &f), 0);
	return f;
}

static void check_same(int dir, const unsigned char *p)
{
	static const size_t sizes[] = { 0, 1, 64 << 10, LONG };
	const unsigned all = HASH_SHA256 | HASH_SHA1 | HASH_MD5;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int keep = 0; keep < 2; keep++) {
			const struct filehash_options o = { .kinds = all, .keep_cache = keep };
			AUTO_DONE(file_closep) struct file *f = make(dir, p, sizes[i]);
			struct digests got, want;
			uint64_t n = 7;
			struct hash h;

			hash_init(&h, all);
			hash_add(&h, p, sizes[i]);
			hash_peek(&h, &want);
			CHECK_INT(filehash(f, &o, &got, &n), 0);
			CHECK_INT(n, sizes[i]);
			CHECK(memcmp(got.sha256, want.sha256, sizeof(got.sha256)) == 0);
			CHECK(memcmp(got.sha1, want.sha1, sizeof(got.sha1)) == 0);
			CHECK(memcmp(got.md5, want.md5, sizeof(got.md5)) == 0);
		}
	OK("as the digest of the bytes, for files of no, one and several blocks");
}

static void check_limits(int dir, const unsigned char *p)
{
	AUTO_DONE(file_closep) struct file *f = make(dir, p, LONG);
	atomic_bool stop = false;
	struct filehash_options o = { .kinds = HASH_SHA256, .most = LONG, .stop = &stop };
	struct digests d;
	uint64_t n = 7;

	CHECK_INT(filehash(f, &o, &d, NULL), 0);
	o.most = LONG - 1;
	CHECK_INT(filehash(f, &o, &d, &n), -EFBIG);
	o.most = 0;
	atomic_store(&stop, true);
	CHECK_INT(filehash(f, &o, &d, &n), -ECANCELED);
	CHECK_INT(n, 7);
	OK("no digest of a part: longer than allowed, stopped");
}

int main(void)
{
	static unsigned char bytes[LONG];
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 31 + i / 251);
	check_same(dir, bytes);
	check_limits(dir, bytes);
	tree_remove(path);
	TEST_END();
}
