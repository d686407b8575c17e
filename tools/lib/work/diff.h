/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between a root and a baseline: the record of one difference, and the baselines as
 * data. Each baseline reads the root for itself and tells its differences in its own order, so that
 * any of them may be asked together.
 */
#ifndef CSI_WORK_DIFF_H
#define CSI_WORK_DIFF_H

#include "base/err.h"
#include "base/path.h"
#include "format/hash.h"
#include "model/birth.h"
#include "work/coverage.h"

#include <stdatomic.h>

enum diff_kind {
	DIFF_ADDED,   /* here, and not in the baseline */
	DIFF_CHANGED, /* in both, and not the same */
	DIFF_WRITTEN, /* added or changed: it cannot be told which */
	DIFF_DELETED, /* in the baseline only */
	DIFF_UNOWNED, /* listed by no package */
	DIFF_MISSING, /* a package lists it, and it is not here */
	DIFF_RUNTIME, /* the container runtime's own making */
	DIFF_BELOW,   /* a lower layer was changed from outside of the container */
	DIFF_SOURCE,  /* a file that the baseline rests on: no difference, its times are told */
	DIFF_UNKNOWN, /* it may differ: WHAT or the gap says why it cannot be told */
	DIFF_KINDS
};
/* "added", ... */
const char *diff_kind_name(enum diff_kind k);

/* What of it differs, as far as the baseline can tell; several may be set. */
enum diff_what {
	DIFF_CONTENT = 1 << 0,
	DIFF_TYPE = 1 << 1,
	DIFF_MODE = 1 << 2,
	DIFF_OWNER = 1 << 3,
	DIFF_SIZE = 1 << 4,
	DIFF_MTIME = 1 << 5,
	DIFF_LINK = 1 << 6, /* target of a symbolic link */
	DIFF_XATTRS = 1 << 7,
	DIFF_DEVICE = 1 << 8,	    /* numbers of a device file */
	DIFF_FILE_WRITTEN = 1 << 9, /* --since: copied up, and its mtime moved */
	DIFF_FILE_KEPT = 1 << 10,   /* --since: copied up with its mtime as before: mode, owner,
				       xattrs, or content with the time put back */
	DIFF_DIR_ADDED = 1 << 11,   /* an entry came: nothing shows that one left */
	DIFF_DIR_REMOVED = 1 << 12, /* an entry was removed or renamed away */
	DIFF_DIR_PARENT = 1 << 13,  /* only because of what changed in it, as far as shows */
	DIFF_DIR_SELF = 1 << 14,    /* mode, owner or xattrs of the directory itself */
	DIFF_OPAQUE = 1 << 15,	    /* a directory that was replaced as a whole */
};
enum { DIFF_WHATS = 16 };
/* Of one bit: "content", ... */
const char *diff_what_name(unsigned bit);

enum diff_mark {
	DIFF_MTIME_BEFORE_BIRTH = 1 << 0, /* set back, by touch or by an unpacker */
	DIFF_WHOLE_SECONDS = 1 << 1, /* ctime equals mtime and has no fraction: a clock was set */
	DIFF_FUTURE = 1 << 2,	     /* a time that has not come yet */
	DIFF_AFTER_START = 1 << 3,   /* of a file that the runtime binds: written since */
	DIFF_FOREIGN_CLOCK = 1 << 4, /* its times are those of a server */
	DIFF_CONFIGURATION = 1 << 5, /* a file that an administrator may change */
	DIFF_EXCLUDED = 1 << 6,	     /* dpkg.cfg says that it is not installed */
};
enum { DIFF_MARKS = 7 };
const char *diff_mark_name(unsigned bit);

/* What a baseline knows of a file beside its digests. */
struct diff_facts {
	uint32_t mode, uid, gid; /* the type in mode */
	uint64_t size;
	int64_t mtime; /* ns since 1970 */
	struct bytes link;
};

/* One difference. Valid during the callback only; pointers are borrowed. */
struct diff_change {
	enum diff_kind kind;
	unsigned what;	       /* enum diff_what */
	unsigned marks;	       /* enum diff_mark */
	struct kept_path path; /* in the root, target bytes */
	uint64_t parent_ino;
	const struct file_info *now; /* NULL: it is not there */
	struct bytes link;	     /* target of a symbolic link that is there */
	enum mount_kind mount;
	struct digests sums;		 /* of what is there; kinds 0: not read */
	bool extents;			 /* SUMS are of its data alone: no digest of the file */
	struct digests was;		 /* what the baseline says; kinds 0: nothing */
	const struct diff_facts *before; /* the same; NULL: nothing */
	uint64_t below;	    /* DIFF_DELETED: how many files were in this directory, at any depth */
	struct bytes owner; /* package, layer or bundle that says so; target bytes; n 0: none */
	struct gap gap;	    /* why it could not be told whole; err 0: it could */
};

struct hashwalk_item;
/* What the walk says of one file; the rest is the baseline's to fill in. Valid as long as IT is. */
struct diff_change diff_change_of(const struct hashwalk_item *it);

/* 0, or -errno that ends the comparison with it. */
typedef int (*diff_fn)(void *ctx, const struct diff_change *c);

/* One root that is compared, and how. */
struct diff_target {
	struct root *root;
	struct birth birth;  /* basis BIRTH_NONE: unknown */
	pid_t pid;	     /* the process through which it was opened, 0 none */
	unsigned hashes;     /* digests that are wanted of what differs (enum hash_kind) */
	bool volumes;	     /* volumes and network mounts too */
	bool all_content;    /* of what an overlay proves to be the image's too */
	size_t image_memory; /* bytes for the index of --image; 0: default */
	uint64_t max_file;   /* 0: default */
	unsigned jobs;	     /* 0: default */
	const atomic_bool *stop;
	const struct gap_sink *gaps;
	struct coverage *coverage; /* NULL, or told of a walk of the whole root */
};

/*
 * One kind of baseline. STATE is the baseline's own, made by OPEN and freed by CLOSE.
 *
 * open: WHERE is the option's argument (the operator's), or NULL. 0 or -errno, with *RET_WHY a
 * sentence part of ours or NULL.
 * compare: tells FN each difference of TARGET. Gaps go to target->gaps. 0, -ECANCELED (stop), what
 * FN returned, or -errno where the comparison could not be made at all.
 */
struct diff_baseline {
	const char *name; /* csi.diff.baseline */
	int (*open)(const char *where, void **ret, const char **ret_why);
	int (*compare)(void *state, const struct diff_target *target, diff_fn fn, void *ctx);
	void (*close)(void *state);
};

extern const struct diff_baseline diff_since, diff_packages, diff_bundle, diff_image;

/* Marks that the times of a file carry; NOW: ns since 1970; ADDED: it did not come from the image.
 */
unsigned diff_time_marks(const struct file_info *info, bool added, int64_t now);

#endif
