/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The package databases of a root, read as a stream of "this path belongs to that package": dpkg,
 * distroless's status.d, apk. Nothing of them is kept here, so they can be read again.
 */
#ifndef CSI_WORK_PKGDB_H
#define CSI_WORK_PKGDB_H

#include "base/err.h"
#include "format/hash.h"
#include "model/root.h"

enum {
	PKGDB_LISTS_MAX = 65536, /* list files of one database */
	PKGDB_DIVERSIONS_MAX = 4096,
	PKGDB_DIVERSIONS_BYTES = 4 << 20,
	PKGDB_BYTES_MAX = 1 << 30, /* of all lists together */
};

/* Valid during the callback only; all of it target bytes. */
struct pkg_entry {
	struct bytes package;
	struct bytes path;   /* absolute, where it lies once diversions and merged /usr are known */
	struct digests sums; /* kinds 0: none */
	bool config;	     /* a conffile, or below /etc of apk */
	bool link_sum;	     /* a symbolic link's digest is that of its target */
};

/* A file that the answer rests on. */
struct pkg_list {
	struct bytes path;
	struct file_info info;
};

struct pkgdb_reader {
	int (*entry)(void *ctx, const struct pkg_entry *e); /* 0, or -errno that ends it */
	int (*list)(void *ctx, const struct pkg_list *l);   /* or NULL */
	void *ctx;
	const struct gap_sink *gaps; /* or NULL */
	const atomic_bool *stop;
};

/* What kinds of paths the databases that were found list. */
struct pkgdb_kinds {
	unsigned databases; /* how many were found */
	bool files_only;    /* one of them lists regular files alone */
};

/*
 * Reads what there is, in the order of the table of databases. What cannot be read is a gap. 0 with
 * RET (databases 0: none), -ECANCELED (stop), or what a callback returned.
 */
int pkgdb_read(struct root *root, const struct pkgdb_reader *rd, struct pkgdb_kinds *ret);

/* path-exclude and path-include of dpkg.cfg(5), as globs in their order. Zeroed; _done. */
struct pkgdb_excludes {
	struct buf text; /* "-GLOB\0" or "+GLOB\0" each */
};
int pkgdb_excludes_read(struct root *root, const struct gap_sink *gaps, struct pkgdb_excludes *ret);
bool pkgdb_excluded(const struct pkgdb_excludes *x, struct bytes path);
void pkgdb_excludes_done(struct pkgdb_excludes *x);

#endif
