/* SPDX-License-Identifier: Apache-2.0 */
/* Files whose content --minimise does not store; of a service account's token the claims are. */
#include "format/json_get.h"
#include "format/jwt.h"
#include "work/minimise.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int minimise_tokens_open(struct gather *g, struct gather_table *ret)
{
	return gather_table_open(g, "tokens", ret);
}

/* Kubernetes mounts them below /var/run/secrets/kubernetes.io/serviceaccount. */
bool minimise_token_path(struct bytes path)
{
	static const char place[] = "/kubernetes.io/serviceaccount/";

	return path.n && memmem(path.p, path.n, place, sizeof(place) - 1) != NULL;
}

/* The subject that Kubernetes writes: "system:serviceaccount:NAMESPACE:NAME". */
static bool is_service_account(struct bytes claims)
{
	struct bytes sub;

	return json_get(claims, "sub", &sub) == 0 && bytes_starts(sub, "\"system:serviceaccount:");
}

static int read_text(struct gather *g, struct bundle_entry *e, int pin, struct buf *ret)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	size_t want = (size_t)e->info.size;
	size_t done = 0;
	int r = file_open_pinned(pin, &e->info, &f);

	if (r < 0)
		return r;
	if (!file_noatime(f)) {
		e->noatime_refused = true;
		g->noatime_refused++;
	}
	r = buf_reserve(ret, want);
	file_cache_note(f, 0, want);
	while (r == 0 && done < want) {
		ssize_t n = file_read_at(f, ret->p + done, want - done, done);

		if (n <= 0)
			r = n < 0 ? (int)n : -ENODATA;
		else
			done += (size_t)n;
	}
	file_cache_drop(f, 0, want);
	ret->n = done;
	return r;
}

static int put_token(struct gather_table *t, const struct target_root *root,
		     const struct bundle_entry *e, const struct buf *header,
		     const struct buf *claims)
{
	const struct kept_path path = path_keep(e->true_path);

	out_begin(t->out, "state");
	if (root->container_id[0])
		out_str(t->out, F_CONTAINER_ID, root->container_id);
	out_str(t->out, F_CSI_ITEM, root->label);
	out_str(t->out, F_CSI_OMIT, "minimise: signature");
	out_bytes(t->out, F_CSI_TOKEN_CLAIMS, buf_bytes(claims));
	out_bytes(t->out, F_CSI_TOKEN_HEADER, buf_bytes(header));
	out_path(t->out, &path, e->parent_ino);
	if (out_end(t->out) < 0)
		return -ENOMEM;
	return gather_table_step(t);
}

/*
 * 1: it is a token and told. A token of somebody else's making, such as a session of a customer, is
 * not for us to open: only what lies in Kubernetes' place or names a service account.
 */
static int try_token(struct gather *g, struct gather_table *t, const struct target_root *root,
		     struct bundle_entry *e, int pin)
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	AUTO_DONE(buf_done) struct buf header = BUF_NONE;
	AUTO_DONE(buf_done) struct buf claims = BUF_NONE;
	bool place = minimise_token_path(e->true_path);
	int r;

	if (e->info.size == 0 || e->info.size > JWT_TEXT_MAX + 1)
		return 0;
	r = read_text(g, e, pin, &text);
	if (r < 0 && r != -ENOMEM) {
		gather_tell(g, r, "read token", 0, e->true_path);
		return 0;
	}
	if (r == 0)
		r = jwt_read(buf_bytes(&text), &header, &claims);
	if (r == -EBADMSG || (r == 0 && !place && !is_service_account(buf_bytes(&claims))))
		return 0;
	if (r == 0)
		r = put_token(t, root, e, &header, &claims);
	return r < 0 ? r : 1;
}

static bool on_memory(int pin)
{
	struct statfs fs;

	return fstatfs(pin, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

int minimise_file(struct gather *g, struct gather_table *tokens, const struct target_root *root,
		  struct bundle_entry *e, int pin)
{
	bool place = minimise_token_path(e->true_path);
	int r = 0;

	if (S_ISREG(e->info.mode) && !g->plan && (place || on_memory(pin)))
		r = try_token(g, tokens, root, e, pin);
	if (r < 0)
		return r;
	e->omit = r > 0 ? OMIT_TOKEN : OMIT_VOLUME;
	return gather_add_missing(g, e, OUTCOME_SKIPPED, 0);
}
