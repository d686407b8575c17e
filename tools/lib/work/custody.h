/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a case's bundles say of how they came about, gathered from their content while they
 * are verified, and the page that tells it. Counters and bounded tables, whatever the bundles hold.
 */
#ifndef CSI_WORK_CUSTODY_H
#define CSI_WORK_CUSTODY_H

#include "work/custody_case.h"
#include "work/verify.h"

enum {
	CUSTODY_TEXT_MAX = 480,	 /* of a text of a bundle's; the rest is cut, and marked so */
	CUSTODY_RUNS_MAX = 16,	 /* bundles told one by one; those after only count */
	CUSTODY_GROUPS_MAX = 24, /* kinds of things not read; the rest is "others" */
	CUSTODY_FACTS_MAX = 32,	 /* footprint */
	CUSTODY_CONTAINERS_MAX = 6,
	CUSTODY_WIDTH = 100, /* columns of the page */
};

/* Target bytes as they were. */
struct custody_text {
	unsigned char p[CUSTODY_TEXT_MAX];
	size_t n;
	bool cut;
};

/* What case.json of a bundle says. */
enum custody_what {
	CUSTODY_RUN_ID,
	CUSTODY_SOURCE,
	CUSTODY_SCOPE,
	CUSTODY_VERSION,
	CUSTODY_TOOL_SHA256,
	CUSTODY_ARGV,
	CUSTODY_HOSTNAME,
	CUSTODY_POD,
	CUSTODY_NAMESPACE,
	CUSTODY_NODE,
	CUSTODY_KERNEL,
	CUSTODY_KERNEL_BUILD,
	CUSTODY_MACHINE,
	CUSTODY_BOOT_ID,
	CUSTODY_START_UTC,
	CUSTODY_START_MONOTONIC,
	CUSTODY_START_BOOTTIME,
	CUSTODY_END_UTC,
	CUSTODY_END_MONOTONIC,
	CUSTODY_END_BOOTTIME,
	CUSTODY_LAST_UTC, /* of the last record, for a run without an end */
	CUSTODY_WHATS
};
/* Name of it in a record: "run_id". */
const char *custody_what_name(enum custody_what w);

struct custody_run {
	struct custody_text text[CUSTODY_WHATS];
	/* Of custody_done(). */
	struct custody_text file;
	bool encrypted;
	enum verify_verdict verdict;
	bool has_seal;
	enum bundle_status status;
	uint64_t checkpoints, entries, bytes;
	unsigned char sha256[32];
};

enum custody_kind {
	CUSTODY_TABLES,
	CUSTODY_EXES,
	CUSTODY_DELETED,
	CUSTODY_PROC,
	CUSTODY_MEMORY,
	CUSTODY_FILES,
	CUSTODY_OTHERS,
	CUSTODY_KINDS
};
const char *custody_kind_name(enum custody_kind k);

/* Why something is not there, or not whole. */
enum custody_why { CUSTODY_GAP, CUSTODY_SKIPPED, CUSTODY_MISSING };

struct custody_group {
	enum custody_why why;
	struct custody_text action, code, first;
	uint64_t n;
};

struct custody {
	struct custody_run run[CUSTODY_RUNS_MAX];
	uint64_t nruns; /* may be more than there are rows */
	struct {
		uint64_t entries, bytes, partial;
	} kind[CUSTODY_KINDS];
	uint64_t nodes;		     /* recorded only: fifos, sockets, devices */
	uint64_t links;		     /* symbolic links */
	uint64_t noatime;	     /* read without O_NOATIME */
	uint64_t findings;	     /* signs that matched */
	uint64_t cited, cited_bytes; /* left to an earlier run's bundle */
	struct custody_group group[CUSTODY_GROUPS_MAX];
	size_t ngroups;
	uint64_t others; /* that no group had room for */
	struct {
		struct custody_text key, text;
	} fact[CUSTODY_FACTS_MAX];
	size_t nfacts;
	struct custody_text container[CUSTODY_CONTAINERS_MAX];
	uint64_t ncontainers;
	uint64_t odd; /* lines of proven content that could not be read as records */

	struct custody *proven; /* all of the above as it was at the last checkpoint */
	bool passed;		/* something was taken in since */
};

int custody_new(struct custody **ret);
void custody_closep(struct custody **c);
/* want, content and settle of struct verify_options. CTX is the struct custody. */
bool custody_want(void *ctx, struct bytes name);
int custody_content(void *ctx, struct bytes name, struct bytes content);
int custody_settle(void *ctx, bool proven);
/* The bundle FILE (target bytes: a name in a directory) is done and settled; what comes next is the
 * next's. */
void custody_done(struct custody *c, struct bytes file, bool encrypted,
		  const struct verify_result *res);

/* What the page says of the directory itself. */
struct custody_place {
	const struct custody_case *info;
	bool has_sums;
	unsigned char sums_sha256[32]; /* of SHA256SUMS */
	uint64_t sums_files;
	uint64_t sums_wrong; /* missing, different or extra against it */
	bool sums_signed;    /* SHA256SUMS.minisig lies beside it */
	const char *version; /* of the csi that writes the page */
};

/*
 * custody_page - the page, at most some 60 lines of CUSTODY_WIDTH columns, all target bytes
 * escaped. 0, -ENOMEM, -EFBIG.
 */
int custody_page(const struct custody *c, const struct custody_place *place, struct buf *ret);
/*
 * Whether the page OLD, written before, says what the page NOW does; lines that tell the time of
 * writing or of a signature do not count. If not, *ret_line is the number of the first line of OLD
 * that differs.
 */
bool custody_page_agrees(struct bytes old, struct bytes now, uint64_t *ret_line);

#endif
