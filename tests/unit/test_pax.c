/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile names, holes and sizes: what pax.c writes, untar.c and GNU tar read back to the byte. */
#include "test.h"

#include "format/pax.h"
#include "format/untar.h"
#include "program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int append(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

/* ---- reading back -------------------------------------------------------------------------- */

struct seen {
	size_t n;
	struct buf path, link, data; /* of the last one */
	uint64_t size;
	enum untar_type type;
	bool sparse;
	size_t nextents;
	uint64_t first_data, ended_at;
	struct untar *untar;
};

static int on_begin(void *ctx, const struct untar_entry *e)
{
	struct seen *s = ctx;

	s->n++;
	buf_clear(&s->path);
	buf_clear(&s->link);
	buf_clear(&s->data);
	s->size = e->size;
	s->type = e->type;
	s->sparse = e->sparse;
	s->nextents = e->nextents;
	s->first_data = UINT64_MAX;
	int r = buf_addb(&s->path, e->path);
	return r < 0 ? r : buf_addb(&s->link, e->link);
}

static int on_data(void *ctx, uint64_t offset, struct bytes p, uint64_t length)
{
	struct seen *s = ctx;

	(void)length;
	if (s->first_data == UINT64_MAX)
		s->first_data = offset;
	return buf_addb(&s->data, p);
}

static int on_end(void *ctx, const struct untar_entry *e)
{
	struct seen *s = ctx;

	(void)e;
	s->ended_at = untar_bytes(s->untar);
	return 0;
}

static const struct untar_ops ops = { on_begin, on_data, on_end };

static void read_back(struct bytes tar, size_t step, struct seen *s)
{
	CHECK_INT(untar_open(&ops, s, &s->untar), 0);
	s->n = 0;
	for (size_t at = 0; at < tar.n; at += step) {
		size_t n = tar.n - at < step ? tar.n - at : step;

		CHECK_INT(untar_feed(s->untar, bytes_of(tar.p + at, n)), 0);
	}
	CHECK(untar_ended(s->untar));
	untar_closep(&s->untar);
}

static void seen_done(struct seen *s)
{
	buf_done(&s->path);
	buf_done(&s->link);
	buf_done(&s->data);
}

/* ---- names --------------------------------------------------------------------------------- */

static const struct {
	const char *p;
	size_t n;
} names[] = {
#define NAME(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
	NAME("t/plain"),
	NAME("t/new\nline"),
	NAME("t/carriage\rreturn"),
	NAME("t/\x1b[31mred\x1b[0m"),
	NAME("t/back\\slash"),
	NAME("t/\xc3\xa9\xe2\x82\xac"),
	NAME("t/\xff\xfe\x80 no UTF-8"),
	NAME("t/\xe2\x80\xae"
	     "bidi"),
	NAME("t/=1 path=x"),
	NAME("t/-rf"),
	NAME("t/ "),
#undef NAME
};

static void add(struct pax *p, struct pax_entry *e, struct bytes content)
{
	e->size = content.n;
	e->mtime = (struct file_stamp){ 1700000000, 123456789 };
	CHECK_INT(pax_begin(p, e), 0);
	CHECK_INT(pax_data(p, content), 0);
	CHECK_INT(pax_finish(p), 0);
}

/* All names, a long one, and one whose components are as long as a file system
 * allows. */
static void write_names(struct buf *tar, struct buf *deep)
{
	struct pax *p;
	struct pax_entry e = { .mode = S_IFREG | 04755, .uid = 4000000000u, .gid = 300000 };

	CHECK_INT(pax_open(append, tar, &p), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		e.path = bytes_of(names[i].p, names[i].n);
		add(p, &e, e.path);
	}
	CHECK_INT(buf_adds(deep, "t"), 0);
	for (int i = 0; i < 15; i++) {
		CHECK_INT(buf_addc(deep, '/'), 0);
		for (int k = 0; k < 255; k++)
			CHECK_INT(buf_addc(deep, (unsigned char)(k % 2 ? 'a' + i : 0x80 + i)), 0);
	}
	e.path = buf_bytes(deep);
	add(p, &e, bytes_str("deep"));
	CHECK_INT(pax_end(p), 0);
	pax_closep(&p);
}

static int keep_path(void *ctx, const struct untar_entry *e)
{
	struct buf *all = ctx;

	CHECK_INT(e->type, UNTAR_FILE);
	return buf_addb(all, e->path) < 0 ? -ENOMEM : buf_addc(all, 0);
}

static int no_data(void *ctx, uint64_t offset, struct bytes p, uint64_t length)
{
	(void)ctx, (void)offset, (void)p, (void)length;
	return 0;
}

static int no_end(void *ctx, const struct untar_entry *e)
{
	(void)ctx, (void)e;
	return 0;
}

static void check_names(void)
{
	static const struct untar_ops keep = { keep_path, no_data, no_end };
	AUTO_DONE(buf_done) struct buf tar = BUF_NONE;
	AUTO_DONE(buf_done) struct buf deep = BUF_NONE;
	AUTO_DONE(buf_done) struct buf want = BUF_NONE;

	write_names(&tar, &deep);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		CHECK_INT(buf_add(&want, names[i].p, names[i].n) + buf_addc(&want, 0), 0);
	CHECK_INT(buf_addb(&want, buf_bytes(&deep)) + buf_addc(&want, 0), 0);
	for (size_t step = 1; step < 100000; step = step * 7 + 3) {
		AUTO_DONE(buf_done) struct buf got = BUF_NONE;
		struct untar *u;

		CHECK_INT(untar_open(&keep, &got, &u), 0);
		for (size_t at = 0; at < tar.n; at += step)
			CHECK_INT(untar_feed(u, bytes_of(tar.p + at,
							 tar.n - at < step ? tar.n - at : step)),
				  0);
		CHECK(untar_ended(u));
		CHECK_INT(untar_bytes(u), tar.n);
		CHECK(bytes_eq(buf_bytes(&got), buf_bytes(&want)));
		untar_closep(&u);
	}
	OK("names come back to the byte, in pieces of any size");
}

/* ---- GNU tar ------------------------------------------------------------------------------- */

static int run_tar(const char *dir, struct bytes tar)
{
	char file[] = "/tmp/csi-pax.XXXXXX";
	int fd = mkstemp(file);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, tar.p, tar.n), (int64_t)tar.n);
	CHECK_INT(close(fd), 0);
	int r = SPAWN("tar", "-C", dir, "-xf", file);
	CHECK_INT(unlink(file), 0);
	return r;
}

static size_t count_names(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	CHECK(d != NULL);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void check_gnu_tar(void)
{
	AUTO_DONE(buf_done) struct buf tar = BUF_NONE;
	AUTO_DONE(buf_done) struct buf deep = BUF_NONE;
	char dir[] = "/tmp/csi-pax.XXXXXX", sub[64];

	if (SPAWN("tar", "--warning=none", "--version") != 0) {
		OK("no GNU tar here: names through it # SKIP no GNU tar");
		return;
	}
	write_names(&tar, &deep);
	CHECK(mkdtemp(dir) != NULL);
	CHECK_INT(run_tar(dir, buf_bytes(&tar)), 0);
	snprintf(sub, sizeof(sub), "%s/t", dir);
	CHECK_INT(count_names(sub), ARRAY_LEN(names) + 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[256], got[256];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i].p);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		CHECK(fd >= 0);
		CHECK_INT(read(fd, got, sizeof(got)), (int64_t)names[i].n);
		CHECK(memcmp(got, names[i].p, names[i].n) == 0);
		CHECK_INT(fstat(fd, &st), 0);
		CHECK_INT(st.st_mtim.tv_sec, 1700000000);
		CHECK_INT(st.st_mtim.tv_nsec, 123456789);
		CHECK_INT(close(fd), 0);
	}
	CHECK_INT(SPAWN("rm", "-rf", dir), 0);
	OK("GNU tar extracts the same names, contents and times");
}

/* ---- holes --------------------------------------------------------------------------------- */

static void check_sparse(void)
{
	static const struct pax_extent extents[] = { { 4096, 3 }, { UINT64_C(1) << 40, 5 } };
	AUTO_DONE(buf_done) struct buf tar = BUF_NONE;
	struct seen s = { 0 };
	struct pax *p;
	struct pax_entry e = { .path = bytes_str("t/s\xc3\xa9"),
			       .mode = S_IFREG | 0600,
			       .size = UINT64_C(3) << 40,
			       .extents = extents,
			       .nextents = 2 };

	CHECK_INT(pax_open(append, &tar, &p), 0);
	CHECK_INT(pax_begin(p, &e), 0);
	CHECK_INT(pax_hole(p, 4096), 0);
	CHECK_INT(pax_data(p, bytes_str("abc")), 0);
	CHECK_INT(pax_hole(p, extents[1].offset - 4099), 0);
	CHECK_INT(pax_data(p, bytes_str("defgh")), 0);
	CHECK_INT(pax_hole(p, e.size - extents[1].offset - 5), 0);
	CHECK_INT(pax_finish(p), 0);
	CHECK_INT(pax_end(p), 0);
	pax_closep(&p);
	for (size_t step = 1; step < 20000; step = step * 11 + 5) {
		read_back(buf_bytes(&tar), step, &s);
		CHECK_INT(s.n, 1);
		CHECK(s.sparse);
		CHECK_INT(s.size, e.size);
		CHECK_INT(s.nextents, 3); /* and the empty one at the end */
		CHECK_INT(s.first_data, 4096);
		CHECK_INT(s.ended_at, tar.n - 1024);
		CHECK_BYTES(buf_bytes(&s.data), "abcdefgh");
		CHECK_BYTES(buf_bytes(&s.path), "t/s\xc3\xa9");
	}
	seen_done(&s);
	OK("3 TiB with two extents take a few blocks and come back");
}

static void check_hole_only(void)
{
	static const struct pax_extent none[1];
	AUTO_DONE(buf_done) struct buf tar = BUF_NONE;
	struct seen s = { 0 };
	struct pax *p;
	struct pax_entry e = { .path = bytes_str("t/h"),
			       .mode = S_IFREG | 0600,
			       .size = PAX_SIZE_MAX,
			       .extents = none };

	CHECK_INT(pax_open(append, &tar, &p), 0);
	CHECK_INT(pax_begin(p, &e), 0);
	CHECK_INT(pax_hole(p, e.size), 0);
	CHECK_INT(pax_finish(p), 0);
	e.size = PAX_SIZE_MAX + 1;
	CHECK_INT(pax_begin(p, &e), -EFBIG);
	CHECK_INT(pax_end(p), 0);
	pax_closep(&p);
	read_back(buf_bytes(&tar), 512, &s);
	CHECK(s.sparse);
	CHECK_INT(s.size, PAX_SIZE_MAX);
	CHECK_INT(s.data.n, 0);
	seen_done(&s);
	OK("one hole of 1 PiB");
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void check_kinds(void)
{
	AUTO_DONE(buf_done) struct buf tar = BUF_NONE;
	struct seen s = { 0 };
	struct pax *p;
	struct pax_entry dir = { .path = bytes_str("t"), .mode = S_IFDIR | 01777 };
	struct pax_entry fifo = { .path = bytes_str("t/f"), .mode = S_IFIFO | 0644 };
	struct pax_entry nul = { .path = bytes_of("a\0b", 3), .mode = S_IFREG | 0644 };
	struct pax_entry link = { .path = bytes_str("t/l"),
				  .link = bytes_str("/etc/\xff\n/../x"),
				  .mode = S_IFLNK | 0777 };

	CHECK_INT(pax_open(append, &tar, &p), 0);
	CHECK_INT(pax_begin(p, &fifo), -EINVAL);
	CHECK_INT(pax_begin(p, &nul), -EINVAL);
	CHECK_INT(pax_begin(p, &dir), 0);
	CHECK_INT(pax_finish(p), 0);
	CHECK_INT(pax_begin(p, &link), 0);
	CHECK_INT(pax_finish(p), 0);
	CHECK_INT(pax_end(p), 0);
	pax_closep(&p);
	read_back(buf_bytes(&tar), 100, &s);
	CHECK_INT(s.n, 2);
	CHECK_INT(s.type, UNTAR_LINK);
	CHECK_BYTES(buf_bytes(&s.link), "/etc/\xff\n/../x");
	seen_done(&s);
	OK("directories and links pass, fifos and NULs do not");
}

static void check_xattrs(void)
{
	static const struct file_xattr xattrs[] = {
		{ { (const unsigned char *)"user.x", 6 }, { (const unsigned char *)"a\0\n=b", 5 } },
		{ { (const unsigned char *)"user.a=b", 8 }, { (const unsigned char *)"lost", 4 } },
	};
	AUTO_DONE(buf_done) struct buf tar = BUF_NONE;
	struct seen s = { 0 };
	struct pax *p;
	struct pax_entry e = { .path = bytes_str("t/x"), .mode = S_IFREG | 0600 };

	e.xattrs = xattrs;
	e.nxattrs = 2;
	CHECK_INT(pax_open(append, &tar, &p), 0);
	add(p, &e, bytes_str("content"));
	CHECK_INT(pax_end(p), 0);
	pax_closep(&p);
	CHECK(memmem(tar.p, tar.n, "SCHILY.xattr.user.x=a\0\n=b\n", 26) != NULL);
	CHECK(memmem(tar.p, tar.n, "user.a", 6) == NULL);
	read_back(buf_bytes(&tar), 77, &s);
	CHECK_BYTES(buf_bytes(&s.data), "content");
	seen_done(&s);
	OK("attributes keep NULs; a name with '=' is left out");
}

static int refuse(void *ctx, const void *p, size_t n)
{
	int *left = ctx;

	(void)p, (void)n;
	return (*left)-- > 0 ? 0 : -EPIPE;
}

static void check_failing_write(void)
{
	for (int writes = 0; writes < 12; writes++) {
		int left = writes, r = 0;
		struct pax *p;
		struct pax_entry e = { .path = bytes_str("t/x"),
				       .mode = S_IFREG | 0600,
				       .size = 5 };

		CHECK_INT(pax_open(refuse, &left, &p), 0);
		for (int i = 0; i < 4 && r == 0; i++) {
			r = pax_begin(p, &e);
			if (r == 0)
				r = pax_data(p, bytes_str("12345"));
			if (r == 0)
				r = pax_finish(p);
		}
		CHECK(r == 0 || r == -EPIPE);
		if (r)
			CHECK_INT(pax_begin(p, &e), -EPIPE);
		pax_closep(&p);
	}
	OK("a failed write comes back, stays, and nothing is written after it");
}

static void check_damage(void)
{
	AUTO_DONE(buf_done) struct buf tar = BUF_NONE;
	AUTO_DONE(buf_done) struct buf deep = BUF_NONE;
	uint64_t state = 9;

	write_names(&tar, &deep);
	for (int i = 0; i < 3000; i++) {
		struct seen s = { 0 };
		size_t at =
			(size_t)((state = state * UINT64_C(6364136223846793005) + 1) >> 33) % tar.n;
		int r;

		CHECK_INT(untar_open(&ops, &s, &s.untar), 0);
		tar.p[at] ^= (unsigned char)(1 << i % 8);
		r = untar_feed(s.untar, buf_bytes(&tar));
		CHECK(r == 0 || r == -EBADMSG);
		tar.p[at] ^= (unsigned char)(1 << i % 8);
		untar_closep(&s.untar);
		seen_done(&s);
	}
	OK("damaged tars are refused or read, never more");
}

int main(void)
{
	check_names();
	check_gnu_tar();
	check_sparse();
	check_hole_only();
	check_kinds();
	check_xattrs();
	check_failing_write();
	check_damage();
	TEST_END();
}
