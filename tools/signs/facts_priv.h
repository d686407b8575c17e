/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering one process's facts: what the gatherers share. Private to signs/. */
#ifndef CSI_SIGNS_FACTS_PRIV_H
#define CSI_SIGNS_FACTS_PRIV_H

#include "signs/facts.h"
#include "signs/shared.h"

struct gathering {
	struct facts_shared *sh;
	struct process *p;
	struct facts *f;
	const struct gap_sink *gaps;
	struct space *space; /* once asked for */
	int space_err;
	bool space_asked;
	bool bare;	 /* a kernel thread or a zombie: no memory, no files */
	int exe_pin;	 /* while gathering; -1 */
	struct mem *mem; /* once asked for */
	int mem_err;
	bool mem_asked;
};

/* Each gatherer: 0 known, 1 not there, or -errno: unknown, and told by the caller. */
typedef int (*gather_fn)(struct gathering *g);

void gathering_tell(struct gathering *g, const char *what, int err);
/* Opened at most once a process: 0; -errno once, which the caller hands on; 1 from then on. */
int gathering_space(struct gathering *g);
int gathering_mem(struct gathering *g);

/* facts_maps.c */
int learn_maps(struct gathering *g);
int learn_memory(struct gathering *g);
int learn_patched(struct gathering *g);
int learn_loader(struct gathering *g);
/* facts_fds.c */
int learn_fds(struct gathering *g);
int learn_sockets(struct gathering *g);
/* facts_exe.c */
int learn_exe_bytes(struct gathering *g);
int learn_exe_hash(struct gathering *g);
int learn_argv0(struct gathering *g);
/* facts_kin.c */
int learn_parent(struct gathering *g);
int learn_tracer(struct gathering *g);
int learn_first(struct gathering *g);
int learn_cwd(struct gathering *g);
int learn_user(struct gathering *g);
int learn_jvm_attach(struct gathering *g);

/* Counts one more in F; the first one's START, END and TEXT are kept. 0 or -ENOMEM. */
int first_note(struct first *f, uint64_t start, uint64_t end, struct bytes text);

enum { FIRST_TEXT_MAX = 4096 };

#endif
