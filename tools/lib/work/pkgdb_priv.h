/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one package database. Private to pkgdb*.c. */
#ifndef CSI_WORK_PKGDB_PRIV_H
#define CSI_WORK_PKGDB_PRIV_H

#include "model/lines.h"
#include "work/pkgdb.h"

/* Directories of / that may be links into /usr. */
enum { PKG_ALIASES = 6 };

/* Paths and names lie in TEXT. */
struct pkg_diversions {
	struct buf text; /* "from\0to\0package\0" each */
	struct pkg_diversion {
		struct bytes from, to, by;
	} * v; /* sorted */
	size_t n;
};

struct pkg_read {
	struct root *root;
	const struct pkgdb_reader *rd;
	struct pkgdb_kinds kinds;
	bool alias[PKG_ALIASES];
	struct buf path;  /* of the entry in hand */
	struct buf other; /* the same behind its alias */
	struct pkg_diversions diversions;
	uint64_t bytes; /* of lists read */
	int failed;	/* what a callback under file_list() returned */
};

void pkg_gap(const struct pkg_read *p, int err, const char *what, struct bytes on);
/* Hands on p->path. */
int pkg_entry(struct pkg_read *p, struct bytes package, const struct digests *sums, bool config,
	      bool link_sum);
/* Each line of the file PATH; -ENOENT if there is none; what is wrong with it is a gap. A line that
 * is too long is NULL bytes to FN. */
typedef int (*pkg_line_fn)(struct pkg_read *p, void *ctx, struct bytes line);
int pkg_lines(struct pkg_read *p, struct bytes path, pkg_line_fn fn, void *ctx);

/* pkgdb_divert.c: what there is of dpkg's diversions is read; what is wrong with them is a gap. 0,
 * -ENOMEM, -ECANCELED, or what the reader returned. Zero it; done. */
int pkg_diversions_read(struct pkg_read *p);
void pkg_diversions_done(struct pkg_diversions *d);
/* Where PATH of PACKAGE lies. */
struct bytes pkg_divert(const struct pkg_diversions *d, struct bytes path, struct bytes package);

/* One database: 0, -ENOENT (it is not there), or what ends the reading. */
int pkgdb_dpkg(struct pkg_read *p);
int pkgdb_status_d(struct pkg_read *p);
int pkgdb_apk(struct pkg_read *p);
int pkgdb_rpm(struct pkg_read *p);

#endif
