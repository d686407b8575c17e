/* SPDX-License-Identifier: Apache-2.0 */
/* Directories whose names are numbers, by getdents64(2) with one large buffer. */
#include "sys/numdir.h"

#include "sys/scan.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>

enum {
	DENTS_BYTES = 64 << 10, /* about 2,700 processes a call */
	FIRST_ROOM = 1024,
};

/* What getdents64(2) writes. */
struct dent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

struct numbers {
	int *v;
	size_t n, room, max;
	bool sorted;
};

static int numbers_add(struct numbers *to, int value)
{
	if (to->n == to->max)
		return -E2BIG;
	if (to->n == to->room) {
		size_t room = to->room ? to->room * 2 : FIRST_ROOM;
		int *v = realloc(to->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		to->v = v;
		to->room = room;
	}
	if (to->n > 0 && to->v[to->n - 1] > value)
		to->sorted = false;
	to->v[to->n++] = value;
	return 0;
}

static bool is_number(const char *name, int *ret)
{
	struct bytes rest = bytes_str(name);
	uint64_t v;

	if (name[0] == '0' && name[1] != '\0')
		return false;
	if (scan_dec(&rest, &v) < 0 || rest.n || v > INT_MAX)
		return false;
	*ret = (int)v;
	return true;
}

static int add_dents(struct numbers *to, const char *dents, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const struct dent *d = (const struct dent *)(const void *)(dents + at);
		int value, r;

		if (is_number(d->name, &value)) {
			r = numbers_add(to, value);
			if (r < 0)
				return r;
		}
		at += d->reclen;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int numdir_read(int dirfd, size_t max, int **ret, size_t *ret_n)
{
	AUTO_FREE char *dents = malloc(DENTS_BYTES); /* aligned for any type */
	struct numbers to = { .max = max, .sorted = true };
	int r = dents ? 0 : -ENOMEM;

	while (r == 0) {
		long got = syscall(SYS_getdents64, dirfd, dents, (size_t)DENTS_BYTES);

		if (got == 0)
			break;
		r = got < 0 ? -errno : add_dents(&to, dents, (size_t)got);
	}
	if (r < 0) {
		free(to.v);
		return r;
	}
	/* procfs lists in ascending order; a fixture's file system need not. */
	if (!to.sorted)
		qsort(to.v, to.n, sizeof(*to.v), compare);
	*ret = to.v;
	*ret_n = to.n;
	return 0;
}
