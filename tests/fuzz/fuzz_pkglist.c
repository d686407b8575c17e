/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as lines of package databases: what comes out is an absolute path without NUL, or an
 * error. */
#include "format/pkglist.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void judge(int r, const struct buf *path, const struct digests *sums, unsigned kind)
{
	must(r == 0 || r == -EBADMSG || r == -ENOENT);
	if (r < 0)
		return;
	must(path->n > 0 && path->p[0] == '/');
	must(!memchr(path->p, 0, path->n));
	must(sums->kinds == kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	struct digests sums = { 0 };
	struct bytes line = bytes_of(p, n);
	int r;

	judge(pkglist_md5sum(line, &sums, &path), &path, &sums, HASH_MD5);
	sums.kinds = 0;
	judge(pkglist_conffile(line, &sums, &path), &path, &sums, HASH_MD5);
	sums.kinds = 0;
	judge(pkglist_path(line, &path), &path, &sums, 0);
	r = pkglist_apk_sum(line, &sums);
	must(r == -EBADMSG || (r == 0 && sums.kinds == HASH_SHA1));
	return 0;
}
