/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --baseline BUNDLE: against the file records of an earlier bundle, as far as they are proven. They
 * become an index of the kind that an image is read into: each good checkpoint says up to where it
 * counts.
 */
#include "base/when.h"
#include "format/age.h"
#include "format/json_get.h"
#include "work/diff_index.h"
#include "work/have.h"
#include "work/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct bundle_base {
	int fd;
	char *label; /* of the root that is wanted; NULL: the only one */
	struct image_index *index;
	struct buf name, path, link; /* of the record in hand */
	char root[HAVE_ROOT_MAX + 1];
	char run[HAVE_RUN_MAX + 1];
	bool full, has_case, several;
	bool in_root;	 /* the record before was of the root that is wanted */
	uint32_t proven; /* facts of the index */
	bool cut;	 /* it does not have everything */
	struct buf what;
	int err; /* of reading; stays */
};

/* ---- one record ---------------------------------------------------------------------------- */

static bool digits_of(struct bytes v, unsigned base, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.n; i++) {
		unsigned digit = (unsigned)v.p[i] - '0';

		if (digit >= base || n > ((uint64_t)INT64_MAX - digit) / base)
			return false;
		n = n * base + digit;
	}
	*ret = n;
	return v.n > 0;
}

/* A number, or a string of digits. */
static bool number_of(struct bytes record, const char *key, unsigned base, uint64_t *ret)
{
	struct bytes v;

	if (have_member(record, key, &v) < 0)
		return false;
	if (v.n >= 2 && v.p[0] == '"')
		v = bytes_of(v.p + 1, v.n - 2);
	return digits_of(v, base, ret);
}

static uint32_t type_of(struct bytes record)
{
	static const uint32_t types[] = { S_IFREG,  S_IFDIR, S_IFLNK, S_IFIFO,
					  S_IFSOCK, S_IFCHR, S_IFBLK };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (have_is(record, "file.type", file_type_name(types[i])))
			return types[i];
	return 0;
}

static int undo(struct bytes record, const char *key, struct buf *ret)
{
	struct bytes v;
	int r = have_member(record, key, &v);

	buf_clear(ret);
	return r < 0 ? r : json_undo(ret, v);
}

/* "1:3" */
static void device_of(struct bytes record, struct tar_in_entry *t)
{
	uint64_t major, minor;
	struct bytes v;

	if (have_member(record, "csi.file.rdev", &v) < 0 || v.n < 2)
		return;
	v = bytes_of(v.p + 1, v.n - 2);
	const unsigned char *colon = memchr(v.p, ':', v.n);
	if (!colon || !digits_of(bytes_of(v.p, (size_t)(colon - v.p)), 10, &major) ||
	    !digits_of(bytes_of(colon + 1, (size_t)(v.p + v.n - colon) - 1), 10, &minor))
		return;
	t->rdev_major = (uint32_t)major;
	t->rdev_minor = (uint32_t)minor;
}

/* A time outside 1970 to 2262 is told elsewhere in the record: it counts as 1970, as in an image.
 */
static struct file_stamp mtime_of(struct bytes record)
{
	char text[WHEN_TEXT_MAX];
	int64_t ns;

	if (have_text(record, "file.mtime", text, sizeof(text)) < 0 || when_parse(text, 0, &ns) < 0)
		return (struct file_stamp){ 0 };
	return (struct file_stamp){ .sec = ns / (int64_t)NS_PER_SEC,
				    .nsec = (uint32_t)(ns % (int64_t)NS_PER_SEC) };
}

static int add_file(struct bundle_base *b, struct bytes record)
{
	struct tar_in_entry t = { .path = buf_bytes(&b->path) };
	struct image_entry e = { .tar = &t, .literal = true };
	struct have_digest d;
	uint64_t mode, uid, gid;

	if (!number_of(record, "file.mode", 8, &mode) || !number_of(record, "file.uid", 10, &uid) ||
	    !number_of(record, "file.gid", 10, &gid) ||
	    !number_of(record, "file.size", 10, &t.size) || uid > UINT32_MAX || gid > UINT32_MAX)
		return -EBADMSG;
	t.mode = type_of(record) | ((uint32_t)mode & 07777);
	t.uid = (uint32_t)uid;
	t.gid = (uint32_t)gid;
	t.mtime = mtime_of(record);
	device_of(record, &t);
	if (S_ISLNK(t.mode)) {
		if (undo(record, "file.target_path", &b->link) < 0)
			return -EBADMSG;
		t.link = buf_bytes(&b->link);
	}
	if (S_ISREG(t.mode) && have_digest_of(record, &d) == 0 && !d.extents) {
		if (hash_unhex(bytes_str(d.hex), e.sha256, sizeof(e.sha256)) < 0)
			return -EBADMSG;
		e.has_sha256 = true;
	}
	return image_index_add(b->index, &e);
}

/* Whether the record is of the root that is compared: the first one, unless one is named. */
static bool is_wanted(struct bundle_base *b, struct bytes name)
{
	struct bytes label = bytes_of(name.p + 6, name.n - 6); /* "files/" */
	const unsigned char *slash = memchr(label.p, '/', label.n);

	if (slash)
		label.n = (size_t)(slash - label.p);
	if (label.n == 0 || label.n > HAVE_ROOT_MAX)
		return false;
	if (b->label)
		return bytes_eq(label, bytes_str(b->label));
	if (!b->root[0])
		memcpy(b->root, label.p, label.n);
	b->several = b->several || !bytes_eq(label, bytes_str(b->root));
	return bytes_eq(label, bytes_str(b->root));
}

static int on_record(struct bundle_base *b, struct bytes record)
{
	int r;

	if (!have_is(record, "csi.action", "collect file"))
		return 0;
	/* Devices, fifos and sockets are no entries: they are of the root that is under way. */
	if (undo(record, "csi.item", &b->name) == 0)
		b->in_root = bytes_starts(buf_bytes(&b->name), "files/") &&
			     is_wanted(b, buf_bytes(&b->name));
	if (!b->in_root)
		return 0;
	if (undo(record, "file.path", &b->path) < 0 || b->path.n < 2 || b->path.n > IMAGE_PATH_MAX)
		return 0;
	r = add_file(b, record);
	return r == -EBADMSG ? 0 : r;
}

/* ---- the bundle ---------------------------------------------------------------------------- */

static bool want(void *ctx, struct bytes name)
{
	(void)ctx;
	return bytes_starts(name, "ledger/") || bytes_eq(name, bytes_str("case.json"));
}

static int on_content(void *ctx, struct bytes name, struct bytes content)
{
	struct bundle_base *b = ctx;
	struct bytes line;

	if (bytes_eq(name, bytes_str("case.json"))) {
		b->has_case = true;
		b->full = have_is(content, "scope", "full");
		(void)have_text(content, "run_id", b->run, sizeof(b->run));
		return b->full ? 0 : -ENODATA;
	}
	while (proc_next_line(&content, &line)) {
		int r = on_record(b, line);

		if (r < 0)
			return r;
	}
	return 0;
}

static int on_settle(void *ctx, bool proven)
{
	struct bundle_base *b = ctx;

	if (proven)
		b->proven = image_index_facts(b->index);
	return 0;
}

static const char *const odd_verdicts[] = {
	[VERIFY_CUT] = "what is new since its cut cannot be told from what was there",
	[VERIFY_ALTERED] = "it is altered",
	[VERIFY_NOT_ONE] = "it is no bundle",
	[VERIFY_LOCKED] = "it is encrypted: age -d it first, and --baseline -",
};

static void tell(struct bundle_base *b, const struct diff_target *t, int err, const char *why)
{
	struct gap gap = { .err = err, .what = "read the baseline" };

	buf_clear(&b->what);
	if (buf_addf(&b->what, "read the baseline (%s)", why) == 0 && buf_addc(&b->what, 0) == 0)
		gap.what = (const char *)b->what.p;
	gap_tell(t->gaps, &gap);
}

/* Whether what the stream proves can be compared with. 0, or -EBADMSG, told. */
static int judge_stream(struct bundle_base *b, const struct diff_target *t,
			const struct verify_result *v)
{
	b->cut = v->verdict != VERIFY_SEALED || v->status != BUNDLE_COMPLETE;
	if (v->verdict == VERIFY_SEALED && b->cut)
		tell(b, t, -ENODATA, "it is sealed as partial: it may lack files");
	else if (v->verdict == VERIFY_CUT && b->proven)
		tell(b, t, -ENODATA, odd_verdicts[VERIFY_CUT]);
	if (v->verdict == VERIFY_SEALED || (v->verdict == VERIFY_CUT && b->proven)) {
		if (b->several)
			tell(b, t, -ENOTUNIQ,
			     "it has several roots, and the first is compared with: "
			     "--baseline FILE#ROOT chooses");
		if (b->proven)
			return 0;
		tell(b, t, -ENOENT, "it has no files of such a root");
		return -EBADMSG;
	}
	tell(b, t, -EBADMSG,
	     v->verdict == VERIFY_CUT ? "nothing of it is proven" : odd_verdicts[v->verdict]);
	return -EBADMSG;
}

static int read_stream(struct bundle_base *b, const struct diff_target *t)
{
	AUTO_DONE(intake_closep) struct intake *below = NULL;
	AUTO_DONE(intake_closep) struct intake *in = NULL;
	struct verify_options opts = {
		.want = want, .content = on_content, .settle = on_settle, .ctx = b, .stop = t->stop
	};
	struct verify_result v = { 0 };
	int r = intake_fd_until(b->fd, t->stop, &below);

	if (r == 0)
		r = age_intake(below, NULL, &in);
	if (r == 0)
		r = verify_stream(in, &opts, &v);
	if (b->has_case && !b->full) {
		tell(b, t, -ENODATA,
		     "its files are not all: collect --scope full makes a baseline");
		return -EBADMSG;
	}
	if (r == -ECANCELED || r == -ENOMEM)
		return r;
	if (r < 0) {
		tell(b, t, r,
		     r == -EDQUOT ? "--image-memory SIZE gives it more memory"
				  : "it cannot be read");
		return -EBADMSG;
	}
	return judge_stream(b, t, &v);
}

/* At the first comparison, as with an image. */
static int read_bundle(struct bundle_base *b, const struct diff_target *t)
{
	if (b->err)
		return b->err;
	if (b->index) {
		image_index_again(b->index);
		return 0;
	}
	b->err = image_index_open(t->image_memory, t->gaps, &b->index);
	if (b->err == 0)
		b->err = read_stream(b, t);
	if (b->err == 0)
		b->err = image_index_apply(b->index, 0, b->proven);
	if (b->err == 0)
		image_index_finish(b->index);
	return b->err;
}

/* What a baseline that is cut does not have may have been there. */
struct careful {
	diff_fn fn;
	void *ctx;
	bool cut;
};

static int tell_careful(void *ctx, const struct diff_change *c)
{
	const struct careful *k = ctx;
	struct diff_change d = *c;

	if (k->cut && d.kind == DIFF_ADDED)
		d.kind = DIFF_UNKNOWN;
	return k->fn(k->ctx, &d);
}

static int bundle_base_compare(void *state, const struct diff_target *t, diff_fn fn, void *ctx)
{
	struct bundle_base *b = state;
	struct diff_target whole = *t;
	int r = read_bundle(b, t);
	struct careful k = { fn, ctx, b->cut };

	if (r < 0)
		return r == -ENOMEM || r == -ECANCELED ? r : 0;
	whole.all_content = true; /* the lower layers are not those of another pod's image */
	return diff_index_compare(b->index, bytes_str(b->run), true, &whole, tell_careful, &k);
}

static void bundle_base_close(void *state)
{
	struct bundle_base *b = state;

	if (b->fd > STDIN_FILENO)
		(void)close(b->fd);
	free(b->label);
	image_index_closep(&b->index);
	buf_done(&b->name);
	buf_done(&b->path);
	buf_done(&b->link);
	buf_done(&b->what);
	free(b);
}

/* FILE, or FILE#ROOT where there is no file of the whole name. */
static int open_file(struct bundle_base *b, const char *where)
{
	const char *hash = strrchr(where, '#');

	b->fd = strcmp(where, "-") == 0 ? STDIN_FILENO : open(where, O_RDONLY | O_CLOEXEC);
	if (b->fd >= 0 || !hash)
		return b->fd >= 0 ? 0 : -errno;
	AUTO_FREE char *file = strndup(where, (size_t)(hash - where));
	b->label = strdup(hash + 1);
	if (!file || !b->label)
		return -ENOMEM;
	b->fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	return b->fd >= 0 ? 0 : -errno;
}

static int bundle_base_open(const char *where, void **ret, const char **ret_why)
{
	struct bundle_base *b = calloc(1, sizeof(*b));
	int r;

	(void)ret_why;
	if (!b)
		return -ENOMEM;
	b->fd = -1;
	r = open_file(b, where);
	if (r < 0) {
		bundle_base_close(b);
		return r;
	}
	*ret = b;
	return 0;
}

const struct diff_baseline diff_bundle = { "bundle", bundle_base_open, bundle_base_compare,
					   bundle_base_close };
