/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of service accounts in a container: their claims, never their signature. */
#include "signs/container_priv.h"
#include "signs/match.h"

#include "format/jwt.h"
#include "sys/proc.h"

#include <errno.h>
#include <sys/stat.h>

enum { FDS_LOOKED_AT_MAX = 65536, PATH_BYTES_MAX = 8192 };

/* Where Kubernetes and the clouds put them (projected volumes). */
static const char *const places[] = {
	"/run/secrets/kubernetes.io/serviceaccount",
	"/var/run/secrets/kubernetes.io/serviceaccount",
	"/var/run/secrets/eks.amazonaws.com/serviceaccount",
	"/var/run/secrets/azure/tokens",
	"/var/run/secrets/tokens",
};
/* A projected volume links NAME to ..data/NAME; the last link is never followed. */
static const char *const names[] = { "/..data/token", "/token", "/..data/azure-identity-token",
				     "/azure-identity-token" };

/* At most JWT_TEXT_MAX bytes; without O_NOATIME it is not read, so that its atime stays. */
static int read_claims(struct look *l, int pin, const struct file_info *info, struct bytes path,
		       struct buf *ret)
{
	AUTO_DONE(file_closep) struct file *f = NULL;
	AUTO_DONE(buf_done) struct buf text = BUF_LIMIT(JWT_TEXT_MAX + 2);
	AUTO_DONE(buf_done) struct buf header = BUF_NONE;
	ssize_t n;
	int r = file_open_pinned(pin, info, &f);

	if (r == 0 && !file_noatime(f))
		r = -EPERM;
	if (r == 0)
		r = buf_reserve(&text, JWT_TEXT_MAX + 1);
	if (r < 0) {
		look_tell(l, r, "read token", path);
		return r == -ENOMEM ? r : 0;
	}
	n = file_read_at(f, text.p, JWT_TEXT_MAX + 1, 0);
	if (n < 0) {
		look_tell(l, (int)n, "read token", path);
		return 0;
	}
	text.n = (size_t)n;
	r = jwt_read(buf_bytes(&text), &header, ret);
	/* Whatever else lies there is a secret of some kind, and not for us to read. */
	return r == -ENOMEM ? r : 0;
}

/* The same file by another path, such as /run and /var/run. */
static struct token *find_token(struct container_facts *f, const struct file_info *info)
{
	for (size_t i = 0; i < f->ntokens; i++)
		if (file_same(&f->tokens[i].info, info))
			return &f->tokens[i];
	return NULL;
}

static int try_token(struct look *l, const char *place, const char *name)
{
	AUTO_DONE(buf_done) struct buf path = BUF_LIMIT(PATH_BYTES_MAX);
	AUTO_CLOSE int pin = -1;
	struct container_facts *f = l->f;
	struct file_info info = { 0 };
	int r = buf_adds(&path, place);

	if (r == 0)
		r = buf_adds(&path, name);
	if (r < 0)
		return r;
	r = root_pin(l->root, buf_bytes(&path), &pin, &info);
	if (r < 0 || !S_ISREG(info.mode) || f->ntokens == CONTAINER_TOKENS_MAX ||
	    find_token(f, &info)) {
		if (r == -EACCES)
			look_tell(l, r, "look for tokens", buf_bytes(&path));
		return r == -ENOMEM ? r : 0;
	}
	struct token *t = &f->tokens[f->ntokens++];
	t->info = info;
	r = buf_addb(&t->path, buf_bytes(&path));
	return r < 0 ? r : read_claims(l, pin, &info, buf_bytes(&path), &t->claims);
}

int look_at_tokens(struct look *l)
{
	int r = 0;

	for (size_t i = 0; l->root && r == 0 && i < ARRAY_LEN(places); i++)
		for (size_t k = 0; r == 0 && k < ARRAY_LEN(names); k++)
			r = try_token(l, places[i], names[k]);
	return r;
}

static void tell_fds(const struct look *l, struct process *p, int err)
{
	const struct gap gap = { .err = err,
				 .what = "look for who has a token open",
				 .pid = process_id(p).pid };

	if (!err_is_gone(err))
		gap_tell(l->j->gaps, &gap);
}

/* By the file; its name only tells which are not worth a look: a volume of tokens is read-only. */
static int look_at_fd(struct look *l, struct process *p, const struct fd_entry *e)
{
	AUTO_CLOSE int pin = -1;
	struct file_info info;
	struct token *t;
	int r;

	if (!bytes_hold(e->link, "token", false))
		return 0;
	r = process_pin(p, FILE_FD, e->fd, &pin, &info);
	if (r < 0) {
		tell_fds(l, p, r);
		return r == -ENOMEM ? r : 0;
	}
	t = find_token(l->f, &info);
	if (!t || t->holder)
		return 0;
	t->holder = process_id(p).pid;
	r = process_link(p, LINK_EXE, &t->holder_exe);
	return r == -ENOMEM ? r : 0;
}

int look_for_holder(struct look *l, struct process *p)
{
	AUTO_DONE(fd_iter_closep) struct fd_iter *it = NULL;
	struct fd_entry e;
	int r = fd_iter_open(p, &it);

	for (int n = 0; r == 0 && (r = fd_iter_next(it, &e)) > 0; n++) {
		if (n == FDS_LOOKED_AT_MAX)
			r = -E2BIG;
		else
			r = look_at_fd(l, p, &e);
	}
	if (r < 0 && r != -ENOMEM)
		tell_fds(l, p, r);
	return r == -ENOMEM ? r : 0;
}
