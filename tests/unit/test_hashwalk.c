/* SPDX-License-Identifier: Apache-2.0 */
/* A walk whose files are hashed by several threads: the same answer in the same order, always. */
#include "work/hashwalk.h"

#include "test.h"
#include "tree.h"

#include "base/when.h"

#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/xattr.h>

enum { MANY = 700, FILES = 1 + 1 + MANY + 1 + 8, BIG = 3 << 20, DEEP = 3000 };

static char top_path[TREE_PATH];
static int top;

static struct root *open_root(void)
{
	struct root *r = NULL;

	CHECK_INT(root_from_fd(fcntl(top, F_DUPFD_CLOEXEC, 0), bytes_of(NULL, 0), &r), 0);
	return r;
}

/* What was given out, as text. */
struct log {
	struct buf text;
	uint64_t files, gaps, notes;
	int last_err;
	uint64_t stop_after;
	atomic_bool *stop;
};

static int keep(void *ctx, const struct hashwalk_item *it)
{
	struct log *l = ctx;
	char hex[HASH_HEX_MAX] = "-";

	if (it->gap.err) {
		l->gaps++;
		l->last_err = it->gap.err;
		CHECK(bytes_eq(it->gap.on, it->path.head));
	}
	if (it->kind != HASHWALK_FILE) {
		l->notes++;
		return 0;
	}
	l->files++;
	if (it->sums.kinds & HASH_SHA256)
		hash_hex(it->sums.sha256, sizeof(it->sums.sha256), hex);
	CHECK_INT(buf_addf(&l->text, "%s%s %d ", it->extents ? "extents " : "", hex,
			   it->xattrs ? (int)it->xattrs->n : 0),
		  0);
	CHECK_INT(buf_addb(&l->text, it->path.head), 0);
	CHECK_INT(buf_addc(&l->text, '\n'), 0);
	if (l->stop && l->files == l->stop_after)
		atomic_store(l->stop, true);
	return !l->stop && l->stop_after && l->files == l->stop_after ? -EPIPE : 0;
}

static int walk(struct log *l, const struct hashwalk_options *opts, const char *start)
{
	AUTO_DONE(root_closep) struct root *r = open_root();

	buf_clear(&l->text);
	l->text.max = 64 << 20;
	l->files = l->gaps = l->notes = 0;
	return hashwalk_run(r, bytes_str(start), opts, keep, l);
}

static bool says(const struct log *l, const char *line)
{
	return memmem(l->text.p, l->text.n, line, strlen(line)) != NULL;
}

static void make_tree(void)
{
	static unsigned char block[4096];
	AUTO_CLOSE int many = tree_dir(top, "many");
	AUTO_CLOSE int other = tree_dir(top, "other");
	char name[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%04d", i);
		memset(block, i, sizeof(block));
		tree_file(many, name, block, (size_t)i * 5 % sizeof(block));
	}
	tree_file(other, "empty", "", 0);
	tree_file(other, "abc", "abc", 3);
	tree_file(other, "a\nb\377", "abc", 3);
	CHECK_INT(symlinkat("/etc/passwd", other, "link"), 0);
	CHECK_INT(mkfifoat(other, "fifo", 0600), 0);
	AUTO_CLOSE int big = openat(other, "big", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	for (int i = 0; i < BIG / (int)sizeof(block); i++)
		CHECK_INT(write(big, block, sizeof(block)), sizeof(block));
	AUTO_CLOSE int sparse = openat(other, "sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK_INT(ftruncate(sparse, 8 << 20), 0);
	CHECK_INT(pwrite(sparse, "abc", 3, 4 << 20), 3);
	AUTO_CLOSE int huge = openat(other, "huge", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK_INT(ftruncate(huge, INT64_C(1) << 40), 0);
}

#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void hash_of(const char *path, char hex[HASH_HEX_MAX])
{
	static unsigned char chunk[1 << 16];
	AUTO_CLOSE int fd = openat(top, path, O_RDONLY | O_CLOEXEC);
	struct digests d;
	struct hash h;
	ssize_t n;

	CHECK(fd >= 0);
	hash_init(&h, HASH_SHA256);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		hash_add(&h, chunk, (size_t)n);
	hash_peek(&h, &d);
	hash_hex(d.sha256, sizeof(d.sha256), hex);
}

static void test_content(void)
{
	struct hashwalk_options opts = { .hashes = HASH_SHA256, .jobs = 3 };
	struct log l = { .gaps = 0 };
	char hex[HASH_HEX_MAX], line[160];

	CHECK_INT(walk(&l, &opts, "/"), 0);
	CHECK_INT(l.files, FILES);
	CHECK(says(&l, ABC " 0 /other/abc\n"));
	CHECK(says(&l, ABC " 0 /other/a\nb\377\n"));
	CHECK(says(&l, EMPTY " 0 /other/empty\n"));
	CHECK(says(&l, "- 0 /other/link\n") && says(&l, "- 0 /other/fifo\n"));
	hash_of("other/big", hex);
	snprintf(line, sizeof(line), "%s 0 /other/big\n", hex);
	CHECK(says(&l, line));
	hash_of("other/sparse", hex);
	snprintf(line, sizeof(line), "%s 0 /other/sparse\n", hex);
	CHECK(says(&l, line));
	for (int i = 0; i < MANY; i += 50) {
		snprintf(line, sizeof(line), "many/f%04d", i);
		hash_of(line, hex);
		snprintf(line, sizeof(line), "%s 0 /many/f%04d\n", hex, i);
		CHECK(says(&l, line));
	}
	OK("digests are those of the files, holes included, whatever their names");
	CHECK_INT(l.gaps, 1);
	CHECK_INT(l.last_err, -EFBIG);
	CHECK(says(&l, "extents " EMPTY " 0 /other/huge\n"));
	OK("a sparse file of 1 TiB takes no time: a gap, and the digest of its extents");
	opts.max_file = 1 << 20;
	CHECK_INT(walk(&l, &opts, "/other"), 0);
	CHECK_INT(l.gaps, 3);
	CHECK(says(&l, "- 0 /other/big\n") && says(&l, "extents "));
	OK("what is above max_file is told, not hashed");
	buf_done(&l.text);
}

static void test_order(void)
{
	struct hashwalk_options opts = { .hashes = HASH_SHA256, .jobs = 1 };
	struct log first = { .gaps = 0 }, l = { .gaps = 0 };

	CHECK_INT(walk(&first, &opts, "/"), 0);
	for (unsigned jobs = 2; jobs < 9; jobs += 3) {
		opts.jobs = jobs;
		CHECK_INT(walk(&l, &opts, "/"), 0);
		CHECK(bytes_eq(buf_bytes(&l.text), buf_bytes(&first.text)));
	}
	opts.jobs = 1000000;
	CHECK_INT(walk(&l, &opts, "/"), 0);
	CHECK(bytes_eq(buf_bytes(&l.text), buf_bytes(&first.text)));
	OK("any number of threads gives the same bytes in the same order");

	struct rlimit old, low;
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 190;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &low), 0);
	opts.jobs = 4;
	CHECK_INT(walk(&l, &opts, "/"), 0);
	CHECK(bytes_eq(buf_bytes(&l.text), buf_bytes(&first.text)));
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &old), 0);
	OK("few descriptors are enough");
	buf_done(&first.text);
	buf_done(&l.text);
}

static void test_ends(void)
{
	struct hashwalk_options opts = { .hashes = HASH_SHA256 };
	struct log l = { .stop_after = 100 };
	atomic_bool stop = false;

	CHECK_INT(walk(&l, &opts, "/"), -EPIPE);
	CHECK_INT(l.files, 100);
	opts.hashes = 0;
	CHECK_INT(walk(&l, &opts, "/"), -EPIPE);
	l.stop = &stop;
	opts.limits.stop = &stop;
	for (unsigned hashes = 0; hashes <= HASH_SHA256; hashes += HASH_SHA256) {
		atomic_store(&stop, false);
		opts.hashes = hashes;
		int r = walk(&l, &opts, "/");
		/* The walk may have been at its end already: then nothing is missing. */
		CHECK(r == -ECANCELED || (r == 0 && l.files == FILES));
		CHECK(l.files >= 100 && (hashes == 0 || l.gaps <= 1));
	}
	OK("the callback and the stop flag end it, and nothing is given out twice");

	l = (struct log){ .text = l.text };
	opts.limits.stop = NULL;
	CHECK_INT(walk(&l, &opts, "/none"), -ENOENT);
	CHECK_INT(l.files, 0);
	opts.limits.entries = 10;
	CHECK_INT(walk(&l, &opts, "/many"), -E2BIG);
	CHECK(l.files <= 10);
	OK("what root_walk says is handed on");
	buf_done(&l.text);
}

static void test_new(void)
{
	struct hashwalk_options opts = { .only_new = true };
	AUTO_DONE(root_closep) struct root *r = open_root();
	struct log l = { .gaps = 0 };
	struct file_info info;

	CHECK_INT(walk(&l, &opts, "/"), 0);
	CHECK(l.files > MANY);
	OK("where birth cannot be told, all is given");
	CHECK_INT(root_info(r, &info), 0);
	opts.birth = (struct birth){ .basis = BIRTH_START_TIME,
				     .mnt_id = info.mnt_id,
				     .ref = when_now(CLOCK_REALTIME) + 5 * (int64_t)NS_PER_SEC };
	CHECK_INT(walk(&l, &opts, "/"), 0);
	CHECK_INT(l.files, 0);
	opts.birth.ref = 0;
	CHECK_INT(walk(&l, &opts, "/"), 0);
	CHECK(l.files > MANY && !says(&l, " /\n"));
	OK("only what is new is given, and never the root itself");
	buf_done(&l.text);
}

static void test_xattrs(void)
{
	struct hashwalk_options opts = { .xattrs = true };
	struct log l = { .gaps = 0 };
	char path[TREE_PATH + 16];

	snprintf(path, sizeof(path), "%s/other/abc", top_path);
	if (setxattr(path, "user.csi", "1", 1, 0) < 0) {
		SKIP("xattrs are kept until their item is given out", "none on this file system");
		return;
	}
	CHECK_INT(walk(&l, &opts, "/other"), 0);
	CHECK(says(&l, "- 1 /other/abc\n") && says(&l, "- 0 /other/big\n"));
	OK("xattrs are kept until their item is given out");
	buf_done(&l.text);
}

struct deep {
	uint64_t files, hashed;
	size_t longest;
};

static int measure(void *ctx, const struct hashwalk_item *it)
{
	struct deep *d = ctx;

	CHECK_INT(it->gap.err, 0);
	d->files++;
	d->hashed += it->sums.kinds != 0;
	if (it->path.head.n + it->path.left_off > d->longest)
		d->longest = it->path.head.n + it->path.left_off;
	return 0;
}

/* Bottom up, by "..": nftw(3) would need the path. */
static void remove_deep(int bottom, const char *name)
{
	int at = bottom;

	for (int i = 0; i < DEEP; i++) {
		int up = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		CHECK(up >= 0);
		(void)unlinkat(at, "x", 0);
		close(at);
		CHECK_INT(unlinkat(up, name, AT_REMOVEDIR), 0);
		at = up;
	}
	close(at);
}

/* A path beyond what one batch holds goes out alone. */
static void test_deep(void)
{
	static char name[201];
	struct hashwalk_options opts = { .hashes = HASH_SHA256 };
	AUTO_DONE(root_closep) struct root *r = open_root();
	struct deep d = { 0 };
	int at = tree_dir(top, "deep");

	memset(name, 'd', sizeof(name) - 1);
	for (int i = 0; i < DEEP; i++) {
		int next = tree_dir(at, name);

		if (i % 100 == 99)
			tree_file(next, "x", "abc", 3);
		close(at);
		at = next;
	}
	CHECK_INT(hashwalk_run(r, bytes_str("/deep"), &opts, measure, &d), 0);
	CHECK_INT(d.files, 1 + DEEP + DEEP / 100);
	CHECK_INT(d.hashed, DEEP / 100);
	CHECK_INT(d.longest, 5 + (sizeof(name)) * DEEP + 2);
	OK("paths of half a megabyte are walked and hashed within the same bounds");
	remove_deep(at, name);
}

int main(void)
{
	top = tree_make(NULL, top_path);
	make_tree();
	test_content();
	test_order();
	test_ends();
	test_new();
	test_xattrs();
	test_deep();
	close(top);
	tree_remove(top_path);
	TEST_END();
}
