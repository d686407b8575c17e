/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a bundle take away from themselves what they never need. */
#include "sys/confine.h"
#include "work/bundle_priv.h"

void bundle_confine(struct bundle *b)
{
	AUTO_DONE(confine_files_done) struct confine_files none = CONFINE_FILES_NONE;

	/* Landlock first: it opens the descriptor of its rules. */
	if (confine_files_init(&none) == 0 && confine_files_enforce(&none) == 0)
		atomic_fetch_add(&b->landlocked, 1);
	if (confine_self(CONFINE_PIPELINE) == 0)
		atomic_fetch_add(&b->filtered, 1);
}

void bundle_confined(struct bundle *b, struct bundle_confinement *ret)
{
	*ret = (struct bundle_confinement){
		.threads = (unsigned)b->nthreads,
		.seccomp = atomic_load(&b->filtered),
		.landlock = atomic_load(&b->landlocked),
	};
}
