/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as any text of /proc: parsed within bounds and within what the parser promises, or
 * refused. */
#include "sys/proc.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static bool within(struct bytes part, struct bytes whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void fuzz_stat(struct bytes text)
{
	struct proc_stat st;
	int r = proc_parse_stat(text, &st);

	must(r == 0 || r == -EBADMSG);
	if (r == 0) {
		must(st.pid >= 0 && st.ppid >= 0 && st.comm_len <= sizeof(st.comm));
		must(memmem(text.p, text.n, st.comm, st.comm_len) != NULL);
		/* What follows the name holds no parenthesis. */
		must(text.p[text.n - 1] != ')' && st.state >= 'A' && st.state <= 'z');
	}
}

static void fuzz_status(struct bytes text)
{
	struct proc_status st;
	int r = proc_parse_status(text, &st);

	must(r == 0 || r == -EBADMSG);
	if (r == 0)
		must(st.tracer >= 0 && st.nspid >= 0 && st.ppid >= 0);
}

static void fuzz_lines(struct bytes text)
{
	struct bytes rest = text, line;
	struct proc_mount mount;
	struct proc_map map;
	size_t total = 0;

	while (proc_next_line(&rest, &line)) {
		total += line.n + 1;
		must(within(line, text) && (line.n == 0 || !memchr(line.p, '\n', line.n)));
		if (proc_parse_map(line, &map) == 0)
			must(map.start < map.end && within(map.path, line));
		if (proc_parse_mount(line, &mount) == 0) {
			must(within(mount.root, line) && within(mount.point, line) &&
			     within(mount.options, line));
			must(within(mount.fstype, line) && within(mount.source, line));
			must(within(mount.super_options, line) && mount.point.n > 0);
		}
	}
	must(total == text.n || total == text.n + 1);
}

static void fuzz_names(struct bytes text)
{
	struct bytes id = proc_container_id(text), rest = text, part;
	AUTO_DONE(buf_done) struct buf plain = BUF_NONE;
	pid_t pid;

	must(within(id, text) && (id.n == 0 || id.n == 64));
	if (proc_parse_pid(text, &pid) == 0)
		must(pid > 0 && text.n <= 10);
	while (proc_next_string(&rest, &part))
		must(within(part, text));
	must(proc_unmangle(&plain, text) == 0 && plain.n <= text.n);
	must(text.n - plain.n == 0 || (text.n - plain.n) % 3 == 0);
	buf_clear(&plain);
	must(proc_unmangle_map(&plain, text) == 0 && plain.n <= text.n);
}

/* The first byte chooses the parser, so that each grows a corpus of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const fuzz[])(struct bytes) = { fuzz_stat, fuzz_status, fuzz_lines,
						      fuzz_names };

	if (n == 0)
		return 0;
	fuzz[p[0] % ARRAY_LEN(fuzz)](bytes_of(p + 1, n - 1));
	return 0;
}
