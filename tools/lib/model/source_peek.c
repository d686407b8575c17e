/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of every process of a system: its owner and its stat, for the fewest system calls.
 */
#include "model/source_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { STAT_ROOM = 4096 }; /* the longest stat is under 1 KiB */

int process_owner(struct process *p, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct proc_status *status;
	struct stat st;
	int r;

	if (p->source->procfs) {
		if (fstat(p->fd, &st) < 0)
			return -errno;
		*ret_uid = st.st_uid;
		*ret_gid = st.st_gid;
		return 0;
	}
	r = process_status(p, &status);
	if (r < 0)
		return r;
	if (!(status->have & STATUS_UIDS) || !(status->have & STATUS_GIDS))
		return -ENODATA;
	*ret_uid = status->uid[1];
	*ret_gid = status->gid[1];
	return 0;
}

int process_peek(struct source *s, pid_t pid, struct proc_stat *ret)
{
	char name[32], text[STAT_ROOM];
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%d/stat", (int)pid);
	AUTO_CLOSE int fd = openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	do
		n = read(fd, text, sizeof(text));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	int r = proc_parse_stat(bytes_of(text, (size_t)n), ret);
	return r == 0 && ret->pid != pid ? -EBADMSG : r;
}
