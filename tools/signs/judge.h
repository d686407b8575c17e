/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every sign over everything that a source shows: one function a subject, which gathers the facts
 * of each thing of its kind and hands on what matches. `csi triage` calls judge_all().
 */
#ifndef CSI_SIGNS_JUDGE_H
#define CSI_SIGNS_JUDGE_H

#include "signs/signs.h"

#include <stdatomic.h>

/* What a finding is about, for a record. Byte ranges are target data and valid during the call. */
struct sign_about {
	enum sign_subject subject;
	/* Process: itself. File, container: the lowest one in that root. Socket: an owner. 0: none.
	 */
	pid_t pid;
	char entity_id[96];	   /* of PID, or "" */
	struct bytes name;	   /* comm of PID, or empty */
	struct bytes path;	   /* file: in its root */
	struct bytes container_id; /* hex digits or empty */
	uint64_t ns_mnt;	   /* 0 unknown */
	bool hashed;		   /* process: EXE_SHA256 is known */
	unsigned char exe_sha256[EXE_HASH_BYTES];
};
void sign_about_process(const struct facts *f, struct sign_about *ret);

typedef void (*finding_fn)(void *ctx, const struct sign_about *about, const struct sign *s,
			   const struct finding *f);

/* All borrowed. */
struct judging {
	struct source *source;
	const struct process_id *ids; /* the selected processes, ascending */
	size_t nids;
	bool whole;    /* no selection: everything but csi's own */
	bool no_files; /* no root is walked */
	struct facts_shared *shared;
	const struct gap_sink *gaps; /* what could not be read */
	const atomic_bool *stop;     /* set: end early with 0 */
	finding_fn fn;
	void *ctx;
};

/* Each: 0, or -ENOMEM. What ends meanwhile is no gap; what a source cannot answer is nothing. */
int judge_processes(struct judging *j);
int judge_containers(struct judging *j);
/* Without -p alone: who is not selected may have what nobody seems to have. */
int judge_sockets(struct judging *j);
/*
 * One walk of each distinct root: without -p, and not with no_files. Nothing of it is entered but
 * the root's own mount and memory file systems; what came after the start is read where a sign
 * wants it.
 */
int judge_files(struct judging *j);
/* All of them, one subject after the other. */
int judge_all(struct judging *j);

#endif
