/* SPDX-License-Identifier: Apache-2.0 */
/* Memory limits: what their text may hold, and when it is time to stop. */
#include "work/headroom.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>

#define MIB (UINT64_C(1) << 20)

static void check_numbers(void)
{
	static const struct {
		const char *text;
		int r;
		uint64_t v;
	} cases[] = {
		{ "4096\n", 0, 4096 },
		{ "0", 0, 0 },
		{ "max\n", 0, CGROUP_NO_LIMIT },
		{ "9223372036854771712\n", 0, CGROUP_NO_LIMIT },
		{ "18446744073709551615\n", 0, CGROUP_NO_LIMIT },
		{ "18446744073709551616\n", -EBADMSG, 0 },
		{ "", -EBADMSG, 0 },
		{ "\n", -EBADMSG, 0 },
		{ "-1\n", -EBADMSG, 0 },
		{ "4096 \n", -EBADMSG, 0 },
		{ "4096\n\n", -EBADMSG, 0 },
		{ "4096x", -EBADMSG, 0 },
		{ "maximum\n", -EBADMSG, 0 },
		{ "0x10\n", -EBADMSG, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t v = 0;

		CHECK_INT(cgroup_parse_number(bytes_str(cases[i].text), &v), cases[i].r);
		CHECK_INT(v, cases[i].v);
	}
	OK("a number, or max, and nothing else");
}

static void check_stat(void)
{
	static const char text[] = "cache 1\ntotal_inactive_file_x 2\ninactive_file 3\n"
				   "total_inactive_file 4\ntotal_inactive_file 5\nlast 6";
	static const char many[2000] = { 0 };
	char lines[4096];
	const struct bytes last = bytes_str("last 1\n");
	uint64_t v = 0;

	CHECK_INT(cgroup_parse_stat(bytes_str(text), "total_inactive_file", &v), 0);
	CHECK_INT(v, 4);
	CHECK_INT(cgroup_parse_stat(bytes_str(text), "inactive_file", &v), 0);
	CHECK_INT(v, 3);
	CHECK_INT(cgroup_parse_stat(bytes_str(text), "last", &v), 0);
	CHECK_INT(v, 6);
	CHECK_INT(cgroup_parse_stat(bytes_str(text), "active_file", &v), -ENOENT);
	CHECK_INT(cgroup_parse_stat(bytes_str("last"), "last", &v), -ENOENT);
	CHECK_INT(cgroup_parse_stat(bytes_str("last \n"), "last", &v), -EBADMSG);
	CHECK_INT(cgroup_parse_stat(bytes_str("last 1 2\n"), "last", &v), -EBADMSG);
	CHECK_INT(cgroup_parse_stat(bytes_of(many, sizeof(many)), "last", &v), -ENOENT);
	memset(lines, '\n', sizeof(lines));
	memcpy(lines + sizeof(lines) - last.n, last.p, last.n);
	CHECK_INT(cgroup_parse_stat(bytes_of(lines, sizeof(lines)), "last", &v), -ENOENT);
	OK("the first line of a key, within the lines that a kernel writes");
}

static void check_rule(void)
{
	struct cgroup_memory m = { .limit = 600 * MIB, .usage = 500 * MIB, .inactive = 50 * MIB };
	struct headroom_group g = { .floor = 64 * MIB, .lowest = CGROUP_NO_LIMIT };

	CHECK_INT(cgroup_headroom(&m), 150 * MIB);
	CHECK_INT(headroom_floor(64 * MIB, 600 * MIB), 64 * MIB);
	CHECK_INT(headroom_floor(64 * MIB, 20000 * MIB), 1000 * MIB);
	CHECK(!headroom_judge(&g, &m));
	m.usage = 586 * MIB;
	CHECK(!headroom_judge(&g, &m));
	m.usage++;
	CHECK(headroom_judge(&g, &m));
	m.usage = 100 * MIB;
	CHECK(!headroom_judge(&g, &m));
	CHECK_INT(g.lowest, 64 * MIB - 1);
	m.usage = 900 * MIB;
	m.inactive = 0;
	CHECK_INT(cgroup_headroom(&m), 0);
	m.inactive = 1000 * MIB; /* two files, read one after the other */
	CHECK_INT(cgroup_headroom(&m), 600 * MIB);
	m.limit = CGROUP_NO_LIMIT;
	CHECK_INT(cgroup_headroom(&m), CGROUP_NO_LIMIT);
	OK("64 MiB or 5 %, of what the kernel cannot take back");
}

static void check_foreign(void)
{
	char dir[] = "/tmp/csi-cgroup.XXXXXX", path[64];
	struct cgroup_memory m;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/memory.max", dir);
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0);
	CHECK_INT(write(file, "1\n", 2), 2);
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(cgroup_memory_read(fd, &m), -EOPNOTSUPP);
	CHECK_INT(close(fd), 0);
	CHECK_INT(close(file), 0);
	CHECK_INT(unlink(path), 0);
	CHECK_INT(rmdir(dir), 0);
	OK("files that only have the names are not believed");
}

static void check_cpu(void)
{
	struct cgroup_cpu c;

	CHECK_INT(cgroup_parse_cpu(bytes_str("nr_periods 7\nnr_throttled 2\n"
					     "throttled_time 3999\nwait_sum 5\n"),
				   &c),
		  0);
	CHECK(c.periods == 7 && c.throttled == 2 && c.throttled_us == 3);
	CHECK_INT(cgroup_parse_cpu(bytes_str("usage_usec 9\nnr_periods 1\nnr_throttled 1\n"
					     "throttled_usec 12\nnr_bursts 0\n"),
				   &c),
		  0);
	CHECK(c.periods == 1 && c.throttled == 1 && c.throttled_us == 12);
	CHECK_INT(cgroup_parse_cpu(bytes_str("usage_usec 9\n"), &c), 0);
	CHECK(c.periods == 0 && c.throttled == 0 && c.throttled_us == 0);
	CHECK_INT(cgroup_parse_cpu(bytes_str("nr_periods x\n"), &c), -EBADMSG);
	CHECK_INT(cgroup_parse_cpu(bytes_str("nr_periods 1\nnr_throttled \n"), &c), -EBADMSG);
	OK("cpu.stat of both versions");
}

int main(void)
{
	check_numbers();
	check_stat();
	check_rule();
	check_foreign();
	check_cpu();
	TEST_END();
}
