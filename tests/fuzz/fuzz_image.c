/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `csi diff --image` and `csi timeline --logs` read of foreign bytes. The first byte says what
 * the rest is: 0 JSON, 1 a tar, 2 a packed stream, 3 an image in any form, 4 a log line, 5 an image
 * that is made around it: its layer, unpacked.
 */
#include "format/json_read.h"
#include "format/logline.h"
#include "format/unpack.h"
#include "work/image.h"

#include "../unit/feed.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { STEP = 777, INDEX = 4 << 20, UNPACKED_MAX = 16 << 20 };

static void must(bool ok)
{
	if (!ok)
		abort();
}

static bool inside(struct bytes part, struct bytes all)
{
	return part.n == 0 || (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

static void read_json(struct bytes text)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct bytes v = bytes_of(text.p, 0), item;
	int r = json_check(text);

	must(r == 0 || r == -EBADMSG || r == -E2BIG);
	/* Also what is none is read without leaving it. */
	if (json_member(text, "a", &v) == 0)
		must(inside(v, text));
	if (r == 0 && v.n)
		must(json_check(v) == 0);
	(void)json_string(text, &b);
	must(b.n <= text.n * 3);
	struct json_array_iter it = json_array_begin(text);
	while (json_array_next(&it, &item) > 0) {
		must(inside(item, text));
		if (r == 0)
			must(json_check(item) == 0);
	}
}

static void read_tar(struct bytes b)
{
	AUTO_DONE(tar_in_closep) struct tar_in *t = NULL;
	struct feed f = feed_of(b, STEP);
	struct tar_in_entry e;
	struct bytes piece;
	uint64_t offset = 0, end, total = 0;
	int r;

	must(tar_in_open(&f.in, &t) == 0);
	while ((r = tar_in_next(t, &e)) > 0) {
		must(e.nxattrs <= FILE_XATTRS_MAX && e.size <= INT64_MAX);
		end = 0;
		while (total % 3 != 2 && tar_in_data(t, &piece, &offset) > 0) {
			must(piece.n > 0 && offset >= end && offset + piece.n <= e.size);
			end = offset + piece.n;
		}
		total++;
	}
	must(r == 0 || r == -EBADMSG || r == -EFBIG || r == -ENODATA);
	must(total * 512 <= b.n);
}

static void read_packed(struct bytes b)
{
	AUTO_DONE(intake_closep) struct intake *u = NULL;
	struct feed f = feed_of(b, STEP);
	unsigned char out[4096];
	size_t total = 0;
	ssize_t r;

	must(unpack_open(&f.in, &u) == 0);
	while ((r = intake_read(u, out, sizeof(out))) > 0 && total < UNPACKED_MAX)
		total += (size_t)r;
	must(r >= 0 || r == -EBADMSG || r == -ENODATA || r == -EFBIG || r == -ENOMEM);
}

/* What is left can be found by its path, and all of it is told when nothing was seen. */
static void look(struct image_index *x)
{
	AUTO_FREE image_node *v = NULL;
	struct image_file f;
	uint64_t told = 0;
	size_t n = 0;

	image_mark(x, 0, IMAGE_MARK_SEEN);
	must(image_unseen(x, &v, &n) == 0);
	for (size_t i = 0; i < n; i++)
		told += 1 + image_below(x, v[i]);
	must(told + 1 == image_files(x));
	image_index_again(x);
	for (size_t i = 0; i < n; i++) {
		AUTO_DONE(buf_done) struct buf path = BUF_NONE;

		must(image_path(x, v[i], &path) == 0);
		must(image_find(x, buf_bytes(&path)) == v[i]);
		image_get(x, v[i], &f);
	}
}

static void read_image(struct bytes b)
{
	AUTO_DONE(image_index_closep) struct image_index *x = NULL;
	AUTO_DONE(image_source_closep) struct image_source *s = NULL;
	AUTO_CLOSE int fd = memfd_create("image", MFD_CLOEXEC);
	const struct image_options opts = { .index_max = INDEX };
	struct image_about about;
	char path[64];

	must(fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(image_source_open(path, &s) == 0);
	int r = image_read(s, &opts, &x, &about);
	must(r <= 0 && (r == 0) == (x != NULL));
	if (x)
		look(x);
}

static void read_layer(struct bytes b)
{
	AUTO_DONE(image_index_closep) struct image_index *x = NULL;
	AUTO_DONE(tar_in_closep) struct tar_in *t = NULL;
	struct feed f = feed_of(b, STEP);
	struct tar_in_entry e;
	uint32_t half = 0;
	int r = 0;

	must(image_index_open(INDEX, NULL, &x) == 0 && tar_in_open(&f.in, &t) == 0);
	while (r == 0 && tar_in_next(t, &e) > 0) {
		const struct image_entry entry = { .tar = &e };

		r = image_index_add(x, &entry);
		/* The first half is the lower layer. */
		if (f.at < b.n / 2)
			half = image_index_facts(x);
	}
	if (r == 0)
		r = image_index_apply(x, 0, half);
	if (r == 0)
		r = image_index_apply(x, half, image_index_facts(x));
	must(r == 0 || r == -EDQUOT);
	image_index_finish(x);
	look(x);
}

static void read_line(struct bytes line)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	struct logline l;
	int r = logline_read(line, &text, &l);

	must(r == 0 || r == -EBADMSG);
	if (r == 0) {
		must(l.time >= 0);
		must(inside(l.text, line) || inside(l.text, buf_bytes(&text)));
		must(inside(l.stream, line) || inside(l.stream, buf_bytes(&text)));
	}
	r = logline_dpkg(line, &l);
	must(r == 0 || r == -EBADMSG || r == -ENOENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const readers[])(struct bytes) = { read_json,  read_tar,	read_packed,
							 read_image, read_line, read_layer };

	if (n > 0)
		readers[p[0] % ARRAY_LEN(readers)](bytes_of(p + 1, n - 1));
	return 0;
}
