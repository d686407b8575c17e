/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a case against its SHA256SUMS. */
#include "work/casedir.h"

#include "base/io.h"
#include "format/hash.h"
#include "model/root.h"
#include "work/filehash.h"
#include "work/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char sums_name[] = "SHA256SUMS";

/* ---- names --------------------------------------------------------------------------------- */

bool casedir_is_bundle(struct bytes name)
{
	return !memchr(name.p, '/', name.n) &&
	       (bytes_ends(name, ".tar.zst") || bytes_ends(name, ".tar.zst.age"));
}

/* What is written after the sums, or about them. */
static bool is_after(struct bytes path)
{
	return !memchr(path.p, '/', path.n) &&
	       (bytes_eq(path, bytes_str(sums_name)) || bytes_starts(path, "SHA256SUMS.") ||
		bytes_eq(path, bytes_str("custody.txt")) || bytes_ends(path, ".minisig"));
}

/* ---- our own files in it ------------------------------------------------------------------- */

int casedir_read(int dirfd, const char *name, size_t max, struct buf *ret)
{
	AUTO_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? buf_read_fd(ret, fd, max) : -EINVAL;
}

int casedir_write(int dirfd, const char *name, struct bytes content)
{
	AUTO_CLOSE int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;

	if (r < 0)
		return r;
	r = io_write_all(fd, content.p, content.n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, name, 0);
	return r;
}

/* ---- SHA256SUMS ---------------------------------------------------------------------------- */

/* One line of it, and whether its file was met. The text lies in the result's buffer. */
struct sum {
	struct bytes line;
	bool met;
};

struct check {
	const struct casedir_ops *ops;
	struct casedir_result *res;
	struct sum *sum; /* sorted by the line behind the digest */
	size_t nsums;
	struct buf line;
	uint64_t files;
};

/* "DIGEST  NAME" or "\DIGEST  NAME": with the name as it is escaped there, both sides alike. */
static struct bytes name_in(struct bytes line)
{
	size_t at = line.n > 0 && line.p[0] == '\\' ? 67 : 66;

	return bytes_of(line.p + at, line.n - at);
}

static bool line_ok(struct bytes line)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = line.n > 0 && line.p[0] == '\\';

	if (line.n < at + 67 || line.p[at + 64] != ' ' ||
	    (line.p[at + 65] != ' ' && line.p[at + 65] != '*'))
		return false;
	for (size_t i = at; i < at + 64; i++)
		if (!memchr(digits, line.p[i], sizeof(digits) - 1))
			return false;
	return true;
}

static int compare(const void *x, const void *y)
{
	struct bytes a = name_in(((const struct sum *)x)->line);
	struct bytes b = name_in(((const struct sum *)y)->line);
	int r = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

static int load_sums(struct check *c, int dirfd)
{
	struct buf *text = &c->res->sums;
	struct digests d;
	struct hash h;

	int r = casedir_read(dirfd, sums_name, CASEDIR_SUMS_MAX, text);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	c->res->has_sums = true;
	hash_init(&h, HASH_SHA256);
	hash_add(&h, text->p, text->n);
	hash_peek(&h, &d);
	memcpy(c->res->sums_sha256, d.sha256, sizeof(d.sha256));
	c->sum = calloc(CASEDIR_FILES_MAX, sizeof(*c->sum));
	if (!c->sum)
		return -ENOMEM;
	for (size_t at = 0; at < text->n;) {
		const unsigned char *end = memchr(text->p + at, '\n', text->n - at);
		struct bytes line;

		if (!end)
			return -EBADMSG;
		line = bytes_of(text->p + at, (size_t)(end - text->p) - at);
		if (!line_ok(line))
			return -EBADMSG;
		if (c->nsums == CASEDIR_FILES_MAX)
			return -E2BIG;
		c->sum[c->nsums++].line = line;
		at += line.n + 1;
	}
	qsort(c->sum, c->nsums, sizeof(*c->sum), compare);
	for (size_t i = 1; i < c->nsums; i++) /* a name twice could say two things */
		if (compare(&c->sum[i - 1], &c->sum[i]) == 0)
			return -EBADMSG;
	return 0;
}

static int tell(struct check *c, enum casedir_word word, struct bytes path)
{
	c->res->n[word]++;
	return c->ops->told ? c->ops->told(c->ops->ctx, word, path) : 0;
}

static int judge(struct check *c, struct bytes path, const unsigned char sha256[32])
{
	struct sum key;

	if (++c->files > CASEDIR_FILES_MAX)
		return -E2BIG;
	buf_clear(&c->line);
	int r = ledger_sum_line(&c->line, path, sha256);
	if (r < 0)
		return r;
	if (!c->res->has_sums) {
		r = buf_addb(&c->res->sums, buf_bytes(&c->line));
		return r < 0 ? r : tell(c, CASEDIR_OK, path);
	}
	key.line = bytes_of(c->line.p, c->line.n - 1);
	struct sum *s = bsearch(&key, c->sum, c->nsums, sizeof(*c->sum), compare);
	if (!s)
		return tell(c, CASEDIR_EXTRA, path);
	s->met = true;
	bool odd = key.line.p[0] == '\\';
	bool same = s->line.p[0] == key.line.p[0] || !odd;
	same = same && memcmp(s->line.p + odd, key.line.p + odd, 64) == 0;
	return tell(c, same ? CASEDIR_OK : CASEDIR_DIFFERENT, path);
}

/* A line that no file met: its name with GNU's escapes undone. */
static int tell_missing(struct check *c, struct bytes line)
{
	static const struct {
		unsigned char letter, byte;
	} escapes[] = { { '\\', '\\' }, { 'n', '\n' }, { 'r', '\r' } };
	struct bytes name = name_in(line);
	int r = 0;

	if (line.p[0] != '\\')
		return tell(c, CASEDIR_MISSING, name);
	buf_clear(&c->line);
	for (size_t i = 0; i < name.n && r == 0; i++) {
		unsigned char byte = name.p[i];

		if (byte == '\\' && i + 1 < name.n) {
			i++;
			for (size_t k = 0; k < ARRAY_LEN(escapes); k++)
				if (name.p[i] == escapes[k].letter)
					byte = escapes[k].byte;
		}
		r = buf_addc(&c->line, byte);
	}
	return r < 0 ? r : tell(c, CASEDIR_MISSING, buf_bytes(&c->line));
}

/* ---- files --------------------------------------------------------------------------------- */

static int hash_file(struct file *f, unsigned char ret[32])
{
	const struct filehash_options o = { .kinds = HASH_SHA256, .keep_cache = true };
	struct digests d;
	int r = filehash(f, &o, &d, NULL);

	if (r == 0)
		memcpy(ret, d.sha256, sizeof(d.sha256));
	return r;
}

static int on_entry(void *ctx, struct walk_entry *e)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	struct check *c = ctx;
	unsigned char sha256[32];
	struct bytes path = e->path;
	int r;

	if (e->event == WALK_UNSORTED || (e->event == WALK_ENTRY && S_ISDIR(e->info.mode)))
		return 0;
	if (path.n > 0 && path.p[0] == '/')
		path = bytes_of(path.p + 1, path.n - 1);
	if (e->event == WALK_SKIPPED || !S_ISREG(e->info.mode))
		return tell(c, CASEDIR_SPECIAL, path);
	if (is_after(path))
		return 0;
	r = file_open_pinned(e->pin, &e->info, &f);
	if (r == 0)
		r = hash_file(f, sha256);
	if (r == 0)
		return judge(c, path, sha256);
	gap_tell(c->ops->gaps, &(struct gap){ .err = r, .what = "read", .on = path });
	return 0;
}

static int walk(struct check *c, int dirfd)
{
	struct walk_limits limits = {
		.enter = WALK_MEMORY | WALK_BOUND | WALK_VOLUME | WALK_NETWORK,
		.depth = CASEDIR_DEPTH_MAX,
		.gaps = c->ops->gaps,
	};
	int fd = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_DONE(root_closep) struct root *root = NULL;

	if (fd < 0)
		return -errno;
	int r = root_from_fd(fd, bytes_of("", 0), &root);
	return r < 0 ? r : root_walk(root, bytes_str("/"), &limits, on_entry, c);
}

int casedir_check(int dirfd, const struct casedir_ops *ops, struct casedir_result *ret)
{
	struct check c = { .ops = ops, .res = ret };

	*ret = (struct casedir_result){ .sums = BUF_LIMIT(CASEDIR_SUMS_MAX) };
	c.line = BUF_NONE;
	int r = load_sums(&c, dirfd);
	if (r == 0)
		r = walk(&c, dirfd);
	for (size_t i = 0; i < c.nsums && r == 0; i++)
		if (!c.sum[i].met)
			r = tell_missing(&c, c.sum[i].line);
	buf_done(&c.line);
	free(c.sum);
	return r;
}
