/* SPDX-License-Identifier: Apache-2.0 */
/* What `csi verify` opens: bundles as they are, or encrypted ones with the keys of --identity. */
#include "cmd/verify_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

const struct opt verify_key_opts[3] = {
	{ .name = "identity",
	  .kind = OPT_STRINGS,
	  .offset = offsetof(struct verify_args, identity),
	  .arg = "FILE",
	  .help = "open encrypted bundles with the secret keys in FILE (of age-keygen; - is "
		  "standard input); may be given again" },
	{ .name = "new-identity",
	  .kind = OPT_STRING,
	  .offset = offsetof(struct verify_args, new_identity),
	  .arg = "FILE",
	  .help = "instead: make a secret key, as age-keygen does, write it to FILE and print its "
		  "public key, for collect --encrypt" },
	{ .name = "encrypt",
	  .kind = OPT_STRINGS,
	  .offset = offsetof(struct verify_args, common.encrypt),
	  .arg = "age1...",
	  .help = "with --salvage: encrypt OUT to this age public key (age-keygen prints one); may "
		  "be given again" },
};

static const char *why_no_key(int err)
{
	static const struct {
		int err;
		const char *text;
	} whys[] = {
		{ -EBADMSG, "a line of it is neither an AGE-SECRET-KEY-1... key nor a comment; a "
			    "file with a passphrase: age -d it first" },
		{ -ENOKEY, "there is no AGE-SECRET-KEY-1... line in it" },
		{ -E2BIG, "more than 64 keys" },
	};

	for (size_t i = 0; i < ARRAY_LEN(whys); i++)
		if (whys[i].err == err)
			return whys[i].text;
	return NULL;
}

static int open_intake(const char *file, int *own, struct intake **ret)
{
	int fd = STDIN_FILENO;

	if (strcmp(file, "-") != 0)
		fd = *own = open(file, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : intake_fd(fd, ret);
}

static int read_identities(struct verify_run *v, const char *file)
{
	AUTO_CLOSE int own = -1;
	AUTO_DONE(intake_closep) struct intake *in = NULL;
	unsigned line = 0;
	int r = open_intake(file, &own, &in);

	if (r == 0)
		r = age_identities_read(in, &v->ids, &line);
	if (r == 0)
		return -1;
	cmd_fail(&v->run, "read keys from", bytes_str(file), r, why_no_key(r));
	age_identities_done(&v->ids);
	return EXIT_FAILED;
}

int verify_keys(struct verify_run *v, const struct command *self, char **operands)
{
	const struct opt_strings *files = &v->args->identity;
	unsigned standard = 0;
	int r = crypt_keys_parse(self, &v->args->common.encrypt, &v->keys);

	if (r >= 0)
		return r;
	if (v->keys.n && !v->args->salvage)
		return cmd_usage(self, "--encrypt is for what --salvage writes");
	for (size_t i = 0; i < files->n; i++)
		standard += strcmp(files->v[i], "-") == 0;
	for (; files->n && *operands; operands++)
		standard += strcmp(*operands, "-") == 0;
	if (standard > 1)
		return cmd_usage(self, "standard input cannot be keys and a bundle");
	for (size_t i = 0; i < files->n && r < 0; i++)
		r = read_identities(v, files->v[i]);
	return r;
}

int verify_file(struct verify_run *v, const char *file)
{
	AUTO_CLOSE int own = -1;
	AUTO_DONE(intake_closep) struct intake *below = NULL;
	AUTO_DONE(intake_closep) struct intake *in = NULL; /* closed before what is below it */
	int r = open_intake(file, &own, &below);

	v->file = file;
	if (r == 0)
		r = age_intake(below, v->ids.n ? &v->ids : NULL, &in);
	if (!in) {
		cmd_fail(&v->run, "open", bytes_str(file), r, NULL);
		return EXIT_FAILED;
	}
	v->encrypted = age_is_encrypted(in);
	return verify_one(v, in); /* which says it if the header is cut, or opens with no key */
}
