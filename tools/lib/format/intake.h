/* SPDX-License-Identifier: Apache-2.0 */
/* Where a stream of bytes comes from: a file, or age around one. The other end of a sink. */
#ifndef CSI_FORMAT_INTAKE_H
#define CSI_FORMAT_INTAKE_H

#include "base/base.h"

#include <stdatomic.h>
#include <sys/types.h>

struct intake;
struct intake_ops {
	/*
	 * Up to N bytes; 0: the end. -ENODATA: it ends before its end (a cut age file). -EBADMSG: a
	 * byte is not what it was (why says more). Else -errno of reading. A failure stays.
	 */
	ssize_t (*read)(struct intake *in, void *p, size_t n);
	/* Back to where it was opened. -ESPIPE: a pipe. */
	int (*rewind)(struct intake *in);
	/*
	 * Size and SHA-256 of the file below, as stored, to its end; whatever is left of it is
	 * read. NULL: what read gives is the file, and who reads it knows.
	 */
	int (*stored)(struct intake *in, uint64_t *ret_size, unsigned char ret_sha256[32]);
	/* Ours, a part of a sentence, after -EBADMSG or -ENODATA. NULL: nothing more to say. */
	const char *(*why)(const struct intake *in);
	void (*close)(struct intake *in);
};
struct intake {
	const struct intake_ops *ops;
};

static inline ssize_t intake_read(struct intake *in, void *p, size_t n)
{
	return in->ops->read(in, p, n);
}
static inline int intake_rewind(struct intake *in)
{
	return in->ops->rewind(in);
}
static inline const char *intake_why(const struct intake *in)
{
	return in->ops->why ? in->ops->why(in) : NULL;
}

/* For AUTO_DONE; NULL is fine. */
static inline void intake_closep(struct intake **in)
{
	if (*in)
		(*in)->ops->close(*in);
	*in = NULL;
}

/* From where FD stands, forward; FD is borrowed. 0, -ENOMEM. */
int intake_fd(int fd, struct intake **ret);
/* The same; its reads are -ECANCELED once STOP is set, also while nothing comes. */
int intake_fd_until(int fd, const atomic_bool *stop, struct intake **ret);

#endif
