/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and records of files: what `walk` and `diff` write alike. */
#ifndef CSI_CMD_ROWS_H
#define CSI_CMD_ROWS_H

#include "cmd/cmd.h"
#include "format/hash.h"
#include "work/coverage.h"
#include "work/roots.h"

enum { ROWS_MODE_TEXT = 10, ROWS_HASHES = 3 };

/* Columns of what rows_facts() writes. */
#define ROWS_FACTS_COLUMNS                                                  \
	{ F_FILE_MODE, "MODE", -ROWS_MODE_TEXT }, { F_FILE_UID, "UID", 6 }, \
		{ F_FILE_GID, "GID", 6 }, { F_FILE_SIZE, "SIZE", 11 },      \
	{                                                                   \
		F_FILE_MTIME, "MTIME (UTC)", -19                            \
	}

/* Appends at most ROWS_HASHES columns. Returns how many. */
size_t rows_hash_columns(unsigned hashes, struct column *ret);
/* Digests of a file, or of the data extents of one. */
void rows_hashes(struct out *o, const struct digests *sums, bool extents);
/* Those that a baseline has of it. */
void rows_was(struct out *o, const struct digests *sums);
/* As ls(1) writes it; no NUL. */
void rows_mode(uint32_t mode, char ret[ROWS_MODE_TEXT]);
/* Mode, owner, size and mtime for a table. */
void rows_facts(struct out *o, const struct file_info *info);
/* Container, mount namespace and process of a record. */
void rows_where(struct out *o, const struct seen_root *r);
/* The line above a root's rows in a table. 0 or -errno. */
int rows_heading(struct run *run, const struct seen_root *root);
/* A record of each mount, or a note of each that was not walked. Ends the coverage. 0 or -errno. */
int rows_coverage(struct run *run, const struct seen_root *root, struct coverage *c);

#endif
