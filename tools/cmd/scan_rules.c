/* SPDX-License-Identifier: Apache-2.0 */
/* csi scan: where the rules come from. */
#include "cmd/scan.h"
#include "work/rules_builtin.h"
#include "work/rules_mem.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { COPY_BYTES = 64 << 10 };

/* A broken file is told with its line, and is a gap: what it would have found is not known. */
static void on_fault(void *ctx, const struct rules_fault *f)
{
	struct scan *s = ctx;
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	struct gap gap = { .err = f->err, .what = "compile rules" };
	int r = buf_adds(&b, f->file);

	if (r == 0 && f->line > 0)
		r = buf_addf(&b, ":%d", f->line);
	if (r == 0 && f->text)
		r = buf_addf(&b, ": %s", f->text);
	gap.on = r == 0 ? buf_bytes(&b) : bytes_str(f->file);
	if (f->err == -EPROTONOSUPPORT)
		gap.mend = "compiled by another version: csi scan --compile makes a new one";
	gap_tell(&s->run->gaps, &gap);
}

/* Standard input as a file, since compiled rules are read as one. The descriptor stays open. */
static int add_stdin(struct rules_list *l)
{
	AUTO_CLOSE int fd = memfd_create("rules", MFD_CLOEXEC);
	char buf[COPY_BYTES], path[40];
	size_t all = 0;
	ssize_t n;
	int r = fd < 0 ? -errno : 0;

	while (r == 0 && (n = read(STDIN_FILENO, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		all += (size_t)n;
		r = all > RULES_FILE_MAX ? -EFBIG : io_write_all(fd, buf, (size_t)n);
	}
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = rules_list_path(l, "stdin", path);
	if (r == 0)
		(void)take_fd(&fd);
	return r;
}

static int add_named(struct rules_list *l, const char *name)
{
	struct stat st;

	if (strcmp(name, "-") == 0)
		return add_stdin(l);
	if (stat(name, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? rules_list_dir(l, name) : rules_list_path(l, name, name);
}

/* -1, or an exit code. */
static int list_rules(struct scan *s, struct rules_list *l)
{
	const struct opt_strings *names = &s->args->rules;
	int r = 0;

	if (names->n == 0)
		r = rules_builtin(l);
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		r = add_named(l, names->v[i]);
		if (r < 0)
			cmd_fail(s->run, "read rules", bytes_str(names->v[i]), r, NULL);
	}
	return r == 0 ? -1 : EXIT_FAILED;
}

/* Each file of NAMES through ADD. -1, or an exit code. */
static int each_list(struct scan *s, const struct opt_strings *names, void *to,
		     int (*add)(struct scan *s, void *to, const char *file, struct bytes text))
{
	for (size_t i = 0; i < names->n; i++) {
		AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(RULES_FILE_MAX);
		AUTO_CLOSE int fd = open(names->v[i], O_RDONLY | O_CLOEXEC);
		int r = fd < 0 ? -errno : buf_read_fd(&text, fd, RULES_FILE_MAX);

		if (r == 0)
			r = add(s, to, names->v[i], buf_bytes(&text));
		if (r == 0)
			continue;
		cmd_fail(s->run, "read indicators", bytes_str(names->v[i]), r, NULL);
		return EXIT_FAILED;
	}
	return -1;
}

static int add_hashes(struct scan *s, void *to, const char *file, struct bytes text)
{
	return ioc_hashes_add(to, file, text, on_fault, s);
}

static int add_names(struct scan *s, void *to, const char *file, struct bytes text)
{
	return ioc_names_add(to, file, text, on_fault, s);
}

static int add_network(struct scan *s, void *to, const char *file, struct bytes text)
{
	return ioc_network_add(to, &s->addresses, file, text, on_fault, s);
}

/* Paths are scanned like files: each regular expression of the list is a rule. */
static int load_names(struct scan *s)
{
	AUTO_DONE(rules_list_done) struct rules_list l = { 0 };
	int r = each_list(s, &s->args->ioc_names, &l, add_names);

	if (r >= 0 || l.n == 0)
		return r;
	r = rules_load(&l, on_fault, s, &s->names);
	if (r == 0)
		r = rules_scanner_new(s->names,
				      s->args->each ? (unsigned)s->args->each : SWEEP_TIMEOUT,
				      &s->name_scanner);
	if (r == 0 || r == -ENOENT)
		return -1;
	cmd_fail(s->run, "load indicators", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

void scan_rules_done(struct scan *s)
{
	rules_scanner_closep(&s->name_scanner);
	rules_closep(&s->names);
	rules_closep(&s->rules);
	ioc_hashes_done(&s->hashes);
	ioc_addresses_done(&s->addresses);
}

int scan_load_rules(struct scan *s)
{
	AUTO_DONE(rules_list_done) struct rules_list l = { 0 };
	const uint64_t room = s->args->rules_memory;
	char text[160];
	int r;

	rules_mem_limit(room ? room : RULES_MEM_DEFAULT);
	r = list_rules(s, &l);
	if (r < 0)
		r = each_list(s, &s->args->ioc_network, &l, add_network);
	if (r < 0)
		r = each_list(s, &s->args->ioc_hashes, &s->hashes, add_hashes);
	if (r < 0)
		r = load_names(s);
	if (r >= 0)
		return r;
	r = rules_load(&l, on_fault, s, &s->rules);
	if (r < 0) {
		cmd_fail(s->run, "load rules", bytes_of(NULL, 0), r,
			 r == -ENOMEM	? "they need more than --rules-memory"
			 : r == -ENOENT ? "no rule is left"
					: NULL);
		return EXIT_FAILED;
	}
	rules_mem_trim();
	if (s->args->common.verbose) {
		(void)snprintf(
			text, sizeof(text), "%zu rules from %zu files, %llu KiB, %llu KiB at most",
			rules_count(s->rules), l.n, (unsigned long long)(rules_mem_used() >> 10),
			(unsigned long long)(rules_mem_peak() >> 10));
		cmd_note(s->run, text);
	}
	return -1;
}

int scan_write_rules(struct scan *s)
{
	AUTO_CLOSE int fd = -1;
	int r = cmd_open_stream(s->run, &fd);

	if (r >= 0)
		return r;
	r = rules_save(s->rules, fd);
	if (close(take_fd(&fd)) < 0 && r == 0) /* some file systems say only now that it is full */
		r = -errno;
	if (r == 0)
		return EXIT_COMPLETE;
	cmd_fail(s->run, "write the compiled rules", bytes_of(NULL, 0), r,
		 r == -EINVAL ? "compiled files cannot be joined: name sources" : NULL);
	return EXIT_FAILED;
}
