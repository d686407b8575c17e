/* SPDX-License-Identifier: Apache-2.0 */
/* One bundle of `csi verify`: verdict, what is proven, salvage, and how it is told. */
#include "cmd/verify_priv.h"

#include "base/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
	const char *word;
	enum exit_code exit;
} verdicts[] = {
	[VERIFY_SEALED] = { "sealed", EXIT_COMPLETE },	[VERIFY_CUT] = { "cut", EXIT_PARTIAL },
	[VERIFY_ALTERED] = { "altered", EXIT_FAILED },	[VERIFY_NOT_ONE] = { "none", EXIT_FAILED },
	[VERIFY_LOCKED] = { "encrypted", EXIT_FAILED },
};

struct bytes verify_text(struct verify_run *v, struct bytes target)
{
	buf_clear(&v->text);
	return escape_add(&v->text, target) == 0 ? buf_bytes(&v->text) : bytes_str("?");
}

/* ---- one proven entry ---------------------------------------------------------------------- */

static int list_entry(void *ctx, struct bytes path, uint64_t size, const unsigned char *sha256)
{
	struct verify_run *v = ctx;
	char hex[HASH_HEX_MAX] = "-";

	if (sha256)
		hash_hex(sha256, 32, hex);
	if (!v->out) {
		struct bytes t = verify_text(v, path);

		return printf("%-64s %12" PRIu64 " %.*s\n", hex, size, (int)t.n,
			      (const char *)t.p) < 0
			       ? -EPIPE
			       : 0;
	}
	out_begin(v->out, "event");
	out_str(v->out, F_CSI_ACTION, "verify entry");
	out_bytes(v->out, F_CSI_ITEM, path);
	if (sha256)
		out_str(v->out, F_FILE_HASH_SHA256, hex);
	out_u64(v->out, F_FILE_SIZE, size);
	return out_end(v->out);
}

/* ---- one file ------------------------------------------------------------------------------ */

static int put_record(struct verify_run *v, const struct verify_result *res)
{
	struct out *o = v->out;
	char hex[HASH_HEX_MAX];

	hash_hex(res->stored_sha256, sizeof(res->stored_sha256), hex);
	out_begin(o, "state");
	out_str(o, F_CSI_ACTION, "verify");
	if (res->verdict != VERIFY_SEALED) {
		out_u64(o, F_CSI_VERIFY_AT, res->at);
		out_str(o, F_CSI_VERIFY_REASON, res->reason);
	}
	out_u64(o, F_CSI_VERIFY_CHECKPOINTS, res->checkpoints);
	out_bool(o, F_CSI_VERIFY_ENCRYPTED, v->encrypted);
	out_u64(o, F_CSI_VERIFY_ENTRIES, res->proven_entries);
	out_u64(o, F_CSI_VERIFY_PROVEN, res->proven_bytes);
	if (res->has_seal)
		out_str(o, F_CSI_VERIFY_STATUS, bundle_status_name(res->status));
	out_u64(o, F_CSI_VERIFY_SUMS, res->hashes_checked);
	out_u64(o, F_CSI_VERIFY_TAR_BYTES, res->proven_tar_bytes);
	if (res->untold)
		out_u64(o, F_CSI_VERIFY_UNTOLD, res->untold);
	out_str(o, F_CSI_VERIFY_VERDICT, verdicts[res->verdict].word);
	out_str(o, F_FILE_HASH_SHA256, hex);
	out_bytes(o, F_FILE_PATH, bytes_str(v->file));
	out_u64(o, F_FILE_SIZE, res->stored_bytes);
	return out_end(o);
}

static void put_headline(struct verify_run *v, const struct verify_result *res)
{
	struct bytes name = verify_text(v, bytes_str(v->file));

	printf("%.*s: ", (int)name.n, (const char *)name.p);
	switch (res->verdict) {
	case VERIFY_SEALED:
		printf("sealed, %s", bundle_status_name(res->status));
		if (res->gaps)
			printf(", %" PRIu64 " gap%s", res->gaps, res->gaps == 1 ? "" : "s");
		printf("\n");
		break;
	case VERIFY_CUT:
	case VERIFY_ALTERED:
		printf("%s: %s\n", verdicts[res->verdict].word, res->reason);
		break;
	case VERIFY_NOT_ONE:
		printf("not a bundle: %s\n", res->reason);
		break;
	case VERIFY_LOCKED:
		printf("encrypted to keys that are not here: %s\n",
		       v->ids.n ? res->reason : "give --identity FILE");
		break;
	}
}

static void put_escaped(struct verify_run *v, const char *text)
{
	struct bytes t = verify_text(v, bytes_str(text));

	printf("%.*s", (int)t.n, (const char *)t.p);
}

/* The line that opens it: to be copied. */
static void put_open(struct verify_run *v, const struct verify_result *res)
{
	const struct opt_strings *keys = &v->args->identity;
	bool whole = res->verdict == VERIFY_SEALED || res->index_cut;

	if (!whole && (res->proven_entries == 0 || v->args->salvage))
		return;
	printf("  %-8s ", "open");
	if (whole && v->encrypted)
		printf("age -d");
	else if (whole)
		printf("tar --zstd -xf");
	else
		printf("csi verify --salvage OUT.tar.zst");
	for (size_t i = 0; v->encrypted && i < keys->n; i++) {
		printf(whole ? " -i " : " --identity ");
		put_escaped(v, keys->v[i]);
	}
	printf(" ");
	put_escaped(v, v->file);
	if (!whole)
		printf(" && tar --zstd -xf OUT.tar.zst\n");
	else
		printf("%s && (cd %s && cat sums/*.sha256 | sha256sum -c --quiet -)\n",
		       v->encrypted ? " | tar --zstd -xf -" : "", res->top);
}

static void put_text(struct verify_run *v, const struct verify_result *res)
{
	char hex[HASH_HEX_MAX];

	put_headline(v, res);
	if (res->untold)
		printf("  %-8s %" PRIu64
		       " of its proven entries: too many between two checkpoints\n",
		       "unlisted", res->untold);
	if (v->args->common.quiet || res->verdict == VERIFY_NOT_ONE)
		return;
	hash_hex(res->stored_sha256, sizeof(res->stored_sha256), hex);
	if (res->verdict != VERIFY_LOCKED)
		printf("  %-8s %" PRIu64 " entries, %" PRIu64 " bytes of tar, %" PRIu64
		       " sums agree\n",
		       "proven", res->proven_entries, res->proven_tar_bytes, res->hashes_checked);
	if (res->verdict == VERIFY_CUT || res->verdict == VERIFY_ALTERED)
		printf("  %-8s %" PRIu64 " of %" PRIu64 " bytes%s, %" PRIu64 " checkpoint%s\n",
		       "up to", res->proven_bytes, res->stream_bytes,
		       v->encrypted ? " that it opens to" : "", res->checkpoints,
		       res->checkpoints == 1 ? "" : "s");
	printf("  %-8s sha256=%s bytes=%" PRIu64 "%s\n", v->encrypted ? "file" : "stream", hex,
	       res->stored_bytes, v->encrypted ? ", encrypted" : "");
	if (res->verdict != VERIFY_LOCKED)
		put_open(v, res);
}

static int open_salvage(struct verify_run *v, struct sink **ret)
{
	AUTO_CLOSE int fd =
		open(v->args->salvage, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int r = sink_fd(fd, true, ret);
	if (r == 0)
		(void)take_fd(&fd);
	return r;
}

static bool has_salvaged(const struct verify_result *res)
{
	return (res->verdict == VERIFY_CUT || res->verdict == VERIFY_ALTERED) &&
	       res->proven_entries;
}

static void tell_salvaged(struct verify_run *v, const struct verify_result *res)
{
	const char *out = v->args->salvage;
	bool wrote = has_salvaged(res);

	if (!wrote)
		(void)unlink(out); /* created by us a moment ago, and empty */
	if (v->out || v->args->common.quiet)
		return;
	struct bytes name = verify_text(v, bytes_str(out));
	if (wrote && v->keys.n)
		printf("  %-8s %.*s, sealed as partial and encrypted: age -d -i FILE %.*s | tar "
		       "--zstd -xf -\n",
		       "salvaged", (int)name.n, (const char *)name.p, (int)name.n,
		       (const char *)name.p);
	else if (wrote)
		printf("  %-8s %.*s, sealed as partial: tar --zstd -xf %.*s\n", "salvaged",
		       (int)name.n, (const char *)name.p, (int)name.n, (const char *)name.p);
	else
		printf("  %-8s nothing written: %s\n", "salvaged",
		       res->verdict == VERIFY_SEALED   ? "it is whole"
		       : res->verdict == VERIFY_LOCKED ? "it does not open"
						       : "nothing is proven");
}

/* ---- who listens --------------------------------------------------------------------------- */

static bool watched(const struct verify_watch *w, struct bytes name)
{
	return w->want && w->content && w->want(w->ctx, name);
}

static bool on_want(void *ctx, struct bytes name)
{
	const struct verify_run *v = ctx;
	bool any = false;

	for (size_t i = 0; i < v->nwatch; i++)
		any |= watched(&v->watch[i], name);
	return any;
}

static int on_content(void *ctx, struct bytes name, struct bytes content)
{
	const struct verify_run *v = ctx;
	int r = 0;

	for (size_t i = 0; i < v->nwatch && r == 0; i++)
		if (watched(&v->watch[i], name))
			r = v->watch[i].content(v->watch[i].ctx, name, content);
	return r;
}

static int on_pass(void *ctx, struct bytes path, uint64_t size, const unsigned char *sha256)
{
	const struct verify_run *v = ctx;
	int r = 0;

	for (size_t i = 0; i < v->nwatch && r == 0; i++)
		if (v->watch[i].pass)
			r = v->watch[i].pass(v->watch[i].ctx, path, size, sha256);
	return r;
}

/* All of them, whatever one says. */
static int on_settle(void *ctx, bool proven)
{
	const struct verify_run *v = ctx;
	int r = 0;

	for (size_t i = 0; i < v->nwatch; i++) {
		int s = v->watch[i].settle ? v->watch[i].settle(v->watch[i].ctx, proven) : 0;

		r = r < 0 ? r : s;
	}
	return r;
}

static int begin_watchers(struct verify_run *v)
{
	int r = 0;

	for (size_t i = 0; i < v->nwatch && r == 0; i++)
		if (v->watch[i].begin)
			r = v->watch[i].begin(v->watch[i].ctx, v->file);
	return r;
}

static void tell_watchers(struct verify_run *v, const struct verify_result *res)
{
	for (size_t i = 0; i < v->nwatch; i++)
		if (v->watch[i].done)
			v->watch[i].done(v->watch[i].ctx, res);
}

/* SINK is taken; NULL without --salvage. */
static int verify_into(struct verify_run *v, struct intake *in, struct sink *sink,
		       struct verify_options *opts, struct verify_result *res)
{
	unsigned char sha256[32];
	struct crypt crypt = { 0 };
	uint64_t size;
	int r = sink ? crypt_begin(sink, &v->keys, &crypt) : 0;

	opts->salvage = crypt.top;
	if (r == 0)
		r = begin_watchers(v);
	if (r == 0)
		r = verify_stream(in, opts, res);
	int ended = crypt_end(&crypt, &size, sha256);
	int closed = sink_close(sink);
	if (r == 0)
		r = ended < 0 ? ended : closed;
	return r;
}

int verify_one(struct verify_run *v, struct intake *in)
{
	bool list = v->args->list || v->args->common.verbose;
	struct verify_options opts = { .ctx = v, .entry = list ? list_entry : NULL };
	struct verify_result res = { .verdict = VERIFY_ALTERED };
	struct sink *sink = NULL;
	int r = 0;

	if (v->nwatch) {
		opts.pass = on_pass;
		opts.settle = on_settle;
		opts.want = on_want;
		opts.content = on_content;
	}
	if (v->args->salvage) {
		r = open_salvage(v, &sink);
		if (r < 0) {
			cmd_fail(&v->run, "create", bytes_str(v->args->salvage), r,
				 r == -EEXIST ? "csi never overwrites" : NULL);
			return EXIT_FAILED;
		}
	}
	r = verify_into(v, in, sink, &opts, &res);
	if (r < 0) {
		cmd_fail(&v->run, v->args->salvage ? "verify and salvage" : "verify",
			 bytes_str(v->file), r, NULL);
		if (v->args->salvage)
			(void)unlink(v->args->salvage);
		return EXIT_FAILED;
	}
	if (v->out)
		(void)put_record(v, &res);
	else
		put_text(v, &res);
	tell_watchers(v, &res);
	if (v->args->salvage)
		tell_salvaged(v, &res);
	return (int)verdicts[res.verdict].exit;
}
