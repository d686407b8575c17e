/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csi --tether: ends with whoever holds standard input.
 *
 * A container runtime keeps the output pipes of `kubectl exec` open when kubectl is gone: what
 * writes blocks for ever, and what does not write runs on. What it does close is standard input
 * (seen with containerd 1.7 under kubectl's SPDY and WebSocket, within a second of kubectl's end).
 */
#include "cmd/tether.h"

#include "base/base.h"
#include "base/queue.h"
#include "cmd/cmd.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { TETHER_STACK = 16 << 10, TETHER_GRACE_S = 3 };

/* POLLHUP comes although nobody has read what is left in the pipe. */
static void wait_for_end(void)
{
	struct pollfd p = { .fd = STDIN_FILENO };

	while (ppoll(&p, 1, NULL, NULL) <= 0)
		;
}

static void *watch(void *arg)
{
	struct timespec grace = { .tv_sec = TETHER_GRACE_S };

	wait_for_end();
	cmd_stop();
	/* init and shell end by it; what is confined may not signal, and has the flag. */
	(void)kill(getpid(), SIGTERM);
	while (nanosleep(&grace, &grace) < 0)
		;
	/* A write that blocks never sees the flag. There is nobody to write for. */
	_exit(EXIT_FAILED);
	return arg;
}

int tether_start(void)
{
	sigset_t all, old;
	pthread_t thread;

	/* Signals are for the threads that work. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	int r = thread_start(&thread, TETHER_STACK, watch, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}
