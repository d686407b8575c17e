/* SPDX-License-Identifier: Apache-2.0 */
/* State of one walk, shared by walk.c (order of work), walk_dir.c (names), walk_climb.c
 * (descriptors). */
#ifndef CSI_MODEL_WALK_PRIV_H
#define CSI_MODEL_WALK_PRIV_H

#include "model/root_priv.h"

#include <limits.h>

enum {
	WALK_DEPTH = 131072,   /* frames, most */
	WALK_ARENA = 6 << 20,  /* bytes of names and frames, most */
	WALK_SPARE = 64 << 10, /* bytes of it for a small directory's names, or 1,600 frames */
	WALK_SORT = 65536,     /* names sorted in one directory */
	WALK_PATH = 4 << 20,   /* bytes of a path, most */
	WALK_WINDOW = 58,      /* open ancestors; with start, pin and those in hand under 64 */
	WALK_DENTS = 32 << 10, /* bytes asked of one getdents64(2) */
	WALK_DESCENT_STEPS = 4 << 20, /* components opened again from the start, in all */
	WALK_LINK = PATH_MAX + 1,
};
#define WALK_ENTRIES UINT64_C(100000000)

enum frame_flag {
	FRAME_STREAM = 1 << 0, /* kernel order: AT is the getdents64 cookie */
	FRAME_STALE =
		1 << 1, /* sorted, but its names gave way to frames: read again when we return */
	FRAME_ABOVE = 1 << 2, /* mountinfo has a mount point below */
};

/* One directory between START and where we are. */
struct frame {
	uint64_t ino;
	union {
		struct {
			uint32_t next, count;
		} sorted;
		int64_t cookie;
	} at;
	uint32_t dev; /* as the kernel packs it: 12 bits major, 20 bits minor */
	uint32_t mnt;
	uint32_t path_len; /* of its path without a trailing slash: 0 for "/" */
	uint32_t names;	   /* where its names begin in the arena */
	int fd;		   /* -1: closed, reached again through ".." of the child */
	uint8_t flags;
	uint8_t kind;
};
_Static_assert(sizeof(struct frame) <= 40, "131,072 of them share 6 MiB with the names");

struct walk {
	struct root *root;
	struct walk_limits limits; /* with the defaults filled in */
	walk_fn fn;
	void *ctx;
	unsigned char *arena; /* names from its start up, frames from its end down */
	uint32_t names_used;
	uint32_t depth; /* frames */
	bool root_is_network;
	uint64_t entries;
	uint64_t steps;	       /* of WALK_DESCENT_STEPS */
	struct buf path;       /* of the entry in hand, without a trailing slash */
	unsigned char *load;   /* getdents64 buffer while names are loaded */
	unsigned char *stream; /* the same for the frame below, if it streams */
	uint32_t stream_at, stream_n;
	uint32_t stream_owner; /* frame index + 1, 0 nobody */
	char link[WALK_LINK];
};

static inline struct frame *walk_frame(const struct walk *w, uint32_t index)
{
	return (struct frame *)(void *)(w->arena + WALK_ARENA) - 1 - index;
}

static inline struct frame *walk_top(const struct walk *w)
{
	return walk_frame(w, w->depth - 1);
}

/* Tells limits->gaps that something failed on the first LEN bytes of w->path. */
void walk_gap(const struct walk *w, int err, size_t len);

/* walk_dir.c */

/* Reads the names of the top frame, sorted if they fit; else FRAME_STREAM is set. 0 or -errno. */
int walk_load_names(struct walk *w);
/*
 * The top frame's names again, after its child at w->path[0..CHILD_LEN] was walked, up to that
 * child. -ESTALE: it has grown beyond what is sorted.
 */
int walk_reload_names(struct walk *w, size_t child_len);
/* 1 with the next name of the top frame, 0 at its end, -errno. Valid until names are loaded. */
int walk_next_name(struct walk *w, const char **ret);
/* Room for one more frame and a small directory's names; others, which can be read again, give way.
 */
void walk_make_room(struct walk *w);

/* walk_climb.c */

/* A new top frame for the directory FD (taken) with its facts; w->path is its path. */
void walk_push(struct walk *w, int fd, const struct file_info *info, enum mount_kind kind);
/*
 * walk_pop - leave the top frame; its parent is the top then and has a descriptor again. Parents
 * that cannot be reached any more are gaps and are left too.
 */
void walk_pop(struct walk *w);
void walk_close_all(struct walk *w);
bool walk_frame_is(const struct frame *f, const struct file_info *info);

#endif
