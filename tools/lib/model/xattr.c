/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of one object, within fixed bounds (xattr(7)). */
#include "model/file.h"
#include "model/file_priv.h"

#include <errno.h>
#include <sys/xattr.h>

enum {
	LIST_SMALL = 512,      /* most objects have none, or a label */
	LIST_LARGE = 64 << 10, /* XATTR_LIST_MAX */
};

/* f*xattr(2) refuses O_PATH (EBADF); its magic link leads to the object itself, symlinks too. */
struct handle {
	int fd;
	bool o_path;
	char self[FILE_SELF_MAX];
};

static ssize_t list_names(const struct handle *h, char *p, size_t n)
{
	ssize_t r = h->o_path ? listxattr(h->self, p, n) : flistxattr(h->fd, p, n);

	return r < 0 ? -errno : r;
}

static ssize_t get_value(const struct handle *h, const char *name, void *p, size_t n)
{
	ssize_t r = h->o_path ? getxattr(h->self, name, p, n) : fgetxattr(h->fd, name, p, n);

	return r < 0 ? -errno : r;
}

/* The room is reserved once, so that pointers into it stay good. */
static int add_one(const struct handle *h, const char *name, struct file_xattrs *ret)
{
	struct buf *b = &ret->bytes;
	size_t at = b->n;

	if (ret->n == FILE_XATTRS_MAX || buf_adds(b, name) < 0)
		return -E2BIG;
	unsigned char *value = b->p + b->n;
	size_t room = b->cap - b->n;
	/* With no room left a size of 0 would only ask for the length. */
	ssize_t got = room ? get_value(h, name, value, room) : -ERANGE;
	if (got < 0) {
		b->n = at;
		if (got == -ENODATA) /* removed since it was listed */
			return 0;
		return got == -ERANGE ? -E2BIG : (int)got;
	}
	ret->v[ret->n++] = (struct file_xattr){
		.name = bytes_of(b->p + at, b->n - at),
		.value = bytes_of(value, (size_t)got),
	};
	b->n += (size_t)got;
	return 0;
}

/* NAMES is N bytes of NUL-terminated names. The first error is kept, the others are still tried. */
static int add_all(const struct handle *h, const char *names, size_t n, struct file_xattrs *ret)
{
	int first = 0;

	for (size_t at = 0; at < n;) {
		const char *end = memchr(names + at, 0, n - at);
		int r;

		if (!end)
			break;
		r = add_one(h, names + at, ret);
		if (r < 0 && first == 0)
			first = r;
		at = (size_t)(end - names) + 1;
	}
	return first;
}

static int read_into(const struct handle *h, char *names, size_t size, struct file_xattrs *ret)
{
	ssize_t n = list_names(h, names, size);
	int r;

	if (n <= 0)
		return (int)n;
	ret->bytes.max = FILE_XATTR_BYTES_MAX;
	r = buf_reserve(&ret->bytes, FILE_XATTR_BYTES_MAX);
	return r < 0 ? r : add_all(h, names, (size_t)n, ret);
}

int file_xattrs_read(int fd, bool is_o_path, struct file_xattrs *ret)
{
	struct handle h = { .fd = fd, .o_path = is_o_path };
	char small[LIST_SMALL];
	int r;

	file_self_path(fd, h.self);
	r = read_into(&h, small, sizeof(small), ret);
	if (r != -ERANGE)
		return r;
	char *large = malloc(LIST_LARGE);
	if (!large)
		return -ENOMEM;
	r = read_into(&h, large, LIST_LARGE, ret);
	free(large);
	return r == -ERANGE ? -E2BIG : r;
}

void file_xattrs_done(struct file_xattrs *x)
{
	buf_done(&x->bytes);
	x->n = 0;
}
