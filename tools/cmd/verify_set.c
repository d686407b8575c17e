/* SPDX-License-Identifier: Apache-2.0 */
/* csi verify of several bundles: the list of what they have, and whether they are one whole case.
 */
#include "cmd/verify_priv.h"

#include "work/caseset.h"
#include "work/have_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

struct verify_set {
	struct verify_run *v;
	size_t files, done; /* all, and those that were read to their end */
	bool set;	    /* they are judged together */
	bool proven;	    /* something is, and --salvage had something to do */
	struct caseset *cases;
	struct have_list *have;
	char *list; /* name of the list, or NULL */
	FILE *out;
};

/* ---- listening ----------------------------------------------------------------------------- */

static int on_begin(void *ctx, const char *file)
{
	struct verify_set *s = ctx;
	int r = caseset_begin(s->cases, file);

	return r == 0 && s->have ? have_list_bundle(s->have) : r;
}

static int on_pass(void *ctx, struct bytes path, uint64_t size, const unsigned char *sha256)
{
	struct verify_set *s = ctx;
	int r = caseset_entry(s->cases, path, size, sha256);

	return r == 0 && s->have ? have_list_entry(s->have, path, size, sha256) : r;
}

static bool on_want(void *ctx, struct bytes name)
{
	(void)ctx;
	return have_items_want(name);
}

static int on_content(void *ctx, struct bytes name, struct bytes content)
{
	struct verify_set *s = ctx;
	int r = caseset_content(s->cases, name, content);

	return r == 0 && s->have ? have_list_content(s->have, name, content) : r;
}

static int on_settle(void *ctx, bool proven)
{
	struct verify_set *s = ctx;
	int r = caseset_settle(s->cases, proven);
	int h = s->have ? have_list_settle(s->have, proven) : 0;

	return r < 0 ? r : h;
}

/* A bundle by itself says that it is not all: in a set that is judged at the end. */
static void tell_cites(struct verify_set *s)
{
	struct verify_run *v = s->v;
	uint64_t n = caseset_cites(s->cases);

	if (n == 0 || s->set)
		return;
	if (!v->out) {
		if (!v->args->common.quiet)
			printf("  %-8s %" PRIu64
			       " file%s of earlier bundles: verify them together\n",
			       "cites", n, n == 1 ? "" : "s");
		return;
	}
	out_begin(v->out, "event");
	out_str(v->out, F_CSI_ACTION, "verify cites");
	out_u64(v->out, F_CSI_VERIFY_CITES, n);
	out_bytes(v->out, F_FILE_PATH, bytes_str(v->file));
	(void)out_end(v->out);
}

static void on_done(void *ctx, const struct verify_result *res)
{
	struct verify_set *s = ctx;
	bool salvaged = res->verdict == VERIFY_CUT || res->verdict == VERIFY_ALTERED;

	s->done++;
	s->proven |= res->proven_entries > 0 && (salvaged || !s->v->args->salvage);
	caseset_end(s->cases, res);
	tell_cites(s);
}

/* ---- opening ------------------------------------------------------------------------------- */

/* LIST, or what stands beside the salvaged bundle. 0 with *RET NULL: none is wanted. */
static int list_name(const struct verify_args *args, char **ret)
{
	const char *name = args->have_list ? args->have_list : args->salvage;
	size_t n = name ? strlen(name) + sizeof(".have") : 0;

	if (!name)
		return 0;
	*ret = malloc(n);
	if (!*ret)
		return -ENOMEM;
	snprintf(*ret, n, "%s%s", name, args->have_list ? "" : ".have");
	return 0;
}

/* The spools lie where the list will: there is room for it, or there is none for the list. */
static int open_spools(struct verify_set *s)
{
	AUTO_FREE char *dir = strdup(s->list);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!dir)
		return -ENOMEM;
	if (slash)
		slash[slash == dir] = '\0';
	return have_list_open(slash ? dir : ".", &s->have);
}

static int open_list(struct verify_set *s)
{
	AUTO_CLOSE int fd = -1;
	int r = list_name(s->v->args, &s->list);

	if (r < 0 || !s->list)
		return r;
	fd = open(s->list, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		r = -errno;
		free(take_ptr(&s->list)); /* not ours to take away */
		return r;
	}
	s->out = fdopen(fd, "w");
	if (!s->out)
		return -ENOMEM;
	(void)take_fd(&fd);
	return open_spools(s);
}

const char *verify_scratch(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static int fail(const struct verify_run *v, const char *what, const char *on, int err)
{
	cmd_fail(&v->run, what, bytes_str(on), err, err == -EEXIST ? "csi never overwrites" : NULL);
	return EXIT_FAILED;
}

int verify_set_open(struct verify_run *v, size_t n, bool set, struct verify_set **ret)
{
	AUTO_DONE(verify_set_closep) struct verify_set *s = calloc(1, sizeof(*s));
	const struct verify_watch w = { .begin = on_begin,
					.pass = on_pass,
					.want = on_want,
					.content = on_content,
					.settle = on_settle,
					.done = on_done,
					.ctx = s };

	if (!s)
		return fail(v, "verify", "", -ENOMEM);
	s->v = v;
	s->files = n;
	s->set = set || n > 1;
	int r = open_list(s);
	if (r < 0)
		return fail(v, "write the list for",
			    v->args->have_list ? v->args->have_list : v->args->salvage, r);
	r = caseset_open(s->set ? verify_scratch() : NULL, &s->cases);
	if (r < 0)
		return fail(v, "write into", verify_scratch(), r);
	v->watch[v->nwatch++] = w;
	*ret = take_ptr(&s);
	return -1;
}

/* What was not finished is no list. */
void verify_set_closep(struct verify_set **sp)
{
	struct verify_set *s = *sp;

	if (!s)
		return;
	if (s->out) {
		(void)fclose(s->out);
		(void)unlink(s->list);
	}
	have_list_closep(&s->have);
	caseset_closep(&s->cases);
	free(s->list);
	free(s);
	*sp = NULL;
}

/* ---- the list ------------------------------------------------------------------------------ */

static int write_line(void *ctx, struct bytes line)
{
	errno = 0;
	if (fwrite(line.p, 1, line.n, ctx) == line.n)
		return 0;
	return errno ? -errno : -EIO;
}

static int end_list(struct verify_set *s)
{
	struct verify_run *v = s->v;
	uint64_t lines = 0;

	if (!s->out || (!s->proven && !v->args->have_list))
		return EXIT_COMPLETE;
	int r = have_list_end(s->have, write_line, s->out, &lines);
	FILE *out = take_ptr(&s->out);
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(s->list);
		return fail(v, "write", s->list, r);
	}
	if (v->out || v->args->common.quiet)
		return EXIT_COMPLETE;
	struct bytes name = verify_text(v, bytes_str(s->list));
	printf("  %-8s %.*s: %" PRIu64 " files; csi collect --have leaves them out\n", "list",
	       (int)name.n, (const char *)name.p, lines);
	return EXIT_COMPLETE;
}

/* ---- the set ------------------------------------------------------------------------------- */

static void put_record(struct verify_set *s, const struct caseset_result *res)
{
	struct out *o = s->v->out;

	out_begin(o, "state");
	out_str(o, F_CSI_ACTION, "verify set");
	if (res->name.n)
		out_bytes(o, F_CSI_CITE_ITEM, buf_bytes(&res->name));
	if (res->run[0])
		out_str(o, F_CSI_CITE_RUN, res->run);
	if (res->reason)
		out_str(o, F_CSI_VERIFY_REASON, res->reason);
	out_u64(o, F_CSI_VERIFY_SET_BUNDLES, res->bundles);
	out_u64(o, F_CSI_VERIFY_SET_CITED, res->cited);
	out_u64(o, F_CSI_VERIFY_SET_MISSING, res->missing);
	out_u64(o, F_CSI_VERIFY_SET_WRONG, res->wrong);
	out_str(o, F_CSI_VERIFY_SET_VERDICT, caseset_verdict_name(res->verdict));
	if (res->file)
		out_bytes(o, F_FILE_PATH, bytes_str(res->file));
	(void)out_end(o);
}

static void put_text(struct verify_set *s, const struct caseset_result *res)
{
	struct bytes t;

	printf("set: %s", caseset_verdict_name(res->verdict));
	if (res->reason)
		printf(": %s", res->reason);
	printf(" (%" PRIu64 " bundle%s, %" PRIu64 " sealed; %" PRIu64 " citation%s resolve%s",
	       res->bundles, res->bundles == 1 ? "" : "s", res->sealed, res->cited,
	       res->cited == 1 ? "" : "s", res->cited == 1 ? "s" : "");
	if (res->missing)
		printf(", %" PRIu64 " missing", res->missing);
	if (res->wrong)
		printf(", %" PRIu64 " of other content", res->wrong);
	printf(")\n");
	if (res->name.n) {
		t = verify_text(s->v, buf_bytes(&res->name));
		printf("  %-8s %.*s of run %s\n", "first", (int)t.n, (const char *)t.p, res->run);
	}
	if (res->file) {
		t = verify_text(s->v, bytes_str(res->file));
		printf("  %-8s %.*s\n", res->name.n ? "cited by" : "bundle", (int)t.n,
		       (const char *)t.p);
	}
}

static int end_set(struct verify_set *s, int code)
{
	static const enum exit_code exits[] = { [CASESET_WHOLE] = EXIT_COMPLETE,
						[CASESET_MISSING] = EXIT_PARTIAL,
						[CASESET_ALTERED] = EXIT_FAILED };
	AUTO_DONE(caseset_result_done) struct caseset_result res = { 0 };

	if (!s->set)
		return code;
	if (s->done < s->files) /* what could not be read was told */
		return EXIT_FAILED;
	int r = caseset_judge(s->cases, &res);
	if (r < 0)
		return fail(s->v, "judge the set in", verify_scratch(), r);
	if (s->v->out)
		put_record(s, &res);
	else
		put_text(s, &res);
	return (int)exits[res.verdict];
}

int verify_set_end(struct verify_run *v, struct verify_set *s, int code)
{
	(void)v;
	int list = end_list(s);

	return (int)exit_worse((enum exit_code)end_set(s, code), (enum exit_code)list);
}
