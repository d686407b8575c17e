/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table: widths, cutting on a terminal only, colours, escaped cells. */
#include "format/out.h"

#include "test.h"

#include <errno.h>

static const struct column columns[] = {
	{ F_PROCESS_PID, "PID", 5 },
	{ F_PROCESS_NAME, "NAME", -6 },
	{ F_CSI_SIGNS, "SIGNS", -10 },
	{ F_PROCESS_EXECUTABLE, "EXE", -1 },
};

static struct buf data, diag;

static int to_buf(void *ctx, struct bytes b)
{
	return buf_addb(ctx, b);
}

static struct out *start(int terminal, bool color)
{
	const struct out_options opts = {
		.mode = OUT_TABLE,
		.columns = columns,
		.ncolumns = ARRAY_LEN(columns),
		.terminal = terminal,
		.color = color,
		.data = { to_buf, &data },
		.diag = { to_buf, &diag },
	};
	struct out *o = NULL;

	buf_clear(&data);
	buf_clear(&diag);
	CHECK_INT(out_open(&opts, &o), 0);
	return o;
}

static void row(struct out *o, uint64_t pid, const char *name, bool signs, const char *exe)
{
	out_begin(o, "state");
	out_u64(o, F_PROCESS_PID, pid);
	out_bytes(o, F_PROCESS_NAME, bytes_str(name));
	if (signs) {
		out_pairs(o, F_CSI_SIGNS, "id", "level");
		out_pair_add(o, bytes_str("memfd"), bytes_str("high"));
		out_pair_add(o, bytes_str("deleted"), bytes_str("info"));
	}
	if (exe)
		out_bytes(o, F_PROCESS_EXECUTABLE, bytes_str(exe));
	CHECK_INT(out_end(o), 0);
}

#define MARK "\xe2\x80\xa6"

static void piped(void)
{
	struct out *o = start(0, false);

	row(o, 1, "app", false, "/app");
	row(o, 1234567, "a-long-name", true, "/a/path/that/is/long/enough/to/be/cut/somewhere");
	row(o, 2, "a\nb", false, NULL);
	CHECK_INT(out_text(o, bytes_str("a line between")), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(buf_bytes(&data), "  PID NAME   SIGNS      EXE\n"
				      "    1 app               /app\n"
				      "1234567 a-long-name memfd:high deleted:info "
				      "/a/path/that/is/long/enough/to/be/cut/somewhere\n"
				      "    2 a\\x0ab            -\n"
				      "a line between\n");
	out_close(o);
	OK("piped, nothing is cut; a newline in a name stays in its row");
}

static void on_terminal(void)
{
	struct out *o = start(44, false);

	row(o, 1234567, "a-long-name", true, "/a/path/that/is/long/enough/to/be/cut");
	/* Each row is written at once. */
	CHECK_BYTES(buf_bytes(&data),
		    "  PID NAME   SIGNS      EXE\n"
		    "1234567 a-lon" MARK " memfd:hig" MARK " /a/path/that/is/l" MARK "\n");
	buf_clear(&data);
	row(o, 1, "\x1b\x1b", false, "\xe4\xb8\xad\xe4\xb8\xad/exactly/fits/ab");
	CHECK_BYTES(buf_bytes(&data), "    1 \\x1b" MARK "             "
				      "\xe4\xb8\xad\xe4\xb8\xad/exactly/fits/ab\n");
	out_close(o);
	OK("on a terminal cells are cut with a mark, never inside an escape; numbers are not");
}

static void colored(void)
{
	struct out *o = start(100, true);

	row(o, 1, "x", true, "/\x1b[31m");
	CHECK_BYTES(buf_bytes(&data), "  PID NAME   SIGNS      EXE\n"
				      "    1 x      \x1b[31mmemfd\x1b[0m \x1b[2mdel" MARK "\x1b[0m "
				      "/\\x1b[31m\n");
	out_close(o);
	OK("colours are ours alone, and end in their cell");
}

static void gaps(void)
{
	const struct gap gap = { .err = -EACCES,
				 .what = "open exe",
				 .pid = 12,
				 .on = bytes_of("/p\x1b", 3),
				 .mend = "--profile=general" };
	const struct gap part = {
		.err = EIO, .what = "read", .on = bytes_of("/x", 2), .offset = 4096, .len = 10
	};
	const struct gap bare = { .err = ENOMEM, .what = "walk" };
	struct out *o = start(0, false);

	CHECK_INT(out_gap(o, &gap), 0);
	CHECK_INT(out_gap(o, &part), 0);
	CHECK_INT(out_gap(o, &bare), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_INT(data.n, 0);
	CHECK_BYTES(buf_bytes(&diag),
		    "csi: gap: EACCES open exe, pid 12 /p\\x1b: permission denied "
		    "(--profile=general)\n"
		    "csi: gap: EIO read, /x, 10 bytes at 0x1000: input/output error\n"
		    "csi: gap: ENOMEM walk: out of memory\n");
	CHECK_INT(out_gaps(o), 3);
	out_close(o);
	OK("gaps are lines on the other stream");
}

static void lists(void)
{
	static const struct column list[] = { { F_PROCESS_ARGS, "ARGS", -20 },
					      { F_CSI_EVIDENCE, "WHY", -1 } };
	const struct out_options opts = {
		.columns = list, .ncolumns = 2, .no_heading = true, .data = { to_buf, &data }
	};
	struct out *o = NULL;

	buf_clear(&data);
	CHECK_INT(out_open(&opts, &o), 0);
	out_begin(o, "state");
	out_list(o, F_PROCESS_ARGS);
	out_list_add(o, bytes_str("sh"));
	out_list_add(o, bytes_str("-c"));
	out_pairs(o, F_CSI_EVIDENCE, "field", "value");
	out_pair_add(o, bytes_str("process.executable"), bytes_str("/tmp/x y\x02\x01"));
	out_pair_add(o, bytes_str("a"), bytes_str(""));
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_BYTES(buf_bytes(&data),
		    "sh -c                process.executable=/tmp/x y\\x02\\x01 a=\n");
	out_close(o);

	const struct out_options none = { .data = { to_buf, &data } };
	buf_clear(&data);
	CHECK_INT(out_open(&none, &o), 0);
	out_begin(o, "state");
	CHECK_INT(out_end(o), 0);
	CHECK_INT(out_flush(o), 0);
	CHECK_INT(data.n, 0);
	out_close(o);
	OK("lists and pairs; without columns no rows");
}

int main(void)
{
	piped();
	on_terminal();
	colored();
	gaps();
	lists();
	buf_done(&data);
	buf_done(&diag);
	TEST_END();
}
