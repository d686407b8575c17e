/* SPDX-License-Identifier: Apache-2.0 */
/* --encrypt: public keys from the command line, and age around an output. */
#include "cmd/crypt.h"

#include "format/sink_digest.h"

#include <errno.h>
#include <stdio.h>

enum { KEY_SHOWN = 70 }; /* of a word in a message: a key is 62 */

const struct opt crypt_encrypt_opts[1] = {
	{ .name = "encrypt",
	  .kind = OPT_STRINGS,
	  .offset = offsetof(struct common_args, encrypt),
	  .arg = "age1...",
	  .help = "encrypt the output to this age public key (age-keygen prints one); may be given "
		  "again" },
};

/* A secret key is not shown again, least of all in a log. */
static const char *why_not(struct bytes word, int err)
{
	if (bytes_starts(word, "AGE-SECRET-KEY-") || bytes_starts(word, "age-secret-key-"))
		return "--encrypt: that is a SECRET key, which stays on the workstation; "
		       "age-keygen -y prints the age1... line that goes here";
	if (err == -ENOTSUP)
		return "--encrypt takes age1... keys of age-keygen, no plugin's and no SSH key";
	return NULL;
}

static int refuse(const struct command *self, const char *word, int err)
{
	const char *why = why_not(bytes_str(word), err);
	char text[160];

	if (why)
		return cmd_usage(self, why);
	for (const char *p = word; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '\\')
			return cmd_usage(self, "--encrypt wants a public key such as age1...");
	snprintf(text, sizeof(text), "--encrypt %.*s: not an age public key (a wrong character?)",
		 KEY_SHOWN, word);
	return cmd_usage(self, text);
}

int crypt_keys_parse(const struct command *self, const struct opt_strings *words,
		     struct crypt_keys *ret)
{
	*ret = (struct crypt_keys){ 0 };
	if (words->n > AGE_RECIPIENTS_MAX)
		return cmd_usage(self, "--encrypt may be given 20 times");
	for (size_t i = 0; i < words->n; i++) {
		int r = age_recipient_parse(bytes_str(words->v[i]), &ret->v[i]);

		if (r < 0)
			return refuse(self, words->v[i], r);
		ret->n++;
	}
	return -1;
}

int crypt_begin(struct sink *out, const struct crypt_keys *keys, struct crypt *ret)
{
	*ret = (struct crypt){ .top = out };
	if (keys->n == 0)
		return 0;
	int r = sink_digest(out, &ret->digest);
	if (r == 0)
		r = age_sink(ret->digest, keys->v, keys->n, &ret->age);
	if (r == 0)
		ret->top = ret->age;
	return r;
}

uint64_t crypt_room(const struct crypt *c, uint64_t max)
{
	unsigned char sha256[32];
	uint64_t head;

	if (!c->age)
		return max;
	sink_digest_told(c->digest, &head, sha256);
	/* Every chunk has a tag, the last one even if it is short. */
	uint64_t more = head + (max / AGE_CHUNK + 1) * AGE_TAG;
	return max > more ? max - more : 0;
}

int crypt_end(struct crypt *c, uint64_t *ret_size, unsigned char ret_sha256[32])
{
	bool told = c->age;
	int r = sink_close(take_ptr(&c->age));

	if (r == 0 && told)
		sink_digest_told(c->digest, ret_size, ret_sha256);
	(void)sink_close(take_ptr(&c->digest));
	c->top = NULL;
	return r;
}
