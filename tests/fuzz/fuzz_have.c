/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a list of what others have, beside a walk of fixed names: bounded, and what is found
 * is a line of it.
 */
#include "work/have_join.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { NAMES = 300 };

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void find(struct have_join *j, struct bytes root, const char *dir, unsigned i, uint64_t size)
{
	struct file_info info = { .dev_major = 8, .dev_minor = 1, .ino = 42, .size = size };
	const struct have_line *line = NULL;
	char path[64];

	snprintf(path, sizeof(path), "%s/%u", dir, i);
	info.ctime = (struct file_stamp){ .sec = 1767323045, .nsec = 6 };
	info.mtime = info.ctime;
	const struct have_ident id = have_ident_of(&info);
	const struct have_place at = { .root = root, .path = bytes_str(path) };
	int r = have_join_find(j, at, &id, &line);
	must(r >= 0);
	if (r == 1) {
		must(bytes_eq(buf_bytes(&line->path), at.path) && have_ident_eq(&line->ident, &id));
		must(have_run_ok(bytes_str(line->run)) && strlen(line->digest.hex) == HAVE_HEX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	AUTO_CLOSE int fd = memfd_create("fuzz", MFD_CLOEXEC);
	AUTO_DONE(have_join_closep) struct have_join *j = NULL;
	const struct bytes root = bytes_str("r");
	struct have_totals sum;
	uint64_t line;

	must(fd >= 0 && write(fd, p, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	if (have_join_open(fd, NULL, &j) < 0)
		return 0;
	for (unsigned i = 0; i < 10; i++)
		find(j, root, "", i, i);
	must(have_join_unsorted(j, (struct have_place){ root, bytes_str("/d") }) == 0);
	for (unsigned i = 0; i < NAMES; i++)
		find(j, root, "/d", i ^ 7, i ^ 7);
	find(j, root, "/e", 1, 1);
	must(have_join_end(j, &sum) == 0);
	must(sum.cited + sum.unused <= n);
	(void)have_join_error(j, &line);
	return 0;
}
