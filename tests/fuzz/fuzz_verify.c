/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stream: a verdict, and salvage of what is proven is sealed. */
#include "work/verify.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int memfd(struct bytes b)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static int count(void *ctx, struct bytes path, uint64_t size, const unsigned char *sha256)
{
	uint64_t *n = ctx;

	(void)path, (void)size, (void)sha256;
	(*n)++;
	return 0;
}

static void verify(struct bytes b, struct sink *salvage, struct verify_result *res)
{
	uint64_t told = 0;
	struct verify_options opts = { .entry = count, .ctx = &told, .salvage = salvage };
	AUTO_CLOSE int fd = memfd(b);
	AUTO_DONE(intake_closep) struct intake *in = NULL;

	must(intake_fd(fd, &in) == 0);
	must(verify_stream(in, &opts, res) == 0);
	must(res->stream_bytes == b.n && told + res->untold == res->proven_entries);
	must(res->proven_bytes <= b.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	AUTO_DONE(buf_done) struct buf out = BUF_LIMIT(64 << 20);
	struct verify_result res;
	struct sink *sink;

	must(sink_buf(&out, &sink) == 0);
	verify(bytes_of(p, n), sink, &res);
	(void)sink_close(sink);
	if (out.n) {
		verify(buf_bytes(&out), NULL, &res);
		must(res.verdict == VERIFY_SEALED && res.status == BUNDLE_PARTIAL);
	}
	return 0;
}
