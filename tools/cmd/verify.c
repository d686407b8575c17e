/* SPDX-License-Identifier: Apache-2.0 */
/* csi verify: what of a bundle is proven; --salvage writes a clean one of it. */
#include "cmd/verify_priv.h"

#include "sys/confine.h"

#include <errno.h>
#include <stdio.h>

static const struct opt verify_opts[] = {
	{ .name = "salvage",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct verify_args, salvage),
	  .arg = "OUT",
	  .help = "of one cut or altered FILE: write what is proven to OUT, sealed as partial" },
	{ .name = "have-list",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct verify_args, have_list),
	  .arg = "LIST",
	  .help = "write what the FILEs, bundles of one case, have to LIST, for collect --have; "
		  "--salvage writes OUT.have by itself" },
	{ .name = "list",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct verify_args, list),
	  .help = "name each proven entry, with SHA-256 and size (-v does too)" },
	{ .name = "custody",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct verify_args, custody),
	  .help = "of the directory of a case: write what is missing of case.json, SHA256SUMS and "
		  "custody.txt (a page for a ticket or a court), check what is there" },
	{ .name = "case-id",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct verify_args, case_id),
	  .arg = "TEXT",
	  .help = "with --custody, into case.json" },
	{ .name = "operator",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct verify_args, operator_name),
	  .arg = "TEXT",
	  .help = "the same: who collected" },
	{ .name = "authority",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct verify_args, authority),
	  .arg = "TEXT",
	  .help = "the same: on whose authority, on what ground" },
	{ .name = "json",
	  .kind = OPT_FLAG,
	  .offset = offsetof(struct verify_args, common.json),
	  .help = "JSON lines instead of text" },
};

static const struct opt_table tables[] = { OPT_TABLE(verify_opts), OPT_TABLE(verify_key_opts),
					   OPT_TABLE(common_talk_opts) };

static int write_out(void *ctx, struct bytes b)
{
	(void)ctx;
	return fwrite(b.p, 1, b.n, stdout) == b.n ? 0 : -EPIPE;
}

static int open_out(struct verify_run *v)
{
	struct out_options opts = { .mode = OUT_JSON };

	if (!v->args->common.json)
		return 0;
	opts.data = (struct out_target){ .write = write_out, .ctx = v };
	opts.diag = opts.data;
	return out_open(&opts, &v->out);
}

static int verify_operands(struct verify_run *v, char **operands, size_t n)
{
	AUTO_DONE(verify_case_closep) struct verify_case *c = NULL;
	AUTO_DONE(verify_set_closep) struct verify_set *s = NULL;
	int code = verify_case_open(v, operands, n, &c);

	char **files = c ? verify_case_files(c) : operands;
	size_t count = 0;

	while (code < 0 && files[count])
		count++;
	if (code < 0)
		code = verify_set_open(v, count, c != NULL, &s);
	if (code >= 0)
		return code;
	code = EXIT_COMPLETE;
	for (char **file = files; *file; file++)
		code = (int)exit_worse((enum exit_code)code, (enum exit_code)verify_file(v, *file));
	code = verify_set_end(v, s, code);
	return verify_case_end(v, c, code);
}

/* What a run writes, and where its spools lie: beside the list, and in TMPDIR for a set. */
static void may_write(const struct confine_files *may, const struct verify_args *args,
		      char *const *files, size_t n)
{
	AUTO_DONE(buf_done) struct buf inside = BUF_NONE;
	bool dir = verify_is_dir(files[0]);

	if (args->salvage)
		(void)confine_may_create(may, args->salvage);
	if (args->have_list)
		(void)confine_may_create(may, args->have_list);
	if ((n > 1 || dir) && buf_addf(&inside, "%s/.", verify_scratch()) == 0 &&
	    buf_addc(&inside, 0) == 0)
		(void)confine_may_create(may, (const char *)inside.p);
	buf_clear(&inside);
	if (args->custody && dir && buf_addf(&inside, "%s/.", files[0]) == 0 &&
	    buf_addc(&inside, 0) == 0)
		(void)confine_may_create(may, (const char *)inside.p);
}

/*
 * A bundle is what an intruder may have written: who reads it can read the files that the command
 * line names, make files beside those that it names as outputs, and do nothing else. The keys of
 * --identity have been read by now, and cannot be opened again. An option that names one more file
 * has its line here, else that file cannot be opened (EACCES).
 */
static void confine(const struct verify_args *args, char *const *files, size_t n)
{
	AUTO_DONE(confine_files_done) struct confine_files may = CONFINE_FILES_NONE;

	/* What cannot be found now is told when it is opened; a refusal by the kernel by doctor. */
	if (confine_files_init(&may) == 0) {
		for (size_t i = 0; i < n; i++)
			(void)confine_may_read(&may, files[i]);
		may_write(&may, args, files, n);
		(void)confine_files_enforce(&may);
	}
	(void)confine_self(CONFINE_VERIFY);
}

static bool wants_bundle(const struct verify_args *a)
{
	return a->salvage || a->have_list || a->list || a->custody || a->case_id ||
	       a->operator_name || a->authority || a->identity.n || a->common.encrypt.n ||
	       a->common.json;
}

static int run_verify(const struct command *self, int argc, char **argv)
{
	struct verify_args args = { 0 };
	struct verify_run v = { .args = &args, .run = { .self = self, .args = &args.common } };
	int at = 0;
	int code = cmd_parse(self, argc, argv, &args, &at);

	if (code >= 0)
		return code;
	if (args.new_identity)
		return at < argc || wants_bundle(&args)
			       ? cmd_usage(self,
					   "--new-identity makes a key and looks at no bundle")
			       : verify_new_identity(&v);
	if (at >= argc)
		return cmd_usage(self, "which file? (- is standard input)");
	if (args.salvage && argc - at > 1)
		return cmd_usage(self, "--salvage wants one file");
	code = verify_keys(&v, self, argv + at);
	if (code >= 0)
		return code;
	confine(&args, (char *const *)(argv + at), (size_t)(argc - at));
	if (open_out(&v) < 0)
		return EXIT_FAILED;
	code = verify_operands(&v, argv + at, (size_t)(argc - at));
	if (v.out && out_flush(v.out) < 0)
		code = EXIT_FAILED;
	out_closep(&v.out);
	buf_done(&v.text);
	age_identities_done(&v.ids);
	/* What was not said was not verified. */
	if (fflush(stdout) != 0 || ferror(stdout))
		code = EXIT_FAILED;
	return code;
}

const struct command cmd_verify = {
	.name = "verify",
	.summary = "what of a bundle is proven; salvage a cut one",
	.usage = "[--list] [--json] [--identity FILE]... [--salvage OUT] [--have-list LIST] "
		 "FILE... | [--custody] DIR | --new-identity FILE",
	.example =
		"csi verify run.tar.zst && tar --zstd -xf run.tar.zst\n"
		"csi verify --salvage clean.tar.zst cut.tar.zst\n"
		"csi verify --new-identity key.txt\n"
		"csi verify --identity key.txt run.tar.zst.age\n"
		"csi verify --have-list have.jsonl cut1.tar.zst; kubectl exec -i POD -c csi-1 -- "
		"csi collect --have - <have.jsonl >run2.tar.zst; csi verify cut1.tar.zst "
		"run2.tar.zst\n"
		"csi verify --custody --case-id IR-7 --operator 'A. Person' --authority 'CISO, by "
		"phone' case/\n"
		"cd case && minisign -Sm SHA256SUMS -t \"IR-7 $(date -u +%FT%TZ)\"",
	.tables = tables,
	.ntables = ARRAY_LEN(tables),
	.run = run_verify,
};
