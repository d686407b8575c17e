/* SPDX-License-Identifier: Apache-2.0 */
/* What the walker needs of file.c beyond file.h. */
#ifndef CSI_MODEL_FILE_PRIV_H
#define CSI_MODEL_FILE_PRIV_H

#include "model/file.h"

/* "/proc/self/fd/2147483647" fits. */
enum { FILE_SELF_MAX = 32 };

enum file_ask {
	FILE_ASK_SYNC,	 /* all facts, as stat(2) gives them */
	FILE_ASK_CACHED, /* all facts, from the kernel's cache where a server would have to be asked
			  */
	FILE_ASK_MOUNT,	 /* the mount id; the other facts as far as they are cached. Never asks a
			    server */
};

/* statx(2) of FD itself (O_PATH will do). 0 or -errno. */
int file_info_ask(int fd, enum file_ask ask, struct file_info *ret);

/* The magic link of our own descriptor FD: our integer, no target data. */
void file_self_path(int fd, char ret[FILE_SELF_MAX]);

/*
 * file_reopen_dir - open the directory that DIRFD holds (O_PATH will do) for reading, without
 * moving its atime if that is allowed: *ret_noatime says so. 0 or -errno.
 */
int file_reopen_dir(int dirfd, int *ret_fd, bool *ret_noatime);

#endif
