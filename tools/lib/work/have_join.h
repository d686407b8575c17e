/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading end of the list: a merge join with a walk. The list is never loaded: there is one
 * line of look-ahead, and a ring of HAVE_RING lines within a directory that is walked in the
 * kernel's order, whose order the list need not share to the last name.
 *
 * The list is hostile: it is bounded, it reaches nothing but comparisons, and the first thing wrong
 * with it ends it. What it then does not say is collected anew. One thread.
 */
#ifndef CSI_WORK_HAVE_JOIN_H
#define CSI_WORK_HAVE_JOIN_H

#include "work/have.h"

#include <stdatomic.h>

enum {
	HAVE_RING = 256,
	HAVE_WAIT_S = 60, /* a list of which nothing comes for so long has ended early */
};

struct have_join;

struct have_totals {
	uint64_t cited, bytes; /* files found on the list, and their sizes */
	uint64_t unused;       /* lines read that were not used */
};

/*
 * From FD, borrowed; a pipe will do. Reads up to the first line of a file: -EBADMSG: the first line
 * is none of a list; -ENODATA: it is empty; -ETIMEDOUT; -ECANCELED: STOP; -errno of reading.
 */
int have_join_open(int fd, const atomic_bool *stop, struct have_join **ret);
void have_join_closep(struct have_join **j);
/* The runs that the list is made of, in its order; NULL behind the last. */
const char *have_join_run(const struct have_join *j, size_t i);
/* The walk is about to tell what is in DIR in the kernel's order. 0 or -ENOMEM. */
int have_join_unsorted(struct have_join *j, struct have_place dir);
/*
 * The walk is at the file AT: 1 if the list has it as it is now, with the line, valid until the
 * next call; 0 if not; -ENOMEM.
 */
int have_join_find(struct have_join *j, struct have_place at, const struct have_ident *ident,
		   const struct have_line **ret);
/* The walk is over: the rest is counted. */
int have_join_end(struct have_join *j, struct have_totals *ret);
/* What ended the list before its end, and on which line: 0 if nothing did. */
int have_join_error(const struct have_join *j, uint64_t *ret_line);

#endif
