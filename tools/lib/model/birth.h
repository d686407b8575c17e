/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New since the container started, without its image: the birth time of an overlay's root directory
 * is the creation of its upper directory (measured in pods; statx(2), name_to_handle_at(2)).
 */
#ifndef CSI_MODEL_BIRTH_H
#define CSI_MODEL_BIRTH_H

#include "model/root.h"
#include "model/source.h"

enum birth_basis {
	BIRTH_NONE,	  /* cannot be told */
	BIRTH_OVERLAY,	  /* btime of the overlay's "/" */
	BIRTH_START_TIME, /* ctime against the start of the container's first process: native,
			     btrfs, no btime */
};

struct birth {
	enum birth_basis basis;
	int64_t ref;	       /* ns since 1970 */
	uint64_t mnt_id;       /* of "/" */
	int64_t runtime_until; /* up to this ctime a mount point's ancestors are the runtime's own
				  making */
	bool stepped; /* start of the first process not 0 to 10 s after ref: trust the handle bit
			 only */
};

/* FIRST_START: start of the lowest PID in the container, ns since 1970, or INT64_MIN. */
int birth_reference(struct root *r, int64_t first_start, struct birth *ret);

enum birth_verdict {
	BIRTH_OLD,
	BIRTH_NEW,     /* created or copied up since start */
	BIRTH_RUNTIME, /* a mount point's ancestor that the runtime itself made */
	BIRTH_BELOW,   /* ctime after, btime before: a lower layer was changed from outside */
	BIRTH_UNKNOWN,
};
/* PARENT_OF_MOUNT: E is a directory that is an ancestor of a mount point in the process's
 * mountinfo. */
enum birth_verdict birth_judge(const struct birth *b, const struct walk_entry *e,
			       bool parent_of_mount);
/* Whether PATH is an ancestor of a mount point, by the mountinfo the root was made with. */
bool root_above_mount(struct root *r, struct bytes path);

#endif
