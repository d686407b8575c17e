/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that a walk went through, left out, or never came to; and the filters of a walk. */
#include "work/coverage.h"
#include "work/filter.h"

#include "tree.h"

static const char mountinfo[] = "20 1 0:30 / / rw - overlay overlay rw\n"
				"21 20 0:31 / /proc rw - proc proc rw\n"
				"22 21 0:31 /sys /proc/sys ro - proc proc rw\n"
				"23 20 8:1 /v /data rw - ext4 /dev/sda1 rw\n"
				"24 20 0:40 / /tmp rw - tmpfs tmpfs rw\n"
				"25 20 0:41 / /tmp rw - tmpfs tmpfs rw\n"
				"26 20 8:1 /w /database rw - ext4 /dev/sda1 rw\n";

static struct walk_entry entry(enum walk_event event, uint64_t id, uint32_t mode)
{
	return (struct walk_entry){ .event = event,
				    .path = bytes_str("/x/y.log"),
				    .info = { .have = FILE_MNT_ID, .mnt_id = id, .mode = mode } };
}

static void test_coverage(int dir)
{
	static const enum coverage_state want[] = { COVERAGE_WALKED,	COVERAGE_SKIPPED,
						    COVERAGE_BELOW,	COVERAGE_SKIPPED,
						    COVERAGE_UNREACHED, COVERAGE_WALKED,
						    COVERAGE_UNREACHED };
	AUTO_DONE(root_closep) struct root *root = NULL;
	AUTO_DONE(coverage_done) struct coverage c = { 0 };
	const struct walk_entry seen[] = {
		entry(WALK_ENTRY, 20, S_IFDIR),	   entry(WALK_ENTRY, 20, S_IFREG),
		entry(WALK_UNSORTED, 20, S_IFDIR), entry(WALK_SKIPPED, 21, S_IFDIR),
		entry(WALK_SKIPPED, 23, S_IFDIR),  entry(WALK_ENTRY, 25, S_IFDIR),
		entry(WALK_ENTRY, 99, S_IFDIR),
	};

	CHECK_INT(root_from_fd(fcntl(dir, F_DUPFD_CLOEXEC, 0), bytes_str(mountinfo), &root), 0);
	CHECK_INT(coverage_begin(&c, root), 0);
	CHECK_INT(c.n, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		coverage_note(&c, &seen[i]);
	coverage_end(&c);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		CHECK_INT(c.v[i].state, want[i]);
	CHECK_INT(c.v[0].entries, 2);
	CHECK_BYTES(root_mount(root, 0).point, "/");
	CHECK_BYTES(root_mount(root, 2).point, "/proc/sys");
	CHECK(!coverage_reason(COVERAGE_WALKED, MOUNT_ROOT));
	CHECK(strcmp(coverage_reason(COVERAGE_SKIPPED, MOUNT_VOLUME), "--volumes enters it") == 0);
	OK("each mount has its state");
}

static void test_filter(void)
{
	const struct walk_entry e = entry(WALK_ENTRY, 1, S_IFREG | 04755);
	struct filter f = { .name = "*.log" };

	CHECK(filter_wants(&f, &e));
	f.name = "x";
	CHECK(!filter_wants(&f, &e));
	f = (struct filter){ 0 };
	CHECK_INT(filter_types("f,l", &f), 0);
	CHECK(filter_wants(&f, &e));
	CHECK_INT(filter_types("dl", &f), 0);
	CHECK(!filter_wants(&f, &e));
	CHECK_INT(filter_types("", &f), -EINVAL);
	CHECK_INT(filter_types("f,", &f), -EINVAL);
	f = (struct filter){ 0 };
	CHECK_INT(filter_mode("/6000", &f), 0);
	CHECK(filter_wants(&f, &e));
	CHECK_INT(filter_mode("-6000", &f), 0);
	CHECK(!filter_wants(&f, &e));
	CHECK_INT(filter_mode("4755", &f), 0);
	CHECK(filter_wants(&f, &e));
	CHECK_INT(filter_mode("/0", &f), 0);
	CHECK(filter_wants(&f, &e));
	CHECK_INT(filter_mode("-", &f), -EINVAL);
	CHECK_INT(filter_mode("10000", &f), -EINVAL);
	f = (struct filter){ 0 };
	CHECK_INT(filter_owner("0:0", &f), 0);
	CHECK(filter_wants(&f, &e));
	CHECK_INT(filter_owner(":1", &f), 0);
	CHECK(!f.has_uid && !filter_wants(&f, &e));
	CHECK_INT(filter_owner("4294967296", &f), -EINVAL);
	CHECK_INT(filter_owner("0:", &f), -EINVAL);
	CHECK_INT(filter_owner("0x", &f), -EINVAL);
	OK("filters");
}

int main(void)
{
	char path[TREE_PATH];
	int dir = tree_make(NULL, path);

	test_coverage(dir);
	test_filter();
	tree_remove(path);
	CHECK_INT(close(dir), 0);
	TEST_END();
}
