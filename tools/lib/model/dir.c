/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of one pinned directory, without going deeper. */
#include "model/file.h"
#include "model/file_priv.h"

#include <dirent.h>
#include <errno.h>

int file_list(int pin, size_t most, file_list_fn fn, void *ctx)
{
	size_t n = 0;
	bool noatime;
	int fd, r;

	r = file_reopen_dir(pin, &fd, &noatime);
	if (r < 0)
		return r;
	DIR *d = fdopendir(fd);
	if (!d) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	for (const struct dirent *e; r == 0 && (errno = 0, e = readdir(d));) {
		struct file_info info;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (n++ == most)
			r = -E2BIG;
		else if (file_info_at(dirfd(d), e->d_name, &info) == 0)
			r = fn(ctx, e->d_name, &info);
	}
	if (r == 0 && errno)
		r = -errno;
	(void)closedir(d);
	return r;
}
