/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of indicators as signature-base has them, one a line, fields apart by semicolons, "#"
 * before a comment: hashes (hash;comment), file names (regex;score[;regex of what is harmless]),
 * and network indicators (address or name;comment). Names and addresses become YARA rules, one
 * source a line named FILE:LINE, so that a line that does not compile is told like any broken rule.
 */
#ifndef CSI_WORK_IOC_H
#define CSI_WORK_IOC_H

#include "format/hash.h"
#include "work/ioc_address.h"
#include "work/rules.h"

enum {
	IOC_LINES_MAX = 1 << 20,
	IOC_LINE_MAX = 4096, /* bytes */
	IOC_NET_MIN = 4,     /* bytes of an address or name: shorter ones are everywhere */
};

struct ioc_hash {
	unsigned char digest[32]; /* the first N bytes */
	unsigned char n;	  /* 16, 20 or 32 */
	char comment[IOC_COMMENT_MAX];
};
struct ioc_hashes {
	struct ioc_hash *v; /* sorted */
	size_t n, room;
	unsigned kinds; /* enum hash_kind of what is in it */
};

/* What is wrong with a line is told, and the line left out. All: 0 or -ENOMEM, -E2BIG. */
int ioc_hashes_add(struct ioc_hashes *h, const char *file, struct bytes text, rules_fault_fn fn,
		   void *ctx);
void ioc_hashes_done(struct ioc_hashes *h);
/* Which of them D is, or NULL. */
const struct ioc_hash *ioc_hashes_find(const struct ioc_hashes *h, const struct digests *d);

int ioc_names_add(struct rules_list *l, const char *file, struct bytes text, rules_fault_fn fn,
		  void *ctx);
/* What is an address goes to ADDRESSES too, sorted. */
int ioc_network_add(struct rules_list *l, struct ioc_addresses *addresses, const char *file,
		    struct bytes text, rules_fault_fn fn, void *ctx);

#endif
