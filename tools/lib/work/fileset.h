/* SPDX-License-Identifier: Apache-2.0 */
/* Files by (device, inode), so that what has several names is read once. Bounded; thread-safe. */
#ifndef CSI_WORK_FILESET_H
#define CSI_WORK_FILESET_H

#include "model/file.h"

#include <pthread.h>

enum { FILESET_MAX = 1 << 18 }; /* 6 MiB; what does not fit is read again */

struct fileset {
	pthread_mutex_t lock;
	struct fileset_key {
		uint64_t dev, ino; /* both 0: empty */
	} * v;
	size_t cap, n; /* cap: a power of two, at most half full */
};

void fileset_init(struct fileset *s);
void fileset_done(struct fileset *s);
/* A file that was changed since is another one: size, mtime and ctime are not looked at. */
void fileset_add(struct fileset *s, const struct file_info *info);
bool fileset_has(struct fileset *s, const struct file_info *info);

#endif
