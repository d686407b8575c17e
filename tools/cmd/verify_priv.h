/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `csi verify` share. */
#ifndef CSI_CMD_VERIFY_PRIV_H
#define CSI_CMD_VERIFY_PRIV_H

#include "cmd/cmd.h"
#include "cmd/crypt.h"
#include "work/verify.h"

struct verify_args {
	struct common_args common;
	const char *salvage;
	struct opt_strings identity;
	const char *new_identity;
	const char *have_list;
	bool list;
	bool custody;
	const char *case_id, *operator_name, *authority;
};

/*
 * Who listens while bundles are verified: what lies about a set or a case is in their content. DONE
 * is told of each bundle's verdict after its content; V->file is its name. All but CTX may be NULL.
 */
struct verify_watch {
	int (*begin)(void *ctx, const char *file); /* a bundle begins; FILE stays */
	/* As in struct verify_options: what passes is put aside, and SETTLE says whether it is
	 * proven. */
	verify_entry_fn pass;
	bool (*want)(void *ctx, struct bytes name);
	verify_content_fn content;
	int (*settle)(void *ctx, bool proven);
	void (*done)(void *ctx, const struct verify_result *res);
	void *ctx;
};
enum { VERIFY_WATCHES_MAX = 4 };

/* One run over all operands. */
struct verify_run {
	const struct verify_args *args;
	struct run run;	 /* for cmd_fail(); no source is opened */
	struct out *out; /* --json; else NULL */
	const char *file;
	bool encrypted;		   /* V->file is */
	struct age_identities ids; /* --identity; wiped at the end */
	struct crypt_keys keys;	   /* --encrypt: of what is salvaged */
	struct buf text;	   /* of verify_text() */
	struct verify_watch watch[VERIFY_WATCHES_MAX];
	size_t nwatch;
};

/*
 * verify_open.c: --identity and --encrypt, before a file is opened. OPERANDS are for what cannot be
 * together. -1 to go on, else an exit code, printed.
 */
int verify_keys(struct verify_run *v, const struct command *self, char **operands);
/* FILE ("-": standard input), opened with V's keys, through verify_one(). An exit code. */
int verify_file(struct verify_run *v, const char *file);
extern const struct opt verify_key_opts[3]; /* --identity, --new-identity, --encrypt */

/* verify_new.c: makes --new-identity, and prints its public key. An exit code. */
int verify_new_identity(struct verify_run *v);

/* verify_one.c: V->file, which IN reads: verified, salvaged if asked for, and told. An exit code.
 */
int verify_one(struct verify_run *v, struct intake *in);
/* TARGET escaped; valid until the next call. */
struct bytes verify_text(struct verify_run *v, struct bytes target);

/* verify_case.c: the directory of a case. */
struct verify_case;
/*
 * With --custody, or if one of the operands is a directory: begins to listen, and writes case.json.
 * -1 to go on, *RET NULL if there is no directory; else an exit code, printed.
 */
int verify_case_open(struct verify_run *v, char **operands, size_t n, struct verify_case **ret);
/* The case's bundles, by name, as paths: NULL-terminated, borrowed. */
char **verify_case_files(const struct verify_case *c);
/* After its bundles: sums, summary. CODE is the worst of the bundles; returns that of the run. */
int verify_case_end(struct verify_run *v, struct verify_case *c, int code);
void verify_case_closep(struct verify_case **c);
bool verify_is_dir(const char *path);
/* verify_custody.c: the summary as records. */
struct custody;
struct custody_place;
void verify_custody_records(struct out *o, const struct custody *c,
			    const struct custody_place *place);
/* verify_set.c: the list of what the bundles have, and whether they are one whole case. */
struct verify_set;
/* Begins to listen to the N files, or SET: a directory was named. An exit code, printed; -1: go on.
 */
int verify_set_open(struct verify_run *v, size_t n, bool set, struct verify_set **ret);
/* Writes the list, tells of the set. CODE is the worst of the bundles; returns that of the run. */
int verify_set_end(struct verify_run *v, struct verify_set *s, int code);
void verify_set_closep(struct verify_set **s);
/* Where a set without a list keeps its spools: TMPDIR or /tmp. */
const char *verify_scratch(void);

#endif
