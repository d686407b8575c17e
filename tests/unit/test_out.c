/* SPDX-License-Identifier: Apache-2.0 */
/* Records: nesting from the field table, order, gaps, errors of the target. */
#include "format/out.h"

#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

static struct buf data, diag;
static int target_error;

static int to_buf(void *ctx, struct bytes b)
{
	if (target_error)
		return target_error;
	return buf_addb(ctx, b);
}

static struct out *start(void)
{
	const struct out_options opts = {
		.mode = OUT_JSON,
		.data = { to_buf, &data },
		.diag = { to_buf, &diag },
	};
	struct out *o = NULL;

	buf_clear(&data);
	buf_clear(&diag);
	target_error = 0;
	CHECK_INT(out_open(&opts, &o), 0);
	return o;
}

/* What follows the time stamp of line N, and the time stamp checked. */
static struct bytes line(int n)
{
	static const char head[] = "{\"@timestamp\":\"";
	struct bytes b = buf_bytes(&data);

	for (; n > 0; n--) {
		const unsigned char *end = memchr(b.p, '\n', b.n);

		CHECK(end);
		b = bytes_of(end + 1, b.n - (size_t)(end + 1 - b.p));
	}
	const unsigned char *end = b.n ? memchr(b.p, '\n', b.n) : NULL;
	CHECK(end);
	b.n = (size_t)(end - b.p);
	CHECK(bytes_starts(b, head));
	/* "2026-11-23T18:49:21.000000000Z", */
	CHECK(b.n > sizeof(head) + 32);
	CHECK(b.p[sizeof(head) - 1 + 29] == 'Z');
	return bytes_of(b.p + sizeof(head) - 1 + 32, b.n - (sizeof(head) - 1 + 32));
}

/* Every dotted prefix is one run of rows, no name is a prefix of another, none comes twice. */
static bool prefix_of(const char *prefix, const char *name)
{
	size_t n = strlen(prefix);

	return strncmp(prefix, name, n) == 0 && (name[n] == '.' || name[n] == '\0');
}

static void check_group(const char *prefix)
{
	int runs = 0;
	bool in = false;

	for (int f = 0; f < FIELD_COUNT; f++) {
		bool now = prefix_of(prefix, field_info((enum field)f)->name);

		runs += now && !in;
		in = now;
	}
	CHECK_INT(runs, 1);
}

static void table(void)
{
	for (int a = 0; a < FIELD_COUNT; a++) {
		const char *name = field_info((enum field)a)->name;
		char prefix[64];

		CHECK(strlen(name) < sizeof(prefix));
		CHECK(field_info((enum field)a)->doc[0]);
		for (size_t i = 0; name[i]; i++) {
			prefix[i] = '\0';
			if (name[i] == '.')
				check_group(prefix);
			prefix[i] = name[i];
		}
		for (int b = 0; b < FIELD_COUNT; b++)
			CHECK(a == b || !prefix_of(name, field_info((enum field)b)->name));
	}
	OK("the field table: no group is split, no name twice or inside another");
}

static void nested(void)
{
	struct out *o = start();

	out_begin(o, "state");
	out_i64(o, F_PROCESS_PID, 7);
	out_bytes(o, F_PROCESS_NAME, bytes_of("a\"\\\x1b", 4));
	out_i64(o, F_PROCESS_PARENT_PID, -1);
	out_str(o, F_CSI_ACCESS_EXE, "ok");
	out_bool(o, F_CSI_READ_NOATIME, false);
	out_hex(o, F_CSI_MAP_START, UINT64_MAX);
	out_u64(o, F_FILE_SIZE, UINT64_MAX);
	out_time(o, F_PROCESS_START, 1);
	out_time(o, F_FILE_MTIME, INT64_MIN);
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(line(0),
		    "\"csi\":{\"schema\":1,\"access\":{\"exe\":\"ok\"},"
		    "\"map\":{\"start\":\"0xffffffffffffffff\"},\"read\":{\"noatime\":false}},"
		    "\"event\":{\"kind\":\"state\"},\"file\":{\"size\":18446744073709551615},"
		    "\"process\":{\"name\":\"a\\\"\\\\\\\\\\\\x1b\",\"parent\":{\"pid\":-1},"
		    "\"pid\":7,\"start\":\"1970-01-01T00:00:00.000000001Z\"}}");
	CHECK_INT(out_records(o), 1);
	out_close(o);
	OK("nested ECS in the order of the table, whatever the order of the calls");
}

/* Every field at once: brackets must pair up however deep. */
static void all_fields(void)
{
	struct out *o = start();
	int depth = 1, most = 0, leaves = 0;

	out_begin(o, "state");
	for (int f = FIELD_COUNT - 1; f >= 0; f--)
		out_u64(o, (enum field)f, 1);
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK(data.p[0] == '{');
	for (size_t i = 1; i < data.n; i++) {
		depth += data.p[i] == '{';
		depth -= data.p[i] == '}';
		leaves += data.p[i] == '1' && data.p[i - 1] == ':';
		most = depth > most ? depth : most;
		CHECK(depth > 0 || i + 2 >= data.n);
	}
	CHECK_INT(depth, 0);
	CHECK(most >= 3);
	CHECK_INT(leaves, FIELD_COUNT);
	out_close(o);
	OK("a record of all fields");
}

static void lists(void)
{
	struct out *o = start();

	out_begin(o, "alert");
	out_list(o, F_THREAT_TECHNIQUE_ID);
	out_pairs(o, F_CSI_SIGNS, "id", "level");
	out_pair_add(o, bytes_str("deleted-exe"), bytes_str("high"));
	out_pair_add(o, bytes_str("x\n"), bytes_str("\""));
	out_list(o, F_PROCESS_ARGS);
	out_list_add(o, bytes_str("sh"));
	out_list_add(o, bytes_of("a\0b", 3));
	out_list_add(o, bytes_of(NULL, 0));
	out_u64(o, F_PROCESS_PID, 1);
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(line(0),
		    "\"csi\":{\"schema\":1,\"signs\":[{\"id\":\"deleted-exe\",\"level\":\"high\"},"
		    "{\"id\":\"x\\\\x0a\",\"level\":\"\\\"\"}]},\"event\":{\"kind\":\"alert\"},"
		    "\"process\":{\"args\":[\"sh\",\"a\\\\x00b\",\"\"],\"pid\":1},"
		    "\"threat\":{\"technique\":{\"id\":[]}}}");
	out_begin(o, "alert");
	out_u64(o, F_PROCESS_PID, 1);
	out_list_add(o, bytes_str("no list is open"));
	CHECK_INT(out_end(o), -EINVAL);
	CHECK_INT(out_records(o), 1);
	CHECK_INT(out_error(o), -EINVAL);
	out_close(o);
	OK("lists, empty ones, pairs; a record gone wrong is absent as a whole");
}

static void twice(void)
{
	struct out *o = start();

	out_begin(o, "state");
	out_u64(o, F_PROCESS_PID, 1);
	out_u64(o, F_PROCESS_PID, 2);
	out_str(o, F_EVENT_KIND, "event");
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(
		line(0),
		"\"csi\":{\"schema\":1},\"event\":{\"kind\":\"event\"},\"process\":{\"pid\":2}}");
	out_close(o);
	OK("a field given twice is written once, the last");
}

static void odd_times(void)
{
	const struct file_stamp before = { .sec = -2, .nsec = 5 };
	const struct file_stamp after = { .sec = INT64_C(1) << 40, .nsec = 0 };
	struct out *o = start();

	out_begin(o, "event");
	out_stamp(o, F_FILE_MTIME, &before);
	out_stamp(o, F_FILE_CTIME, &after);
	out_time(o, F_FILE_CREATED, -1);
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(line(0), "\"csi\":{\"schema\":1,\"time\":{\"raw\":[\"file.mtime=-2.000000005\","
			     "\"file.ctime=1099511627776.000000000\","
			     "\"file.created=-1.999999999\"]}},\"event\":{\"kind\":\"event\"}}");
	out_close(o);
	OK("times outside 1970 to 2262 go to csi.time.raw");
}

static void file_facts(void)
{
	const struct file_info info = {
		.have = FILE_BTIME | FILE_ATTRS,
		.mode = S_IFREG | 04755,
		.uid = 1,
		.gid = 2,
		.nlink = 3,
		.dev_major = 8,
		.dev_minor = 1,
		.ino = 99,
		.size = 5,
		.atime = { 1, 0 },
		.mtime = { 2, 0 },
		.ctime = { 3, 0 },
		.btime = { 4, 0 },
		.attributes = 0x10,
	};
	struct out *o = start();

	out_begin(o, "event");
	out_file_info(o, &info);
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(
		line(0),
		"\"csi\":{\"schema\":1,\"file\":{\"links\":3}},\"event\":{\"kind\":\"event\"},"
		"\"file\":{\"accessed\":\"1970-01-01T00:00:01.000000000Z\","
		"\"attributes\":[\"immutable\"],\"created\":\"1970-01-01T00:00:04.000000000Z\","
		"\"ctime\":\"1970-01-01T00:00:03.000000000Z\",\"device\":\"8:1\",\"gid\":\"2\","
		"\"inode\":\"99\",\"mode\":\"4755\",\"mtime\":\"1970-01-01T00:00:02.000000000Z\","
		"\"size\":5,\"type\":\"file\",\"uid\":\"1\"}}");
	out_close(o);
	CHECK_BYTES(bytes_str(file_type_name(S_IFSOCK)), "socket");
	CHECK_BYTES(bytes_str(file_type_name(0)), "unknown");
	OK("the facts of a file");
}

static void gaps(void)
{
	const struct gap gap = { .err = -EACCES,
				 .what = "open exe",
				 .pid = 12,
				 .on = bytes_of("/a\nb", 4),
				 .mend = "--profile=general",
				 .offset = 4096,
				 .len = 10 };
	const struct gap bare = { .err = EIO, .what = "walk" };
	struct out *o = start();

	out_begin(o, "state");
	out_list(o, F_PROCESS_ARGS);
	out_list_add(o, bytes_str("a"));
	CHECK_INT(out_gap(o, &gap), 0);
	out_list_add(o, bytes_str("b"));
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_gap(o, &bare), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(line(0), "\"csi\":{\"schema\":1,\"mend\":\"--profile=general\","
			     "\"offset\":4096,\"length\":10,\"on\":\"/a\\\\x0ab\"},"
			     "\"error\":{\"code\":\"EACCES\",\"message\":\"permission denied\"},"
			     "\"event\":{\"action\":\"open exe\",\"kind\":\"pipeline_error\"},"
			     "\"process\":{\"pid\":12}}");
	CHECK_BYTES(line(1), "\"csi\":{\"schema\":1},\"event\":{\"kind\":\"state\"},"
			     "\"process\":{\"args\":[\"a\",\"b\"]}}");
	CHECK_BYTES(line(2), "\"csi\":{\"schema\":1},\"error\":{\"code\":\"EIO\","
			     "\"message\":\"input/output error\"},"
			     "\"event\":{\"action\":\"walk\",\"kind\":\"pipeline_error\"}}");
	CHECK_INT(out_gaps(o), 2);
	CHECK_INT(diag.n, 0);
	out_close(o);
	OK("a gap amid a record is a record of its own and disturbs nothing");
}

static void errors(void)
{
	struct out *o = start();
	const struct gap gap = { .err = EIO, .what = "walk" };

	out_begin(o, "state");
	CHECK_INT(out_end(o), 0);
	target_error = -EPIPE;
	CHECK_INT(out_flush(o), -EPIPE);
	target_error = 0;
	out_begin(o, "state");
	CHECK_INT(out_end(o), -EPIPE);
	CHECK_INT(out_gap(o, &gap), -EPIPE);
	CHECK_INT(out_flush(o), -EPIPE);
	CHECK_INT(out_error(o), -EPIPE);
	CHECK_INT(out_gaps(o), 1);
	CHECK_INT(data.n, 0);
	out_close(o);
	OK("EPIPE stays, and gaps are still counted");
}

static void large(void)
{
	AUTO_FREE unsigned char *big = malloc(1 << 20);
	struct out *o = start();

	CHECK(big);
	memset(big, 0xff, 1 << 20);
	data.max = 64 << 20;
	out_begin(o, "state");
	out_bytes(o, F_CSI_TEXT, bytes_of(big, 1 << 20));
	CHECK_INT(out_end(o), 0);
	CHECK(data.n > 5 << 20);
	out_begin(o, "state");
	for (int i = 0; i < 16; i++)
		out_bytes(o, F_CSI_TEXT, bytes_of(big, 1 << 20));
	CHECK_INT(out_end(o), -EFBIG);
	CHECK_INT(out_error(o), -EFBIG);
	out_begin(o, "state");
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_records(o), 2);
	out_close(o);
	buf_done(&data);
	data.max = 0;
	OK("a megabyte of hostile bytes fits, more than the limit is refused whole");
}

static void *tell_gaps(void *arg)
{
	const struct gap gap = { .err = EIO, .what = "walk" };

	for (int i = 0; i < 500; i++)
		if (out_gap(arg, &gap) < 0)
			return arg;
	return NULL;
}

static void threads(void)
{
	struct out *o = start();
	pthread_t t[2];
	size_t lines = 0;
	void *failed;

	for (int i = 0; i < 2; i++)
		CHECK_INT(pthread_create(&t[i], NULL, tell_gaps, o), 0);
	for (int i = 0; i < 500; i++) {
		out_begin(o, "state");
		out_u64(o, F_PROCESS_PID, 1);
		CHECK_INT(out_end(o), 0);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_INT(pthread_join(t[i], &failed), 0);
		CHECK(!failed);
	}
	CHECK_INT(out_flush(o), 0);
	for (size_t i = 0; i < data.n; i++) {
		lines += data.p[i] == '\n';
		CHECK(i + 1 == data.n || data.p[i] != '\n' || data.p[i + 1] == '{');
	}
	CHECK_INT(lines, 1500);
	CHECK_INT(out_gaps(o), 1000);
	out_close(o);
	OK("gaps from other threads");
}

int main(void)
{
	table();
	nested();
	all_fields();
	lists();
	twice();
	odd_times();
	file_facts();
	gaps();
	errors();
	large();
	threads();
	buf_done(&data);
	buf_done(&diag);
	TEST_END();
}
