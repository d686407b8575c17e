/* SPDX-License-Identifier: Apache-2.0 */
/* Entries meet their records: both come in the same order. */
#include "work/have_items.h"

#include "format/hash.h"
#include "format/json_get.h"

#include <errno.h>

/* A part of 1 MiB has the records of some 5,000 entries, and a record is longer than its names. */
enum { PENDING_MAX = 2 << 20 };

/* In h->pending, followed by the name. */
struct pending {
	uint64_t size;
	size_t name;
	bool hashed;
	unsigned char sha256[32];
};

void have_items_init(struct have_items *h, const struct have_items_ops *ops, void *ctx)
{
	*h = (struct have_items){ .ops = ops, .ctx = ctx };
	h->pending = BUF_LIMIT(PENDING_MAX);
}

void have_items_done(struct have_items *h)
{
	buf_done(&h->pending);
	buf_done(&h->name);
	buf_done(&h->path);
}

static int set_run(struct have_items *h, struct bytes top)
{
	size_t n = top.n - strlen("csi-");

	if (top.n <= strlen("csi-") || n > HAVE_RUN_MAX)
		return -EBADMSG;
	memcpy(h->run, top.p + strlen("csi-"), n);
	h->run[n] = '\0';
	return 0;
}

int have_items_entry(struct have_items *h, struct bytes path, uint64_t size,
		     const unsigned char sha256[32])
{
	const unsigned char *slash = memchr(path.p, '/', path.n);
	size_t top = slash ? (size_t)(slash - path.p) : path.n;
	struct bytes name =
		bytes_of(path.p + top + (slash != NULL), path.n - top - (slash != NULL));
	struct pending p = { .size = size, .name = name.n, .hashed = sha256 != NULL };

	if (h->run[0] == '\0' && set_run(h, bytes_of(path.p, top)) < 0)
		return -EBADMSG;
	if (!bytes_starts(name, "files/"))
		return 0;
	if (sha256)
		memcpy(p.sha256, sha256, sizeof(p.sha256));
	int r = buf_add(&h->pending, &p, sizeof(p));
	if (r == 0)
		r = buf_addb(&h->pending, name);
	if (r == -EFBIG) { /* what is not known is not listed */
		buf_clear(&h->pending);
		r = 0;
	}
	return r;
}

bool have_items_want(struct bytes name)
{
	return bytes_starts(name, "ledger/");
}

/* ---- records ------------------------------------------------------------------------------- */

/* The entry NAME at or after *AT, which is moved behind it; false leaves *AT as it is. */
static bool find_pending(const struct have_items *h, struct bytes name, size_t *at,
			 struct pending *ret)
{
	struct pending p;

	for (size_t i = *at; i < h->pending.n; i += p.name) {
		memcpy(&p, h->pending.p + i, sizeof(p));
		i += sizeof(p);
		if (bytes_eq(bytes_of(h->pending.p + i, p.name), name)) {
			*at = i + p.name;
			*ret = p;
			return true;
		}
	}
	return false;
}

static int undo(struct bytes record, const char *key, struct buf *ret)
{
	struct bytes v;

	buf_clear(ret);
	int r = have_member(record, key, &v);
	return r < 0 ? r : json_undo(ret, v);
}

/* The label and the path that NAME, "files/LABEL/...", is made of. */
static bool place_of(struct bytes name, struct have_place *ret)
{
	size_t head = strlen("files/");

	if (!bytes_starts(name, "files/"))
		return false;
	const unsigned char *slash = memchr(name.p + head, '/', name.n - head);
	if (!slash || slash == name.p + head)
		return false;
	ret->root = bytes_of(name.p + head, (size_t)(slash - name.p) - head);
	ret->path = bytes_of(slash, name.n - head - ret->root.n);
	return ret->root.n <= HAVE_ROOT_MAX && ret->path.n > 1 && ret->path.n <= PATH_KEPT;
}

static bool agrees(const struct pending *p, const struct have_digest *d, struct bytes record)
{
	char hex[HASH_HEX_MAX], size[24];
	struct bytes v;
	int n = snprintf(size, sizeof(size), "%llu", (unsigned long long)p->size);

	if (have_member(record, "file.size", &v) < 0 || !bytes_eq(v, bytes_of(size, (size_t)n)))
		return false;
	if (!p->hashed) /* a large sparse file: verifying compared its extents with this record */
		return d->extents;
	hash_hex(p->sha256, sizeof(p->sha256), hex);
	return !d->extents && strcmp(hex, d->hex) == 0;
}

static int on_file(struct have_items *h, struct bytes record, size_t *at)
{
	struct have_item item = { .run = h->run, .record = record };
	struct pending p;
	int r;

	if (!h->ops->item || !have_is(record, "csi.outcome", "ok") ||
	    !have_is(record, "file.type", "file"))
		return 0;
	r = undo(record, "csi.item", &h->name);
	if (r == 0)
		r = undo(record, "file.path", &h->path);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	item.name = buf_bytes(&h->name);
	if (!place_of(item.name, &item.at) || !bytes_eq(item.at.path, buf_bytes(&h->path)) ||
	    have_digest_of(record, &item.digest) < 0 || !find_pending(h, item.name, at, &p) ||
	    !agrees(&p, &item.digest, record))
		return 0;
	item.size = p.size;
	return h->ops->item(h->ctx, &item);
}

static int on_cite(struct have_items *h, struct bytes record)
{
	struct have_digest d = { 0 };
	char run[HAVE_RUN_MAX + 1] = "";

	if (!h->ops->cite)
		return 0;
	/* A citation that names nothing resolves to nothing: it is told all the same. */
	int r = undo(record, "csi.cite.item", &h->name);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || have_digest_of(record, &d) < 0)
		d = (struct have_digest){ 0 };
	if (have_text(record, "csi.cite.run", run, sizeof(run)) < 0 || !have_run_ok(bytes_str(run)))
		run[0] = '\0';
	return h->ops->cite(h->ctx, run, buf_bytes(&h->name), &d);
}

static int on_resume(struct have_items *h, struct bytes record)
{
	char run[HAVE_RUN_MAX + 1];

	if (!h->ops->resume || have_text(record, "csi.cite.run", run, sizeof(run)) < 0 ||
	    !have_run_ok(bytes_str(run)))
		return 0;
	return h->ops->resume(h->ctx, run);
}

/* Before csi.root was there, a directory's record did not say whose it is: it then counts as
 * sorted. */
static int on_unsorted(struct have_items *h, struct bytes record)
{
	char root[HAVE_ROOT_MAX + 1];

	if (!h->ops->unsorted || have_text(record, "csi.root", root, sizeof(root)) < 0)
		return 0;
	int r = undo(record, "file.path", &h->path);
	if (r < 0 || h->path.n == 0 || h->path.n > PATH_KEPT)
		return r == -ENOMEM ? r : 0;
	return h->ops->unsorted(h->ctx, (struct have_place){ .root = bytes_str(root),
							     .path = buf_bytes(&h->path) });
}

static int on_record(struct have_items *h, struct bytes record, size_t *at)
{
	struct bytes action;

	if (have_member(record, "csi.action", &action) < 0)
		return 0;
	if (bytes_eq(action, bytes_str("\"collect file\"")))
		return on_file(h, record, at);
	if (bytes_eq(action, bytes_str("\"" HAVE_ACTION_CITE "\"")))
		return on_cite(h, record);
	if (bytes_eq(action, bytes_str("\"" HAVE_ACTION_RESUME "\"")))
		return on_resume(h, record);
	if (bytes_eq(action, bytes_str("\"" HAVE_ACTION_UNSORTED "\"")))
		return on_unsorted(h, record);
	return 0;
}

int have_items_content(struct have_items *h, struct bytes name, struct bytes content)
{
	size_t at = 0;
	int r = 0;

	if (!bytes_starts(name, "ledger/"))
		return 0;
	while (r == 0 && content.n > 0) {
		const unsigned char *end = memchr(content.p, '\n', content.n);
		size_t n = end ? (size_t)(end - content.p) : content.n;

		r = on_record(h, bytes_of(content.p, n), &at);
		n += end != NULL;
		content = bytes_of(content.p + n, content.n - n);
	}
	buf_clear(&h->pending);
	return r;
}
