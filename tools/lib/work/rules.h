/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YARA rules: from source or compiled files to matches. All that knows the library is rules.c. A
 * file that is broken is told and left out, the rest go on. Rules are namespaced by the name of
 * their file. Rules may use the external variables that signature-base and Loki give theirs:
 * filename, filepath, extension, filetype, owner; all in lower case, as there.
 */
#ifndef CSI_WORK_RULES_H
#define CSI_WORK_RULES_H

#include "base/base.h"

#include <stdatomic.h>
#include <sys/types.h>

enum {
	RULES_SETS_MAX = 32, /* compiled files, and one for all sources */
	RULES_FILES_MAX = 10000,
	RULES_DEPTH_MAX = 8,
	RULES_FILE_MAX = 64 << 20, /* bytes of one file */
	RULES_MATCH_DATA = 64,	   /* bytes kept of one match of a string */
	RULES_TAGS_MAX = 16,	   /* of a rule, told */
	RULES_METAS_MAX = 32,
	RULES_STRINGS_MAX = 32, /* matches of strings of a rule, told; all are counted */
	RULES_EACH_MAX = 4,	/* of them of one string */
	RULES_STACK = 1 << 20,	/* bytes that a scan may need of a thread's stack */
};

/* What is wrong with a rule file. LINE 0: with all of it. TEXT is the library's, or NULL. */
struct rules_fault {
	int err; /* -errno */
	const char *file;
	int line;
	const char *text;
};
typedef void (*rules_fault_fn)(void *ctx, const struct rules_fault *f);

/* Sources to be compiled. Zero it. */
struct rules_source {
	char *name; /* namespace */
	char *path; /* NULL: TEXT */
	char *text; /* NUL-terminated, no NUL within */
};
struct rules_list {
	struct rules_source *v;
	size_t n;
};
/* All copy what they are given. 0, -ENOMEM, -EILSEQ (a NUL in TEXT). */
int rules_list_path(struct rules_list *l, const char *name, const char *path);
/* Every file below PATH whose name ends in .yar, .yara, .rule, .rules, .yac or .yarc, by name; what
 * begins with a dot is left out, links are followed (a ConfigMap is made of them). 0, -E2BIG beyond
 * RULES_FILES_MAX files or RULES_DEPTH_MAX levels, or -errno. */
int rules_list_dir(struct rules_list *l, const char *path);
int rules_list_text(struct rules_list *l, const char *name, struct bytes text);
void rules_list_done(struct rules_list *l);

/* Compiled: not changed any more, any number of threads may use it. */
struct rules;
/*
 * rules_load - compiles all of L, and takes what is compiled already. 0, -ENOENT when no rule is
 * left, -ENOMEM (rules_mem.h: the limit), or -errno.
 */
int rules_load(const struct rules_list *l, rules_fault_fn fn, void *ctx, struct rules **ret);
void rules_closep(struct rules **r);
size_t rules_count(const struct rules *r);
/* Whether FD's first bytes say that it holds compiled rules. The offset stays. */
bool rules_is_compiled(int fd);
/* Writes them, compiled; only of one set: -EINVAL if compiled files were loaded as well. */
int rules_save(struct rules *r, int fd);

/* ---- scanning ---- */

struct rules_block {
	uint64_t base, size; /* offset in the file, or address; bytes */
};

struct rules_input {
	bool memory;	    /* a process: addresses, and no file size */
	uint64_t file_size; /* of a file */
	const struct rules_block *blocks;
	size_t n;
	/* All bytes of blocks[I], until the next call; NULL to leave it out. */
	const unsigned char *(*fetch)(void *ctx, size_t i);
	void *ctx;
	/* External variables; empty where there is nothing to say. */
	struct bytes filename, filepath, extension, filetype, owner;
};

struct rules_meta {
	const char *key;
	const char *text; /* NULL: NUMBER */
	int64_t number;
};

struct rules_string {
	const char *id; /* "$a" */
	uint64_t at;	/* offset or address */
	uint64_t length;
	struct bytes data; /* the first RULES_MATCH_DATA bytes: target bytes */
};

/* Valid during the call only. Strings of the rule file are the operator's. */
struct rules_match {
	const char *name, *ruleset; /* identifier; namespace, "" in compiled files without */
	const char *tags[RULES_TAGS_MAX];
	size_t ntags;
	struct rules_meta metas[RULES_METAS_MAX];
	size_t nmetas;
	struct rules_string strings[RULES_STRINGS_MAX];
	size_t nstrings;
	uint64_t nall; /* matches of strings in all */
};

struct rules_hooks {
	/* 0, or -errno to end the scan with it. */
	int (*match)(void *ctx, const struct rules_match *m);
	/* This string matched too often and was left out from there on. */
	void (*too_many)(void *ctx, const char *rule, const char *string);
	void *ctx;
};

/* One thread's. The rules stay the caller's, and stay. */
struct rules_scanner;
int rules_scanner_new(const struct rules *r, unsigned timeout_s, struct rules_scanner **ret);
void rules_scanner_closep(struct rules_scanner **s);
/*
 * 0, -ETIMEDOUT, -ECANCELED (rules_scanner_stop), -ENOMEM, -EOVERFLOW (a condition needs too much
 * stack), or what a hook returned. With several sets the first error is returned, all are tried.
 */
int rules_scan(struct rules_scanner *s, const struct rules_input *in,
	       const struct rules_hooks *hooks);
/* From FETCH, also in a signal handler of this thread: the scan ends soon, with -ECANCELED. */
void rules_scanner_stop(struct rules_scanner *s);

#endif
