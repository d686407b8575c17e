/* SPDX-License-Identifier: Apache-2.0 */
/* What scan.c (what is scanned), scan_rules.c (with what) and scan_rows.c (what is shown) share. */
#ifndef CSI_CMD_SCAN_H
#define CSI_CMD_SCAN_H

#include "cmd/cmd.h"
#include "work/headroom.h"
#include "work/ioc.h"
#include "work/sockets.h"
#include "work/sweep.h"
#include "work/targets.h"

struct scan_args {
	struct common_args common;
	struct opt_strings rules, ioc_hashes, ioc_names, ioc_network;
	bool compile, files, exe, memory, volumes;
	int fail_on; /* enum sign_level, -1: not asked */
	uint64_t each, rules_memory;
};

struct scan {
	struct run *run;
	const struct scan_args *args;
	struct rules *rules;
	struct rules *names; /* over paths; NULL: none */
	struct rules_scanner *name_scanner;
	struct ioc_hashes hashes;
	struct ioc_addresses addresses;
	struct targets targets;
	struct sweep *sweep;
	struct fileset clean;
	pthread_mutex_t lock; /* the output's, which the threads share */
	struct headroom headroom;
	struct scan_owner {
		const struct target_root *root; /* whose passwd it is; NULL: none yet */
		struct buf passwd;
	} owner;
	char **paths; /* operands */
	size_t npaths;
	uint64_t found_paths;
	bool told_no_memory; /* that the source has none */
};

enum { SCAN_COLUMNS = 6 };
extern const struct column scan_columns[SCAN_COLUMNS];

/* Compiles what --rules names, or the rules in the program. Broken files are gaps. -1 to go on, or
 * an exit code, printed. */
int scan_load_rules(struct scan *s);
/* --compile: writes them to -o. An exit code. */
int scan_write_rules(struct scan *s);

/* File names that are indicators; in the thread that walks. What cannot be compared is a gap. 0,
 * -ENOMEM, or -errno of the output. */
int scan_judge_name(struct scan *s, const struct target_root *root, const struct walk_entry *e);
/* struct sweep_options.hashed */
int scan_judge_hashes(void *scan, const struct sweep_job *j);
void scan_rules_done(struct scan *s);

/*
 * Name of UID in the passwd of ROOT (may be NULL), or "": also of a name that is too long. From the
 * thread that finds what to scan. A passwd that cannot be read is a gap, each time it is turned to.
 */
void scan_owner_of(struct scan *s, const struct target_root *root, uid_t uid,
		   char ret[SWEEP_OWNER_MAX]);
void scan_owner_done(struct scan *s);

/*
 * The lower priority of the threads started afterwards, and the headroom guard: once the targets
 * are pinned. Done tells the gap, if there is one.
 */
void scan_guard_open(struct scan *s);
void scan_guard_done(struct scan *s);

/* The remote ends of the targets' sockets, if addresses are among the indicators. 0, -ENOMEM, or
 * -errno of the output. */
int scan_sockets(struct scan *s);
/* ROW, whose remote end is A, as a record. */
int scan_show_socket(struct scan *s, const struct socket_row *row, const struct ioc_address *a);

/* struct sweep_options.found: a match as a record, from any thread. */
int scan_show_match(void *scan, const struct sweep_job *j, const struct rules_match *m);

#endif
