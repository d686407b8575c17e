/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering facts of containers. Private to signs/container*.c. */
#ifndef CSI_SIGNS_CONTAINER_PRIV_H
#define CSI_SIGNS_CONTAINER_PRIV_H

#include "signs/container.h"

/* One container while its facts are gathered. */
struct look {
	const struct judging *j;
	struct process *p; /* the first process that is still there */
	struct container_facts *f;
	struct root *root;    /* NULL: could not be opened */
	struct buf mountinfo; /* empty: could not be read */
};

void look_tell(const struct look *l, int err, const char *what, struct bytes on);
/* 0, or -ENOMEM. At the limit it is counted only. FROM may be empty. */
int look_add_risk(struct look *l, enum risk_kind kind, bool writable, struct bytes path,
		  struct bytes from);

/* Each 0 or -ENOMEM; what is not there is nothing. */
int look_at_mounts(struct look *l);	  /* container_mounts.c */
int look_at_kernel_files(struct look *l); /* container_kernel.c */
int look_at_devices(struct look *l);	  /* container_kernel.c */
int look_at_tokens(struct look *l);	  /* container_tokens.c */
int look_at_network(struct look *l);	  /* container_net.c */
int look_at_environ(struct look *l);	  /* container_net.c */

/* Which of the tokens P, a process of the container, has open. 0 or -ENOMEM. */
int look_for_holder(struct look *l, struct process *p);

#endif
