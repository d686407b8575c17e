/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary trees for tests of files and walks. */
#ifndef CSI_TESTS_UNIT_TREE_H
#define CSI_TESTS_UNIT_TREE_H

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_PATH = 512 };

/* What could not be tried here, and why: a line that the runner compares with its list of allowed
 * skips. */
#define SKIP(what, why) printf("ok %d - %s # SKIP %s\n", ++test_count, what, why)

/* A new directory below $TMPDIR or /tmp (or WHERE), its path in RET. The descriptor is for reading.
 */
static inline int tree_make(const char *where, char ret[TREE_PATH])
{
	const char *tmp = where ? where : getenv("TMPDIR");

	snprintf(ret, TREE_PATH, "%s/csi-unit.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	CHECK(mkdtemp(ret));
	int fd = open(ret, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* Where many small things are made quickly: memory, if there is any. For tree_make(). */
static inline const char *tree_fast(void)
{
	return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : NULL;
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_remove(const char *path)
{
	(void)nftw(path, tree_remove_one, 512, FTW_DEPTH | FTW_PHYS);
}

static inline void tree_file(int dir, const char *name, const void *content, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, content, n), n);
	CHECK_INT(close(fd), 0);
}

static inline int tree_dir(int dir, const char *name)
{
	CHECK_INT(mkdirat(dir, name, 0755), 0);
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

#endif
