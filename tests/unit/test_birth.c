/* SPDX-License-Identifier: Apache-2.0 */
/* New since start: the rules on made-up facts, then on a real overlay where one may be mounted. */
#include "model/birth.h"
#include "tree.h"

#include <sys/mount.h>

enum { REF = 1000 }; /* seconds: when the upper layer was made */
#define NS(sec) ((int64_t)(sec) * (int64_t)NS_PER_SEC)

static struct birth reference(enum birth_basis basis)
{
	return (struct birth){
		.basis = basis, .ref = NS(REF), .mnt_id = 5, .runtime_until = NS(REF + 1)
	};
}

static struct walk_entry entry(int64_t btime, int64_t ctime, uint32_t mode)
{
	return (struct walk_entry){
		.path = bytes_str("/x"),
		.info = { .have = FILE_BTIME | FILE_MNT_ID,
			  .mode = mode,
			  .mnt_id = 5,
			  .btime = { .sec = btime },
			  .ctime = { .sec = ctime } },
	};
}

static void test_rules(void)
{
	static const struct {
		const char *what;
		int64_t btime, ctime;
		uint32_t mode;
		bool above;
		enum birth_verdict want;
	} cases[] = {
		{ "of the image", 10, 20, S_IFREG, false, BIRTH_OLD },
		{ "made since", REF + 5, REF + 5, S_IFREG, false, BIRTH_NEW },
		{ "made at once", REF, REF, S_IFREG, false, BIRTH_NEW },
		{ "ctime set back is not possible, btime still tells", REF + 5, 20, S_IFREG, false,
		  BIRTH_NEW },
		{ "lower layer changed from outside", 10, REF + 5, S_IFREG, false, BIRTH_BELOW },
		{ "mount point's parent", REF, REF + 1, S_IFDIR, true, BIRTH_RUNTIME },
		{ "mount point's parent changed later", REF, REF + 2, S_IFDIR, true, BIRTH_NEW },
		{ "a file is never the runtime's", REF, REF, S_IFREG, true, BIRTH_NEW },
		{ "not above a mount", REF, REF, S_IFDIR, false, BIRTH_NEW },
		{ "no btime, old", 0, 20, S_IFREG, false, BIRTH_OLD },
		{ "no btime, changed", 0, REF + 5, S_IFREG, false, BIRTH_NEW },
		{ "times no clock shows", INT64_MIN, INT64_MAX, S_IFREG, false, BIRTH_BELOW },
		{ "times no clock shows, turned", INT64_MAX, INT64_MIN, S_IFREG, false, BIRTH_NEW },
	};
	const struct birth b = reference(BIRTH_OVERLAY);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct walk_entry e = entry(cases[i].btime, cases[i].ctime, cases[i].mode);

		if (birth_judge(&b, &e, cases[i].above) != cases[i].want)
			fprintf(stderr, "%s\n", cases[i].what);
		CHECK_INT(birth_judge(&b, &e, cases[i].above), cases[i].want);
	}
	OK("verdicts against the birth of the overlay");
}

static void test_other_bases(void)
{
	struct birth b = reference(BIRTH_OVERLAY);
	struct walk_entry old = entry(10, 20, S_IFREG), new = entry(REF + 5, REF + 5, S_IFREG);
	struct walk_entry upper = old, other = new, mtab = entry(REF, REF, S_IFLNK);

	upper.handle_upper = true;
	CHECK_INT(birth_judge(&b, &upper, false), BIRTH_NEW);
	other.info.mnt_id = 6;
	CHECK_INT(birth_judge(&b, &other, false), BIRTH_UNKNOWN);
	mtab.path = bytes_str("/etc/mtab");
	CHECK_INT(birth_judge(&b, &mtab, false), BIRTH_NEW);
	mtab.link = bytes_str("/proc/mounts");
	CHECK_INT(birth_judge(&b, &mtab, false), BIRTH_RUNTIME);

	b.stepped = true;
	CHECK_INT(birth_judge(&b, &old, false), BIRTH_UNKNOWN);
	CHECK_INT(birth_judge(&b, &new, false), BIRTH_UNKNOWN);
	CHECK_INT(birth_judge(&b, &upper, false), BIRTH_NEW);

	b = reference(BIRTH_START_TIME);
	struct walk_entry changed = entry(10, REF + 5, S_IFREG);
	CHECK_INT(birth_judge(&b, &old, false), BIRTH_OLD);
	CHECK_INT(birth_judge(&b, &changed, false), BIRTH_NEW);
	b.basis = BIRTH_NONE;
	CHECK_INT(birth_judge(&b, &changed, false), BIRTH_UNKNOWN);
	OK("handle bit, other mounts, a stepped clock, no overlay");
}

static void test_native(int dir)
{
	AUTO_DONE(root_closep) struct root *root = NULL;
	struct birth b;

	CHECK_INT(root_from_fd(fcntl(dir, F_DUPFD_CLOEXEC, 0), bytes_of(NULL, 0), &root), 0);
	CHECK_INT(birth_reference(root, NS(REF), &b), 0);
	if (b.basis ==
	    BIRTH_START_TIME) { /* else the temporary directory is itself on an overlay */
		CHECK_INT(b.ref, NS(REF));
		CHECK(!b.stepped);
		CHECK_INT(birth_reference(root, INT64_MIN, &b), 0);
		CHECK_INT(b.basis, BIRTH_NONE);
	}
	OK("a root that is no overlay goes by the first start, or not at all");
}

struct seen {
	const struct birth *b;
	struct root *root;
	bool handles;
	unsigned entries, upper;
};

/* "old*" is of the lower layer, "new*" and "copied*" are not; only "new*" was never in it. */
static int judge(void *ctx, struct walk_entry *e)
{
	struct seen *s = ctx;
	enum birth_verdict v = birth_judge(s->b, e, root_above_mount(s->root, e->path));

	CHECK_INT(e->event, WALK_ENTRY);
	s->entries++;
	if (e->path.n == 1) /* "/" is merged, and as new as the layer */
		return 0;
	s->upper += e->handle_upper;
	if (bytes_starts(e->path, "/old")) {
		CHECK_INT(v, BIRTH_OLD);
		CHECK(!e->handle_upper);
	} else {
		CHECK_INT(v, BIRTH_NEW);
	}
	if (bytes_starts(e->path, "/copied"))
		CHECK(!e->handle_upper);
	if (e->handle_upper)
		CHECK(bytes_starts(e->path, "/new"));
	return 0;
}

static void in_overlay(int merged)
{
	struct root *root = NULL;
	struct file_info top;
	struct birth b;

	CHECK_INT(root_from_fd(merged, bytes_of(NULL, 0), &root), 0);
	CHECK_INT(root_info(root, &top), 0);
	int64_t ref = NS(top.btime.sec) + (int64_t)top.btime.nsec;
	CHECK_INT(birth_reference(root, ref + NS(1) / 20, &b), 0);
	if (b.basis != BIRTH_OVERLAY) {
		SKIP("a real overlay", "its file system keeps no birth times");
		root_close(root);
		return;
	}
	CHECK_INT(b.ref, ref);
	CHECK(!b.stepped);
	struct birth odd;
	CHECK_INT(birth_reference(root, ref - 1, &odd), 0);
	CHECK(odd.stepped);
	CHECK_INT(birth_reference(root, ref + NS(11), &odd), 0);
	CHECK(odd.stepped);

	const struct walk_limits limits = { .handles = true };
	struct seen seen = { .b = &b, .root = root };
	CHECK_INT(root_walk(root, bytes_str("/"), &limits, judge, &seen), 0);
	CHECK_INT(seen.entries, 8);
	OK("a real overlay: new and copied up are new, the image is old");
	/* fs/overlayfs/export.c: AT_HANDLE_FID works without nfs_export from Linux 6.6 on. */
	if (seen.upper == 0)
		SKIP("the handle bit of pure upper files",
		     "the kernel gives no overlay file handles");
	else {
		CHECK_INT(seen.upper, 3);
		OK("the handle bit is on pure upper files only");
	}
	root_close(root);
}

static void test_overlay(int dir, const char *path)
{
	char opts[3 * TREE_PATH + 64], at[TREE_PATH + 16];
	AUTO_CLOSE int lower = tree_dir(dir, "lower");

	tree_file(lower, "old", "x", 1);
	tree_file(lower, "copied", "x", 1);
	tree_file(lower, "copied-mode", "x", 1);
	(void)close(tree_dir(lower, "old-dir"));
	/* The layer is younger than the image by more than a clock tick (4 ms at HZ=250). */
	(void)usleep(50000);
	static const char *const dirs[] = { "upper", "work", "merged" };
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		(void)close(tree_dir(dir, dirs[i]));
	snprintf(opts, sizeof(opts), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", path,
		 path, path);
	snprintf(at, sizeof(at), "%s/merged", path);
	if (mount("overlay", at, "overlay", 0, opts) < 0) {
		SKIP("a real overlay", "not allowed to mount an overlay");
		return;
	}
	int merged = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(merged >= 0);
	tree_file(merged, "new", "x", 1);
	(void)close(tree_dir(merged, "new-dir"));
	CHECK_INT(symlinkat("x", merged, "new-link"), 0);
	tree_file(merged, "copied", "y", 1);
	CHECK_INT(fchmodat(merged, "copied-mode", 0755, 0), 0);
	in_overlay(merged);
	CHECK_INT(umount2(at, MNT_DETACH), 0);
}

int main(void)
{
	char path[TREE_PATH];
	AUTO_CLOSE int dir = tree_make(NULL, path);

	test_rules();
	test_other_bases();
	test_native(dir);
	test_overlay(dir, path);
	tree_remove(path);
	TEST_END();
}
