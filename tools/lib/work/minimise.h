/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `collect --minimise`: what law or privacy wants left out, and the record of each omission
 * (outcome skipped, csi.omit says why; no gap). Names stay, values and contents go: environment
 * values, signatures of tokens, contents on every mount but the container's own root, /dev and
 * /dev/shm.
 */
#ifndef CSI_WORK_MINIMISE_H
#define CSI_WORK_MINIMISE_H

#include "signs/signs.h"
#include "work/gather.h"

#define OMIT_ENVIRON "minimise: environment values"
#define OMIT_FINDING "minimise: value in a finding"
#define OMIT_TOKEN   "minimise: token"
#define OMIT_VOLUME  "minimise: volume content"

struct minimise;

/* Looks at the roots of TARGETS (borrowed until closed): which mounts are a container's own. */
int minimise_open(const struct targets *targets, struct minimise **ret);
void minimise_close(struct minimise *m);
void minimise_closep(struct minimise **m);

/*
 * Whether the content of what INFO is of may be stored: it lies on the own mounts of roots[ROOT].
 * Without mount ids (before Linux 5.8) it cannot be told, and is not stored.
 */
bool minimise_keeps(const struct minimise *m, size_t root, const struct file_info *info);
/* The same of a pinned file without a path; a memfd is the process's own and lies on no volume. */
bool minimise_keeps_pinned(const struct minimise *m, size_t root, const struct file_info *info);

/*
 * Names of the environment in TEXT (proc_pid_environ(5)), each as "NAME=" and a NUL. A string
 * without "=", or whose name has anything but visible ASCII, is left out whole: a process may write
 * there what it likes. 0 or -ENOMEM.
 */
int minimise_environ(struct bytes text, struct buf *ret);

/* Leaves values out of F. False if there was none. */
bool minimise_finding(struct finding *f);

/* A record of what was left out beside an entry that stays; P may be NULL. */
int minimise_tell(struct gather *g, const char *what, const char *omit, struct process *p);

/* tokens.jsonl, while files are gathered. */
int minimise_tokens_open(struct gather *g, struct gather_table *ret);
/*
 * The entry at PIN lies where content is not stored. Its record; if it is a token of a service
 * account, its header and claims into TOKENS.
 */
int minimise_file(struct gather *g, struct gather_table *tokens, const struct target_root *root,
		  struct bundle_entry *e, int pin);
/* A name below a directory that Kubernetes gives to tokens, on whatever mount. */
bool minimise_token_path(struct bytes path);

#endif
