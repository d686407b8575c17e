/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ELF file of which text relocations are read. */
#include "model/textrel.h"

#include <errno.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	struct textrel t = { 0 };
	int fd = memfd_create("fuzz", MFD_CLOEXEC), r;

	must(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	must(file_from_fd(fd, &f) == 0);
	r = textrel_read(f, 4096, 1 << 20, &t);
	must(r == 0 || r == -EBADMSG || r == -E2BIG || r == -ENODATA || r == -EINVAL);
	must(t.n <= TEXTREL_RELOCATIONS_MAX);
	for (size_t i = 0; i < t.n; i++) {
		must(t.at[i] >= 4096 - 8 && t.at[i] < 1 << 20);
		must(i == 0 || t.at[i] >= t.at[i - 1]);
		must(textrel_covers(&t, t.at[i]) && textrel_covers(&t, t.at[i] + t.width - 1));
	}
	textrel_done(&t);
	return 0;
}
