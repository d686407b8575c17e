/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The detection catalogue: one row a sign. A sign is about a process, a file, a socket or a
 * container; its predicate is a pure function over facts of such a subject that were gathered once.
 * What could not be read is unknown, and unknown never matches.
 *
 * To add a sign: a predicate, and a row in the catalogue_SUBJECT.c of its subject. To add facts: a
 * bit and a member in the facts of that subject, and a gatherer. To add a subject: facts, a
 * catalogue_SUBJECT.c that signs.c lists, and a judge_SUBJECTs() that judge.c lists; `csi triage`
 * and its --list then have it.
 */
#ifndef CSI_SIGNS_SIGNS_H
#define CSI_SIGNS_SIGNS_H

#include "signs/facts.h"

enum sign_level { LEVEL_INFO, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL, LEVEL_KINDS };
/* "info" ..; 1, 21, 47, 73, 99 */
const char *sign_level_name(enum sign_level l);
unsigned sign_level_severity(enum sign_level l);

/* A container is the processes of one mount namespace: its posture. */
enum sign_subject { SUBJECT_PROCESS, SUBJECT_FILE, SUBJECT_SOCKET, SUBJECT_CONTAINER };
/* "process", "file", "socket", "container" */
const char *sign_subject_name(enum sign_subject s);

enum { FINDING_EVIDENCE_MAX = 8, FINDING_VALUE_MAX = 512 };

struct finding {
	enum sign_level
		level; /* starts as the row's; a predicate may lower it for want of corroboration */
	size_t n;
	struct {
		const char *field;			/* ours: "process.executable" */
		unsigned char value[FINDING_VALUE_MAX]; /* target bytes, cut with "..." */
		size_t len;
	} evidence[FINDING_EVIDENCE_MAX];
};
/* Copies VALUE; a full finding ignores more. */
void finding_add(struct finding *f, const char *field, struct bytes value);
/* The same of a number, "0x.." for an address. */
void finding_add_u64(struct finding *f, const char *field, uint64_t v);
void finding_add_hex(struct finding *f, const char *field, uint64_t v);

/* Facts of the other subjects: whoever gathers them defines these, each with `unsigned known`. */
struct file_facts;
struct socket_facts;
struct container_facts;

struct sign {
	const char *id;	   /* "deleted-exe": stable, never renamed */
	const char *title; /* one line */
	enum sign_level level;
	const char *technique[3]; /* ATT&CK ids, NULL-padded */
	unsigned needs;		  /* fact bits of its subject, all must be known */
	union {			  /* by the subject of its table */
		bool (*process)(const struct facts *f, struct finding *ret);
		bool (*file)(const struct file_facts *f, struct finding *ret);
		bool (*socket)(const struct socket_facts *f, struct finding *ret);
		bool (*container)(const struct container_facts *f, struct finding *ret);
	} match;
	const char *next; /* what to look at next; %d, if present once, is the PID */
};

/* The rows of one subject, in catalogue order. */
struct sign_table {
	enum sign_subject subject;
	const struct sign *v;
	size_t n;
};
extern const struct sign_table signs_process, signs_file, signs_socket, signs_container;
/* All tables: the whole catalogue. */
const struct sign_table *const *signs_tables(size_t *ret_n);
/* The union of what the rows of a subject need. */
unsigned signs_needs(enum sign_subject s);

/* FN is told of each match, catalogue order. */
typedef void (*sign_fn)(void *ctx, const struct sign *s, const struct finding *f);
void signs_judge_process(const struct facts *f, sign_fn fn, void *ctx);
void signs_judge_file(const struct file_facts *f, unsigned known, sign_fn fn, void *ctx);
void signs_judge_socket(const struct socket_facts *f, unsigned known, sign_fn fn, void *ctx);
void signs_judge_container(const struct container_facts *f, unsigned known, sign_fn fn, void *ctx);

#endif
