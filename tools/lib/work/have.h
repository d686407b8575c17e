/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier bundles of a case already have: one line of the list that `csi verify --have-list`
 * writes and `csi collect --have` reads, and the order of its lines. tools/FORMAT.md, section 9.
 */
#ifndef CSI_WORK_HAVE_H
#define CSI_WORK_HAVE_H

#include "base/buf.h"
#include "base/path.h"
#include "model/file.h"

enum {
	HAVE_LINE_MAX = 64 << 10, /* item and path of 4,095 bytes, each byte escaped, and facts */
	HAVE_RUN_MAX = 64,	  /* characters of a run id */
	HAVE_ROOT_MAX = 63,	  /* characters of a root's label */
	HAVE_HEX = 64,
	HAVE_IDENT_MAX = 160,
	HAVE_RUNS_MAX = 1024, /* bundles that one list or one set is made of */
};

/* csi.action of the lines: each run first, then its files, then the end; and of ledger records. */
#define HAVE_ACTION_RUN	 "have run"
#define HAVE_ACTION_FILE "have file"
#define HAVE_ACTION_END	 "have end"
#define HAVE_ACTION_CITE "cite file"
/* In the ledger: this run was made with what that one has. */
#define HAVE_ACTION_RESUME   "resume"
#define HAVE_ACTION_UNSORTED "walk in kernel order"

struct have_digest {
	bool extents; /* csi.hash.extents, else file.hash.sha256 */
	char hex[HAVE_HEX + 1];
};

/*
 * What must be the same for a file to count as the one that was archived: device, inode, size,
 * mtime and ctime as records write them. "" has no such form (a time outside 1970 to 2262) and
 * equals nothing.
 */
struct have_ident {
	char text[HAVE_IDENT_MAX];
};

enum have_kind { HAVE_RUN, HAVE_FILE, HAVE_END };

/* A line, taken apart and checked. Zeroed before first use; have_line_done. */
struct have_line {
	enum have_kind kind;
	char run[HAVE_RUN_MAX + 1];   /* HAVE_RUN, HAVE_FILE */
	uint64_t lines;		      /* HAVE_END: HAVE_FILE lines before it */
	char root[HAVE_ROOT_MAX + 1]; /* HAVE_FILE from here on */
	struct buf path;
	struct have_ident ident;
	uint64_t size;
	struct have_digest digest;
	uint64_t number; /* of the file in its list: for who reads it, have_parse() leaves it */
};

/*
 * have_parse - LINE (hostile, without its newline) into RET, whose memory is used again. The item
 * must be "files/", root and path. 0, -EBADMSG, -ENOMEM; after a failure RET holds nothing of use.
 */
int have_parse(struct bytes line, struct have_line *ret);
void have_line_done(struct have_line *l);

struct have_ident have_ident_of(const struct file_info *info);
static inline bool have_ident_eq(const struct have_ident *a, const struct have_ident *b)
{
	return a->text[0] && strcmp(a->text, b->text) == 0;
}

/* A place in walk order: roots by label, directories before what is in them, names by bytes. */
struct have_place {
	struct bytes root, path;
};
int have_compare(struct have_place a, struct have_place b);
/* Whether P lies below the directory DIR, at any depth. */
bool have_below(struct have_place p, struct have_place dir);

/* Words that may stand in a run id, and digits of a digest. */
bool have_run_ok(struct bytes run);
/* The digest of a record: file.hash.sha256 or csi.hash.extents. 0, -EBADMSG. */
int have_digest_of(struct bytes record, struct have_digest *ret);

/* A member "a.b.c" of a record. KEY is ours. 0, -ENOENT, -EBADMSG. */
int have_member(struct bytes record, const char *key, struct bytes *ret);
/* The same of a string without escapes, quotes off; into RET with a NUL. -EBADMSG if it is none. */
int have_text(struct bytes record, const char *key, char *ret, size_t room);
/* Whether it is the string OURS. */
bool have_is(struct bytes record, const char *key, const char *ours);

#endif
