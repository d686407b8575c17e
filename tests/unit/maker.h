/* SPDX-License-Identifier: Apache-2.0 */
/* A small bundle made in memory, with checkpoints wherever a test wants them. */
#ifndef CSI_TESTS_UNIT_MAKER_H
#define CSI_TESTS_UNIT_MAKER_H

#include "test.h"

#include "format/frame.h"
#include "format/seal.h"
#include "format/zst.h"
#include "work/ledger.h"
#include "work/verify.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAKER_CHECKPOINTS_MAX = 256, MAKER_ENTRIES_MAX = 1024 };

struct maker {
	struct buf stream;
	struct sink *sink;
	struct seal *seal;
	struct zst *zst;
	struct pax *pax;
	struct ledger ledger;
	struct buf frame;
	uint64_t entries;
	/* What a verifier has to find. */
	size_t ncheckpoints;
	struct {
		size_t end;
		uint64_t entries;
	} checkpoints[MAKER_CHECKPOINTS_MAX];
	size_t seal_end;
};

static inline int maker_put(void *ctx, const void *p, size_t n)
{
	struct maker *m = ctx;

	return buf_add(&m->frame, p, n);
}

/* What there is becomes a frame, or more if it is too much for one. */
static inline void maker_flush(struct maker *m)
{
	static unsigned char packed[ZST_FRAME_MAX];

	for (size_t at = 0; at < m->frame.n;) {
		size_t n = m->frame.n - at < ZST_CONTENT_MAX ? m->frame.n - at : ZST_CONTENT_MAX;
		size_t size = 0;

		CHECK_INT(zst_frame(m->zst, bytes_of(m->frame.p + at, n), packed, &size), 0);
		at += n;
		CHECK_INT(seal_frame(m->seal, bytes_of(packed, size), n, m->entries), 0);
	}
	buf_clear(&m->frame);
}

static inline void maker_checkpoint(struct maker *m)
{
	maker_flush(m);
	size_t at = m->stream.n;
	CHECK_INT(seal_checkpoint(m->seal), 0);
	CHECK(m->ncheckpoints < MAKER_CHECKPOINTS_MAX);
	/* Padding that follows it is not proven by it. */
	m->checkpoints[m->ncheckpoints].end =
		at + FRAME_SKIP_HEAD + frame_u32(m->stream.p + at + FRAME_MAGIC_SIZE);
	m->checkpoints[m->ncheckpoints++].entries = m->entries;
}

static inline void maker_entry(struct maker *m, struct item *item, struct bytes content)
{
	struct pax_entry e = { .path = item->top, .mode = item->info.mode, .size = content.n };
	struct hash h;
	struct digests d;

	CHECK_INT(ledger_room(&m->ledger, item), 0);
	e.link = item->link;
	CHECK_INT(pax_begin(m->pax, &e), 0);
	CHECK_INT(pax_data(m->pax, content), 0);
	CHECK_INT(pax_finish(m->pax), 0);
	m->entries++;
	hash_init(&h, HASH_SHA256);
	hash_add(&h, content.p, content.n);
	hash_peek(&h, &d);
	memcpy(item->sha256, d.sha256, 32);
	item->hashed = item->kind == ITEM_CONTENT;
	CHECK_INT(ledger_item(&m->ledger, item), 0);
}

static inline void maker_file(struct maker *m, const char *name, struct bytes content)
{
	char top[4200];
	int n = snprintf(top, sizeof(top), "csi-T/%s", name);
	struct item item = { .kind = ITEM_CONTENT,
			     .top = bytes_of(top, (size_t)n),
			     .action = "test" };

	item.name = bytes_of(top + 6, (size_t)n - 6);
	item.info.mode = S_IFREG | 0644;
	item.size = content.n;
	maker_entry(m, &item, content);
}

/* BLOCK: of the sink; a stream with padding if it is not 0. */
static inline void maker_open_block(struct maker *m, size_t block)
{
	static const unsigned char zeros[32];
	struct ledger_place at = { .top = "csi-T/", .entries = &m->entries };
	struct pax_entry dir = { .path = bytes_str("csi-T"), .mode = S_IFDIR | 0755 };

	*m = (struct maker){ .stream = BUF_LIMIT(256 << 20), .frame = BUF_LIMIT(64 << 20) };
	CHECK_INT(sink_buf(&m->stream, &m->sink), 0);
	m->sink->block = block;
	CHECK_INT(seal_open(m->sink, &m->seal), 0);
	CHECK_INT(zst_open(1, &m->zst), 0);
	CHECK_INT(pax_open(maker_put, m, &m->pax), 0);
	at.pax = m->pax;
	CHECK_INT(ledger_init(&m->ledger, &at, 1, zeros), 0);
	CHECK_INT(pax_begin(m->pax, &dir), 0);
	CHECK_INT(pax_finish(m->pax), 0);
	m->entries++;
}

static inline void maker_open(struct maker *m)
{
	maker_open_block(m, 0);
}

static inline void maker_end(struct maker *m, struct seal_totals *ret)
{
	if (ledger_pending(&m->ledger) || m->ledger.seq == 1)
		CHECK_INT(ledger_write(&m->ledger), 0);
	CHECK_INT(pax_end(m->pax), 0);
	maker_flush(m);
	CHECK_INT(seal_end(m->seal, "complete", m->ledger.gaps, ret), 0);
}

static inline void maker_done(struct maker *m)
{
	ledger_done(&m->ledger);
	pax_closep(&m->pax);
	zst_closep(&m->zst);
	seal_closep(&m->seal);
	(void)sink_close(m->sink);
	buf_done(&m->stream);
	buf_done(&m->frame);
}

/* Deterministic bytes: the same in each run, not compressible. */
static inline uint32_t maker_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

static inline int maker_memfd(struct bytes b)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	CHECK(fd >= 0);
	for (size_t at = 0; at < b.n;) {
		ssize_t w = write(fd, b.p + at, b.n - at);

		CHECK(w > 0);
		at += (size_t)w;
	}
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline void maker_verify(struct bytes b, const struct verify_options *opts,
				struct verify_result *ret)
{
	int fd = maker_memfd(b);
	struct intake *in = NULL;

	CHECK_INT(intake_fd(fd, &in), 0);
	CHECK_INT(verify_stream(in, opts, ret), 0);
	intake_closep(&in);
	CHECK_INT(close(fd), 0);
}

#endif
