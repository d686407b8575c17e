/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a case: its bundles, SHA256SUMS, case.json and custody.txt. */
#include "cmd/verify_priv.h"
#include "version.h"
#include "work/casedir.h"
#include "work/custody.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CASE_BUNDLES_MAX = 4096, CASE_PAGE_MAX = 64 << 10 };

struct verify_case {
	struct verify_run *v;
	const char *dir;
	int fd;
	char **files;
	size_t nfiles;
	struct custody_case info;
	struct custody *custody; /* NULL without --custody */
	struct gap_sink gaps;
	int code;
};

static void worse(struct verify_case *c, enum exit_code code)
{
	c->code = (int)exit_worse((enum exit_code)c->code, code);
}

static void fail(struct verify_case *c, const char *what, struct bytes on, int err,
		 const char *mend)
{
	cmd_fail(&c->v->run, what, on, err, mend);
	worse(c, EXIT_FAILED);
}

static void on_gap(void *ctx, const struct gap *gap)
{
	struct verify_case *c = ctx;

	fail(c, gap->what, gap->on, gap->err, gap->mend);
}

/* ---- its bundles --------------------------------------------------------------------------- */

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int add_file(struct verify_case *c, const char *name)
{
	AUTO_DONE(buf_done) struct buf path = BUF_NONE;
	size_t n = strlen(c->dir);
	const char *slash = n > 0 && c->dir[n - 1] == '/' ? "" : "/";
	char **more = realloc(c->files, (c->nfiles + 2) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	c->files = more;
	more[c->nfiles] = NULL;
	if (buf_addf(&path, "%s%s%s", c->dir, slash, name) < 0 || buf_addc(&path, 0) < 0)
		return -ENOMEM;
	more[c->nfiles++] = (char *)path.p;
	more[c->nfiles] = NULL;
	path = BUF_NONE;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find_bundles(struct verify_case *c)
{
	int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_DONE(closedirp) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;
	int r = 0;

	if (!d) {
		r = -errno;
		base_closep(&fd);
		return r;
	}
	while (r == 0 && (e = readdir(d))) {
		if (!casedir_is_bundle(bytes_str(e->d_name)) ||
		    fstatat(c->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		r = c->nfiles < CASE_BUNDLES_MAX ? add_file(c, e->d_name) : -E2BIG;
	}
	if (r == 0 && c->nfiles == 0)
		return -ENOENT;
	if (r == 0)
		qsort(c->files, c->nfiles, sizeof(*c->files), by_name);
	return r;
}

char **verify_case_files(const struct verify_case *c)
{
	return c->files;
}

/* ---- case.json ----------------------------------------------------------------------------- */

struct given {
	enum custody_value value;
	const char *option, *text;
};
enum { GIVEN = 3 };

static void given_of(const struct verify_args *a, struct given ret[GIVEN])
{
	ret[0] = (struct given){ CUSTODY_CASE_ID, "--case-id", a->case_id };
	ret[1] = (struct given){ CUSTODY_OPERATOR, "--operator", a->operator_name };
	ret[2] = (struct given){ CUSTODY_AUTHORITY, "--authority", a->authority };
}

static int check_given(struct verify_run *v, const struct given given[GIVEN])
{
	for (size_t i = 0; i < GIVEN; i++) {
		if (!given[i].text)
			continue;
		if (!v->args->custody)
			return cmd_usage(v->run.self,
					 "--case-id, --operator and --authority go with --custody");
		if (custody_value_check(bytes_str(given[i].text)) < 0)
			return cmd_usage(v->run.self,
					 "--case-id, --operator and --authority want 1 "
					 "to 256 bytes of printable UTF-8");
	}
	return -1;
}

/* What exists is never overwritten: it says what was given, or that is an error. */
static int compare_case(struct verify_case *c, const struct given given[GIVEN])
{
	char text[128];

	for (size_t i = 0; i < GIVEN; i++) {
		const char *have = c->info.v[given[i].value];

		if (!given[i].text || strcmp(given[i].text, have) == 0)
			continue;
		snprintf(text, sizeof(text), "%s is there and says otherwise than %s: keep to",
			 "case.json", given[i].option);
		fail(c, text, bytes_str(have[0] ? have : "nothing"), -EEXIST,
		     "csi never overwrites");
		return -EEXIST;
	}
	return 0;
}

static int load_case(struct verify_case *c, const struct given given[GIVEN])
{
	AUTO_DONE(buf_done) struct buf text = BUF_NONE;
	enum custody_value bad = CUSTODY_VALUES;
	int r = casedir_read(c->fd, "case.json", CUSTODY_CASE_MAX, &text);

	if (r == 0) {
		r = custody_case_parse(buf_bytes(&text), &c->info, &bad);
		if (r == 0)
			return compare_case(c, given);
	}
	if (r != -ENOENT)
		fail(c, "read", bytes_str("case.json"), r,
		     bad == CUSTODY_VALUES ? NULL : custody_value_name(bad));
	if (r != -ENOENT || !c->custody)
		return r;
	when_text(when_now(CLOCK_REALTIME), c->info.v[CUSTODY_CREATED]);
	for (size_t i = 0; i < GIVEN; i++)
		if (given[i].text)
			memcpy(c->info.v[given[i].value], given[i].text, strlen(given[i].text));
	buf_clear(&text);
	r = custody_case_write(&c->info, &text);
	if (r == 0)
		r = casedir_write(c->fd, "case.json", buf_bytes(&text));
	if (r < 0)
		fail(c, "write", bytes_str("case.json"), r, NULL);
	return r;
}

/* ---- opening ------------------------------------------------------------------------------- */

static void on_done(void *ctx, const struct verify_result *res)
{
	struct verify_case *c = ctx;
	const char *slash = strrchr(c->v->file, '/');
	struct bytes name = bytes_str(slash ? slash + 1 : c->v->file);

	custody_done(c->custody, name, bytes_ends(name, ".age"), res);
}

static int on_content(void *ctx, struct bytes name, struct bytes content)
{
	struct verify_case *c = ctx;

	return custody_content(c->custody, name, content);
}

static int on_settle(void *ctx, bool proven)
{
	struct verify_case *c = ctx;

	return custody_settle(c->custody, proven);
}

static int listen(struct verify_case *c)
{
	struct verify_run *v = c->v;

	if (!v->args->custody)
		return 0;
	if (v->nwatch == VERIFY_WATCHES_MAX)
		return -ENOSPC;
	v->watch[v->nwatch++] = (struct verify_watch){
		.want = custody_want,
		.content = on_content,
		.settle = on_settle,
		.done = on_done,
		.ctx = c,
	};
	return custody_new(&c->custody);
}

static int open_case(struct verify_case *c)
{
	const char *mend = NULL;

	c->fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = c->fd < 0 ? -errno : find_bundles(c);
	if (r == -ENOENT && c->fd >= 0)
		mend = "no *.tar.zst and no *.tar.zst.age in it";
	if (r == 0)
		r = listen(c);
	if (r < 0)
		fail(c, "open the case", bytes_str(c->dir), r, mend);
	return r;
}

bool verify_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int verify_case_open(struct verify_run *v, char **operands, size_t n, struct verify_case **ret)
{
	AUTO_DONE(verify_case_closep) struct verify_case *c = NULL;
	struct given given[GIVEN];
	bool any = false;

	given_of(v->args, given);
	int code = check_given(v, given);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < n; i++)
		any |= verify_is_dir(operands[i]);
	if (!any)
		return v->args->custody ? cmd_usage(v->run.self, "--custody wants a directory")
					: -1;
	if (n > 1)
		return cmd_usage(v->run.self, "a directory stands alone: it is one case");
	if (v->args->salvage)
		return cmd_usage(v->run.self, "--salvage wants one file");
	c = calloc(1, sizeof(*c));
	if (!c)
		return EXIT_FAILED;
	*c = (struct verify_case){ .v = v, .dir = operands[0], .fd = -1 };
	c->gaps = (struct gap_sink){ .fn = on_gap, .ctx = c };
	if (open_case(c) < 0 || (c->custody && load_case(c, given) < 0))
		return EXIT_FAILED;
	*ret = take_ptr(&c);
	return -1;
}

void verify_case_closep(struct verify_case **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < (*c)->nfiles; i++)
		free((*c)->files[i]);
	free((*c)->files);
	custody_closep(&(*c)->custody);
	base_closep(&(*c)->fd);
	free(*c);
	*c = NULL;
}

/* ---- sums ---------------------------------------------------------------------------------- */

static const struct {
	const char *text, *word;
	enum exit_code code;
} words[CASEDIR_WORDS] = {
	[CASEDIR_OK] = { NULL, NULL, EXIT_COMPLETE },
	[CASEDIR_DIFFERENT] = { "differs from SHA256SUMS", "different", EXIT_FAILED },
	[CASEDIR_EXTRA] = { "is not in SHA256SUMS", "extra", EXIT_FAILED },
	[CASEDIR_MISSING] = { "is in SHA256SUMS, and missing", "missing", EXIT_FAILED },
	[CASEDIR_SPECIAL] = { "is no regular file: not opened, not in SHA256SUMS", "special",
			      EXIT_PARTIAL },
};

static int on_told(void *ctx, enum casedir_word word, struct bytes path)
{
	struct verify_case *c = ctx;
	struct verify_run *v = c->v;

	worse(c, words[word].code);
	if (!words[word].text)
		return 0;
	if (v->out) {
		out_begin(v->out, "state");
		out_str(v->out, F_CSI_ACTION, "verify case file");
		out_str(v->out, F_CSI_TEXT, words[word].word);
		out_bytes(v->out, F_FILE_PATH, path);
		return out_end(v->out);
	}
	struct bytes t = verify_text(v, path);
	int n = printf("  %-8s %.*s %s\n", "sums", (int)t.n, (const char *)t.p, words[word].text);
	return n < 0 ? -EPIPE : 0;
}

static void say_sums(const struct verify_case *c, const struct casedir_result *res, bool was)
{
	uint64_t ok = res->n[CASEDIR_OK];

	if (c->v->out || c->v->args->common.quiet)
		return;
	if (!was && !c->custody)
		printf("  %-8s there is no SHA256SUMS (--custody writes it)\n", "sums");
	else
		printf("  %-8s %" PRIu64 " file%s %s SHA256SUMS\n", "sums", ok, ok == 1 ? "" : "s",
		       was ? "agree with" : "written to");
}

static int write_sums(struct verify_case *c, struct casedir_result *res)
{
	struct digests d;
	struct hash h;
	int r = casedir_write(c->fd, "SHA256SUMS", buf_bytes(&res->sums));

	if (r < 0)
		return r;
	hash_init(&h, HASH_SHA256);
	hash_add(&h, res->sums.p, res->sums.n);
	hash_peek(&h, &d);
	memcpy(res->sums_sha256, d.sha256, sizeof(d.sha256));
	res->has_sums = true;
	return 0;
}

/* 0 with *RET; else it is told. */
static int do_sums(struct verify_case *c, struct casedir_result *ret)
{
	struct casedir_ops ops = { .told = on_told, .gaps = &c->gaps, .ctx = c };
	int before = c->code;
	int r = casedir_check(c->fd, &ops, ret);
	bool was = ret->has_sums;

	if (r < 0) {
		fail(c, "check SHA256SUMS of", bytes_str(c->dir), r, NULL);
		return r;
	}
	/* A list that lacks what could not be read would hide it. */
	if (!was && c->custody && before != EXIT_FAILED && c->code == EXIT_FAILED)
		return -EIO;
	if (!was && c->custody)
		r = write_sums(c, ret);
	if (r < 0)
		fail(c, "write", bytes_str("SHA256SUMS"), r, NULL);
	else
		say_sums(c, ret, was);
	return r;
}

/* ---- the summary --------------------------------------------------------------------------- */

static int do_page(struct verify_case *c, struct bytes page)
{
	AUTO_DONE(buf_done) struct buf old = BUF_LIMIT(CASE_PAGE_MAX);
	int r = casedir_write(c->fd, "custody.txt", page);
	uint64_t line;
	char mend[64];

	if (r == -EEXIST) {
		r = casedir_read(c->fd, "custody.txt", CASE_PAGE_MAX, &old);
		if (r == 0 && !custody_page_agrees(buf_bytes(&old), page, &line)) {
			snprintf(mend, sizeof(mend), "line %" PRIu64 "; csi never overwrites",
				 line);
			fail(c, "agree with what is there:", bytes_str("custody.txt"), -EEXIST,
			     mend);
			return 0;
		}
	}
	if (r < 0)
		fail(c, "write", bytes_str("custody.txt"), r, NULL);
	return r;
}

static void do_custody(struct verify_case *c, const struct casedir_result *sums)
{
	AUTO_DONE(buf_done) struct buf page = BUF_LIMIT(CASE_PAGE_MAX);
	struct custody_place place = { .info = &c->info,
				       .has_sums = sums->has_sums,
				       .sums_files = sums->n[CASEDIR_OK],
				       .version = CSI_VERSION };
	struct stat st;

	place.sums_wrong =
		sums->n[CASEDIR_DIFFERENT] + sums->n[CASEDIR_EXTRA] + sums->n[CASEDIR_MISSING];
	place.sums_signed = fstatat(c->fd, "SHA256SUMS.minisig", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			    S_ISREG(st.st_mode);
	memcpy(place.sums_sha256, sums->sums_sha256, sizeof(place.sums_sha256));
	int r = custody_page(c->custody, &place, &page);
	if (r < 0) {
		fail(c, "write the summary of", bytes_str(c->dir), r, NULL);
		return;
	}
	if (do_page(c, buf_bytes(&page)) < 0)
		return;
	if (c->v->out)
		verify_custody_records(c->v->out, c->custody, &place);
	if (!c->v->out && !c->v->args->common.quiet)
		printf("\n%.*s", (int)page.n, (const char *)page.p);
}

int verify_case_end(struct verify_run *v, struct verify_case *c, int code)
{
	struct casedir_result sums;

	(void)v;
	if (!c)
		return code;
	int r = do_sums(c, &sums);
	if (r == 0 && c->custody)
		do_custody(c, &sums);
	buf_done(&sums.sums);
	worse(c, (enum exit_code)code);
	return c->code;
}
