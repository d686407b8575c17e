/* SPDX-License-Identifier: Apache-2.0 */
/* csi verify --new-identity: a pair of age keys, where there is no age-keygen. */
#include "cmd/verify_priv.h"

#include "base/io.h"

#include <errno.h>
#include <stdio.h>

/* Not through stdio, whose buffers would keep it. */
static int write_secret(int fd, const struct age_pair *pair)
{
	char text[2 * AGE_KEY_TEXT + 64];
	int n = snprintf(text, sizeof(text), "# public key: %s\n%s\n", pair->recipient,
			 pair->secret);
	int r = io_write_all(fd, text, (size_t)n);

	explicit_bzero(text, sizeof(text));
	return r;
}

int verify_new_identity(struct verify_run *v)
{
	AUTO_DONE(age_pair_done) struct age_pair pair = { 0 };
	AUTO_CLOSE int fd = -1;
	const char *file = v->args->new_identity;
	int r = age_pair_new(&pair);

	if (r < 0) {
		cmd_fail(&v->run, "make a key from", bytes_str("random numbers"), r, NULL);
		return EXIT_FAILED;
	}
	r = cmd_create(&v->run, file, &fd);
	if (r >= 0)
		return r;
	r = write_secret(fd, &pair);
	if (r == 0 && close(take_fd(&fd)) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(file); /* made a moment ago, and no key */
		cmd_fail(&v->run, "write", bytes_str(file), r, NULL);
		return EXIT_FAILED;
	}
	printf("%s\n", pair.recipient);
	return fflush(stdout) == 0 ? EXIT_COMPLETE : EXIT_FAILED;
}
