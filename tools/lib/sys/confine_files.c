/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: landlock(7), Documentation/userspace-api/landlock.rst, include/uapi/linux/landlock.h.
 */
#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Our own names, since the rights came one after the other and headers are older than kernels. */
#define FS_WRITE_FILE  (UINT64_C(1) << 1)
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define FS_READ_DIR    (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR    (UINT64_C(1) << 7)
#define FS_MAKE_REG    (UINT64_C(1) << 8)
#define FS_TRUNCATE    (UINT64_C(1) << 14)

enum { ASK_VERSION = 1, RULE_PATH_BENEATH = 1, PATH_MOST = 4096 };

/* By ABI, from 1: all rights over files, ports and scopes that it can take away. */
static const struct rights {
	uint64_t fs, net, scoped;
} rights[] = {
	{ 0, 0, 0 },	  { 0x1fff, 0, 0 }, { 0x3fff, 0, 0 }, { 0x7fff, 0, 0 },
	{ 0x7fff, 3, 0 }, { 0xffff, 3, 0 }, { 0xffff, 3, 3 },
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

int confine_landlock_abi(void)
{
	long r = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);

	return r < 0 ? -errno : (int)r;
}

static const struct rights *rights_of(int abi)
{
	size_t i = abi > 0 ? (size_t)abi : 0;

	return &rights[i < ARRAY_LEN(rights) ? i : ARRAY_LEN(rights) - 1];
}

int confine_files_init(struct confine_files *ret)
{
	int abi = confine_landlock_abi();

	*ret = (struct confine_files)CONFINE_FILES_NONE;
	if (abi < 0)
		return abi;
	/* Fields that an older kernel does not know are zero, which it accepts. */
	long fd = syscall(SYS_landlock_create_ruleset, rights_of(abi), sizeof(struct rights), 0);
	if (fd < 0)
		return -errno;
	*ret = (struct confine_files){ .fd = (int)fd, .abi = abi };
	return 0;
}

void confine_files_done(const struct confine_files *f)
{
	base_closep(&f->fd);
}

static int add(const struct confine_files *f, const char *path, uint64_t of_file, uint64_t of_dir)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (f->fd < 0)
		return 0;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	struct path_beneath rule = { .parent_fd = fd };
	/* A rule on a file may hold the rights of files only. */
	rule.allowed = (S_ISDIR(st.st_mode) ? of_file | of_dir : of_file) & rights_of(f->abi)->fs;
	if (syscall(SYS_landlock_add_rule, f->fd, RULE_PATH_BENEATH, &rule, 0) == 0)
		return 0;
	/* A pipe by its name in /dev/fd: not of a file system that is mounted, and never refused.
	 */
	return errno == EBADFD ? 0 : -errno;
}

int confine_may_read(const struct confine_files *f, const char *path)
{
	return add(f, path, FS_READ_FILE, FS_READ_DIR);
}

int confine_may_create(const struct confine_files *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	char dir[PATH_MOST] = ".";

	if (n >= sizeof(dir))
		return -ENAMETOOLONG;
	if (slash && n == 0)
		n = 1;
	if (n > 0)
		memcpy(dir, path, n);
	return add(f, dir, FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE,
		   FS_READ_DIR | FS_MAKE_REG | FS_MAKE_DIR | FS_REMOVE_FILE);
}

int confine_files_enforce(const struct confine_files *f)
{
	if (f->fd < 0)
		return -EOPNOTSUPP;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_landlock_restrict_self, f->fd, 0) < 0 ? -errno : 0;
}
