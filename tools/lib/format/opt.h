/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: one row an option, which parses it (getopt_long) and prints its help line. */
#ifndef CSI_FORMAT_OPT_H
#define CSI_FORMAT_OPT_H

#include "base/buf.h"

#include <sys/types.h>

enum opt_kind {
	OPT_FLAG,    /* bool: set true */
	OPT_COUNT,   /* int: counted (-v -v) */
	OPT_STRING,  /* const char * (argv's memory) */
	OPT_MAYBE,   /* the same with --name=VALUE; "" for --name alone */
	OPT_SIZE,    /* uint64_t bytes; "4096", "64K", "2M", "1G", "1T" (binary) */
	OPT_NUMBER,  /* uint64_t, decimal, within MIN to MAX */
	OPT_PIDS,    /* struct opt_pids: may be given again */
	OPT_CHOICE,  /* int: index into a NULL-terminated list of words */
	OPT_STRINGS, /* struct opt_strings: may be given again */
};

enum { OPT_PIDS_MAX = 64 };
struct opt_pids {
	pid_t v[OPT_PIDS_MAX];
	size_t n;
};

enum { OPT_STRINGS_MAX = 64 };
struct opt_strings {
	const char *v[OPT_STRINGS_MAX]; /* argv's memory */
	size_t n;
};

struct opt {
	int key;	  /* 'p', or 0 for long only */
	const char *name; /* "pid" */
	enum opt_kind kind;
	size_t offset;	 /* offsetof in the command's argument struct */
	const char *arg; /* "PID", NULL for flags */
	const char *help;
	const char *const *choices; /* OPT_CHOICE */
	uint64_t min, max;	    /* OPT_NUMBER, OPT_SIZE; max 0: no limit */
};

/* The words that follow the options stay in argv order: *ret_operands is the index of the first. */
struct opt_error {
	char text[160]; /* "unknown option --foo", ours and escaped */
};

/*
 * opt_parse - TABLES is a list of option tables (shared ones first), all with offsets into ARGS.
 * 0, 1 when -h or --help was given, or -EINVAL with *err filled. "--" ends options. Long options
 * may be shortened if unambiguous, as getopt_long does. Thread-unsafe (getopt), call once.
 */
struct opt_table {
	const struct opt *v;
	size_t n;
};
int opt_parse(const struct opt_table *tables, size_t ntables, int argc, char **argv, void *args,
	      int *ret_operands, struct opt_error *err);

/* "4096", "64K", "2M", "1G", "1T": 0, -EINVAL, or -ERANGE beyond 64 bits. */
int opt_parse_size(const char *text, uint64_t *ret);

/* Help lines of the tables, appended to B. */
int opt_help(const struct opt_table *tables, size_t ntables, struct buf *b);

#endif
