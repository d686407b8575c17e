/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle under test: its sink, files to add, and what of it came out. */
#ifndef CSI_TESTS_UNIT_BUNDLE_KIT_H
#define CSI_TESTS_UNIT_BUNDLE_KIT_H

#include "maker.h"

#include "format/unseal.h"
#include "format/untar.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- a sink that can be looked at while it is written, and that can fail ------------------- */

struct test_sink {
	struct sink sink;
	pthread_mutex_t lock;
	struct buf b;
	size_t fail_at; /* 0: never */
};

static inline int sink_take(struct sink *s, const void *p, size_t n)
{
	struct test_sink *t = (struct test_sink *)s;

	(void)pthread_mutex_lock(&t->lock);
	int r = t->fail_at && t->b.n + n > t->fail_at ? -EPIPE : buf_add(&t->b, p, n);
	(void)pthread_mutex_unlock(&t->lock);
	return r;
}

static inline int sink_nothing(struct sink *s)
{
	(void)s;
	return 0;
}

static const struct sink_ops test_ops = { sink_take, sink_nothing, sink_nothing };

static inline void test_sink_init(struct test_sink *t, size_t fail_at)
{
	*t = (struct test_sink){ .sink = { .ops = &test_ops },
				 .b = BUF_LIMIT(256 << 20),
				 .fail_at = fail_at };
	CHECK_INT(pthread_mutex_init(&t->lock, NULL), 0);
}

static inline void test_sink_done(struct test_sink *t)
{
	buf_done(&t->b);
	(void)pthread_mutex_destroy(&t->lock);
}

/* ---- a bundle under test ------------------------------------------------------------------- */

static char dir[] = "/tmp/csi-bundle.XXXXXX";
static atomic_uint gaps_told;
static atomic_int gap_err;

static inline void on_gap(void *ctx, const struct gap *gap)
{
	(void)ctx;
	atomic_fetch_add(&gaps_told, 1);
	atomic_store(&gap_err, gap->err);
}

static const struct gap_sink gaps = { .fn = on_gap };

static inline struct bundle *open_bundle(struct test_sink *t, const atomic_bool *stop)
{
	struct bundle_options opts = { .sink = &t->sink,
				       .run_id = "T",
				       .level = 1,
				       .stop = stop,
				       .gaps = &gaps,
				       .max_file = 64 << 20 };
	struct bundle *b;

	atomic_store(&gaps_told, 0);
	CHECK_INT(bundle_open(&opts, &b), 0);
	return b;
}

/* Ends it, verifies it; the verifier and the totals must agree. */
static inline struct bundle_totals end_bundle(struct bundle *b, struct test_sink *t,
					      enum bundle_status status)
{
	struct bundle_totals totals;
	struct verify_result res;

	CHECK_INT(bundle_end(b, BUNDLE_COMPLETE, &totals), 0);
	maker_verify(buf_bytes(&t->b), &(struct verify_options){ 0 }, &res);
	if (res.verdict != VERIFY_SEALED)
		fprintf(stderr, "%s\n", res.reason);
	CHECK_INT(res.verdict, VERIFY_SEALED);
	CHECK_INT(res.status, status);
	CHECK_INT(res.proven_entries, totals.entries);
	CHECK_INT(res.proven_tar_bytes, totals.bytes_in);
	CHECK_INT(res.stream_bytes, totals.bytes_out);
	CHECK_INT(res.gaps, totals.gaps);
	CHECK(memcmp(res.sha256, totals.sha256, 32) == 0);
	bundle_closep(&b);
	return totals;
}

/* ---- what came out ------------------------------------------------------------------------- */

struct looked {
	const char *name; /* wanted: below the top directory, or a prefix ending in '/' */
	struct buf text;  /* its content, holes left out */
	size_t found;
	bool on;
	uint64_t size;
};

static inline int look_begin(void *ctx, const struct untar_entry *e)
{
	struct looked *l = ctx;
	struct bytes name = bytes_of(e->path.p + 6, e->path.n - 6);
	size_t n = strlen(l->name);

	l->on = l->name[n - 1] == '/' ? bytes_starts(name, l->name)
				      : bytes_eq(name, bytes_str(l->name));
	if (l->on) {
		l->found++;
		l->size = e->size;
	}
	return 0;
}

static inline int look_data(void *ctx, uint64_t offset, struct bytes p, uint64_t length)
{
	struct looked *l = ctx;

	(void)offset, (void)length;
	return l->on ? buf_addb(&l->text, p) : 0;
}

static inline int look_end(void *ctx, const struct untar_entry *e)
{
	(void)ctx, (void)e;
	return 0;
}

static inline struct looked look(const struct test_sink *t, const char *name)
{
	static const struct untar_ops ops = { look_begin, look_data, look_end };
	struct looked l = { .name = name, .text = BUF_LIMIT(256 << 20) };
	int fd = maker_memfd(buf_bytes(&t->b));
	struct unseal_frame f;
	struct unseal *u;
	struct untar *tar;

	struct intake *in;

	CHECK_INT(intake_fd(fd, &in), 0);
	CHECK_INT(unseal_open(in, &u), 0);
	CHECK_INT(untar_open(&ops, &l, &tar), 0);
	while (unseal_next(u, &f) > 0 && f.kind != UNSEAL_SEAL) {
		if (f.kind == UNSEAL_DATA)
			CHECK_INT(untar_feed(tar, f.content), 0);
		CHECK_INT(unseal_accept(u, &f), 0);
	}
	untar_closep(&tar);
	unseal_closep(&u);
	intake_closep(&in);
	CHECK_INT(close(fd), 0);
	return l;
}

static inline bool ledger_has(const struct test_sink *t, const char *text)
{
	struct looked l = look(t, "ledger/");
	bool has = memmem(l.text.p, l.text.n, text, strlen(text)) != NULL;

	buf_done(&l.text);
	return has;
}

/* ---- files --------------------------------------------------------------------------------- */

static inline int make_file(const char *name, const void *p, size_t n)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, p, n), (int64_t)n);
	CHECK_INT(unlink(path), 0); /* the next of this name is another file */
	return fd;
}

/* FD is taken. SIZE: what the file is said to have, or -1. */
static inline int add_fd(struct bundle *b, const char *name, int fd, int64_t size)
{
	struct bundle_entry e = { .path = bytes_str(name), .has_info = true, .action = "test" };
	struct file *f;

	CHECK_INT(file_info_fd(fd, &e.info), 0);
	if (size >= 0)
		e.info.size = (uint64_t)size;
	CHECK_INT(file_from_fd(fd, &f), 0);
	return bundle_add_file(b, &e, f);
}

/* One small file is added, then nothing for longer than checkpoints are apart: RET, as it is then.
 */
static inline void add_and_idle(struct bundle *b, struct test_sink *t, struct verify_result *ret)
{
	CHECK_INT(add_fd(b, "files/a", make_file("a", "abc", 3), -1), 0);
	(void)usleep(4700 * 1000);
	(void)pthread_mutex_lock(&t->lock);
	maker_verify(buf_bytes(&t->b), &(struct verify_options){ 0 }, ret);
	(void)pthread_mutex_unlock(&t->lock);
	CHECK_INT(ret->verdict, VERIFY_CUT);
}

static inline void make_dir(void)
{
	CHECK(mkdtemp(dir) != NULL);
}

static inline void remove_dir(void)
{
	CHECK_INT(rmdir(dir), 0); /* files are unlinked as they are made */
}

#endif
