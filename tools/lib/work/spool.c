/* SPDX-License-Identifier: Apache-2.0 */
/* Files without a name. */
#include "work/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Not every file system has O_TMPFILE, open(2): there a name is made and taken away at once. */
static int open_named(const char *dir)
{
	size_t n = strlen(dir) + sizeof("/.csi-XXXXXX");
	AUTO_FREE char *name = malloc(n);

	if (!name)
		return -ENOMEM;
	snprintf(name, n, "%s/.csi-XXXXXX", dir);
	int fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)unlink(name);
	return fd;
}

int spool_open(struct spool *s, const char *dir)
{
	AUTO_CLOSE int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
		fd = open_named(dir);
	else if (fd < 0)
		return -errno;
	if (fd < 0)
		return fd;
	s->file = fdopen(fd, "w+");
	if (!s->file)
		return -ENOMEM;
	(void)take_fd(&fd);
	return 0;
}

void spool_done(struct spool *s)
{
	if (s->file)
		(void)fclose(s->file);
	s->file = NULL;
}

int spool_put(struct spool *s, const void *p, size_t n)
{
	if (n == 0) /* P may be NULL */
		return 0;
	errno = 0;
	if (fwrite(p, 1, n, s->file) == n) {
		s->written += n;
		return 0;
	}
	return errno ? -errno : -EIO;
}

void spool_keep(struct spool *s)
{
	s->kept = s->written;
}

int spool_drop(struct spool *s)
{
	off_t end = (off_t)s->kept;

	if (s->written == s->kept)
		return 0;
	if (fflush(s->file) != 0 || ftruncate(fileno(s->file), end) != 0 ||
	    fseeko(s->file, end, SEEK_SET) != 0)
		return -errno;
	s->written = s->kept;
	return 0;
}

int spool_rewind(struct spool *s)
{
	if (fflush(s->file) != 0 || fseeko(s->file, 0, SEEK_SET) != 0)
		return -errno;
	return 0;
}

int spool_get(struct spool *s, void *p, size_t n)
{
	errno = 0;
	size_t got = fread(p, 1, n, s->file);

	if (got == n)
		return 1;
	if (ferror(s->file))
		return errno ? -errno : -EIO;
	return got ? -EIO : 0;
}
