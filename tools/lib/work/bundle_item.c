/* SPDX-License-Identifier: Apache-2.0 */
/* Entries as the caller tells them become items, packed with all they point to. */
#include "work/bundle_priv.h"

#include <errno.h>
#include <inttypes.h>

enum { ADD_LINK_MAX = 16 << 10, ADD_COMPONENT_MAX = 4095 };

/* ---- names --------------------------------------------------------------------------------- */

static bool component_ok(const unsigned char *p, size_t n)
{
	return n > 0 && !(n == 1 && p[0] == '.') && !(n == 2 && p[0] == '.' && p[1] == '.');
}

/* What FORMAT.md allows as a name, and nothing that we write by ourselves. */
static bool name_ok(struct bytes name)
{
	size_t start = 0;

	if (name.n == 0 || name.n > ITEM_NAME_MAX || memchr(name.p, 0, name.n))
		return false;
	if (bytes_starts(name, "ledger/") || bytes_starts(name, "sums/") ||
	    bytes_starts(name, "long/"))
		return false;
	for (size_t i = 0; i <= name.n; i++) {
		if (i < name.n && name.p[i] != '/')
			continue;
		if (!component_ok(name.p + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

struct item bundle_item(struct bundle *b, const struct bundle_entry *e, enum item_kind kind,
			char long_name[BUNDLE_NAME_BUF])
{
	struct item item = { .kind = kind,
			     .name = e->path,
			     .path = path_keep(e->true_path),
			     .parent_ino = e->parent_ino,
			     .link = e->link,
			     .info = e->info,
			     .has_info = e->has_info,
			     .pid = e->pid,
			     .entity_id = e->entity_id,
			     .birth = e->birth,
			     .action = e->action,
			     .noatime_refused = e->noatime_refused,
			     .omit = e->omit };

	if (e->xattrs) {
		item.xattrs = e->xattrs->v;
		item.nxattrs = e->xattrs->n;
	}
	while (item.name.n > 1 && item.name.p[item.name.n - 1] == '/')
		item.name.n--;
	if (kind != ITEM_ABSENT && !name_ok(item.name)) {
		if (item.path.head.n == 0)
			item.path = path_keep(item.name);
		snprintf(long_name, BUNDLE_NAME_BUF, "long/%06" PRIu64, ++b->long_names);
		item.name = bytes_str(long_name);
	}
	if (item.name.n > ITEM_NAME_MAX)
		item.name.n = ITEM_NAME_MAX; /* absent: its true path says the rest */
	return item;
}

/* ---- packing ------------------------------------------------------------------------------- */

size_t bundle_packed_size(const struct bundle *b, const struct item *item)
{
	size_t n = sizeof(*item) + item->nxattrs * sizeof(*item->xattrs) + strlen(b->top) +
		   item->name.n + item->path.head.n + item->path.name.n + item->link.n +
		   item->text.n;

	for (size_t i = 0; i < item->nxattrs; i++)
		n += item->xattrs[i].name.n + item->xattrs[i].value.n;
	if (item->entity_id)
		n += strlen(item->entity_id) + 1;
	return (n + BUNDLE_ALIGN - 1) / BUNDLE_ALIGN * BUNDLE_ALIGN;
}

static struct bytes put(unsigned char **at, struct bytes v)
{
	struct bytes r = bytes_of(*at, v.n);

	if (v.n)
		memcpy(*at, v.p, v.n);
	*at += v.n;
	return r;
}

struct item *bundle_pack(const struct bundle *b, const struct item *item, void *mem)
{
	struct item *r = mem;
	struct file_xattr *xattrs = (struct file_xattr *)(r + 1);
	unsigned char *at = (unsigned char *)(xattrs + item->nxattrs);

	*r = *item;
	r->top.p = at;
	(void)put(&at, bytes_str(b->top));
	r->name = put(&at, item->name);
	r->top.n = (size_t)(at - r->top.p);
	r->path.head = put(&at, item->path.head);
	r->path.name = put(&at, item->path.name);
	r->link = put(&at, item->link);
	r->text = put(&at, item->text);
	for (size_t i = 0; i < item->nxattrs; i++) {
		xattrs[i].name = put(&at, item->xattrs[i].name);
		xattrs[i].value = put(&at, item->xattrs[i].value);
	}
	r->xattrs = xattrs;
	if (item->entity_id)
		r->entity_id = (const char *)put(
				       &at, bytes_of(item->entity_id, strlen(item->entity_id) + 1))
				       .p;
	return r;
}

/* Attributes beyond what a slot holds are left out, and that is said. */
void bundle_limit_item(const struct bundle *b, struct item *item)
{
	size_t most = BUNDLE_SLOT_SIZE - 2 * BUNDLE_ALIGN;

	if (item->path.name.n > ADD_COMPONENT_MAX)
		item->path.name.n = ADD_COMPONENT_MAX;
	if (item->link.n > ADD_LINK_MAX) {
		item->link.n = ADD_LINK_MAX;
		item->err = -ENAMETOOLONG;
		item->outcome = OUTCOME_PARTIAL;
	}
	if (item->nxattrs && bundle_packed_size(b, item) > most) {
		item->nxattrs = 0;
		item->err = -E2BIG;
		item->outcome = OUTCOME_PARTIAL;
	}
}
