/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of one socket, for signs about sockets. What a process does with one is a sign of the
 * process. */
#ifndef CSI_SIGNS_SOCKET_H
#define CSI_SIGNS_SOCKET_H

#include "signs/judge.h"
#include "work/sockets.h"

enum socket_fact {
	SOCKET_FACT_OWNER = 1 << 0, /* whether a process has it */
};

struct socket_facts {
	unsigned known;
	const struct socket_row *row;
	/*
	 * No other container can have it unseen: csi is in the PID namespace of the node, or in one
	 * that the whole pod shares.
	 */
	bool all_seen;
};

bool match_socket_unowned(const struct socket_facts *f, struct finding *ret);

#endif
