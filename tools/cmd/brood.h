/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that `init` and `shell` answer for: none may be left to the target's PID 1. */
#ifndef CSI_CMD_BROOD_H
#define CSI_CMD_BROOD_H

#include "base/base.h"

#include <signal.h>
#include <sys/types.h>

/*
 * brood_begin - become the subreaper of all descendants (prctl(2)) and block the signals in which
 * brood_wait() takes an interest: SIGCHLD, SIGTERM, SIGINT, SIGHUP. 0 or -errno.
 */
int brood_begin(void);

/* In a child, before exec: default signals, and death with us. PARENT is our PID. */
void brood_child(pid_t parent);

/* Reaps every child that has ended. *STATUS is set when WATCHED (0: nobody) was one: then true. */
bool brood_reap(pid_t watched, int *status);

/* Waits at most MS for one of the signals: its number, or 0. */
int brood_wait(int ms);

/*
 * brood_end - end all our descendants, and with SESSIONS also csi processes of our own mount
 * namespace (those that `kubectl exec` started) and their descendants: SIGTERM first, so that a
 * collection is sealed, after GRACE_MS SIGKILL. Nothing else is ever signalled.
 */
void brood_end(bool sessions, int grace_ms);

/*
 * Whether any process but us and other sleeping `csi init`s lives in our mount namespace, or
 * descends from us.
 */
bool brood_alive(void);

#endif
