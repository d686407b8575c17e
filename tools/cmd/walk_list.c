/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi walk --format hashdeep|sha256sum: lists for these programs to check a copy of the tree with.
 *
 * hashdeep 1.0: md5deep's FILEFORMAT; names are raw and end with the line, a carriage return before
 * that is taken as part of the line's end (hashdeep 4.4, tried). sha256sum: coreutils' manual,
 * "cksum output modes". Paths begin with "./", so none looks like a comment of either format.
 */
#include "cmd/walk.h"

#include "base/escape.h"
#include "work/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

enum { LIST_FLUSH = 64 << 10, LIST_PIDS_SHOWN = 8 };

struct list_kind {
	unsigned hashes;
	bool all_types; /* not only regular files, and those without a digest too */
	int (*head)(struct buf *b, const struct seen_root *root, int argc, char **argv);
	int (*line)(struct buf *b, struct bytes path, const struct hashwalk_item *it);
	bool (*can_name)(struct bytes path);
};

/* ---- hashdeep ------------------------------------------------------------------------------ */

static int hashdeep_head(struct buf *b, const struct seen_root *root, int argc, char **argv)
{
	int r = buf_adds(b, "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## of the root");

	if (r == 0 && root->pid)
		r = buf_addf(b, " of process %d", (int)root->pid);
	if (r == 0 && root->container_id.n >= 12)
		r = buf_addf(b, ", container %.12s", (const char *)root->container_id.p);
	if (r == 0)
		r = buf_adds(b, "\n## # csi");
	for (int i = 0; r == 0 && i < argc; i++) {
		r = buf_addc(b, ' ');
		if (r == 0)
			r = escape_add(b, bytes_str(argv[i]));
	}
	return r < 0 ? r : buf_adds(b, "\n##\n");
}

static int hashdeep_line(struct buf *b, struct bytes path, const struct hashwalk_item *it)
{
	char md5[HASH_HEX_MAX], sha256[HASH_HEX_MAX];

	hash_hex(it->sums.md5, sizeof(it->sums.md5), md5);
	hash_hex(it->sums.sha256, sizeof(it->sums.sha256), sha256);
	int r = buf_addf(b, "%" PRIu64 ",%s,%s,", it->info.size, md5, sha256);
	if (r == 0)
		r = buf_addb(b, path);
	return r < 0 ? r : buf_addc(b, '\n');
}

static bool hashdeep_can_name(struct bytes path)
{
	return !memchr(path.p, '\n', path.n) && !bytes_ends(path, "\r");
}

/* ---- sha256sum ----------------------------------------------------------------------------- */

static int no_head(struct buf *b, const struct seen_root *root, int argc, char **argv)
{
	(void)b;
	(void)root;
	(void)argc;
	(void)argv;
	return 0;
}

static int sha256sum_line(struct buf *b, struct bytes path, const struct hashwalk_item *it)
{
	return ledger_sum_line(b, path, it->sums.sha256);
}

static bool any_name(struct bytes path)
{
	(void)path;
	return true;
}

/* By enum walk_format; the first two are no lists. */
static const struct list_kind kinds[] = {
	[WALK_HASHDEEP] = { (unsigned)HASH_MD5 | (unsigned)HASH_SHA256, false, hashdeep_head,
			    hashdeep_line, hashdeep_can_name },
	[WALK_SHA256SUM] = { (unsigned)HASH_SHA256, false, no_head, sha256sum_line, any_name },
	[WALK_BODYFILE] = { 0, true, no_head, walk_body_line, any_name },
	[WALK_BODYFILE_PLASO] = { 0, true, no_head, walk_body_line_plaso, any_name },
};

bool walk_list_is(enum walk_format f)
{
	return (size_t)f < ARRAY_LEN(kinds) && kinds[f].line;
}

unsigned walk_list_hashes(enum walk_format f)
{
	return (size_t)f < ARRAY_LEN(kinds) ? kinds[f].hashes : 0;
}

/* ---- the list ------------------------------------------------------------------------------ */

static int flush(struct walk_list *l)
{
	if (l->err == 0 && l->text.n > 0)
		l->err = sink_write(l->sink, l->text.p, l->text.n);
	buf_clear(&l->text);
	return l->err;
}

static int several_roots(const struct run *run, const struct seen_root *roots, size_t n)
{
	AUTO_DONE(buf_done) struct buf b = BUF_NONE;
	int r = buf_addf(&b, "a list is of one tree, and here are %zu: choose one with -p (", n);

	for (size_t i = 0; r == 0 && i < n && i < LIST_PIDS_SHOWN; i++)
		r = buf_addf(&b, "%s%d", i ? ", " : "", (int)roots[i].pid);
	if (r == 0 && n > LIST_PIDS_SHOWN)
		r = buf_adds(&b, ", ...");
	if (r == 0)
		r = buf_add(&b, ")", 2);
	return cmd_usage(run->self, r == 0 ? (const char *)b.p : "choose one tree with -p");
}

int walk_list_begin(struct walk_list *l, struct run *run, const struct seen_root *roots, size_t n)
{
	int fd, r;

	if (n > 1)
		return several_roots(run, roots, n);
	r = cmd_open_stream(run, &fd);
	if (r >= 0)
		return r;
	r = sink_fd(fd, true, &l->sink);
	if (r < 0)
		(void)close(fd);
	if (r == 0 && n > 0)
		r = kinds[l->format].head(&l->text, &roots[0], l->argc, l->argv);
	if (r == 0)
		return -1;
	cmd_fail(run, "start the list", bytes_of(NULL, 0), r, NULL);
	return EXIT_FAILED;
}

/* Nothing but whole files by their right names: all else is a gap. */
static struct gap why_not(const struct walk_list *l, const struct hashwalk_item *it)
{
	struct gap gap = it->gap;

	if (gap.err)
		return gap;
	gap = (struct gap){ .what = "list", .on = it->path.head };
	if ((it->sums.kinds & l->hashes) != l->hashes || (l->hashes && it->extents))
		gap.err = -ENODATA;
	else if (it->path.left_off)
		gap.err = -ENAMETOOLONG;
	else if (!kinds[l->format].can_name(it->path.head))
		gap.err = -EILSEQ;
	gap.mend = gap.err ? "csi walk --json has it" : NULL;
	return gap;
}

int walk_list_file(struct walk_list *l, const struct hashwalk_item *it, struct gap *ret)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;

	*ret = (struct gap){ 0 };
	if (!S_ISREG(it->info.mode) && !kinds[l->format].all_types) {
		*ret = it->gap;
		return 0;
	}
	*ret = why_not(l, it);
	/* Times can be told of what could not be read. */
	if (ret->err && !(kinds[l->format].all_types && it->gap.err))
		return 0;
	int r = kinds[l->format].all_types ? 0 : buf_addc(&path, '.');
	if (r == 0)
		r = buf_addb(&path, it->path.head);
	if (r == 0)
		r = kinds[l->format].line(&l->text, buf_bytes(&path), it);
	if (r < 0)
		return r;
	return l->text.n >= LIST_FLUSH ? flush(l) : 0;
}

int walk_list_end(struct walk_list *l)
{
	int r = l->sink ? flush(l) : 0;
	int closed = sink_close(take_ptr(&l->sink));

	buf_done(&l->text);
	return r < 0 ? r : closed;
}
