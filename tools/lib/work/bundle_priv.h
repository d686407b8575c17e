/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline of a bundle. Who owns what, when:
 *
 *   adding thread  takes free slots, fills them with items, hands each to the readers and, in the
 * same order, to the archive thread readers        read and hash what is in a slot, then mark it
 * ready archive thread waits for the next slot in order to be ready, turns its items into tar bytes
 * in a frame, gives the slot back; full frames go to the compressors and, in the same order, to the
 * sealer compressors    swap a frame's tar bytes for its compressed bytes, mark it done sealer
 * waits for the next frame in order to be done, writes it, gives the frame back
 *
 * One thread owns a slot or a frame at a time. The first error of any of them ends all
 * (bundle_fail).
 */
#ifndef CSI_WORK_BUNDLE_PRIV_H
#define CSI_WORK_BUNDLE_PRIV_H

#include "base/budget.h"
#include "base/queue.h"
#include "format/seal.h"
#include "format/zst.h"
#include "work/ledger.h"

enum {
	BUNDLE_SLOTS = 16,
	BUNDLE_SLOT_SIZE = 256 << 10,
	BUNDLE_SLOT_ITEMS = 32, /* open files in flight stay below the usual limit of 1,024 */
	BUNDLE_FRAMES = 4,
	BUNDLE_COMPRESSORS = 2,
	BUNDLE_READERS = 2,
	BUNDLE_READERS_MAX = 16,
	BUNDLE_EXTENTS_MAX = PAX_EXTENTS_MAX,
	BUNDLE_SPARSE_FROM = 64 << 10, /* a hole in a smaller file is not worth an extent map */
	BUNDLE_LARGE_ENTRY = 1 << 20,  /* earlier records are written before one of these begins */
	BUNDLE_STACK = 256 << 10,
	BUNDLE_STACK_ZSTD = 512 << 10,
	BUNDLE_RUN_ID_MAX = 64,
	BUNDLE_NAME_BUF = 32,
	BUNDLE_ALIGN = 16,
};

/* Threads that others wait for sleep no longer than this at a time to keep --cpu. */
#define BUNDLE_NAP_READER     (INT64_C(500) * 1000 * 1000)
#define BUNDLE_NAP_COMPRESSOR (INT64_C(250) * 1000 * 1000)
/* With a rate, a frame has at most an eighth of a second's bytes, but this many. */
enum { BUNDLE_FRAME_LEAST = 16 << 10, BUNDLE_FRAMES_A_SECOND = 8 };

/* A checkpoint is due 2 s after the last; those who can make it a good one act a little earlier. */
#define BUNDLE_DUE_ENTRY  (INT64_C(1500) * 1000 * 1000)
#define BUNDLE_DUE_MIDDLE (INT64_C(1800) * 1000 * 1000)
#define BUNDLE_DUE_IDLE	  (INT64_C(2000) * 1000 * 1000)
/* Frames in flight may add 8 MiB to it: together the 16 MiB that seal.c insists on. */
#define BUNDLE_DUE_BYTES (UINT64_C(8) << 20)

/* A file that spans slots. Its pieces are read one after the other, by any reader. */
struct large {
	struct large *next; /* all that are alive, under b->gate */
	struct item item;
	void *strings; /* what item's ranges point into */
	struct hash hash;
	uint64_t offset;      /* bytes of content behind us; of the piece under way */
	uint64_t pieces_read; /* under b->gate: whose turn it is */
	bool dropped;	      /* nothing of it could be read: no entry is written */
	bool begun;	      /* archive thread: its header is written */
	int refused;	      /* archive thread: no entry is written, by limit or by pax.c */
	atomic_bool unwanted; /* so no more of it needs to be read */
	struct pax_extent *extents;
	size_t nextents;
	bool sparse;
};

/* Part of a large file: HOLE zero bytes, then N bytes at OFFSET, then HOLE_AFTER zero bytes. */
struct piece {
	struct large *large;
	uint64_t index, offset, hole, hole_after;
	size_t n;
	uint64_t extent; /* length of the extent that begins here, 0: none does */
	bool first, last;
	bool filled; /* bytes are in the slot already */
	bool skip;   /* after stop: zeros stand for them */
	int fill_err;
	size_t fill_short;
};

/* Content grows from the front of MEM, items and their strings from the back. */
struct slot {
	unsigned char *mem;
	size_t front, back;
	struct item *items[BUNDLE_SLOT_ITEMS];
	size_t nitems;
	struct piece piece; /* piece.large set: the slot is one piece and nothing else */
	bool ready;	    /* under b->gate */
};

struct frame {
	unsigned char *mem; /* ZST_FRAME_MAX bytes */
	size_t content;	    /* tar bytes */
	size_t n;	    /* compressed bytes, once done */
	uint64_t entries;   /* complete with this frame */
	bool checkpoint;    /* one follows it */
	uint64_t cost;	    /* its share of limit.in_flight */
	bool done;	    /* under b->gate */
};

/*
 * --max-bytes. The archive thread takes nothing that could, at worst, make the stream larger than
 * MAX; only what is sealed counts as it is, all else by its bound. See bundle_limit.c.
 */
struct limit {
	uint64_t max;	     /* 0: none. Without what idle checkpoints may take */
	uint64_t reserve;    /* of it, kept for the records of what is left out */
	uint64_t checkpoint; /* what one adds at most */

	/* Sealer. */
	uint64_t idle_left, idle_spent; /* for checkpoints that nobody asked for */

	/* Archive thread. */
	uint64_t written;     /* tar bytes so far */
	uint64_t owed_end;    /* where the large entry under way ends */
	uint64_t owed_record; /* and what its record takes */
	bool closed;	      /* items get no record any more; that has been said */

	/* Under gate. */
	uint64_t ends_at;   /* of what is sealed, without IDLE_SPENT */
	uint64_t in_flight; /* bound of the frames that are submitted and not sealed */
	pthread_cond_t sealed;
};

struct bundle {
	struct budget budget;
	struct sink *sink;
	const atomic_bool *stop;
	const struct gap_sink *gaps;
	uint64_t max_file;
	struct limit limit;
	struct pace *pace;
	size_t frame_content; /* tar bytes in a frame, at most */
	int64_t due_idle;
	int level;
	char top[BUNDLE_RUN_ID_MAX + 8];
	struct file_stamp began;

	atomic_int err; /* first that ended it, negative errno */
	pthread_mutex_t gate;
	pthread_cond_t slot_ready, frame_done, turn;

	/* Adding thread; the archive thread too, when it finds ADDING free. */
	pthread_mutex_t adding;
	struct slot *open; /* being filled */
	uint64_t long_names;
	struct large *larges; /* under gate */

	struct slot slots[BUNDLE_SLOTS];
	struct queue free_slots, to_read, in_order;
	struct frame frames[BUNDLE_FRAMES];
	unsigned char *spare[BUNDLE_COMPRESSORS]; /* each compressor swaps its own with a frame's */
	atomic_uint compressors;
	struct queue free_frames, to_compress, to_seal;

	/* Archive thread. */
	struct pax *pax;
	struct ledger ledger;
	struct frame *frame; /* being filled, or NULL */
	uint64_t entries;
	int64_t checkpoint_at; /* CLOCK_MONOTONIC, when the last was asked for */
	bool unflushed;	       /* tar bytes since then */

	/* Sealer. */
	struct seal *seal;
	enum bundle_status status;
	struct bundle_totals totals;
	atomic_uint_least64_t since; /* stream bytes since the last checkpoint */
	atomic_uint_least64_t checkpoints_asked, checkpoints_made;
	atomic_bool full; /* the seek table has no room for more */

	atomic_uint_least64_t done_entries, done_in, done_out, done_gaps;

	pthread_t threads[BUNDLE_READERS_MAX + BUNDLE_COMPRESSORS + 2];
	size_t nthreads;
	atomic_uint filtered, landlocked; /* threads that confined themselves */
	bool ended;
};

/* bundle.c: the first error wins; everybody is woken. Returns what is now b->err. */
int bundle_fail(struct bundle *b, int err);
static inline int bundle_err(struct bundle *b)
{
	return atomic_load_explicit(&b->err, memory_order_relaxed);
}
static inline bool bundle_stopped(const struct bundle *b)
{
	return (b->stop && atomic_load_explicit(b->stop, memory_order_relaxed)) ||
	       atomic_load_explicit(&b->full, memory_order_relaxed);
}

/* Where bundle_add_stream() and bundle_add_bytes() get their bytes. */
struct feed {
	bundle_fill fill;
	void *ctx;
	bool ended; /* it said so, or failed: zeros from now on */
};

/*
 * bundle_confine.c: first act of each thread. None of them opens anything: whatever the bytes that
 * pass through could make of it, it has no file, no network and no other process to reach.
 */
void bundle_confine(struct bundle *b);

/* bundle_item.c: b->adding is held. LONG_NAME is where a name of ours may be put. */
struct item bundle_item(struct bundle *b, const struct bundle_entry *e, enum item_kind kind,
			char long_name[BUNDLE_NAME_BUF]);
/* Leaves out what a slot cannot hold, and says so in the item. */
void bundle_limit_item(const struct bundle *b, struct item *item);
size_t bundle_packed_size(const struct bundle *b, const struct item *item);
/* ITEM and all it points to, in bundle_packed_size() bytes at MEM, aligned to BUNDLE_ALIGN. */
struct item *bundle_pack(const struct bundle *b, const struct item *item, void *mem);

/* bundle_large.c: b->adding is held. A large is alive until the archive thread frees it. */
int bundle_large_new(struct bundle *b, const struct item *item, struct large **ret);
void bundle_large_free(struct bundle *b, struct large *l);
/* Where data lies in l->item.file. */
int bundle_find_extents(struct large *l);
uint64_t bundle_data_bytes(const struct large *l);
/* Hands on all pieces: of the file, or of what FEED gives. */
int bundle_add_large(struct bundle *b, struct large *l, struct feed *feed);

/* bundle_add.c. */
int bundle_take_slot(struct bundle *b, struct slot **ret);
int bundle_dispatch(struct bundle *b, struct slot *s);
/* Hands the slot that is being filled on; b->adding is held. 0 or -errno. */
int bundle_dispatch_open(struct bundle *b);
void bundle_slot_reset(struct slot *s);

/* bundle_limit.c. Without a limit everything fits. 0, -EINVAL. */
int bundle_limit_init(struct bundle *b, uint64_t max);
/* Adding thread: CONTENT bytes would not fit whatever becomes of what is under way. */
bool bundle_limit_hopeless(struct bundle *b, uint64_t content);
/* Archive thread, between entries. 1 it fits, 0 it does not, or -errno: fatal. */
int bundle_limit_entry(struct bundle *b, const struct item *item, uint64_t content);
int bundle_limit_record(struct bundle *b, uint64_t n);
/* A large entry that fits begins, after its header; and has ended, with its record. */
void bundle_limit_begin(struct bundle *b, const struct item *item, uint64_t content);
void bundle_limit_end(struct bundle *b);
/* Whether a checkpoint has room that is not needed for more. */
bool bundle_limit_checkpoint(struct bundle *b);
/* A frame is handed on. */
void bundle_limit_submitted(struct bundle *b, struct frame *f);
/* Sealer: F is sealed. */
void bundle_limit_sealed(struct bundle *b, const struct frame *f);
/* Sealer: a checkpoint that nobody asked for, if there is room. 0 or -errno. */
int bundle_limit_idle(struct bundle *b);

/* bundle_read.c, bundle_archive.c, bundle_seal.c: the threads; ARG is the bundle. */
void *bundle_reader(void *arg);
void *bundle_archiver(void *arg);
void *bundle_compressor(void *arg);
void *bundle_sealer(void *arg);

/* bundle_frames.c: tar bytes into frames. A pax_write_fn. */
int bundle_frame_write(void *ctx, const void *p, size_t n);
/* Hands the frame under way on; CHECKPOINT: one follows it, and there is a frame even if it is
 * empty. */
int bundle_frame_submit(struct bundle *b, bool checkpoint);

#endif
