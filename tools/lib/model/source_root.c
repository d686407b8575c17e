/* SPDX-License-Identifier: Apache-2.0 */
/* root:DIR, a root file system without processes. */
#include "model/source_priv.h"

#include <errno.h>
#include <fcntl.h>

int source_root(struct source *s, struct root **ret)
{
	AUTO_CLOSE int fd = -1;

	if (s->kind != SOURCE_ROOT)
		return -EOPNOTSUPP;
	fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return root_from_fd(take_fd(&fd), bytes_of("", 0), ret);
}
